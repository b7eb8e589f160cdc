#!/usr/bin/env bash
# INetSim of Debian and `ukai internet`, one after the other, each in network namespaces of
# its own, with the same clients: dnsperf, wrk, and IRC clients that are held. Takes about
# two minutes, as root. Nothing leaves the namespaces.
#
#   cargo build --release -p ukai && bench/internet.sh
set -euo pipefail
cd "$(dirname "$0")/.."

UKAI=${UKAI:-${CARGO_TARGET_DIR:-target}/release/ukai}
SECONDS_EACH=${SECONDS_EACH:-10}
HELD=${HELD:-50000}
[ "$(id -u)" -eq 0 ] || { echo "bench/internet.sh: network namespaces take root" >&2; exit 1; }
for tool in inetsim dnsperf wrk ip python3; do
  command -v "$tool" >/dev/null || { echo "bench/internet.sh: $tool is missing (Debian has it)" >&2; exit 1; }
done

work=$(mktemp -d)
end() {
  kill $(jobs -p) 2>/dev/null || true
  [ -f "$work/inetsim.pid" ] && kill "$(cat "$work/inetsim.pid")" 2>/dev/null || true
  sleep 1
  for name in bench-sim bench-client bench-ukai; do
    ip netns pids "$name" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns delete "$name" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap end EXIT

for number in $(seq 1000); do echo "host$number.example.com A"; done > "$work/names"

# Connects IRC clients to ADDRESS... in turn, registers them, and counts who is welcomed and
# still there after a while.
cat > "$work/held.py" <<'END'
import resource, select, socket, sys, time
count, hold, addresses = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, count + 100))
poll = select.epoll()
clients, welcomed, lost = {}, set(), set()
def turn(wait):
    for number, event in poll.poll(wait, 1000):
        client = clients[number]
        try:
            said = client.recv(4096)
        except BlockingIOError:
            continue
        except OSError:
            said = b""
        if not said:
            lost.add(number); poll.unregister(number); continue
        if b" 001 " in said: welcomed.add(number)
        for line in said.split(b"\r\n"):
            if line.startswith(b"PING"): client.send(b"PONG" + line[4:] + b"\r\n")
start = time.time()
for n in range(count):
    client = socket.socket()
    client.settimeout(5)
    try:
        client.connect((addresses[n % len(addresses)], 6667))
        client.send(b"NICK b%d\r\nUSER b 0 * :b\r\n" % n)
    except OSError:
        client.close(); continue
    client.setblocking(False)
    clients[client.fileno()] = client
    poll.register(client.fileno(), select.EPOLLIN)
    if n % 100 == 0: turn(0)
limit = time.time() + 20
while len(welcomed | lost) < len(clients) and time.time() < limit: turn(0.2)
print(len(welcomed - lost), "%.1f" % (time.time() - start), flush=True)
# Those of other processes are to be there at the same time.
time.sleep(float(hold))
END

cpu() { # of processes, in clock ticks
  cat $(printf '/proc/%s/stat ' "$@") 2>/dev/null | sed 's/.*) //' | awk '{ sum += $12 + $13 } END { print sum + 0 }'
}
memory() { # of processes, their share, in MiB
  cat $(printf '/proc/%s/smaps_rollup ' "$@") 2>/dev/null | awk '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / 1024 }'
}
now() { date +%s.%N; }

measure() { # namespace, server of names, address of the web, count to hold, its addresses, processes
  local inside="ip netns exec $1" processes=$6 before after
  before=$(cpu $processes)
  $inside dnsperf -s "$2" -d "$work/names" -l "$SECONDS_EACH" > "$work/dns" 2>&1 || true
  after=$(cpu $processes)
  awk -v used=$((after - before)) '/Queries completed/ { done = $3 } /Queries per second/ { rate = $4 }
    END { printf "  DNS     %10.0f queries/s, %.0f for a CPU second\n", rate, done / (used / 100 + 0.0001) }' "$work/dns"
  before=$(cpu $processes)
  $inside wrk -t 1 -c 30 -d "${SECONDS_EACH}s" --timeout 5s "http://$3/index.html" > "$work/web" 2>&1 || true
  after=$(cpu $processes)
  awk -v used=$((after - before)) '/requests in/ { done = $1 } /Requests\/sec/ { rate = $2 }
    END { printf "  HTTP    %10.0f requests/s, %.0f for a CPU second\n", rate, done / (used / 100 + 0.0001) }' "$work/web"
  $inside sysctl -qw net.ipv4.ip_local_port_range="1024 65535"
  # As many processes as it takes: each may have so many connections.
  local left=$4 each=$(( $(ulimit -Hn) - 200 )) part hold=0 held=()
  [ "$left" -gt "$each" ] && hold=25
  rm -f "$work"/held.[0-9]*
  while [ "$left" -gt 0 ]; do
    part=$(( left < each ? left : each )); left=$((left - part))
    $inside python3 "$work/held.py" "$part" "$hold" $5 > "$work/held.$left" & held+=($!)
  done
  until [ "$(cat "$work"/held.[0-9]* | wc -l)" -eq ${#held[@]} ]; do sleep 0.1; done
  cat "$work"/held.[0-9]* | awk -v all="$4" '{ held += $1; if ($2 > time) time = $2 }
    END { printf "  IRC     %d of %d are held, in %.1f s\n", held, all, time }'
  printf '  memory  %s MiB while they are held\n' "$(memory $processes)"
  wait "${held[@]}" || true
}

echo "INetSim $(inetsim --version 2>/dev/null | grep -oE '[0-9]+\.[0-9.]+' | head -1)"
ip netns add bench-sim; ip netns add bench-client
ip link add sim0 netns bench-sim type veth peer name client0 netns bench-client
ip -n bench-sim address add 198.18.0.1/24 dev sim0; ip -n bench-sim link set sim0 up; ip -n bench-sim link set lo up
ip -n bench-client address add 198.18.0.2/24 dev client0; ip -n bench-client link set client0 up
mkdir "$work/log" "$work/report"; chmod 777 "$work" "$work/log" "$work/report"
cat > "$work/inetsim.conf" <<'END'
start_service dns
start_service http
start_service irc
service_bind_address 198.18.0.1
service_max_childs 30
dns_default_ip 198.18.0.1
http_fakefile html sample.html text/html
http_default_fakefile sample.html text/html
END
start=$(now)
ip netns exec bench-sim inetsim --config "$work/inetsim.conf" --log-dir "$work/log" --report-dir "$work/report" \
  --session bench --pidfile "$work/inetsim.pid" > "$work/inetsim.out" 2>&1 &
until ip netns exec bench-client dig +short +tries=1 +time=1 @198.18.0.1 a.example A 2>/dev/null | grep -q .; do sleep 0.02; done
printf '  ready   %.2f s after its start\n' "$(echo "$(now) - $start" | bc)"
pids=$(ip netns pids bench-sim | tr '\n' ' ')
printf '  idle    %s MiB, %s processes\n' "$(memory $pids)" "$(echo $pids | wc -w)"
measure bench-client 198.18.0.1 198.18.0.1 60 198.18.0.1 "$pids"

echo "ukai internet"
start=$(now)
"$UKAI" internet --netns bench-ukai --ca "$work/ca" --record "$work/record" --no-packets --json > "$work/ready" &
pid=$!
until grep -q ready "$work/ready"; do sleep 0.005; done
printf '  ready   %.2f s after its start\n' "$(echo "$(now) - $start" | bc)"
printf '  idle    %s MiB, 1 process\n' "$(memory $pid)"
measure bench-ukai 9.9.9.9 198.51.100.1 "$HELD" "198.51.100.1 198.51.100.2 198.51.100.3" "$pid"
kill -TERM $pid; wait $pid || true
