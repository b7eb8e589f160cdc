//! vsftpd 3.0.3 and ProFTPD 1.3.8 of Debian 12 beside our FTP.

use super::real::Real;
use super::{Side, compare};
use crate::support::program::Ukai;
use std::path::Path;
use tempfile::TempDir;

/// A reply ends with a line that has a space behind its number (RFC 959, 4.2).
fn whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let last = text.strip_suffix("\r\n").and_then(|text| text.rsplit("\r\n").next());
    last.is_some_and(|line| {
        line.len() >= 4
            && line.as_bytes()[..3].iter().all(u8::is_ascii_digit)
            && line.as_bytes()[3] == b' '
    })
}

/// Ports, dates and the like differ.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with("227 ") || line.starts_with("229 ") {
            out.extend(line.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }));
            while out.contains("99") {
                out = out.replace("99", "9");
            }
        } else if let Some(rest) = line.strip_prefix("213 20") {
            out.push_str(if rest.len() > 10 { "213 TIME\r\n" } else { line });
        } else if let Some((before, _)) = line.split_once("client count was ") {
            out.push_str(before);
            out.push_str("client count was N\r\n");
        } else {
            out.push_str(line);
        }
    }
    out
}

fn dialogues() -> Vec<Vec<&'static [u8]>> {
    let long: &'static [u8] = vec![b'A'; 6_000].leak();
    let long_line: &'static [u8] = [b"CWD ", &vec![b'a'; 300][..], b"\r\n"].concat().leak();
    let inside =
        |lines: &[&'static [u8]]| [&[&b"USER test\r\n"[..], b"PASS test\r\n"], lines].concat();
    vec![
        // Before the log-in.
        vec![
            b"NOOP\r\n",
            b"QQZX\r\n",
            b"HELP\r\n",
            b"SYST\r\n",
            b"STAT\r\n",
            b"FEAT\r\n",
            b"PWD\r\n",
            b"PASV\r\n",
            b"LIST\r\n",
            b"PASS\r\n",
            b"PASS x\r\n",
            b"ACCT x\r\n",
            b"OPTS UTF8 ON\r\n",
            b"OPTS MLST\r\n",
            b"PBSZ 0\r\n",
            b"PROT P\r\n",
            b"AUTH\r\n",
            b"AUTH GSSAPI\r\n",
            b"SITE HELP\r\n",
            b"HOST x\r\n",
            b"CLNT x\r\n",
            b"LANG EN\r\n",
            b"USER\r\n",
            b"user test\r\n",
            b"USER test\r\n",
            b"NOOP\r\n",
            b"quit now\r\n",
        ],
        vec![
            b"NO\0OP\r\n",
            b"\x16\x03\x01\r\n",
            b"\xff\xf4NOOP\r\n",
            b" NOOP\r\n",
            b"NOOP \r\n",
            b"NOOP\n",
            b"NOOP x\r\n",
            b"QUIT\r\n",
        ],
        vec![b"GET / HTTP/1.0\r\n", b"NOOP\r\n"],
        vec![b"SSH-2.0-Go\r\n", b"NOOP\r\n"],
        vec![b"EHLO x\r\n", b"NOOP\r\n"],
        vec![long, b"\r\nNOOP\r\n", b"NOOP\r\n"],
        // Refused.
        vec![
            b"USER nosuchuser\r\n",
            b"PASS\r\n",
            b"NOOP\r\n",
            b"USER test\r\n",
            b"PASS wrong\r\n",
            b"PASS again\r\n",
            b"USER root\r\n",
            b"PASS toor\r\n",
            b"NOOP\r\n",
        ],
        vec![
            b"USER anonymous\r\n",
            b"PASS mozilla@example.com\r\n",
            b"USER ftp\r\n",
            b"PASS x\r\n",
        ],
        // Inside.
        inside(&[
            b"SYST\r\n",
            b"FEAT\r\n",
            b"HELP\r\n",
            b"HELP RETR\r\n",
            b"PWD\r\n",
            b"XPWD\r\n",
            b"CWD\r\n",
            b"CWD /nowhere\r\n",
            b"CWD /\r\n",
            b"PWD\r\n",
            b"CDUP\r\n",
            b"CWD /home/test\r\n",
            b"TYPE I\r\n",
            b"TYPE A\r\n",
            b"TYPE L 8\r\n",
            b"TYPE E\r\n",
            b"TYPE\r\n",
            b"STRU F\r\n",
            b"STRU R\r\n",
            b"STRU\r\n",
            b"MODE S\r\n",
            b"MODE Z\r\n",
            b"MODE\r\n",
            b"ALLO 10\r\n",
            b"ACCT x\r\n",
            b"SMNT x\r\n",
            b"REIN\r\n",
            b"NOOP\r\n",
            b"QQZX\r\n",
            b"USER test\r\n",
            b"USER other\r\n",
            b"PASS x\r\n",
            b"OPTS UTF8 ON\r\n",
            b"OPTS MLST type;\r\n",
            b"SITE\r\n",
            b"SITE HELP\r\n",
            b"SITE QQZX\r\n",
            b"SITE CHMOD\r\n",
            b"SITE CHMOD 600 none\r\n",
            b"SITE UMASK\r\n",
            b"SITE UMASK 022\r\n",
            b"ABOR\r\n",
            b"MLST\r\n",
            b"AUTH TLS\r\n",
            b"PBSZ 0\r\n",
            b"PROT C\r\n",
            b"\r\n",
            b"QUIT\r\n",
        ]),
        inside(&[
            b"MKD d\r\n",
            b"MKD d\r\n",
            b"XMKD \"q\"\r\n",
            b"CWD \"q\"\r\n",
            b"PWD\r\n",
            b"CDUP\r\n",
            b"RNFR none\r\n",
            b"RNTO x\r\n",
            b"RNFR d\r\n",
            b"RNTO e\r\n",
            b"RNTO f\r\n",
            b"RMD d\r\n",
            b"RMD e\r\n",
            b"DELE none\r\n",
            b"DELE /etc/passwd\r\n",
            b"MKD /root/x\r\n",
            b"SIZE none\r\n",
            b"MDTM none\r\n",
            b"SIZE /etc\r\n",
            b"MDTM /etc\r\n",
            b"TYPE I\r\n",
            b"SIZE /etc/debian_version\r\n",
            b"MDTM /etc/debian_version\r\n",
            b"MKD\r\n",
            b"RMD\r\n",
            b"DELE\r\n",
            b"RNFR\r\n",
            b"SIZE\r\n",
            b"MDTM\r\n",
            long_line,
            b"QUIT\r\n",
        ]),
        inside(&[
            b"LIST\r\n",
            b"NLST\r\n",
            b"RETR x\r\n",
            b"STOR x\r\n",
            b"APPE x\r\n",
            b"STOU\r\n",
            b"REST 10\r\n",
            b"REST x\r\n",
            b"REST\r\n",
            b"PORT 1,2,3,4,5,6\r\n",
            b"PORT 127,0,0,1,0,80\r\n",
            b"PORT x\r\n",
            b"PORT\r\n",
            b"PORT 127,0,0,1,200,1\r\n",
            b"EPRT |1|127.0.0.1|51201|\r\n",
            b"EPRT |1|8.8.8.8|51201|\r\n",
            b"EPRT |2|::1|51201|\r\n",
            b"EPRT x\r\n",
            b"EPRT\r\n",
            b"PASV\r\n",
            b"EPSV\r\n",
            b"EPSV 1\r\n",
            b"EPSV 2\r\n",
            b"EPSV x\r\n",
            b"EPSV ALL\r\n",
            b"PASV\r\n",
            b"PORT 127,0,0,1,200,1\r\n",
            b"EPSV\r\n",
            b"RETR none\r\n",
            b"EPSV\r\n",
            b"RETR\r\n",
            b"EPSV\r\n",
            b"STOR /etc/passwd\r\n",
            b"QUIT\r\n",
        ]),
        inside(&[b"STAT\r\n", b"STAT /nowhere\r\n", b"QUIT\r\n"]),
        vec![b"USER test\r\nPASS test\r\nPWD\r\nQUIT\r\n"],
    ]
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the settings can be written");
}

#[test]
fn vsftpd_answers_as_ours() {
    let real = Real::start(
        |folder, [port]| {
            let debian = std::fs::read_to_string("/etc/vsftpd.conf").expect("vsftpd is installed");
            // What the persona's owner has changed: local users may write, TLS is offered.
            let changed = format!(
                "{}\nlisten=YES\nlisten_ipv6=NO\nlisten_address=127.0.0.1\nlisten_port={port}\n\
                 background=NO\nwrite_enable=YES\nssl_enable=YES\nforce_local_logins_ssl=NO\n\
                 force_local_data_ssl=NO\n",
                debian
                    .lines()
                    .filter(|line| !line.starts_with("listen") && !line.starts_with("ssl_enable"))
                    .collect::<Vec<_>>()
                    .join("\n")
            );
            write(folder, "vsftpd.conf", &changed);
        },
        "mkdir -p /var/run/vsftpd/empty; /usr/sbin/vsftpd ./vsftpd.conf",
    );
    let ukai = Ukai::start();
    let real = (real.address(0), real);
    let ours = Side { address: ukai.service("ftp", "server-debian"), names: Vec::new() };
    compare(&Side { address: real.0, names: Vec::new() }, &ours, &dialogues(), whole, plain);
}

/// Debian's ProFTPD, which cannot be installed beside vsftpd: tools/setup.sh unpacks it.
const PROFTPD: &str = "/opt/ukai-test/proftpd-core";

#[test]
fn proftpd_answers_as_ours() {
    let real = Real::start(
        |folder, [port]| {
            let template = format!("{PROFTPD}/usr/share/proftpd/templates/proftpd.conf");
            let debian = std::fs::read_to_string(template).expect("ProFTPD is unpacked");
            let mut settings: String = debian
                .lines()
                .filter(|line| !["Include ", "Port", "UseIPv6"].iter().any(|w| line.starts_with(w)))
                .flat_map(|line| [line, "\n"])
                .collect();
            let own = format!(
                "ModulePath {PROFTPD}/usr/lib/proftpd\nPort {port}\nUseIPv6 off\n\
                 DefaultAddress 127.0.0.1\nPidFile {0}/pid\nScoreboardFile {0}/score\n\
                 SystemLog {0}/system\nTransferLog none\nDelayTable none\nControlsEngine off\n\
                 UseReverseDNS off\n",
                folder.display()
            );
            settings.push_str(&own);
            write(folder, "proftpd.conf", &settings);
        },
        &format!(
            "touch /etc/ftpusers; mount -t tmpfs none \
             /var/log; mkdir -p /var/log/proftpd; {PROFTPD}/usr/sbin/proftpd -n -c \
             $PWD/proftpd.conf"
        ),
    );
    let folder = TempDir::new().expect("a temporary folder");
    let persona = include_str!("../../personas/server-debian.toml")
        .replace("name = \"server-debian\"", "name = \"reference\"")
        .replace("server = \"vsftpd\"", "server = \"proftpd\"")
        .replace("\ntls = true\n", "\n");
    let ukai = Ukai::start_as(&folder, &persona, "ftp");
    let side = |address, host: &str| {
        let names = [host, "127.0.0.1"].map(|name| (name.to_owned(), "ADDRESS"));
        Side { address, names: names.to_vec() }
    };
    compare(
        &side(real.address(0), "127.0.0.1"),
        &side(ukai.service("ftp", "reference"), "127.0.0.4"),
        &dialogues(),
        whole,
        plain,
    );
}
