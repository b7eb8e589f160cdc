#!/usr/bin/env bash
# Static analysis: ukai, clamscan, a pass in Python (pyelftools, ppdeep, TLSH, yara-python) and
# capa, one after the other over the same ELF files of about 100 kB from this system; then what
# `ukai up` does with samples that are submitted: queue, jailed children, store, indicators.
#
#   bench/static.sh
#
# Debian's clamav, curl, python3-venv and taskset are needed. Settings from the environment: FILES (200), SAMPLES (2000),
# CAPA_FILES (3), CAPA_RULES (a checkout of github.com/mandiant/capa-rules, which capa's package
# does not carry; without it capa is left out), UKAI (a program to use instead of building it),
# BENCH_DIR (where the Python packages are installed: kept between runs). Nothing leaves the
# machine but the download from PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."

files=${FILES:-200}
samples=${SAMPLES:-2000}
capa_files=${CAPA_FILES:-3}
capa_rules=${CAPA_RULES:-}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/ukai-bench-static-$(id -u)}
fail() { echo "static.sh: $*" >&2; exit 1; }
for tool in clamscan curl python3 taskset; do
    command -v "$tool" >/dev/null || fail "$tool is missing (Debian has it)"
done
mkdir -p "$dir"
[ -O "$dir" ] || fail "$dir belongs to somebody else; set BENCH_DIR"

if [ -z "${UKAI:-}" ]; then
    cargo build --release --quiet --locked -p ukai
    UKAI=${CARGO_TARGET_DIR:-target}/release/ukai
fi
if [ ! -x "$dir/venv/bin/capa" ]; then
    python3 -m venv "$dir/venv"
    "$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
        flare-capa==10.0.0 pyelftools pefile ppdeep py-tlsh yara-python
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The files, and rules that know nothing in them.
mkdir "$work/files" "$work/signatures"
while read -r path; do
    if [ "$(head -c 4 "$path" 2>/dev/null | od -An -tx1)" = ' 7f 45 4c 46' ]; then
        cp "$path" "$work/files/$(echo "$path" | tr / _)"
    fi
    [ "$(find "$work/files" -type f | wc -l)" -lt "$files" ] || break
done < <(find /usr/bin /usr/sbin /usr/lib -type f -size +80k -size -120k 2>/dev/null | sort)
chmod 600 "$work"/files/*
echo "Ukai.Bench.Nothing:0:*:$(printf 'nothing has this in it, we hope' | od -An -tx1 | tr -d ' \n')" \
    > "$work/signatures/own.ndb"

cat > "$work/pass.py" <<'END'
import hashlib, io, re, sys
import ppdeep, tlsh, yara
from elftools.elf.elffile import ELFFile
rules = yara.compile(source='rule nothing { strings: $a = "nothing has this in it, we hope" condition: $a }')
strings, urls = re.compile(rb"[\x20-\x7e]{4,}"), re.compile(rb"https?://[^\s\"'<>]{4,}")
addresses = re.compile(rb"\b(?:\d{1,3}\.){3}\d{1,3}\b")
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    for name in ("md5", "sha1", "sha256"):
        hashlib.new(name, data).hexdigest()
    ppdeep.hash(data), tlsh.hash(data)
    elf = ELFFile(io.BytesIO(data))
    [(section.name, section["sh_size"]) for section in elf.iter_sections()]
    for name in (".dynsym", ".symtab"):
        table = elf.get_section_by_name(name)
        if hasattr(table, "iter_symbols"): [symbol.name for symbol in table.iter_symbols()]
    rules.match(data=data)
    strings.findall(data), urls.findall(data), addresses.findall(data)
END

cat > "$work/bench.py" <<'END'
import atexit, ctypes, glob, http.client, json, os, resource, subprocess, sys, time
work, ukai, venv, capa_rules, capa_files, samples = sys.argv[1:7]
files = sorted(glob.glob(f"{work}/files/*"))
mean = sum(os.path.getsize(path) for path in files) / len(files)
print(f"{len(files)} ELF files of this system, {mean / 1000:.0f} kB on average, {os.cpu_count()} cores")

# ukai's warm process outlives it for a moment: it becomes ours, so that its time is counted.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

def bury():
    try:
        while True: os.waitpid(-1, 0)
    except ChildProcessError:
        pass

def once(command, given):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(["taskset", "-c", "0", *command, *given], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.monotonic() - begin
    bury()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode not in (0, 3):
        sys.exit(f"{command[0]}: {done.returncode} {done.stderr.decode()[-500:]}")
    return wall * 1000 / len(given), cpu * 1000 / len(given)

rows = [("ukai, each in a jailed child", [ukai, "analyze", "--json"], files),
        ("clamscan, one signature", ["clamscan", "--no-summary", "-d", f"{work}/signatures"], files),
        ("Python, in one process", [f"{venv}/bin/python", f"{work}/pass.py"], files)]
if capa_rules:
    # One process for each file: it takes one.
    rows.append(("capa", [f"{venv}/bin/capa", "-q", "-r", capa_rules, "-s", f"{work}/signatures"], files[: int(capa_files)]))
ours = None
print(f"\n| on one core | ms a file | CPU ms a file | ratio of CPU |\n| --- | --- | --- | --- |")
for name, command, given in rows:
    each = [[path] for path in given] if name == "capa" else [given]
    # The best of three, since others use the machine, too; of capa one.
    tries = [[once(command, part) for part in each] for _ in range(1 if name == "capa" else 3)]
    means = [(sum(w for w, _ in one) / len(one), sum(c for _, c in one) / len(one)) for one in tries]
    wall, cpu = min(w for w, _ in means), min(c for _, c in means)
    ours = ours or cpu
    print(f"| {name} | {wall:.2f} | {cpu:.2f} | {cpu / ours:.1f} |", flush=True)
if not capa_rules:
    print("capa is left out: its package carries no rules, and CAPA_RULES names none")

# Submitted to a whole `ukai up`: the same files, each made one of a kind by a number at its end.
data = f"{work}/data"
os.mkdir(data)
with open(f"{work}/ukai.toml", "w") as config:
    config.write(f'data_dir = "{data}"\n[log]\nlevel = "warn"\n[hub]\nlisten = "127.0.0.1:0"\n'
                 '[[honeypot.listeners]]\naddresses = ["127.0.0.1"]\npersona = "router-mips"\nports = { raw = [0] }\n')
up = subprocess.Popen([ukai, "up", "--json", "--config", f"{work}/ukai.toml"], stdout=subprocess.PIPE)
atexit.register(up.kill)
ready = json.loads(up.stdout.readline())
host = ready["ui"].split("/")[2]
token = open(ready["token_file"]).read().strip()
headers = {"Authorization": f"Bearer {token}"}
count = int(samples)
# curl, which takes little of the two cores, sends them over 8 connections at a time: what is
# submitted is on the disk before it is acknowledged.
os.mkdir(f"{work}/sent")
with open(f"{work}/curl", "w") as config:
    for number in range(count):
        path = f"{work}/sent/{number}"
        with open(files[number % len(files)], "rb") as source, open(path, "wb") as target:
            target.write(source.read() + b"%016d" % number)
        config.write(f'{"next" if number else ""}\nurl = "http://{host}/api/samples"\nheader = "Authorization: Bearer {token}"\n'
                     f'header = "Content-Type: application/octet-stream"\ndata-binary = "@{path}"\n'
                     'output = "/dev/null"\nfail\nsilent\nshow-error\n')

def analyses():
    connection = http.client.HTTPConnection(host)
    connection.request("GET", "/metrics", headers=headers)
    lines = connection.getresponse().read().decode().splitlines()
    return {line.split('"')[1]: int(float(line.split()[-1])) for line in lines if line.startswith("ukai_analyses_total{")}

def cpu_s(pid):
    # The children of children are counted when they are waited for: the warm process, too.
    total = 0
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try: fields = open(stat).read().rsplit(")", 1)[1].split()
        except OSError: continue
        own = int(stat.split("/")[2])
        if own == pid or int(fields[1]) == pid:
            total += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return total / os.sysconf("SC_CLK_TCK")

before = cpu_s(up.pid)
begin = time.monotonic()
sender = subprocess.Popen(["curl", "--no-progress-meter", "-Z", "--parallel-max", "8", "-K", f"{work}/curl"])
while sum(analyses().values()) < count:
    if sender.poll(): sys.exit("curl could not submit them all")
    # Asking takes time from those who work: a fifth of a second is a fiftieth of ten.
    time.sleep(0.2)
wall = time.monotonic() - begin
cpu = cpu_s(up.pid) - before
done = analyses()
print(f"\n`ukai up`: {count} samples submitted, analysed and kept in {wall:.1f} s: {count / wall:.0f} samples/s,"
      f" {cpu * 1000 / count:.2f} ms of CPU each; {done['complete']} complete, {done['partial']} partial, {done['failed']} failed")
up.terminate()
up.wait()
END
python3 "$work/bench.py" "$work" "$UKAI" "$dir/venv" "$capa_rules" "$capa_files" "$samples"
