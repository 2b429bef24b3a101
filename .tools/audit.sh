#!/usr/bin/env bash
# Checks the dependencies by the rules of .deny.toml. Usage: .tools/audit.sh PATH_OF_CARGO_DENY
# Licences, duplicates and sources need nothing but the lockfile. Known vulnerabilities need the advisory
# database, which is not in any package registry: where it cannot be fetched, that is said, and not passed over.
set -euo pipefail
deny=$1

"$deny" --locked --all-features check --hide-inclusion-graph bans licenses sources
if "$deny" fetch db; then
  "$deny" --locked --offline --all-features check advisories
else
  echo 'NOT CHECKED: known vulnerabilities. The advisory database could not be fetched; run `make audit` where it can.' >&2
fi
