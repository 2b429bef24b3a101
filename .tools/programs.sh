#!/usr/bin/env bash
# Makes sure that programs are there that tests run. On Debian as root they come from its packages, and nothing of them is
# started as a service; elsewhere somebody has to install them. Usage: .tools/programs.sh NAME...
set -euo pipefail

# Debian keeps servers where only root looks.
PATH=$PATH:/usr/sbin:/usr/local/sbin
declare -A program=([nginx]=nginx [caddy]=caddy [systemd]=systemd-analyze [buildah]=buildah [dpkg]=dpkg-deb [dpkg-dev]=dpkg-shlibdeps
  [pebble]=pebble [pebble-challtestsrv]=pebble-challtestsrv)
declare -A package=([nginx]=nginx-light [caddy]=caddy [systemd]=systemd [buildah]=buildah [dpkg]=dpkg [dpkg-dev]=dpkg-dev
  [pebble]=pebble [pebble-challtestsrv]=pebble)
missing=()
for name; do
  command -v "${program[$name]}" >/dev/null || missing+=("${package[$name]}")
done
((${#missing[@]} > 0)) || exit 0

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && grep -q '^ID=debian' /etc/os-release; then
  # A web server that is installed for a test must not take port 80.
  forbidden=/usr/sbin/policy-rc.d
  if [[ ! -e $forbidden ]]; then
    trap 'rm -f "$forbidden"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$forbidden"
    chmod +x "$forbidden"
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
else
  echo "These tests need ${missing[*]} (Debian's names of the packages): install them." >&2
  exit 1
fi
