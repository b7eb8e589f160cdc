#!/bin/sh
# Measures Telnet log-in + command against Cowrie (from PyPI) and against ukai, with the
# same client, one after the other, on this machine's loopback; prints both and the ratio.
#
#   bench/cowrie.sh             a few minutes
#   bench/cowrie.sh --growth    also 100,000 sessions against ukai, for its memory
#
# Settings from the environment: CONCURRENCY (50), COWRIE_SESSIONS (1000), UKAI_SESSIONS
# (20000), BURST (500), COWRIE_VERSION (3.1.4), UKAI and CLIENT (programs to use instead
# of building them), BENCH_DIR (where Cowrie is installed: kept between runs).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cores=$(nproc)
concurrency=${CONCURRENCY:-50}
cowrie_sessions=${COWRIE_SESSIONS:-1000}
ukai_sessions=${UKAI_SESSIONS:-20000}
burst=${BURST:-500}
version=${COWRIE_VERSION:-3.1.4}
# Cowrie refuses to run as root and must be able to read this folder.
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/ukai-bench-$(id -u)}
cowrie_port=${COWRIE_PORT:-2324}
ukai_port=${UKAI_PORT:-2325}
hub_port=${HUB_PORT:-8766}
user=root
password=admin

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
    if [ -z "${CLIENT:-}" ] || [ -z "${UKAI:-}" ]; then
        (cd "$here" && cargo build --release --quiet -p ukai -p ukai-honeypot --bin ukai \
            --example telnet_load)
    fi
    target=${CARGO_TARGET_DIR:-$here/target}
    client=${CLIENT:-$target/release/examples/telnet_load}
    ukai=${UKAI:-$target/release/ukai}
}

install_cowrie() {
    mkdir -p "$dir"
    [ -O "$dir" ] || fail "$dir belongs to somebody else; set BENCH_DIR"
    chmod 755 "$dir"
    if [ ! -x "$dir/venv/bin/cowrie" ]; then
        say "installing Cowrie $version into $dir/venv"
        python3 -m venv "$dir/venv"
        "$dir/venv/bin/pip" install --quiet --disable-pip-version-check "cowrie==$version"
    fi
    rm -rf "$dir/cowrie"
    mkdir -p "$dir/cowrie/etc" "$dir/cowrie/var/run" "$dir/cowrie/var/log/cowrie" \
        "$dir/cowrie/var/lib/cowrie/downloads" "$dir/cowrie/var/lib/cowrie/tty"
    cat >"$dir/cowrie/etc/cowrie.cfg" <<EOF
[ssh]
enabled = false
[telnet]
enabled = true
listen_endpoints = tcp:$cowrie_port:interface=127.0.0.1
EOF
    echo "$user:x:$password" >"$dir/cowrie/etc/userdb.txt"
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
    open_port "$cowrie_port" && fail "port $cowrie_port is in use; set COWRIE_PORT"
    as_cowrie cowrie start >"$dir/cowrie.log" 2>&1 || fail "Cowrie: $(cat "$dir/cowrie.log")"
    await_port "$cowrie_port" Cowrie
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
ports = { telnet = [$ukai_port] }
EOF
    "$ukai" up --json --config "$dir/ukai.toml" >"$dir/ukai.json" 2>"$dir/ukai.log" &
    ukai_pid=$!
    await_port "$ukai_port" ukai
}

load() { # port pid sessions
    "$client" --port "$1" --pid "$2" --user "$user" --password "$password" \
        --concurrency "$concurrency" --sessions "$3"
}

rss_kib() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

# measure NAME PORT PID SESSIONS: leaves NAME.json and NAME-burst.json.
measure() {
    sleep 2
    rss_kib "$3" >"$dir/$1-idle"
    say "$1: burst of $burst connections"
    "$client" --port "$2" --burst "$burst" >"$dir/$1-burst.json"
    sleep 2
    say "$1: $4 sessions, $concurrency at a time"
    load "$2" "$3" $(($4 / 10)) >/dev/null
    load "$2" "$3" "$4" >"$dir/$1.json"
}

build
install_cowrie
start_cowrie
measure cowrie "$cowrie_port" "$cowrie_pid" "$cowrie_sessions"
kill "$cowrie_pid"
cowrie_pid=
start_ukai
measure ukai "$ukai_port" "$ukai_pid" "$ukai_sessions"
if [ "${1:-}" = --growth ]; then
    say "ukai: 100000 sessions, for its memory"
    load "$ukai_port" "$ukai_pid" 100000 >"$dir/ukai-growth.json"
else
    rm -f "$dir/ukai-growth.json"
fi

python3 - "$dir" "$cores" <<'EOF'
import json, os, sys
folder, cores = sys.argv[1], int(sys.argv[2])
def read(name):
    path = f"{folder}/{name}"
    return json.load(open(path)) if os.path.exists(path) else None
one = {name: (read(f"{name}.json"), read(f"{name}-burst.json"), int(open(f"{folder}/{name}-idle").read()))
       for name in ("cowrie", "ukai")}
rows = [("", "Cowrie", "ukai", "ratio")]
def row(name, values, better, form="{:.1f}"):
    cowrie, ukai = values
    ratio = ukai / cowrie if better == "more" else cowrie / ukai
    rows.append((name, form.format(cowrie), form.format(ukai), f"{ratio:.1f}"))
def both(f):
    return [f(*one[name]) for name in ("cowrie", "ukai")]
row("sessions per CPU second", both(lambda load, burst, idle: load["sessions_per_cpu_s"]), "more")
row("CPU ms per session", both(lambda load, burst, idle: load["cpu_ms_per_session"]), "less", "{:.3f}")
row("sessions per second (wall)", both(lambda load, burst, idle: load["sessions_per_s"]), "more")
row("p50 ms", both(lambda load, burst, idle: load["p50_ms"]), "less")
row("p99 ms", both(lambda load, burst, idle: load["p99_ms"]), "less")
row("burst: first byte to all, s", both(lambda load, burst, idle: burst["first_byte_s"]), "less", "{:.3f}")
row("resident idle, MiB", both(lambda load, burst, idle: idle / 1024), "less")
row("resident after, MiB", both(lambda load, burst, idle: load["rss_after_kib"] / 1024), "less")
rows.append(("failed sessions", *[str(one[n][0]["failed"]) for n in one], ""))
rows.append(("failed in the burst", *[str(one[n][1]["failed"]) for n in one], ""))
for cells in rows:
    print("| " + " | ".join(cell.ljust(w) for cell, w in zip(cells, (28, 10, 10, 6))) + " |")
growth = read("ukai-growth.json")
if growth:
    print(f"\nukai over {growth['sessions']} sessions: {growth['rss_before_kib'] / 1024:.1f} MiB"
          f" -> {growth['rss_after_kib'] / 1024:.1f} MiB, {growth['sessions_per_s']:.0f} sessions/s,"
          f" {growth['failed']} failed")
print(f"\n{cores} cores, shared by client and honeypot; quote ratios, not absolutes.")
EOF
