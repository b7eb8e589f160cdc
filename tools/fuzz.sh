#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS. A crash stops the run and leaves its input
# in fuzz/artifacts/.
set -euo pipefail
cd "$(dirname "$0")/.."
# libFuzzer's instrumentation needs flags that stable Rust hides behind this switch.
export RUSTC_BOOTSTRAP=1
seconds=${FUZZ_SECONDS:-30}
targets=$(cargo fuzz list)
[ -n "$targets" ] || { echo "no fuzz targets found" >&2; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in $targets; do
  echo "==> $target, $seconds s"
  if ! cargo fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
      -print_final_stats=1 >"$log" 2>&1; then
    tail -40 "$log" >&2
    echo "$target failed: its input is in fuzz/artifacts/$target" >&2
    exit 1
  fi
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$log"
done
