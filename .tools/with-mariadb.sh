#!/usr/bin/env bash
# Runs a command beside a MariaDB that is started for it in a temporary folder and is gone afterwards, with
# everything in it. Usage: .tools/with-mariadb.sh COMMAND...
# The command finds the server in SAOMA_TEST_MYSQL; where that is set already, that server is used.
set -euo pipefail
[[ -z ${SAOMA_TEST_MYSQL:-} ]] || exec "$@"
"$(dirname "${BASH_SOURCE[0]}")/mariadb.sh"
PATH=$PATH:/usr/sbin:/usr/local/sbin

# In memory where there is room: each test makes a database, and making tables waits for the disk a hundred
# times, whatever the server is told.
place=${TMPDIR:-/tmp}
if [[ -w /dev/shm && $(df --output=avail /dev/shm 2>/dev/null | tail -1) -gt 1500000 ]]; then place=/dev/shm; fi
folder=$(mktemp -d "$place/saoma-mariadb.XXXXXX")
server=
finish() {
  if [[ -n $server ]]; then
    # Not in an orderly way, which would write down what is thrown away.
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

told() {
  cat "$folder"/*.log >&2
  exit 1
}
# Of its own: one that starts clears away the temporary tables of all others that share the folder.
mkdir "$folder/tmp"
TMPDIR=$folder/tmp mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$folder/data" --skip-test-db \
  --auth-root-authentication-method=normal >"$folder/install.log" 2>&1 || told

# Nothing in here outlives the command, so nothing is flushed to the disk for it.
start() { # port
  mariadbd --no-defaults --user="$(id -un)" --datadir="$folder/data" --socket="$folder/socket" \
    --tmpdir="$folder/tmp" --bind-address=127.0.0.1 --port="$1" --pid-file="$folder/pid" --max-connections=1000 \
    --innodb-flush-method=nosync --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=256M \
    --performance-schema=OFF --skip-log-bin >>"$folder/server.log" 2>&1 &
  server=$!
}
root() { mariadb --no-defaults --socket="$folder/socket" --user=root "$@"; }

# A port may be taken: the server then ends at once, and another one is tried. Below the range from which
# the system takes its own.
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 10000))
  start "$port"
  until root --execute='SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || { server= && break; }
    sleep 0.1
  done
  [[ -z $server ]] || break
done
[[ -n $server ]] || told

root --execute="CREATE USER saoma@'127.0.0.1' IDENTIFIED BY 'only-for-these-tests';
                GRANT ALL ON *.* TO saoma@'127.0.0.1'"
SAOMA_TEST_MYSQL=mysql://saoma:only-for-these-tests@127.0.0.1:$port "$@"
