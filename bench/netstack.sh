#!/usr/bin/env bash
# Measures the network stack: in memory, beside smoltcp; and over a veth pair between two
# network namespaces, beside the kernel's. Ends by itself after about two minutes; wants root
# (or a user who may make namespaces), iproute2, ethtool, python3 and cargo. Nothing leaves
# the machine: the namespaces have no other devices.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
target="${CARGO_TARGET_DIR:-$here/../target}"

if [ "${1:-}" != inside ]; then
  CARGO_TARGET_DIR="$target" cargo build --release --quiet --manifest-path "$here/netstack/Cargo.toml"
  CARGO_TARGET_DIR="$target" cargo build --release --quiet --manifest-path "$here/../Cargo.toml" \
    -p ukai-netstack --example stack_speed
  map=(); [ "$(id -u)" -eq 0 ] || map=(--map-root-user)
  exec unshare "${map[@]}" --net --mount env CARGO_TARGET_DIR="$target" "$here/netstack.sh" inside "$@"
fi

run="$target/release"
seconds=4
say() { printf '%s\n' "$*"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else printf "-" }'; }
row() { printf '| %-58s | %12s | %12s | %6s |\n' "$1" "$2" "$3" "$(ratio "$3" "$2")"; }

if [ "${2:-}" != veth ]; then
say "## In memory, one thread"
"$run/examples/stack_speed"
"$run/memory" ours 100000
"$run/memory" smoltcp 100000 64
"$run/memory" smoltcp 20000 4096
"$run/memory" smoltcp-set 1000
fi

# Two namespaces: ours with va, the other, `other`, with vb.
mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns
mount -t sysfs sysfs /sys
folder="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
ip netns add other
other() { ip netns exec other "$@"; }
ip link add name va type veth peer name vb netns other
for at in "" other; do
  $at sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.conf.all.rp_filter=0 \
    net.ipv4.conf.default.rp_filter=0
  $at ip link set lo up
done
ip link set va up
other ip link set vb up
mac="$(other cat /sys/class/net/vb/address)"

# The kernel as the end point of 198.18.0.0/16: every answer goes to one station.
kernel_on() {
  other ip address add 198.18.0.1/8 dev vb
  other ip route add local 198.18.0.0/16 dev lo
  other ip neigh add 198.255.0.1 lladdr 02:00:00:00:00:01 dev vb nud permanent
  other ip route add default via 198.255.0.1
  other sysctl -qw net.ipv4.tcp_syncookies=2 net.core.somaxconn=65535
  other python3 -c 'import socket, time
s = socket.socket(); s.bind(("0.0.0.0", 23)); s.listen(4096); time.sleep(60)' >/dev/null &
  listener=$!
  sleep 0.5
}
kernel_off() {
  kill "$listener"
  other ip address flush dev vb
  other ip neigh flush dev vb
  other ip route flush table local type local dev lo 198.18.0.0/16 2>/dev/null || true
}

# Answers to `$1` for each second that both sides had a processor, all on one core: the
# kernel answers within the sender's time.
of_kernel() {
  taskset -c 0 "$run/generate" va "$mac" "$1" "$seconds" | awk '{ printf "%.0f\n", $3 / $4 }'
}
of_ours() {
  other taskset -c 0 "$run/serve" vb $((seconds + 2)) > "$folder/served" 2>/dev/null &
  local server=$!
  sleep 0.5
  taskset -c 0 "$run/generate" va "$mac" "$1" "$seconds" > "$folder/generated"
  wait "$server"
  cat "$folder/generated" "$folder/served" \
    | awk 'NR == 1 { answers = $3; time = $4 } END { printf "%.0f\n", answers / (time + $1) }'
}

say
say "## Over veth: the kernel, ours, and the ratio"
kernel_on
kernel_syn=$(of_kernel syn)
kernel_echo=$(of_kernel echo)
kernel_off
row "SYNs answered with cookies, per second of processor" "$kernel_syn" "$(of_ours syn)"
row "echo requests answered, per second of processor" "$kernel_echo" "$(of_ours echo)"

# Bulk to a kernel's client, and questions during a flood.
ip address add 203.0.113.1/24 dev va
ip route add 198.0.0.0/8 dev va
bulk_kernel() {
  other ip address add 198.18.0.1/8 dev vb
  other ip route add 203.0.113.0/24 dev vb
  other "$run/bulk" serve 198.18.0.1:19 $((seconds + 2)) &
  sleep 0.5
  "$run/bulk" hear 198.18.0.1:19 "$seconds"
  wait
  other ip address flush dev vb
  ip neigh flush dev va
}
with_offload=$(bulk_kernel)
ethtool -K va tx off tso off gso off gro off >/dev/null 2>&1
other ethtool -K vb tx off tso off gso off gro off >/dev/null 2>&1
without_offload=$(bulk_kernel)
other "$run/serve" vb $((seconds + 2)) >/dev/null 2>&1 &
sleep 0.5
ours=$("$run/bulk" hear 198.18.0.9:19 "$seconds")
wait
row "bulk, Gbit/s (the kernel's with segmentation offload)" "$with_offload" "$ours"
row "bulk, Gbit/s (neither with offload)" "$without_offload" "$ours"

say
say "## A SYN flood, as fast as the machine makes, and 100 sessions"
other "$run/serve" vb $((2 * seconds + 3)) >/dev/null &
sleep 0.5
"$run/bulk" ask 198.18.0.9:23 $((2 * seconds)) > "$folder/asked" &
asking=$!
sleep "$seconds"
"$run/generate" va "$mac" syn-flood "$seconds" > "$folder/flood"
wait "$asking"
read -r sent answered _ < "$folder/flood"
read -r calm flooded < "$folder/asked"
say "SYNs sent/s: $sent, answered/s: $answered"
say "questions answered/s in 100 sessions: $calm before, $flooded during the flood, none wrong"
wait
