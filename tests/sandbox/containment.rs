//! A specimen that reaches for whatever lies outside, looked at from the host: packets of its
//! network, files of its file system, processes.

use super::facts::facts;
use super::guest::{Processor, Run, X86_64, guest};
use crate::support::network::{in_own_world, sh};
use crate::support::program::binary;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{Ipv6Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use ukai_model::{Behaviour, Ended};

#[test]
fn nothing_leaves_the_machine() {
    escape("sandbox::containment::nothing_leaves_the_machine", X86_64);
}

/// An interface with a route for everything, which counts what is sent.
const UPLINK: &str = "
    ip link add uplink type veth peer name outside
    for end in uplink outside; do
        echo 0 > /proc/sys/net/ipv6/conf/$end/accept_ra
        echo 0 > /proc/sys/net/ipv6/conf/$end/router_solicitations
        ip link set $end addrgenmode none up
    done
    ip address add 203.0.113.1/24 dev uplink
    ip address add 2001:db8:ffff::1/64 dev uplink nodad
    ip route add default via 203.0.113.254
    ip neigh add 203.0.113.254 lladdr 02:00:00:00:00:01 dev uplink
    ip -6 route add default via 2001:db8:ffff::fe
    ip neigh add 2001:db8:ffff::fe lladdr 02:00:00:00:00:01 dev uplink
    sleep 3";

/// The host's own addresses, which the specimen is told.
const HOST: [&str; 3] = ["127.0.0.1", "203.0.113.1", "2001:db8:ffff::1"];

/// A root that shows all files, and keeps apart what is written. `$1`: its folder, `$2`: the
/// test's own folder, `$3`, `$4`: what is only read; then what is run.
const WORLD: &str = r#"
    folder=$1; own=$2; shift 2
    mount -t tmpfs none "$folder"
    mkdir "$folder/written" "$folder/work" "$folder/root"
    mount -t overlay -o lowerdir=/,upperdir="$folder/written",workdir="$folder/work" none "$folder/root"
    for place in /proc /sys /dev "$own" "$1" "$2"; do
        mkdir -p "$folder/root$place" 2>/dev/null || true
        mount --rbind "$place" "$folder/root$place"
    done
    for place in "$1" "$2"; do mount -o remount,bind,ro "$folder/root$place"; done
    shift 2
    mkdir -p "$own/written"
    mount --bind "$folder/written" "$own/written"
    cd "$folder/root"
    mkdir .before
    pivot_root . .before
    umount -l /.before
    rmdir /.before
    status=0
    "$@" || status=$?
    find "$own/written" -mindepth 1 > "$own/changed"
    exit $status"#;

/// Runs the specimen in a world of its own, and looks at that.
pub(super) fn escape(test: &str, on: Processor) {
    // While there is a network.
    guest();
    in_own_world(test);
    sh(UPLINK);
    let tcp = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).expect("a socket");
    let port = tcp.local_addr().expect("an address").port();
    let udp = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port)).expect("a socket");
    let before = counters();

    let folder = TempDir::new().expect("a folder");
    let record = folder.path().join("record");
    let mut run = Run::of("escape", on).argument(&port.to_string()).seconds(90).flag("--json");
    for address in HOST {
        run = run.argument(address);
    }
    run = run.flag("--record").flag(record.to_str().expect("text"));
    let line = run.line(folder.path());
    let world = TempDir::new().expect("a folder");
    let program = Path::new(binary());
    let mut child = Command::new("unshare")
        .args(["--mount", "sh", "-ec", WORLD, "sh"])
        .args([world.path(), folder.path(), guest(), program.parent().expect("a folder")])
        .arg(program)
        .args(line)
        .stdout(Stdio::from(fs::File::create(folder.path().join("out")).expect("a file")))
        .stderr(Stdio::from(fs::File::create(folder.path().join("errors")).expect("a file")))
        .spawn()
        .expect("unshare (util-linux)");
    let mut seen = BTreeMap::new();
    let status = loop {
        seen.extend(below(child.id()));
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("text");
    assert!(status.success(), "{}", read("errors"));
    let report: Behaviour = serde_json::from_str(&read("out")).expect("a report");

    // It was at work to its end, and reached nobody but the virtual Internet.
    assert_eq!(report.runs[0].ended, Ended::Exited, "{:?}", report.runs);
    let output = String::from_utf8_lossy(report.output.as_bytes());
    assert_eq!(output, "vsock: no\nshared folders: no\nshared memory: no\n");
    let told = facts(&report);
    for line in [
        "interference host-reached-for: vsock",
        "rule host-reached-for",
        "rule raw-socket",
        "c2 tcp 198.51.100.65 4449 by /tmp/escape",
    ] {
        assert!(told.iter().any(|told| told == line), "{line} in {told:#?}");
    }

    // Packets.
    assert_eq!(counters(), before, "packets of the host's");
    tcp.set_nonblocking(true).expect("a socket");
    assert!(tcp.accept().is_err(), "somebody has connected");
    udp.set_nonblocking(true).expect("a socket");
    assert!(udp.recv(&mut [0; 16]).is_err(), "somebody has sent something");

    // Files: none of the host's, and of its own only what it was told to keep.
    assert_eq!(read("changed"), "", "files of the host's");
    let kept: BTreeSet<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    let own = ["ca", "changed", "errors", "escape", "out", "record", "written"];
    assert_eq!(kept, own.map(str::to_owned).into());

    // Processes: who they are, and that none is left.
    let names: BTreeSet<&str> = seen.values().map(String::as_str).collect();
    // The program starts itself by /proc/self/exe, too.
    let own = ["ukai", "exe"];
    let tools = ["unshare", "sh", "mount", "mkdir", "umount", "rmdir", "pivot_root", "find"];
    let machine = |name: &&str| name.starts_with("qemu-system-x86");
    let allowed = |name: &&str| own.contains(name) || tools.contains(name) || machine(name);
    assert!(names.iter().all(allowed), "{names:?}");
    assert!(names.iter().any(machine), "{names:?}");
    let left: Vec<_> =
        seen.keys().filter(|process| start_of(process.0) == Some(process.1)).collect();
    assert!(left.is_empty(), "{left:?} of {seen:?}");
}

/// Packets of each interface: received, sent.
fn counters() -> BTreeMap<String, (u64, u64)> {
    let table = fs::read_to_string("/proc/net/dev").expect("a table");
    let line = |line: &str| {
        let (name, rest) = line.split_once(':').expect("a name");
        let numbers: Vec<u64> =
            rest.split_whitespace().map(|number| number.parse().expect("a number")).collect();
        (name.trim().to_owned(), (numbers[1], numbers[9]))
    };
    table.lines().skip(2).map(line).collect()
}

/// A process' number and when it began, which together are never used again.
type Known = (u32, u64);

/// Processes that come from `first`, which is one of them, with their names.
fn below(first: u32) -> BTreeMap<Known, String> {
    let mut parents = BTreeMap::new();
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/proc").expect("processes").flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        if let Some((pid, (parent, start, name))) = number.and_then(|pid| Some((pid, stat(pid)?))) {
            parents.insert(pid, parent);
            found.insert((pid, start), name);
        }
    }
    let comes_from_first = |mut pid: u32| {
        for _ in 0..64 {
            if pid == first {
                return true;
            }
            match parents.get(&pid) {
                Some(parent) => pid = *parent,
                None => return false,
            }
        }
        false
    };
    found.retain(|(pid, _), _| comes_from_first(*pid));
    found
}

fn start_of(pid: u32) -> Option<u64> {
    stat(pid).map(|(_, start, _)| start)
}

/// A process' parent, when it began, its name.
fn stat(pid: u32) -> Option<(u32, u64, String)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, rest) = text.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?, name.to_owned()))
}
