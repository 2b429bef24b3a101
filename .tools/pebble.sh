#!/usr/bin/env bash
# Makes sure that the tests on ACME have a server that makes certificates. On Debian as root it comes from its
# packages; elsewhere somebody has to install it.
set -euo pipefail

missing=()
for program in pebble pebble-challtestsrv; do
  command -v "$program" >/dev/null || missing+=("$program")
done
((${#missing[@]} > 0)) || exit 0

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && grep -q '^ID=debian' /etc/os-release; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends pebble
else
  echo "The tests on ACME need ${missing[*]}: install Let's Encrypt's test server (Debian: pebble)." >&2
  exit 1
fi
