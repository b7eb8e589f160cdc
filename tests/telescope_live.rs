//! The telescope while packets arrive: on an interface, and beside the honeypots. Real
//! scanners and a real flood, in a network namespace of the test's own.

use crate::support::network::{in_own_network, sh};
use crate::support::program::{Ukai, binary};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A pair of devices: what is sent into `v0` arrives at `v1`.
const PAIR: &str = "\
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip address add 203.0.113.11/24 dev v0
ip address add 203.0.113.12/24 dev v0
ip address add 192.0.2.80/32 dev lo
for device in all lo v0 v1; do echo 0 > /proc/sys/net/ipv4/conf/$device/rp_filter; done
mac=$(ip -o link show v1 | sed 's/.*ether \\([0-9a-f:]*\\) .*/\\1/')
ip neigh add 203.0.113.254 lladdr $mac dev v0
ip route add default via 203.0.113.254 dev v0
echo $mac";

/// Reads lines of JSON until one is wanted.
fn line(lines: &mut impl Iterator<Item = Value>, is_it: impl Fn(&Value) -> bool) -> Value {
    lines.find(|line| is_it(line)).expect("it comes before the end")
}

/// Its lines of JSON, from the moment on that it looks at packets.
fn lines_from_its_start(ukai: &mut Child) -> impl Iterator<Item = Value> + use<> {
    let output = BufReader::new(ukai.stdout.take().expect("a pipe"));
    let mut lines = output
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.expect("text")).expect("JSON"));
    line(&mut lines, |line| line["kind"] == "status");
    lines
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
}

#[test]
fn an_interface_is_watched_as_it_happens_and_nothing_is_dropped() {
    in_own_network("telescope_live::an_interface_is_watched_as_it_happens_and_nothing_is_dropped");
    let mac = sh(PAIR);
    let mac = mac.trim();
    let mut ukai = Command::new(binary())
        .args(["telescope", "live", "v1", "--links", "2", "--json", "--status", "1"])
        .args(["--own", "203.0.113.0/24", "--attack-seconds", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("ukai runs");
    let mut lines = lines_from_its_start(&mut ukai);
    let mut flood = Command::new("hping3")
        .args(["-q", "-S", "-p", "81", "--rand-source", "-c", "400", "-i", "u20000", "192.0.2.80"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("hping3 runs");
    sh(&format!(
        "masscan -p 23,80 198.18.4.0/24 --rate 5000 --wait 0 --adapter-ip 203.0.113.12 \
             --router-mac {mac} --interface v0 2>&1"
    ));
    let scan = line(&mut lines, |line| line["kind"] == "scanner-began");
    assert_eq!((&scan["address"], &scan["tool"]), (&"203.0.113.12".into(), &"masscan".into()));
    assert_eq!(scan["own"], true, "{scan}");
    let attack = line(&mut lines, |line| line["kind"] == "attack-began");
    assert_eq!(attack["victim"], "192.0.2.80/32", "{attack}");
    flood.wait().expect("hping3 ends");
    // As fast as this machine's generator makes them.
    sh(&format!(
        "masscan -p 1-400 198.18.4.0/24 --rate 1000000 --wait 0 --adapter-ip 203.0.113.11 \
             --router-mac {mac} --interface v0 2>&1"
    ));
    let all =
        |line: &Value| line["kind"] == "status" && line["packets"].as_u64() >= Some(512 + 102_400);
    let status = line(&mut lines, all);
    assert_eq!((&status["dropped_by_kernel"], &status["dropped_here"]), (&0.into(), &0.into()));
    interrupt(&ukai);
    let scan =
        line(&mut lines, |line| line["kind"] == "scanner" && line["address"] == "203.0.113.11");
    assert_eq!(scan["packets"], 102_400, "{scan}");
    let end = line(&mut lines, |line| line["kind"] == "ended");
    assert!(end["totals"]["packets"].as_u64() >= Some(512 + 102_400), "{end}");
    assert!(ukai.wait().expect("it ends").success());
}

#[test]
fn records_of_what_is_watched_can_be_read_as_parquet_and_their_sums_are_right() {
    in_own_network(
        "telescope_live::records_of_what_is_watched_can_be_read_as_parquet_and_their_sums_are_right",
    );
    let mac = sh(PAIR);
    let mac = mac.trim();
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let origins = folder.path().join("origins.csv");
    std::fs::write(&origins, "203.0.113.11/32,64496,JP\n203.0.113.12/32,64497,US\n")
        .expect("a file");
    let flows = folder.path().join("flows");
    let mut ukai = Command::new(binary())
        .args(["telescope", "live", "v1", "--json", "--status", "1", "--interval", "86400"])
        .args(["--dark", "198.18.0.0/16", "--flows"])
        .arg(&flows)
        .arg("--origins")
        .arg(&origins)
        .stdout(Stdio::piped())
        .spawn()
        .expect("ukai runs");
    let mut lines = lines_from_its_start(&mut ukai);
    for (source, ports, hosts) in
        [("203.0.113.11", "1-100", "198.18.4.0/24"), ("203.0.113.12", "23,80", "198.18.4.0/23")]
    {
        sh(&format!(
            "masscan -p {ports} {hosts} --rate 20000 --wait 0 --adapter-ip {source} \
                 --router-mac {mac} --interface v0 2>&1"
        ));
    }
    let sent = 100 * 256 + 2 * 512;
    line(&mut lines, |line| line["kind"] == "status" && line["packets"].as_u64() >= Some(sent));
    interrupt(&ukai);
    let interval = line(&mut lines, |line| line["kind"] == "interval");
    let expected = serde_json::json!([
        { "country": "JP", "packets": 25_600, "sources": 1 },
        { "country": "US", "packets": 1_024, "sources": 1 },
    ]);
    assert_eq!(interval["countries"], expected, "{interval}");
    assert_eq!(interval["systems"][0]["asn"], 64_496, "{interval}");
    assert_eq!(interval["senders"][0]["source"], "203.0.113.11", "{interval}");
    let end = line(&mut lines, |line| line["kind"] == "ended");
    assert_eq!(
        (&end["dropped_by_kernel"], &end["dropped_here"], &end["countries"]),
        (&0.into(), &0.into(), &expected)
    );
    assert!(ukai.wait().expect("it ends").success());
    let mut sums = BTreeMap::<Record, u64>::new();
    let mut packets = 0;
    for file in std::fs::read_dir(&flows).expect("the folder") {
        let path = file.expect("a file").path();
        assert_eq!(path.extension().and_then(|name| name.to_str()), Some("parquet"), "{path:?}");
        for (record, count) in records(&path) {
            packets += count;
            if record.class == "syn" {
                *sums.entry(record).or_default() += count;
            }
        }
    }
    assert_eq!(packets, end["totals"]["packets"].as_u64().expect("a count"));
    let record = |src: &str, dst: &str, port, country: &str, asn| Record {
        src: src.to_owned(),
        dst: dst.to_owned(),
        port,
        class: "syn".to_owned(),
        country: country.to_owned(),
        asn,
    };
    let mut expected = BTreeMap::new();
    for port in 1..=100 {
        expected.insert(record("203.0.113.11", "198.18.4.0/24", port, "JP", 64_496), 256);
    }
    for (port, dst) in [(23, 4), (23, 5), (80, 4), (80, 5)] {
        let dst = format!("198.18.{dst}.0/24");
        expected.insert(record("203.0.113.12", &dst, port, "US", 64_497), 256);
    }
    assert_eq!(sums, expected);
}

/// What a record of a source says, but for its minute.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    src: String,
    dst: String,
    port: u32,
    class: String,
    country: String,
    asn: u32,
}

/// A file's records, with their packets.
fn records(path: &Path) -> Vec<(Record, u64)> {
    let file = std::fs::File::open(path).expect("a file");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| {
        let row = row.expect("a row");
        let columns: BTreeMap<_, _> = row.get_column_iter().map(|(n, f)| (n.as_str(), f)).collect();
        let text = |name: &str| match columns[name] {
            Field::Str(text) => text.clone(),
            Field::Null => String::new(),
            other => panic!("{name}: {other:?}"),
        };
        let number = |name: &str| match columns[name] {
            Field::UInt(number) => u64::from(*number),
            Field::ULong(number) => *number,
            Field::Null => 0,
            other => panic!("{name}: {other:?}"),
        };
        let record = Record {
            src: text("src"),
            dst: text("dst"),
            port: number("port") as u32,
            class: text("class"),
            country: text("country"),
            asn: number("asn") as u32,
        };
        (record, number("packets"))
    })
    .collect()
}

#[test]
fn beside_the_honeypots_scans_become_events_and_their_peers_no_victims() {
    in_own_network(
        "telescope_live::beside_the_honeypots_scans_become_events_and_their_peers_no_victims",
    );
    let ukai = Ukai::start_with(|configuration| {
        configuration.push_str(
            "\n[[honeypot.networks]]\nlink = { kind = \"tun\", device = \"ukai0\" }\n\
             prefixes = [\"198.18.0.0/20\"]\npersonas = [\"router-mips\"]\ndensity = 32\n\
             any_port = true\n\
             [telescope]\nattack_s = 1\n",
        );
    });
    sh("ip address add 203.0.113.1/24 dev ukai0
        ip link set ukai0 up txqueuelen 20000
        ip route add 198.18.0.0/15 dev ukai0
        ip route add default dev ukai0");
    // Each port is open: the kernel resets what masscan does not care for. On a busy machine
    // masscan misses answers that come faster than it reads.
    let found = sh("masscan -p 23,8080 198.18.1.0/24 --rate 400 --wait 3 \
             --adapter-ip 203.0.113.1 --interface ukai0 -oL /dev/stdout 2>/dev/null");
    assert!(found.lines().filter(|line| line.starts_with("open tcp")).count() > 256, "{found}");
    let events = ukai.events("telescope.scanner", |events| !events.is_empty());
    let event = &events[0];
    assert_eq!((&event["source"], &event["tool"]), (&"203.0.113.1".into(), &"masscan".into()));
    assert_eq!(event["state"], "began", "{event}");
    // 256, by a sketch with a standard deviation of 3.3 %: four of them either way.
    let addresses = event["addresses"].as_u64().expect("a count");
    assert!((222..=290).contains(&addresses), "{event}");
    // A victim's own kernel answers what was sent in the telescope's name.
    sh("ip address add 192.0.2.80/32 dev lo
        for device in all lo ukai0; do echo 0 > /proc/sys/net/ipv4/conf/$device/rp_filter; done
        for host in $(seq 1 60); do
            hping3 -q -S -p 81 -a 198.18.3.$host -c 1 192.0.2.80 >&2 &
        done; wait; sleep 1
        hping3 -q -S -p 81 -a 198.18.3.9 -c 1 192.0.2.80 >&2 || true");
    let events = ukai.events("telescope.attack", |events| !events.is_empty());
    for event in &events {
        assert_eq!((&event["victim"], &event["vectors"][0]), (&"192.0.2.80".into(), &"tcp".into()));
    }
}
