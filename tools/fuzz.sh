#!/usr/bin/env bash
# Runs every fuzz target (or those that are named) for FUZZ_SECONDS. A crash stops the run
# and leaves its input in fuzz/artifacts/. What was learnt stays in fuzz/corpus/.
set -euo pipefail
cd "$(dirname "$0")/.."
# libFuzzer's instrumentation needs flags that stable Rust hides behind this switch.
export RUSTC_BOOTSTRAP=1
# What is fuzzed is code without `unsafe`: the address sanitizer has nothing to find in it,
# and takes most of the time of what allocates as a shell does.
seconds=${FUZZ_SECONDS:-30}

# The lines that are compared with real shells, as inputs: one of the prefixes, in
# printf's notation, stands before each and says what the session is (see the targets).
shell_seeds() {
  local target=$1 folder=fuzz/corpus/$1 number=0 script
  shift
  mkdir -p "$folder"
  while IFS= read -r script; do
    local prefix=$((number % $# + 1))
    { printf '%b' "${!prefix}"; printf '%s' "${script//\\N/$'\n'}"; } >"$folder/seed-$number"
    number=$((number + 1))
  done < <(sed -n 's/^\(both\|ash\|bash\): //p' crates/ukai-shell/tests/semantics/*.txt)
  [ "$number" -gt 0 ] || { echo "no seeds for $target" >&2; exit 1; }
}

# The smallest file systems that the real tools make.
disk_seeds() {
  local folder=fuzz/corpus/disk
  mkdir -p "$folder"
  rm -f "$folder"/seed-*
  truncate -s 128K "$folder/seed-ext4"
  mkfs.ext4 -q -F -b 1024 -N 16 -O ^has_journal,^resize_inode -d web/public "$folder/seed-ext4"
  truncate -s 1088K "$folder/seed-ntfs"
  mkntfs -F -Q -q -s 512 -c 512 "$folder/seed-ntfs" 2>/dev/null
}

# Small images by the real tools, as inputs: a byte that chooses no beginning before each.
image_seeds() {
  local folder=$PWD/fuzz/corpus/unpack work image
  mkdir -p "$folder"
  work=$(mktemp -d)
  (
    cd "$work"
    mkdir -p root/deep
    seq 1 900 >root/deep/small
    printf '#!/bin/sh\nwget http://a.example/x\n' >root/x.sh
    genisoimage -quiet -udf -o a.udf root 2>/dev/null
    truncate -s 360K a.fat; mformat -i a.fat -f 360 ::; mcopy -s -i a.fat root/* ::
    mke2fs -q -t ext4 -d root a.ext 256K
    truncate -s 1100K disk; mkntfs -q -F -f disk >/dev/null; head -c 400000 disk >a.ntfs
    mkfs.cramfs root a.cramfs; mkfs.jffs2 -r root -o a.jffs2 -e 8
    mkfs.ubifs -r root -m 512 -e 15360 -c 100 -x zlib -o a.ubifs
    printf '[v]\nmode=ubi\nimage=a.ubifs\nvol_id=0\nvol_size=400KiB\nvol_type=dynamic\nvol_name=r\n' >ubi.ini
    ubinize -o a.ubi -m 512 -p 16KiB ubi.ini
    seq 1 9000 >long; compress -c long >a.Z; lzop -q -o a.lzo long; lz4 -q long a.lz4
    printf '%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(a\\(\\))>>>>endobj
2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>' >plain
    for way in '40' '128 --use-aes=n' '128 --use-aes=y' '256'; do
      qpdf --warning-exit-0 --allow-weak-crypto plain --encrypt '' owner $way -- "a.${way//[ -]/}.pdf" 2>/dev/null
    done
  )
  for image in "$work"/a.*; do
    { printf '\0'; cat "$image"; } >"$folder/seed-${image##*/a.}"
  done
  rm -rf "$work"
}

# How long a target's inputs are.
run_options() {
  case $1 in
    shell | shell_grammar | line_editor) echo -max_len=1024 ;;
    # A session is some packets; libFuzzer begins with inputs of few bytes.
    ssh_session) echo -max_len=2048 -len_control=10 ;;
    evtx) echo -max_len=4096 ;;
  esac
}

targets=${*:-$(cargo fuzz list)}
[ -n "$targets" ] || { echo "no fuzz targets found" >&2; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in $targets; do
  echo "==> $target, $seconds s"
  case $target in
    unpack) image_seeds ;;
    # Persona, then whether a terminal, key strokes or a script.
    shell) shell_seeds shell '\0000' '\0001' '\0002' '\0004' '\0010' '\0014' ;;
    # Shell, way; columns; rows; bytes in a piece.
    line_editor) shell_seeds line_editor '\0000P\0030\0001' '\0001P\0030\0007' '\0005\0024\0005\0003' ;;
    # Persona; way 5 to 9, which take a text; budget; piped input.
    shell_grammar)
      shell_seeds shell_grammar '\0000\0011\0000\0000' '\0001\0007\0000\0000' \
        '\0002\0010\0000\0000' '\0003\0005\0000\0000' '\0004\0006\0000\0001'
      ;;
    evtx) cargo run -q --release -p ukai-evtx --example fuzz_seeds fuzz/corpus/evtx ;;
    disk) disk_seeds ;;
  esac
  # shellcheck disable=SC2046 # options are words
  if ! cargo fuzz run --sanitizer none "$target" -- $(run_options "$target") \
      -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
      >"$log" 2>&1; then
    tail -40 "$log" >&2
    echo "$target failed: its input is in fuzz/artifacts/$target" >&2
    exit 1
  fi
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$log"
done
