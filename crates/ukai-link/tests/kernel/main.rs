//! Linux's TCP, UDP and ICMP against ours, through a TUN device, a veth pair, or QEMU, in a
//! network namespace of the test's own.

mod conformance;
mod endpoint;
mod flood;
mod p0f;
mod packet;
mod qemu;
mod states;

use endpoint::endpoint;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};
use ukai_link::Impairment;
use ukai_netstack::Personality;

pub(crate) const CLEAN: Impairment = Impairment { lost: 0, doubled: 0, overtaken: 0 };

/// Addresses and routes of the side that the kernel plays.
pub(crate) const ROUTES: &str = "\
ip link set lo up
echo 0 > /proc/sys/net/ipv6/conf/ukai0/disable_ipv6
ip address add 203.0.113.1/24 dev ukai0
ip address add 2001:db9::1/64 dev ukai0 nodad
ip link set ukai0 up txqueuelen 20000
ip route add 198.18.0.0/15 dev ukai0
ip route add 2001:db8::/32 dev ukai0
";

/// Runs the test `name` again in a network namespace of its own: outside of that this does
/// not come back.
pub(crate) fn in_namespace(name: &str) {
    const INSIDE: &str = "UKAI_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_none() {
        let mut again = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            again.arg("--map-root-user");
        }
        let program = std::env::current_exe().expect("this program has a path");
        again.arg("--net").arg(program).args([name, "--exact", "--nocapture"]).env(INSIDE, "1");
        panic!("unshare (util-linux) is needed: {}", again.exec());
    }
}

/// Runs the test `name` in a network namespace of its own, and `clients`, a shell script, in
/// there with our stack at the other end of the device `ukai0`. Gives what the script says.
pub(crate) fn beside(
    name: &str,
    personality: Personality,
    how: Impairment,
    clients: &str,
) -> String {
    in_namespace(name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let output: Output =
        runtime.expect("a runtime").block_on(endpoint(personality, "ukai0", how, async {
            let script = format!("{ROUTES}\n{clients}");
            let mut shell = tokio::process::Command::new("sh");
            shell.args(["-ec", &script]).stdin(Stdio::null());
            let folder = tempfile::tempdir().expect("a temporary folder");
            std::fs::write(folder.path().join("client.py"), include_str!("client.py"))
                .expect("a file can be written");
            shell.current_dir(folder.path());
            shell.output().await.expect("sh runs")
        }));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{errors}", output.status);
    said
}

#[test]
fn bulk_half_close_and_refusals() {
    let name = "bulk_half_close_and_refusals";
    let said = beside(name, Personality::linux(), CLEAN, "python3 client.py all");
    assert_eq!(said, "all is well\n");
}

#[test]
fn bulk_over_a_path_that_loses_doubles_and_reorders() {
    let name = "bulk_over_a_path_that_loses_doubles_and_reorders";
    let how = Impairment { lost: 20, doubled: 20, overtaken: 50 };
    let said = beside(name, Personality::linux(), how, "python3 client.py bulk");
    assert_eq!(said, "all is well\n");
}

#[test]
fn ten_thousand_connections_at_once() {
    let name = "ten_thousand_connections_at_once";
    let clients = "ulimit -n 20000; python3 client.py many 10000";
    let said = beside(name, Personality::linux(), CLEAN, clients);
    assert_eq!(said, "all is well\n");
}

#[test]
fn everyday_clients() {
    let clients = "\
curl -sS -m 10 http://198.18.200.3/
curl -sS -m 10 http://[2001:db8::abcd]/
echo hello | nc -N 198.18.1.2 7
ping -n -c 3 -i 0.2 198.18.3.4 | grep -o '3 received, 0%'
ping -n -c 2 -i 0.2 -s 4000 2001:db8::1 | grep -o '2 received, 0%'
traceroute -n -m 3 -w 1 198.18.1.1 | grep -c ' 1  198.18.1.1 '
nmap -n -Pn -sS -p 1-1000 198.18.9.9 | grep '^[0-9]'
nmap -n -Pn -sT -6 -p 1-1000 2001:db8::9 | grep '^[0-9]'
nmap -n -Pn -sU -p 6-7 198.18.9.9 | grep '^[0-9]'
nmap -n -sn -PE 198.18.9.0/30 | grep -o '4 hosts up'
";
    let said = beside("everyday_clients", Personality::linux(), CLEAN, clients);
    let ports =
        "7/tcp  open  echo\n9/tcp  open  discard\n19/tcp open  chargen\n80/tcp open  http\n";
    let expected = format!(
        "198.18.200.3\n2001:db8::abcd\nhello\n3 received, 0%\n2 received, 0%\n1\n{ports}{ports}\
         6/udp closed unknown\n7/udp open   echo\n4 hosts up\n"
    );
    assert_eq!(said, expected);
}

#[test]
fn scanners_without_state_find_every_address() {
    // Answers may be lost on a busy machine: each address is asked three times.
    let clients = "\
masscan -p 23,80 198.18.16.0/20 --rate 5000 --retries 2 --wait 3 --adapter-ip 203.0.113.1 \
    --interface ukai0 -oL found >/dev/null 2>&1
grep -c '^open tcp 23 ' found || true
grep '^open tcp 80 198.18.' found | cut -d ' ' -f 4 | sort -u | wc -l
";
    let said =
        beside("scanners_without_state_find_every_address", Personality::linux(), CLEAN, clients);
    assert_eq!(said, "0\n4096\n");
}

/// What `nmap -O` names. It measures clocks, which a busy machine spoils: three tries.
fn named(name: &str, personality: Personality) -> String {
    let clients = "\
for try in 1 2 3; do
    nmap -n -Pn -O -p 1-100 -d1 198.18.9.9 > said
    grep -q '^OS details' said && break
done
cat said
";
    beside(name, personality, CLEAN, clients)
}

#[test]
fn nmap_names_a_new_linux() {
    let said = named("nmap_names_a_new_linux", Personality::linux());
    assert!(said.contains("OS details: Linux 4.15 - 5.6"), "{said}");
}

#[test]
fn nmap_names_an_old_linux() {
    let said = named("nmap_names_an_old_linux", Personality::linux_2_6());
    assert!(said.contains("OS details: Linux 2.6.3"), "{said}");
}

#[test]
fn nmap_names_windows() {
    let said = named("nmap_names_windows", Personality::windows());
    assert!(said.contains("OS details: Microsoft Windows 10"), "{said}");
}
