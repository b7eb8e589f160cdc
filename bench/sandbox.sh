#!/usr/bin/env bash
# Measures machines: how fast a copy of a booted guest runs and is gone, what several take of
# memory, and of a core while they idle; then whole runs: until the sample runs, what tracing
# costs, and how many runs of a minute a core does. `bench/sandbox.sh KERNEL INITIAL ROOT`, as
# `ukai sandbox build` makes them. Takes about five minutes.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$here/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
[ $# -eq 3 ] || { echo "usage: bench/sandbox.sh KERNEL INITIAL ROOT" >&2; exit 2; }
cargo build --release --quiet --manifest-path "$root/Cargo.toml" \
  -p ukai-sandbox --example restore_rate --example run_rate
examples="$CARGO_TARGET_DIR/release/examples"
"$examples/restore_rate" "$@"

# Specimens know the guest by its machine id.
marker=$(sed -n 's/^pub const MACHINE_ID.*"\(.*\)";$/\1/p' \
  "$root/crates/ukai-sandbox/src/image/deception.rs")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for source in "$here/sandbox/overhead.c" "$root/tests/specimens/beacon.c" "$root/tests/specimens/scan.c"; do
  cc -static -O1 -I "$root/tests/specimens" -DMARKER="\"$marker\"" -DARCH='"x86_64"' \
    -o "$folder/$(basename "$source" .c)" "$source"
done
echo "--- what tracing costs"
"$examples/run_rate" "$@" "$folder/overhead" 60 1
echo "--- a beacon, watched for a minute, eight at once"
"$examples/run_rate" "$@" "$folder/beacon" 60 8
echo "--- a scan, four at once"
"$examples/run_rate" "$@" "$folder/scan" 60 4
