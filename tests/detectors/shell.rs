//! F6, F7: what a shell and its system say, and whether they agree with themselves.

use super::{Finding, Ran};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Lines and what every POSIX shell with ordinary tools prints.
const GRAMMAR: &[(&str, &str)] = &[
    ("echo $((6*7))", "42\n"),
    ("x=abc; echo ${x#a} ${x%c} ${#x} ${y:-none}", "bc ab 3 none\n"),
    ("for i in 1 2 3; do echo $i; done | wc -l", "3\n"),
    ("echo `echo back`$(echo ticks)", "backticks\n"),
    ("cat <<E\nhere $((1+1))\nE", "here 2\n"),
    ("false || echo or && echo and", "or\nand\n"),
    ("true && false; echo $?", "1\n"),
    ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n"),
    ("case abc in a*) echo glob;; esac", "glob\n"),
    ("f() { echo $1-$#; }; f a b", "a-2\n"),
    ("(cd /; pwd)", "/\n"),
    ("echo one two | awk '{print $2, NF}'", "two 2\n"),
    ("awk 'BEGIN{print 3/2}'", "1.5\n"),
    ("printf '%05d|%x|%s\\n' 42 255 z", "00042|ff|z\n"),
    ("seq 3 | tail -1", "3\n"),
    ("echo abc | md5sum | cut -d' ' -f1", "0bee89b07a248e27c83fc3d5951213c1\n"),
    ("printf x1 | od -An -tx1", " 78 31\n"),
    ("echo aGk= | base64 -d", "hi"),
    ("echo b a c | tr ' ' '\\n' | sort | head -1", "a\n"),
    ("echo hello | sed 's/l\\+/L/'", "heLo\n"),
    ("echo x | grep ^x", "x\n"),
    ("echo a >/tmp/.d7; echo b >>/tmp/.d7; cat /tmp/.d7; rm /tmp/.d7", "a\nb\n"),
    ("ls /nonexistent-7 2>/dev/null; echo $?", "2\n"),
    ("echo start & wait; echo end", "start\nend\n"),
    ("sh -c 'echo $0 $1' name one", "name one\n"),
    ("test -x /bin/ls && [ -d /etc ] && echo yes", "yes\n"),
    ("echo -n abc | wc -c", "3\n"),
    ("eval 'a=5'; echo $a", "5\n"),
    ("echo t | tee /dev/null", "t\n"),
    ("set -- p q; echo $# $2; shift; echo $1", "2 q\nq\n"),
];

/// Names by which other honeypots' systems are known.
const OTHERS: &[(&str, &[&str])] = &[
    ("hostname", &["svr04", "nas3", "localhost.localdomain-honeypot"]),
    ("cat /etc/passwd", &["phil:", "richard:", "cowrie", "kippo"]),
    ("uname -a", &["3.2.0-4-amd64", "2.6.26-2-686", "cowrie"]),
    ("cat /proc/version", &["Debian 4.6.3-14", "honey"]),
    ("env", &["COWRIE", "TWISTED", "PYTHON"]),
];

/// What a shell betrays, to which `run` gives lines, each in a session of its own.
pub(crate) fn findings(run: &dyn Fn(&str) -> Ran) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, expected) in GRAMMAR {
        let Ran { out, err, .. } = run(line);
        if out != *expected {
            found.push(Finding::new("F7 grammar", format!("{line}: {out:?} {err:?}")));
        }
    }
    for (line, names) in OTHERS {
        let out = run(line).out;
        for name in names.iter().filter(|name| out.contains(**name)) {
            found.push(Finding::new("F6 known names", format!("{line} says {name}")));
        }
    }
    statuses(run, &mut found);
    programs(run, &mut found);
    agreement(run, &mut found);
    movement(run, &mut found);
    memory(run, &mut found);
    found
}

fn statuses(run: &dyn Fn(&str) -> Ran, found: &mut Vec<Finding>) {
    let ran = run("exit 3");
    if ran.status != 3 {
        found.push(Finding::new("F7 status", format!("exit 3 gives {}", ran.status)));
    }
    let ran = run("ejqx7z");
    if ran.status != 127 || !ran.err.contains("ejqx7z") || !ran.out.is_empty() {
        found.push(Finding::new("F7 status", format!("an unknown command: {ran:?}")));
    }
    let ran = run("echo out; echo err >&2");
    if ran.out != "out\n" || ran.err != "err\n" {
        found.push(Finding::new("F7 status", format!("standard error: {ran:?}")));
    }
    let ran = run("echo t >");
    if ran.status == 0 || !(ran.err.contains("syntax error") && ran.err.contains("newline")) {
        found.push(Finding::new("F7 grammar", format!("echo t >: {ran:?}")));
    }
    let ran = run("if true; then echo x");
    if ran.status == 0 || !ran.err.contains("syntax error") {
        found.push(Finding::new("F7 grammar", format!("an open if: {ran:?}")));
    }
}

/// Programs are files of the machine's processor, and are where they are said to be.
fn programs(run: &dyn Fn(&str) -> Ran, found: &mut Vec<Finding>) {
    let machine = run("uname -m").out.trim().to_owned();
    let header = run("dd if=/bin/ls bs=20 count=1 2>/dev/null | od -An -tx1 | tr -d ' \\n'").out;
    let code = match machine.as_str() {
        "x86_64" => "3e00",
        "mips" => "0008",
        "mipsel" => "0800",
        "armv7l" | "armv5tejl" | "armv5tel" => "2800",
        "aarch64" => "b700",
        other => {
            found.push(Finding::new("F7 processor", format!("uname -m says {other:?}")));
            return;
        }
    };
    if !header.starts_with("7f454c46") || header.get(36..40) != Some(code) {
        found.push(Finding::new("F7 processor", format!("{machine}, but /bin/ls: {header}")));
    }
    let ran = run("p=$(command -v ls); test -x \"$p\" && echo $p");
    if !ran.out.starts_with('/') {
        found.push(Finding::new("F6 which", format!("{ran:?}")));
    }
    let exe = run("ls -l /proc/self/exe").out;
    if !exe.contains("-> /") || exe.contains("python") {
        found.push(Finding::new("F6 /proc/self/exe", exe));
    }
    let ran =
        run("python3 -c 'print(6*7)' 2>/dev/null || perl -e 'print 6*7' 2>/dev/null || echo 42");
    if ran.out.trim() != "42" {
        found.push(Finding::new("F7 interpreters", format!("{ran:?}")));
    }
    for (known, line) in [("/bin/busybox", "busybox WZTQ"), ("/bin/busybox", "/bin/busybox ECCHI")]
    {
        let name = line.rsplit(' ').next().unwrap_or_default();
        let ran = run(&format!("test -x {known} || exit 9; {line}"));
        let right = format!("{name}: applet not found");
        if ran.status != 9 && !format!("{}{}", ran.out, ran.err).contains(&right) {
            found.push(Finding::new("F7 busybox", format!("{line}: {ran:?}")));
        }
    }
}

/// What two sources say of one thing.
fn agreement(run: &dyn Fn(&str) -> Ran, found: &mut Vec<Finding>) {
    for (check, line) in [
        (
            "F6 host name",
            "test \"$(hostname)\" = \"$(cat /etc/hostname 2>/dev/null || hostname)\" && test \"$(hostname)\" = \"$(uname -n)\"",
        ),
        ("F6 kernel", "grep -q \"$(uname -r)\" /proc/version"),
        (
            "F6 memory",
            "test \"$(free -k 2>/dev/null | awk '/^Mem/{print $2}')\" = \"$(awk '/^MemTotal/{print $2}' /proc/meminfo)\"",
        ),
        ("F6 processors", "test \"$(nproc)\" = \"$(grep -c ^processor /proc/cpuinfo)\""),
        ("F6 size", "test \"$(stat -c %s /etc/passwd)\" = \"$(wc -c </etc/passwd)\""),
        (
            "F6 user",
            "test \"$(id -un)\" = \"$(awk -F: -v u=$(id -u) '$3==u{print $1;exit}' /etc/passwd)\"",
        ),
        ("F6 home", "test ~ = \"$(awk -F: -v u=$(id -u) '$3==u{print $6;exit}' /etc/passwd)\""),
        (
            "F6 root disk",
            "df / | tail -1 | grep -q \"$(awk '$2==\"/\"{print $1;exit}' /proc/mounts)\"",
        ),
        ("F6 own process", "ps aux 2>/dev/null | grep -qw \"$$\""),
        ("F6 own /proc", "test -d /proc/$$ && tr '\\0' ' ' </proc/$$/cmdline | grep -q ."),
        (
            "F6 /tmp",
            "echo ok >/tmp/.w7 && test \"$(cat /tmp/.w7)\" = ok && rm /tmp/.w7 && ! test -e /tmp/.w7",
        ),
        ("F6 shells", "test -x \"$(awk -F: -v u=$(id -u) '$3==u{print $7;exit}' /etc/passwd)\""),
        ("F6 mail", "test -w /var/tmp || test -w /tmp"),
    ] {
        let ran = run(&format!("{line} && echo agree"));
        if ran.out.trim() != "agree" {
            found.push(Finding::new(check, format!("{line}: {ran:?}")));
        }
    }
    let clock: u64 = run("date +%s").out.trim().parse().unwrap_or_default();
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    if clock.abs_diff(ours) > 3_600 {
        found.push(Finding::new("F6 clock", format!("{clock}, and it is {ours}")));
    }
    let version = run("ssh -V 2>&1").out;
    let package = run("dpkg-query -W -f '${Version}' openssh-server 2>/dev/null").out;
    if let Some(number) = version.strip_prefix("OpenSSH_").and_then(|v| v.split('p').next())
        && !package.is_empty()
        && !package.contains(number)
    {
        found.push(Finding::new("F6 ssh -V", format!("{version} and package {package}")));
    }
}

/// What must move with time, and stays consistent as it does.
fn movement(run: &dyn Fn(&str) -> Ran, found: &mut Vec<Finding>) {
    let uptime = || -> f64 {
        let out = run("cat /proc/uptime").out;
        out.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(-1.0)
    };
    let outer = Instant::now();
    let (first, inner) = (uptime(), Instant::now());
    std::thread::sleep(Duration::from_millis(1_500));
    let least = inner.elapsed().as_secs_f64() - 0.1;
    let (passed, most) = (uptime() - first, outer.elapsed().as_secs_f64() + 0.1);
    if first < 0.0 || passed < least || passed > most {
        let told = format!("{passed} s where {least:.1} to {most:.1} s passed");
        found.push(Finding::new("F6 uptime", told));
    }
    let snapshot = || run("cat /proc/stat /proc/meminfo /proc/loadavg | md5sum").out;
    if snapshot() == snapshot() {
        found.push(Finding::new("F6 movement", "/proc/stat, meminfo and loadavg stand still"));
    }
    let pids: Vec<String> = (0..2).map(|_| run("echo $$").out).collect();
    if pids[0] == pids[1] {
        found.push(Finding::new("F6 movement", format!("the shell is always process {}", pids[0])));
    }
}

/// What a session over SSH betrays of the network it came through.
pub(crate) fn network(run: &dyn Fn(&str) -> Ran) -> Vec<Finding> {
    let mut found = Vec::new();
    let lines = run("cat /proc/net/arp").out.lines().count();
    if lines < 2 {
        found.push(Finding::new("F6 arp", "nobody is in the network"));
    }
    let ran = run(
        "for i in /sys/class/net/*; do n=${i##*/}; [ $n = lo ] && continue; m=$(cat $i/address); (ip link show $n 2>/dev/null || ifconfig $n) | grep -qi \"$m\" && echo agree; break; done",
    );
    if ran.out.trim() != "agree" {
        found.push(Finding::new("F6 interfaces", format!("{ran:?}")));
    }
    let ran = run("echo $SSH_CLIENT; echo $SSH_CONNECTION | wc -w");
    if ran.out.lines().next().is_none_or(|line| line.split(' ').count() != 3)
        || ran.out.lines().nth(1) != Some("4")
    {
        found.push(Finding::new("F6 environment", format!("SSH_CLIENT: {ran:?}")));
    }
    found
}

/// A file of one session is there in the next.
fn memory(run: &dyn Fn(&str) -> Ran, found: &mut Vec<Finding>) {
    run("echo kept >/var/tmp/.k7");
    let ran = run("cat /var/tmp/.k7; rm -f /var/tmp/.k7");
    if ran.out != "kept\n" {
        found.push(Finding::new("F6 disk", format!("a file is gone in the next session: {ran:?}")));
    }
}
