#!/usr/bin/env bash
# Licences, bans and sources of every dependency, and known vulnerabilities: against the
# live advisory database, or where that cannot be reached against the shipped snapshot.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo deny --log-level error check licenses bans sources

if timeout 120 cargo deny --log-level off fetch db >/dev/null 2>&1; then
  exec cargo deny --log-level error check advisories
fi

snapshot=tools/advisory-db/snapshot.tar.xz
echo "deny: the live advisory database cannot be reached; using the snapshot ($(sed -n 's/.*(\(20[0-9-]*\)).*/\1/p' tools/advisory-db/ORIGIN.md))" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# cargo-deny reads a git checkout under a folder named after the database's address.
db="$work/dbs/advisory-db-3157b0e258782691"
mkdir -p "$db"
tar xJf "$snapshot" -C "$db"
git -C "$db" init -q
git -C "$db" add -A
git -C "$db" -c user.name=snapshot -c user.email=snapshot@localhost commit -qm snapshot
cp "$db/.git/HEAD" "$db/.git/FETCH_HEAD"
sed "s|^\[advisories\]|[advisories]\ndb-path = \"$work/dbs\"\nmaximum-db-staleness = \"P10Y\"|; s|^yanked = .*|yanked = \"allow\"|" deny.toml > "$work/deny.toml"
cargo deny --log-level error --offline --config "$work/deny.toml" check advisories
