#!/usr/bin/env bash
# Makes sure that a Galera cluster can be started. On Debian as root what is missing comes from its packages; of
# the one that would run MariaDB as a service only the scripts that transfer a node's state are taken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
./mariadb.sh

PATH=$PATH:/usr/sbin:/usr/local/sbin:$PWD/galera/usr/bin
has_provider() { compgen -G '/usr/lib*/galera*/libgalera_smm.so' >/dev/null; }
has_all() { has_provider && command -v rsync >/dev/null && command -v ss >/dev/null && command -v wsrep_sst_rsync >/dev/null; }
! has_all || exit 0

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null && grep -q '^ID=debian' /etc/os-release; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends galera-4 rsync iproute2
  if ! command -v wsrep_sst_rsync >/dev/null; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    (cd "$folder" && apt-get download -q mariadb-server)
    dpkg-deb --extract "$folder"/mariadb-server_*.deb galera
  fi
fi
if ! has_all; then
  echo "A cluster needs Galera 4 for MariaDB, its script wsrep_sst_rsync, rsync and ss (Debian: galera-4" \
    "mariadb-server rsync iproute2)." >&2
  exit 1
fi
