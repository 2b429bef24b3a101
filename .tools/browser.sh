#!/usr/bin/env bash
# Makes sure that the browser tests have their browsers, and a font for 中文: without one every glyph is the same
# empty box and screenshots prove nothing. On Debian as root all come from its packages, elsewhere Chromium from
# Playwright; Firefox is then used where there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../end2end"

debian_root() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && grep -q '^ID=debian' /etc/os-release
}

packages=()
if [[ ! -x /usr/bin/chromium && ! -x /usr/bin/google-chrome ]]; then
  if debian_root; then packages+=(chromium); else node_modules/.bin/playwright install chromium; fi
fi
if [[ ! -x /usr/bin/firefox-esr && ! -x /usr/bin/firefox && ! -d /Applications/Firefox.app ]]; then
  if debian_root; then packages+=(firefox-esr); else echo "no Firefox here: its tests are left out"; fi
fi
if debian_root && ! { command -v fc-list && fc-list :lang=zh-cn | grep .; } >/dev/null; then
  packages+=(fontconfig fonts-noto-cjk)
fi
if ((${#packages[@]} > 0)); then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
fi
