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
for target in $targets; do
  echo "==> $target, $seconds s"
  cargo fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    2>&1 | grep -E '^(stat::number_of_executed_units|stat::average_exec|==|SUMMARY|.*(panicked|ERROR|Failing))' || true
  [ "${PIPESTATUS[0]}" -eq 0 ] || { echo "$target failed: see fuzz/artifacts/$target" >&2; exit 1; }
done
