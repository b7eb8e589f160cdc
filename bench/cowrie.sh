#!/bin/sh
# Measures log-in + command over SSH and over Telnet against Cowrie (from PyPI) and against
# ukai, with the same clients, one after the other, on this machine's loopback; prints both
# and the ratios.
#
#   bench/cowrie.sh             a few minutes
#   bench/cowrie.sh --growth    also 100,000 sessions against ukai, half of each kind, for
#                               its memory and its disk
#
# Settings from the environment: CONCURRENCY (50), COWRIE_SESSIONS (1000), UKAI_SESSIONS
# (20000), GROWTH_SESSIONS (50000 of each kind), BURST (500), COWRIE_VERSION (3.1.4), UKAI,
# TELNET_CLIENT and SSH_CLIENT (programs to use instead of building them), BENCH_DIR (where
# Cowrie is installed: kept between runs).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cores=$(nproc)
concurrency=${CONCURRENCY:-50}
cowrie_sessions=${COWRIE_SESSIONS:-1000}
ukai_sessions=${UKAI_SESSIONS:-20000}
growth_sessions=${GROWTH_SESSIONS:-50000}
burst=${BURST:-500}
version=${COWRIE_VERSION:-3.1.4}
# Cowrie refuses to run as root and must be able to read this folder.
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/ukai-bench-$(id -u)}
cowrie_telnet=${COWRIE_PORT:-2324}
cowrie_ssh=${COWRIE_SSH_PORT:-2224}
ukai_telnet=${UKAI_PORT:-2325}
ukai_ssh=${UKAI_SSH_PORT:-2225}
hub_port=${HUB_PORT:-8766}
user=root
# What the personas let in: router-mips through Telnet, server-debian through SSH.
telnet_password=admin
ssh_password=toor

say() { printf '%s\n' "$*" >&2; }
fail() { say "cowrie.sh: $*"; exit 1; }

cowrie_pid=
ukai_pid=
stop() {
    for pid in $cowrie_pid $ukai_pid; do
        kill "$pid" 2>/dev/null || true
    done
    [ -z "$ukai_pid" ] || wait "$ukai_pid" 2>/dev/null || true
    rm -rf "$dir/ukai-data"
}
trap stop EXIT
trap 'exit 130' INT TERM

# Whether a port of loopback is open.
open_port() {
    python3 -c 'import socket, sys
s = socket.socket(); s.settimeout(1)
sys.exit(s.connect_ex(("127.0.0.1", int(sys.argv[1]))) != 0)' "$1"
}

await_port() {
    for _ in $(seq 300); do
        open_port "$1" && return 0
        sleep 0.2
    done
    fail "$2 does not listen on port $1"
}

build() {
    if [ -z "${TELNET_CLIENT:-}" ] || [ -z "${SSH_CLIENT:-}" ] || [ -z "${UKAI:-}" ]; then
        (cd "$here" && cargo build --release --quiet -p ukai -p ukai-honeypot --bin ukai \
            --example telnet_load --example ssh_load)
    fi
    target=${CARGO_TARGET_DIR:-$here/target}
    telnet_client=${TELNET_CLIENT:-$target/release/examples/telnet_load}
    ssh_client=${SSH_CLIENT:-$target/release/examples/ssh_load}
    ukai=${UKAI:-$target/release/ukai}
}

install_cowrie() {
    mkdir -p "$dir"
    [ -O "$dir" ] || fail "$dir belongs to somebody else; set BENCH_DIR"
    chmod 755 "$dir"
    if [ ! -x "$dir/venv/bin/cowrie" ]; then
        say "installing Cowrie $version into $dir/venv"
        # An interpreter below root's home would be closed to the user that Cowrie runs as.
        /usr/bin/python3 -m venv "$dir/venv"
        "$dir/venv/bin/pip" install --quiet --disable-pip-version-check "cowrie==$version"
    fi
    rm -rf "$dir/cowrie"
    mkdir -p "$dir/cowrie/etc" "$dir/cowrie/var/run" "$dir/cowrie/var/log/cowrie" \
        "$dir/cowrie/var/lib/cowrie/downloads" "$dir/cowrie/var/lib/cowrie/tty"
    cat >"$dir/cowrie/etc/cowrie.cfg" <<EOF
[ssh]
enabled = true
listen_endpoints = tcp:$cowrie_ssh:interface=127.0.0.1
[telnet]
enabled = true
listen_endpoints = tcp:$cowrie_telnet:interface=127.0.0.1
EOF
    printf '%s\n' "$user:x:$telnet_password" "$user:x:$ssh_password" \
        >"$dir/cowrie/etc/userdb.txt"
}

# Runs a command in Cowrie's folder, never as root.
as_cowrie() {
    if [ "$(id -u)" = 0 ]; then
        chown -R 65534:65534 "$dir/cowrie"
        (cd "$dir/cowrie" && PATH="$dir/venv/bin:$PATH" HOME="$dir/cowrie" \
            setpriv --reuid 65534 --regid 65534 --clear-groups "$@")
    else
        (cd "$dir/cowrie" && PATH="$dir/venv/bin:$PATH" "$@")
    fi
}

start_cowrie() {
    open_port "$cowrie_telnet" && fail "port $cowrie_telnet is in use; set COWRIE_PORT"
    open_port "$cowrie_ssh" && fail "port $cowrie_ssh is in use; set COWRIE_SSH_PORT"
    as_cowrie cowrie start >"$dir/cowrie.log" 2>&1 || fail "Cowrie: $(cat "$dir/cowrie.log")"
    await_port "$cowrie_telnet" Cowrie
    await_port "$cowrie_ssh" Cowrie
    cowrie_pid=$(cat "$dir/cowrie/var/run/cowrie.pid")
}

start_ukai() {
    rm -rf "$dir/ukai-data"
    cat >"$dir/ukai.toml" <<EOF
data_dir = "$dir/ukai-data"
[hub]
listen = "127.0.0.1:$hub_port"
[[honeypot.listeners]]
addresses = ["127.0.0.1"]
persona = "router-mips"
ports = { telnet = [$ukai_telnet] }
[[honeypot.listeners]]
addresses = ["127.0.0.1"]
persona = "server-debian"
ports = { ssh = [$ukai_ssh] }
EOF
    "$ukai" up --json --config "$dir/ukai.toml" >"$dir/ukai.json" 2>"$dir/ukai.log" &
    ukai_pid=$!
    await_port "$ukai_telnet" ukai
    await_port "$ukai_ssh" ukai
}

load() { # protocol port pid sessions
    if [ "$1" = ssh ]; then
        client=$ssh_client password=$ssh_password
    else
        client=$telnet_client password=$telnet_password
    fi
    "$client" --port "$2" --pid "$3" --user "$user" --password "$password" \
        --concurrency "$concurrency" --sessions "$4"
}

rss_kib() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

# measure NAME PROTOCOL PORT PID SESSIONS: leaves NAME-PROTOCOL.json and
# NAME-PROTOCOL-burst.json.
measure() {
    say "$1, $2: burst of $burst connections"
    "$telnet_client" --port "$3" --burst "$burst" >"$dir/$1-$2-burst.json"
    sleep 2
    say "$1, $2: $5 sessions, $concurrency at a time"
    load "$2" "$3" "$4" $(($5 / 10)) >/dev/null
    load "$2" "$3" "$4" "$5" >"$dir/$1-$2.json"
}

# grow PROTOCOL PORT: leaves ukai-growth-PROTOCOL.json.
grow() {
    say "ukai, $1: $growth_sessions sessions, for its memory and disk"
    load "$1" "$2" "$ukai_pid" "$growth_sessions" >"$dir/ukai-growth-$1.json"
}

stored_bytes() { du -sb "$dir/ukai-data" | cut -f1; }

build
install_cowrie
start_cowrie
sleep 2
rss_kib "$cowrie_pid" >"$dir/cowrie-idle"
measure cowrie ssh "$cowrie_ssh" "$cowrie_pid" "$cowrie_sessions"
measure cowrie telnet "$cowrie_telnet" "$cowrie_pid" "$cowrie_sessions"
kill "$cowrie_pid"
cowrie_pid=
start_ukai
sleep 2
empty=$(stored_bytes)
rss_kib "$ukai_pid" >"$dir/ukai-idle"
measure ukai ssh "$ukai_ssh" "$ukai_pid" "$ukai_sessions"
measure ukai telnet "$ukai_telnet" "$ukai_pid" "$ukai_sessions"
rm -f "$dir"/ukai-growth-*
if [ "${1:-}" = --growth ]; then
    grow ssh "$ukai_ssh"
    grow telnet "$ukai_telnet"
    # Segments are sealed, smaller than they were: what is stored is known when all are.
    kill "$ukai_pid"
    wait "$ukai_pid" || true
    ukai_pid=
    echo $(($(stored_bytes) - empty)) >"$dir/ukai-growth-bytes"
    echo $((2 * growth_sessions + ukai_sessions * 22 / 10)) >"$dir/ukai-growth-sessions"
fi

python3 - "$dir" "$cores" <<'EOF'
import json, os, sys
folder, cores = sys.argv[1], int(sys.argv[2])
def read(name):
    path = f"{folder}/{name}"
    return json.load(open(path)) if os.path.exists(path) else None
names = ("cowrie", "ukai")
idle = [int(open(f"{folder}/{name}-idle").read()) / 1024 for name in names]
def show(rows):
    for cells in rows:
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(cells, (28, 10, 10, 6))) + " |")
    print()
def row(name, values, better, form="{:.1f}"):
    cowrie, ukai = values
    above, below = (ukai, cowrie) if better == "more" else (cowrie, ukai)
    ratio = f"{above / below:.1f}" if below else "-"
    return (name, form.format(cowrie), form.format(ukai), ratio)
for protocol in ("ssh", "telnet"):
    load = [read(f"{name}-{protocol}.json") for name in names]
    burst = [read(f"{name}-{protocol}-burst.json") for name in names]
    def of(key):
        return [report[key] for report in load]
    show([
        (protocol, "Cowrie", "ukai", "ratio"),
        row("sessions per CPU second", of("sessions_per_cpu_s"), "more"),
        row("CPU ms per session", of("cpu_ms_per_session"), "less", "{:.3f}"),
        row("sessions per second (wall)", of("sessions_per_s"), "more"),
        row("p50 ms", of("p50_ms"), "less"),
        row("p99 ms", of("p99_ms"), "less"),
        row("burst: first byte to all, s", [b["first_byte_s"] for b in burst], "less", "{:.3f}"),
        row("resident after, MiB", [kib / 1024 for kib in of("rss_after_kib")], "less"),
        ("failed sessions", *[str(count) for count in of("failed")], ""),
        ("failed in the burst", *[str(b["failed"]) for b in burst], ""),
    ])
    for name, report in zip(names, load):
        if report["failed"]:
            print(f"{name}: {report['failures']}\n")
show([row("resident idle, MiB", idle, "less")])
for protocol in ("ssh", "telnet"):
    growth = read(f"ukai-growth-{protocol}.json")
    if growth:
        print(f"ukai over {growth['sessions']} {protocol} sessions:"
              f" {growth['rss_before_kib'] / 1024:.1f} MiB -> {growth['rss_after_kib'] / 1024:.1f} MiB,"
              f" {growth['sessions_per_s']:.0f} sessions/s, {growth['failed']} failed")
if os.path.exists(f"{folder}/ukai-growth-bytes"):
    stored, sessions = (int(open(f"{folder}/ukai-growth-{what}").read()) for what in ("bytes", "sessions"))
    print(f"ukai stored {stored / max(sessions, 1):.0f} bytes per session of {sessions}, half of each kind")
print(f"\n{cores} cores, shared by client and honeypot; quote ratios, not absolutes.")
EOF
