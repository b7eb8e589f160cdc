#!/usr/bin/env bash
# Measures machines: how fast a copy of a booted guest runs and is gone, what several take of
# memory, and of a core while they idle. `bench/sandbox.sh KERNEL INITIAL [ROOT]`, as
# `ukai sandbox build` makes them. Ends by itself after about half a minute.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/../target}"
[ $# -ge 2 ] || { echo "usage: bench/sandbox.sh KERNEL INITIAL [ROOT]" >&2; exit 2; }
cargo build --release --quiet --manifest-path "$here/../Cargo.toml" \
  -p ukai-sandbox --example restore_rate
exec "$CARGO_TARGET_DIR/release/examples/restore_rate" "$@"
