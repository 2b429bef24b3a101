#!/usr/bin/env bash
# Makes sure that the tests on MariaDB have a server to start. On Debian as root it comes from its packages,
# without the one that would run it as a service; elsewhere somebody has to install it.
set -euo pipefail

# Debian keeps servers where only root looks.
PATH=$PATH:/usr/sbin:/usr/local/sbin
missing=()
for program in mariadbd mariadb-install-db mariadb; do
  command -v "$program" >/dev/null || missing+=("$program")
done
((${#missing[@]} > 0)) || exit 0

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && grep -q '^ID=debian' /etc/os-release; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends mariadb-server-core mariadb-client-core
else
  echo "The tests on MariaDB need ${missing[*]}: install MariaDB's server and client" \
    "(Debian: mariadb-server-core mariadb-client-core), or name a server that may be filled with" \
    "test databases in SAOMA_TEST_MYSQL=mysql://USER:PASSWORD@HOST:PORT." >&2
  exit 1
fi
