//! What makes the guest look lived in: users, history, mail, jobs, logs. All of it is made
//! up; nothing is an indicator that a sample would come from us.

use std::fmt::Write as _;

/// What the guest's `/etc/machine-id` says. No other machine has it: by it, programs that are
/// only meant to run in the guest know where they are.
pub const MACHINE_ID: &str = "5b1f0c9be2a14d0f9a3f7c2e8d640b17";

/// The same identity as Windows writes its own (`MachineGuid`), in groups of 8, 4, 4, 4 and 12
/// digits.
pub fn machine_guid() -> String {
    let mut text = MACHINE_ID.to_owned();
    for dash in [20, 16, 12, 8] {
        text.insert(dash, '-');
    }
    text
}

/// Path, mode, contents. The ordinary user is renamed per run by the agent.
pub(super) fn files() -> impl Iterator<Item = (&'static str, u32, String)> {
    FILES.iter().map(|(path, mode, text)| (*path, *mode, (*text).to_owned())).chain([
        ("etc/machine-id", 0o444, format!("{MACHINE_ID}\n")),
        ("var/log/auth.log", 0o640, auth_log()),
        ("var/log/dpkg.log", 0o644, dpkg_log()),
    ])
}

const FILES: &[(&str, u32, &str)] = &[
    (
        "etc/passwd",
        0o644,
        "root:x:0:0:root:/root:/bin/bash\n\
         daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
         bin:x:2:2:bin:/bin:/usr/sbin/nologin\n\
         sys:x:3:3:sys:/dev:/usr/sbin/nologin\n\
         sync:x:4:65534:sync:/bin:/bin/sync\n\
         man:x:6:12:man:/var/cache/man:/usr/sbin/nologin\n\
         mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n\
         www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
         backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
         _apt:x:100:65534::/nonexistent:/usr/sbin/nologin\n\
         systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin\n\
         messagebus:x:101:102::/nonexistent:/usr/sbin/nologin\n\
         sshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n\
         daniel:x:1000:1000:Daniel,,,:/home/daniel:/bin/bash\n",
    ),
    (
        "etc/group",
        0o644,
        "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:daniel\ntty:x:5:\ndisk:x:6:\n\
         mail:x:8:\nman:x:12:\ncdrom:x:24:daniel\nsudo:x:27:daniel\nwww-data:x:33:\n\
         backup:x:34:\nshadow:x:42:\nutmp:x:43:\nstaff:x:50:\nusers:x:100:\nnogroup:x:65534:\n\
         systemd-network:x:998:\nmessagebus:x:102:\ndaniel:x:1000:\n",
    ),
    (
        "etc/shadow",
        0o640,
        "root:*:19358:0:99999:7:::\ndaemon:*:19358:0:99999:7:::\nwww-data:*:19358:0:99999:7:::\n\
         nobody:*:19358:0:99999:7:::\nsshd:!:19358::::::\ndaniel:!:19358:0:99999:7:::\n",
    ),
    ("etc/hostname", 0o644, "debian\n"),
    ("etc/hosts", 0o644, "127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n"),
    (
        "etc/nsswitch.conf",
        0o644,
        "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n\
         protocols: db files\nservices: db files\n",
    ),
    ("etc/resolv.conf", 0o644, ""),
    (
        "etc/fstab",
        0o644,
        "UUID=3f0c7ba8-4b52-4b0a-9f0f-6a1f3c8b2d11 / ext4 errors=remount-ro 0 1\n",
    ),
    ("etc/timezone", 0o644, "Etc/UTC\n"),
    ("etc/default/locale", 0o644, "LANG=C.UTF-8\n"),
    (
        "etc/crontab",
        0o644,
        "SHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n\
         17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n\
         25 6\t* * *\troot\ttest -x /usr/sbin/anacron || run-parts --report /etc/cron.daily\n",
    ),
    ("etc/cron.hourly/.placeholder", 0o644, ""),
    ("etc/cron.daily/apt-compat", 0o755, "#!/bin/sh\nexec /usr/lib/apt/apt.systemd.daily\n"),
    ("etc/cron.d/e2scrub_all", 0o644, "30 3 * * 0 root test -e /run/systemd/system || true\n"),
    ("var/spool/cron/crontabs/root", 0o600, "0 4 * * * /usr/local/bin/backup.sh\n"),
    ("etc/rc.local", 0o755, "#!/bin/sh -e\nexit 0\n"),
    ("etc/init.d/ssh", 0o755, "#!/bin/sh\n# Provides: sshd\nexit 0\n"),
    ("etc/systemd/system/multi-user.target.wants/.keep", 0o644, ""),
    ("etc/ssh/sshd_config", 0o644, "PermitRootLogin no\nX11Forwarding yes\nUsePAM yes\n"),
    (
        "usr/local/bin/backup.sh",
        0o755,
        "#!/bin/sh\ntar czf /var/backups/www-$(date +%F).tgz /var/www 2>/dev/null\n\
         find /var/backups -name 'www-*' -mtime +14 -delete\n",
    ),
    (
        "root/.bash_history",
        0o600,
        "apt update\napt upgrade -y\nsystemctl status nginx\njournalctl -u nginx --since today\n\
         vi /etc/nginx/sites-enabled/default\nnginx -t\nsystemctl reload nginx\ndf -h\n\
         crontab -e\nls -la /var/backups\nreboot\n",
    ),
    (
        "root/.profile",
        0o644,
        "if [ -f ~/.bashrc ]; then . ~/.bashrc; fi\nmesg n 2>/dev/null || true\n",
    ),
    ("root/.bashrc", 0o644, "export LS_OPTIONS='--color=auto'\nalias ll='ls $LS_OPTIONS -l'\n"),
    (
        "home/daniel/.bash_history",
        0o600,
        "ls\ncd projects/inventory\ngit pull\npython3 manage.py migrate\nsudo systemctl restart app\n\
         tail -f /var/log/app.log\nexit\n",
    ),
    ("home/daniel/.bashrc", 0o644, "case $- in *i*) ;; *) return;; esac\nHISTSIZE=1000\n"),
    ("home/daniel/notes.txt", 0o644, "renew domain in march\nask Petra about the invoice export\n"),
    (
        "home/daniel/projects/inventory/README.md",
        0o644,
        "# inventory\n\nParts list of the workshop. `python3 manage.py runserver` for a look.\n",
    ),
    (
        "home/daniel/projects/inventory/parts.csv",
        0o644,
        "number,name,shelf,count\n1001,bearing 6204,A3,14\n1002,belt 13x900,A4,6\n1003,fuse 10A,C1,80\n",
    ),
    (
        "var/www/html/index.html",
        0o644,
        "<!doctype html>\n<title>Workshop</title>\n<h1>Workshop</h1>\n<p>Opening hours: Mon-Fri 8-17.</p>\n",
    ),
    ("var/mail/root", 0o660, ""),
];

/// A few logins of a quiet month.
fn auth_log() -> String {
    let mut text = String::new();
    for day in 1..=28 {
        let (hour, pid, port) = (7 + day % 3, 800 + day * 37, 40_000 + day * 613);
        let _ = writeln!(
            text,
            "Nov {day:2} {hour:02}:{:02}:11 debian sshd[{pid}]: Accepted publickey for daniel from \
             192.168.1.23 port {port} ssh2",
            day * 2
        );
    }
    text
}

fn dpkg_log() -> String {
    let names =
        ["adduser", "bash", "coreutils", "nginx-common", "openssh-server", "python3", "wget"];
    let mut text = String::new();
    for (number, name) in names.iter().enumerate() {
        let day = 2 + number / 3;
        let _ = writeln!(text, "2023-01-0{day} 10:1{number}:07 status installed {name}:amd64");
    }
    text
}
