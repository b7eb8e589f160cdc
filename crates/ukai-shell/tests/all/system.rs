//! What describes the system has the form that Debian's programs give it: each line is run
//! here by bash and by our shell, and the outputs are compared without their numbers.

use crate::driver::{Driver, host};
use std::fmt::Write as _;
use std::process::Command;
use ukai_shell::Fs;

/// Lines whose output is the same but for digits.
const SAME: &[&str] = &[
    "free | head -1",
    "free -m | head -1",
    "netstat -tln | head -2",
    "netstat -tlnp | head -2",
    "netstat -rn | head -2",
    "netstat -i | head -2",
    "netstat -xln | head -2",
    "route -n | head -2",
    "arp -n | head -1",
    "w | tail -n +2 | head -1",
    "lastlog | head -1",
    "lastlog -u root",
    "ip addr show lo",
    "ip link show lo",
    "ip -br addr show lo",
    "ip -o addr show lo",
    "ip addr show nosuch 2>&1",
    "ip nosuch 2>&1",
    "ip rule",
    "ifconfig nosuch 2>&1; echo $?",
    "ifconfig lo | grep -v packets",
    "head -1 /proc/net/tcp",
    "head -1 /proc/net/tcp6",
    "head -1 /proc/net/udp",
    "head -2 /proc/net/dev",
    "head -1 /proc/net/route",
    "head -1 /proc/net/arp",
    "head -1 /proc/net/unix",
    "head -3 /proc/softirqs | cut -c1-13",
    "grep -c . /proc/softirqs",
    "cut -c1-26 /proc/self/limits",
    "head -1 /proc/swaps",
    "wc -w < /proc/self/stat",
    "wc -w < /proc/self/statm",
    "wc -w < /proc/loadavg",
    "wc -w < /proc/uptime",
    "awk '{print NF}' /proc/diskstats | sort -u",
    "ls /proc/self/ns | tr '\\n' ' '",
    "cat /proc/self/cmdline | tr '\\0' ' '",
    "cat /proc/self/comm",
    "cat /proc/self/io | cut -d: -f1",
    "readlink /proc/self/exe",
    "cd /usr && readlink /proc/self/cwd",
    "id",
    "id -Gn",
    "id nobody",
    "id nosuch 2>&1; echo $?",
    "groups nosuch 2>&1; echo $?",
    "getent passwd root",
    "getent group nosuch; echo $?",
    "getent nosuch x 2>&1",
    "passwd -S nobody | cut -d' ' -f1,2,4-",
    "chage -l nobody | cut -d: -f1",
    "useradd root 2>&1; echo $?",
    "useradd -g nosuch xq 2>&1; echo $?",
    "useradd -u 0 xq 2>&1; echo $?",
    "useradd 'a b' 2>&1; echo $?",
    "usermod -aG nosuch root 2>&1; echo $?",
    "usermod -s /bin/sh nosuch 2>&1; echo $?",
    "userdel nosuch 2>&1; echo $?",
    "userdel root 2>&1; echo $?",
    "groupadd root 2>&1; echo $?",
    "groupadd -g 0 xq 2>&1; echo $?",
    "groupdel nosuch 2>&1; echo $?",
    "groupdel root 2>&1; echo $?",
    "gpasswd -a root nosuch 2>&1; echo $?",
    "gpasswd -a nosuch sudo 2>&1; echo $?",
    "adduser root 2>&1; echo $?",
    "deluser nosuch 2>&1; echo $?",
    "addgroup root 2>&1; echo $?",
    "delgroup nosuch 2>&1; echo $?",
    "echo x | crontab - 2>&1; echo $?",
    "echo '1 2 3 4 9 x' | crontab - 2>&1; echo $?",
    "crontab -r 2>&1; crontab -l 2>&1; echo $?",
    "echo nosuch:x | chpasswd 2>&1; echo $?",
    "su nosuch 2>&1; echo $?",
    "su nobody 2>&1; echo $?",
    "su nobody -s /bin/sh -c id",
    "su nobody -s /bin/sh -c 'passwd root' 2>&1",
    "su nobody -s /bin/sh -c 'useradd xq' 2>&1",
    "su nobody -s /bin/sh -c 'sudo -n id' 2>&1",
    "su nobody -s /bin/sh -c 'sudo id' 2>&1 < /dev/null",
    "sudo -l | tail -3 | sed 's/ on .*:/ on HOST:/'",
    "sudo nosuch 2>&1; echo $?",
    "sudo -u nosuch id 2>&1 | head -1",
    "kill -l 9; kill -l TERM",
    "killall nosuch 2>&1; echo $?",
    "pgrep nosuch; echo $?",
    "pidof nosuch; echo $?",
    "chattr +i /nosuch 2>&1; echo $?",
    "chattr /etc/passwd 2>&1; echo $?",
    "lsattr /nosuch 2>&1; echo $?",
    "lsattr /etc/passwd",
    "lsattr /dev/null 2>&1",
    "d=$(mktemp -d); touch $d/a; chattr +i $d/a; lsattr $d/a | cut -c1-22; rm -f $d/a 2>&1 | cut -d: -f1,3; echo x 2>/dev/null >> $d/a; chattr -i $d/a; rm -r $d",
    "sysctl kernel.ostype vm.swappiness | cut -d= -f1",
    "sysctl -n kernel.ostype",
    "sysctl no.such 2>&1; echo $?",
    "crontab /nosuch 2>&1; echo $?",
    "crontab -u nosuch -l 2>&1; echo $?",
    "lsof -i :1; echo $?",
    "lsof -p 1 | head -1 | tr -s ' '",
    "df / | head -1 | tr -s ' '",
    "df -h / | head -1 | tr -s ' '",
    "df -i / | head -1 | tr -s ' '",
    "df -T / | head -1 | tr -s ' '",
    "df /nosuch 2>&1; echo $?",
    "ps aux | head -1 | tr -s ' '",
    "ps -ef | head -1 | tr -s ' '",
    "ps | head -1 | tr -s ' '",
    "ps ax | head -1 | tr -s ' '",
    "ps -o pid,ppid,user,comm,stat,tty,etime,time,rss,vsz,args -p 1 | head -1 | tr -s ' '",
    "ps -o nosuch 2>&1 | head -1",
    "ps -p 1 -o comm= | wc -l",
    "ps -eo pid= | head -1 | tr -d ' '",
    "ss -tln | head -1 | tr -s ' '",
    "ss -tlnp | head -1 | tr -s ' ' | sed 's, $,,'",
    "ss -s | tail -n +3 | cut -c1-9",
    "lsblk | head -1 | tr -s ' '",
    "lscpu | grep -v Flags | head -15 | cut -d: -f1",
    "uptime | sed 's/.*load/load/'",
    "uptime -s | tr -d ':-'",
    "top -b -n1 | sed -n '7p' | tr -s ' '",
    "top -b -n1 | sed -n '2,5p' | tr -d ' ' | sed 's/[0-9.]*//g'",
    "hostname -s | wc -l",
    "tty < /dev/null",
];

/// Lines for a name space of the network, so that nothing here is changed.
const FILTERS: &[&str] = &[
    "iptables -L -n; iptables -S",
    "iptables -A INPUT -p tcp --dport 23 -j DROP; iptables -A INPUT -s 192.0.2.7 -j ACCEPT; iptables -S; iptables -L -n",
    "iptables -A INPUT -p tcp --dport 23 -j DROP; iptables -D INPUT -p tcp --dport 23 -j DROP; iptables -S",
    "iptables -A INPUT -p tcp --dport 22 -j DROP; iptables -I INPUT -i lo -j ACCEPT; iptables -S; iptables -L; iptables -F; iptables -S",
    "iptables -P FORWARD DROP; iptables -S",
    "iptables -N CH; iptables -A CH -j RETURN; iptables -A INPUT -j CH; iptables -S; iptables -X CH 2>&1 | head -1; iptables -F; iptables -X; iptables -S",
    "iptables -D INPUT -p tcp --dport 99 -j DROP 2>&1; echo $?",
    "iptables -A NOSUCH -j DROP 2>&1; echo $?",
    "iptables -A INPUT -p tcp --dport 80 -j REJECT; iptables -S; iptables -L -n",
    "iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT; iptables -S; iptables -L -n",
    "iptables -L -n --line-numbers",
];

/// Digits do not count, and neither how many there are.
fn blank(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('9') {
            out.push('9');
        }
    }
    out
}

fn real(words: &[&str]) -> Vec<u8> {
    let output = Command::new(words[0])
        .args(&words[1..])
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/root")
        .env("LANG", "C.UTF-8")
        .current_dir("/root")
        .output()
        .expect("Debian's programs are installed");
    output.stdout
}

fn ours(line: &str) -> Vec<u8> {
    let host = host("server-debian");
    let mut driver = Driver::new(&host, &Fs::new(&host), "root", false);
    driver.merged = false;
    driver.run(format!("{line}\n").as_bytes());
    driver.output
}

fn compare(lines: &[&str], real: impl Fn(&str) -> Vec<u8>) {
    let mut different = String::new();
    for line in lines {
        let (theirs, ours) = (blank(&real(line)), blank(&ours(line)));
        if theirs != ours {
            let _ = writeln!(different, "$ {line}\n  real: {theirs:?}\n  ours: {ours:?}");
        }
    }
    assert!(different.is_empty(), "\n{different}");
}

#[test]
fn programs_print_what_debians_print() {
    compare(SAME, |line| real(&["bash", "-c", line]));
}

#[test]
fn packet_filters_are_listed_as_iptables_lists_them() {
    compare(FILTERS, |line| real(&["unshare", "-n", "bash", "-c", line]));
}

#[test]
fn names_in_proc_come_in_the_kernels_order() {
    for (line, newer) in [
        ("cut -d: -f1 /proc/self/status", &[][..]),
        ("cut -d: -f1 /proc/meminfo", &["Zswap", "Zswapped", "SecPageTables", "NFS_Unstable"]),
        ("cut -d' ' -f1 /proc/vmstat", &["numa_hit"]),
        ("cut -d' ' -f1 /proc/stat", &[]),
    ] {
        let theirs = blank(&real(&["bash", "-c", line]));
        let ours = blank(&ours(line));
        let mut rest = theirs.lines();
        for name in ours.lines() {
            // What this kernel was built without is not looked for.
            if newer.iter().any(|n| name.starts_with(n)) || !theirs.lines().any(|t| t == name) {
                assert!(!matches!(name, "Name" | "VmRSS" | "MemTotal" | "MemAvailable"));
                continue;
            }
            assert!(rest.any(|their| their == name), "{line}: {name} out of its place");
        }
    }
}
