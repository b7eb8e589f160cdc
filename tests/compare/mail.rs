//! Postfix 3.7 and Dovecot 2.3 of Debian 12 beside our SMTP, POP3 and IMAP.

use super::real::Real;
use super::{Side, compare};
use crate::support::program::Ukai;
use std::net::SocketAddr;

/// The real host's name.
const NAME: &str = "mail.reference.example";

/// Postfix as an open relay that delivers nowhere, with Dovecot's log-ins: what our
/// persona claims to be. Debian's settings otherwise.
const MAIN: &str = "
compatibility_level = 3.6
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
myhostname = NAME
mydestination = $myhostname, localhost
mynetworks = 0.0.0.0/0
inet_interfaces = 127.0.0.1
default_transport = discard
local_transport = discard
relay_transport = discard
alias_maps =
alias_database =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem
smtpd_tls_key_file = /etc/ssl/private/ssl-cert-snakeoil.key
smtpd_tls_security_level = may
maillog_file = /var/log/mail.log
";

const DOVECOT: &str = "
!include /etc/dovecot/dovecot.conf
protocols = imap pop3
base_dir = FOLDER/run
ssl = yes
ssl_cert = </etc/ssl/certs/ssl-cert-snakeoil.pem
ssl_key = </etc/ssl/private/ssl-cert-snakeoil.key
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 digest-md5
passdb {
  driver = passwd-file
  args = FOLDER/users
}
log_path = FOLDER/dovecot.log
mail_location = mbox:~/mail:INBOX=~/inbox
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = IMAP
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    address = 127.0.0.1
    port = POP3
  }
  inet_listener pop3s {
    port = 0
  }
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
";

const SCRIPT: &str = "
mkdir -p run
mount -t tmpfs none /var/lib/postfix
chown postfix /var/lib/postfix
mount -t tmpfs none /var/log
mount -t tmpfs none /var/spool/postfix
mkdir etc
cp /etc/postfix/dynamicmaps.cf /etc/postfix/postfix-files etc/ 2>/dev/null || true
cp main.cf master.cf etc/
chown -R root:root etc
mount --bind etc /etc/postfix
postfix check 2>/dev/null || true
dovecot -c $PWD/dovecot.conf
postfix start >/dev/null
sleep 1000000
";

/// The three services, one after the other.
fn start() -> Real {
    Real::start(
        |folder, [smtp, pop3, imap]| {
            let write = |name: &str, text: &str| {
                std::fs::write(folder.join(name), text).expect("the settings can be written");
            };
            write("main.cf", &MAIN.replace("NAME", NAME));
            let debian = std::fs::read_to_string("/usr/share/postfix/master.cf.dist")
                .expect("postfix is installed");
            let mut services = format!("127.0.0.1:{smtp} inet n - n - - smtpd\n");
            for line in debian.lines().filter(|line| !line.starts_with(['#', ' '])) {
                let words: Vec<&str> = line.split_whitespace().collect();
                if let [name, kind, private, unprivileged, _chroot, rest @ ..] = &words[..]
                    && *kind != "inet"
                    && *name != "maildrop"
                {
                    let rest = rest.join(" ");
                    let line = [name, kind, private, unprivileged, "n", &rest].join(" ");
                    services.push_str(&line);
                    services.push('\n');
                }
            }
            write("master.cf", &services);
            let folder_name = folder.display().to_string();
            let text = DOVECOT
                .replace("FOLDER", &folder_name)
                .replace("POP3", &pop3.to_string())
                .replace("IMAP", &imap.to_string());
            write("dovecot.conf", &text);
            write("users", "test:{PLAIN}test\n");
        },
        SCRIPT,
    )
}

fn sides(ukai: &Ukai, real: SocketAddr, protocol: &str) -> (Side, Side) {
    let ours = ukai.service(protocol, "server-debian");
    let greeting =
        super::talk(ukai.service("smtp", "server-debian"), &[], smtp_whole, super::HASTY);
    let name = greeting[0].split(' ').nth(1).unwrap_or_default().to_owned();
    assert!(!name.is_empty(), "{greeting:?}");
    (
        Side { address: real, names: vec![(NAME.to_owned(), "NAME")] },
        Side { address: ours, names: vec![(name, "NAME")] },
    )
}

fn smtp_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let last = text.strip_suffix("\r\n").and_then(|text| text.rsplit("\r\n").next());
    last.is_some_and(|line| {
        line.as_bytes().first().is_some_and(u8::is_ascii_digit)
            && line.as_bytes().get(3) == Some(&b' ')
    })
}

/// Names of queue files and challenges differ.
fn smtp_plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if let Some(at) = line.find("queued as ") {
            out.push_str(&line[..at]);
            out.push_str("queued as ID\r\n");
        } else if line.starts_with("334 ") && line.len() > 30 {
            out.push_str("334 CHALLENGE\r\n");
        } else {
            out.push_str(line);
        }
    }
    out
}

fn smtp_dialogues() -> Vec<Vec<&'static [u8]>> {
    let long: &'static [u8] = [&vec![b'x'; 3_000][..], b"\r\n"].concat().leak();
    let path: &'static [u8] =
        [b"RCPT TO:<", &vec![b'x'; 1_200][..], b"@there.example>\r\n"].concat().leak();
    let many: Vec<&'static [u8]> = std::iter::repeat_n(&b"QQZX\r\n"[..], 22).collect();
    let hello = |lines: &[&'static [u8]]| [&[&b"EHLO there.example\r\n"[..]], lines].concat();
    vec![
        vec![
            b"HELP\r\n",
            b"NOOP\r\n",
            b"noop x\r\n",
            b"MAIL FROM:<a@b.example>\r\n",
            b"EHLO\r\n",
            b"HELO\r\n",
            b"HELO x\r\n",
            b"EHLO x y\r\n",
            b"EHLO [127.0.0.1]\r\n",
            b"RSET\r\n",
            b"RSET x\r\n",
            b"VRFY\r\n",
        ],
        vec![
            b"VRFY root\r\n",
            b"VRFY nosuchuser\r\n",
            b"VRFY a@b.example\r\n",
            b"EXPN list\r\n",
            b"ETRN\r\n",
            b"ETRN x.example\r\n",
            b"TURN\r\n",
            b"\r\n",
            b"QQZX\r\n",
            b" NOOP\r\n",
            b"NO\0OP\r\n",
            b"\xff\xfe\r\n",
            b"NOOP\n",
            b"QUIT x\r\n",
        ],
        hello(&[
            b"MAIL\r\n",
            b"MAIL FROM\r\n",
            b"MAIL FROM:\r\n",
            b"MAIL FROM:<\r\n",
            b"MAIL FROM:<a@b.example\r\n",
            b"MAIL FROM: a@b.example\r\n",
            b"RSET\r\n",
            b"RCPT TO:<x@y.example>\r\n",
            b"DATA\r\n",
            b"QUIT\r\n",
        ]),
        hello(&[
            b"MAIL FROM:<>\r\n",
            b"MAIL FROM:<a@b.example>\r\n",
            b"DATA\r\n",
            b"RCPT\r\n",
            b"RCPT TO:<>\r\n",
            b"RCPT TO:<a b@c.example>\r\n",
            b"RCPT TO:<x@y.example> QQ=1\r\n",
            path,
            b"QUIT\r\n",
        ]),
        hello(&[
            b"MAIL FROM:<a@b.example> SIZE=99999999999\r\n",
            b"MAIL FROM:<a@b.example> SIZE=x\r\n",
            b"MAIL FROM:<a@b.example> BODY=QQ\r\n",
            b"MAIL FROM:<a@b.example> QQ\r\n",
            b"MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=10\r\n",
            b"RCPT TO:<x@y.example>\r\n",
            b"RCPT TO:<z@y.example> NOTIFY=NEVER\r\n",
            b"DATA x\r\n",
            b"DATA\r\n",
            b"Subject: x\r\n\r\n..dot\r\n.\r\n",
            b"DATA\r\n",
            b"QUIT\r\n",
        ]),
        hello(&[
            b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n",
            b"x\n.\nNOOP\r\n.\r\n",
            b"MAIL FROM:<a@b.example>\r\n",
            b"RCPT TO:<x@y.example>\r\n",
            b"BDAT\r\n",
            b"BDAT x\r\n",
            b"BDAT 3\r\nabc",
            b"DATA\r\n",
            b"BDAT 3 LAST\r\ndef",
            b"BDAT 3 LAST\r\nghi",
            b"QUIT\r\n",
        ]),
        hello(&[
            b"AUTH\r\n",
            b"AUTH QQZX\r\n",
            b"AUTH PLAIN\r\n",
            b"*\r\n",
            b"AUTH PLAIN !!!\r\n",
            b"AUTH PLAIN\r\n",
            b"!!!\r\n",
            b"AUTH LOGIN\r\n",
            b"*\r\n",
            b"QUIT\r\n",
        ]),
        // test, wrong; then test, test; then again.
        hello(&[
            b"AUTH PLAIN AG5vc3VjaHVzZXIAd3Jvbmc=\r\n",
            b"AUTH LOGIN\r\n",
            b"dGVzdA==\r\n",
            b"dGVzdA==\r\n",
            b"AUTH PLAIN AHRlc3QAdGVzdA==\r\n",
            b"MAIL FROM:<a@b.example>\r\n",
            b"AUTH PLAIN\r\n",
            b"QUIT\r\n",
        ]),
        hello(&[b"STARTTLS x\r\n", b"STARTTLS\r\n"]),
        vec![b"GET / HTTP/1.0\r\n"],
        vec![b"POST / HTTP/1.0\r\n"],
        vec![b"\x01\x02\x03\r\n"],
        vec![b"CONNECT x:25 HTTP/1.0\r\n"],
        hello(&[long, b"NOOP\r\n", b"QUIT\r\n"]),
        hello(&many),
    ]
}

#[test]
fn postfix_answers_as_our_smtp() {
    let (real, ukai) = (start(), Ukai::start());
    let (real_side, ours) = sides(&ukai, real.address(0), "smtp");
    compare(&real_side, &ours, &smtp_dialogues(), smtp_whole, smtp_plain);
}

fn pop3_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let Some(text) = text.strip_suffix("\r\n") else { return false };
    let list = text.starts_with("+OK\r\n");
    !list || text.ends_with("\r\n.") || text == "+OK"
}

fn pop3_dialogues() -> Vec<Vec<&'static [u8]>> {
    let long: &'static [u8] = vec![b'x'; 9_000].leak();
    vec![
        vec![b"CAPA\r\n", b"AUTH\r\n", b"NOOP\r\n", b"STAT\r\n", b"USER\r\n", b"PASS\r\n"],
        vec![
            b"PASS x\r\n",
            b"APOP test 0123456789abcdef0123456789abcdef\r\n",
            b"QQZX\r\n",
            b"\r\n",
            b"QQZX\r\n",
        ],
        vec![
            b"AUTH QQZX\r\n",
            b"AUTH PLAIN\r\n",
            b"*\r\n",
            b"AUTH PLAIN !!!\r\n",
            b"AUTH PLAIN\r\n",
            b"!!!\r\n",
            b"AUTH LOGIN\r\n",
            b"*\r\n",
            b"QUIT\r\n",
        ],
        vec![b"USER nosuchuser\r\n", b"PASS wrong\r\n", b"QUIT\r\n"],
        vec![b"USER root\r\n", b"PASS toor\r\n", b"QUIT\r\n"],
        vec![b"GET / HTTP/1.0\r\n", b"Host: x\r\n", b"\r\n"],
        vec![b"NO\0OP\r\n", b"\xff\xfe\r\n", b"NOOP\n"],
        vec![long],
        vec![
            b"USER test\r\n",
            b"PASS test\r\n",
            b"CAPA\r\n",
            b"STAT\r\n",
            b"LIST\r\n",
            b"LIST 1\r\n",
            b"LIST x\r\n",
            b"UIDL\r\n",
            b"UIDL 1\r\n",
            b"RETR 1\r\n",
            b"RETR\r\n",
            b"RETR x\r\n",
            b"TOP 1\r\n",
            b"TOP 1 0\r\n",
            b"DELE 1\r\n",
            b"RSET\r\n",
            b"NOOP\r\n",
            b"LAST\r\n",
            b"qqzx\r\n",
            b"\r\n",
            b"USER test\r\n",
            b"AUTH PLAIN\r\n",
            b"STLS\r\n",
            b"QUIT\r\n",
        ],
        vec![b"AUTH PLAIN AHRlc3QAdGVzdA==\r\n", b"STAT\r\n", b"QUIT\r\n"],
        vec![b"AUTH LOGIN\r\n", b"dGVzdA==\r\n", b"dGVzdA==\r\n", b"QUIT\r\n"],
        vec![b"USER test\r\nPASS test\r\nSTAT\r\nQUIT\r\n"],
        vec![b"stls\r\n"],
    ]
}

#[test]
fn dovecot_answers_as_our_pop3() {
    let (real, ukai) = (start(), Ukai::start());
    let (real_side, ours) = sides(&ukai, real.address(1), "pop3");
    compare(&real_side, &ours, &pop3_dialogues(), pop3_whole, str::to_owned);
}

fn imap_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let last = text.strip_suffix("\r\n").and_then(|text| text.rsplit("\r\n").next());
    last.is_some_and(|line| {
        let second = line.split(' ').nth(1);
        line.starts_with('+')
            || !line.starts_with('*') && ["OK", "NO", "BAD"].iter().any(|s| second == Some(s))
            || ["* OK [CAP", "* BAD", "* BYE"].iter().any(|start| line.starts_with(start))
    })
}

/// What a command took, and when a mailbox was made.
fn imap_plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut line = line.to_owned();
        if let (Some(from), Some(to)) = (line.find(" (0."), line.find(" secs)")) {
            line.replace_range(from..to, " (TIME");
        }
        for name in ["UIDVALIDITY ", "SESSIONID ", "APPENDUID "] {
            if let Some(at) = line.find(name) {
                let rest = line[at + name.len()..].to_owned();
                let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                line = format!("{}{name}N{rest}", &line[..at]);
            }
        }
        out.push_str(&line);
    }
    out
}

fn imap_dialogues() -> Vec<Vec<&'static [u8]>> {
    let long: &'static [u8] = vec![b'x'; 9_000].leak();
    let inside = |lines: &[&'static [u8]]| [&[&b"a LOGIN test test\r\n"[..]], lines].concat();
    vec![
        vec![b"a CAPABILITY\r\n", b"b NOOP\r\n", b"c ID NIL\r\n", b"d LOGOUT\r\n"],
        vec![b"a QQZX\r\n", b"b SELECT INBOX\r\n", b"c\r\n"],
        vec![b"\r\n", b"a\r\n", b"* LOGOUT\r\n"],
        vec![
            b"a LOGIN\r\n",
            b"b LOGIN x\r\n",
            b"c LOGIN nosuchuser \"wrong\"\r\n",
            b"d LOGIN {4}\r\n",
            b"test {4+}\r\ntest\r\n",
            b"e LOGOUT\r\n",
        ],
        // A literal that does not wait to be asked for is asked for all the same.
        vec![b"a NOOP {4}\r\ntest {4}\r\ntest\r\n", b"b NOOP {1}\r\nx\r\n", b"e LOGOUT\r\n"],
        vec![b"a LOGIN root toor\r\n", b"b LOGOUT\r\n"],
        vec![
            b"a AUTHENTICATE\r\n",
            b"b AUTHENTICATE QQZX\r\n",
            b"c AUTHENTICATE PLAIN\r\n",
            b"*\r\n",
            b"d AUTHENTICATE PLAIN !!!\r\n",
            b"d AUTHENTICATE PLAIN\r\n",
            b"!!!\r\n",
            b"e LOGOUT\r\n",
        ],
        vec![b"GET / HTTP/1.0\r\n", b"Host: x\r\n", b"\r\n"],
        vec![b"a NO\0OP\r\n", b"\xff\xfe x\r\n", b"b NOOP\n"],
        vec![long],
        vec![b"a STARTTLS\r\n"],
        vec![b"a AUTHENTICATE PLAIN AHRlc3QAdGVzdA==\r\n", b"b LOGOUT\r\n"],
        vec![b"a AUTHENTICATE LOGIN\r\n", b"dGVzdA==\r\n", b"dGVzdA==\r\n", b"b LOGOUT\r\n"],
        inside(&[
            b"b CAPABILITY\r\n",
            b"c NOOP\r\n",
            b"d NAMESPACE\r\n",
            b"e LIST \"\" \"*\"\r\n",
            b"f LIST \"\" \"\"\r\n",
            b"g LSUB \"\" \"*\"\r\n",
            b"h STATUS INBOX (MESSAGES UNSEEN)\r\n",
            b"i STATUS none (MESSAGES)\r\n",
            b"j FETCH 1 ALL\r\n",
            b"k SELECT none\r\n",
            b"l SELECT INBOX\r\n",
            b"m SEARCH ALL\r\n",
            b"n FETCH 1 ALL\r\n",
            b"o FETCH 1:* FLAGS\r\n",
            b"p UID SEARCH ALL\r\n",
            b"q UID FETCH 1:* FLAGS\r\n",
            b"r EXPUNGE\r\n",
            b"s CHECK\r\n",
            b"t IDLE\r\n",
            b"DONE\r\n",
            b"u CLOSE\r\n",
            b"v EXPUNGE\r\n",
            b"w EXAMINE INBOX\r\n",
            b"x UNSELECT\r\n",
            b"y QQZX\r\n",
            b"z ENABLE CONDSTORE\r\n",
            b"z LOGOUT\r\n",
        ]),
        inside(&[
            b"b LOGIN test test\r\n",
            b"c AUTHENTICATE PLAIN\r\n",
            b"d STARTTLS\r\n",
            b"e ID (\"name\" \"x\")\r\n",
            b"f SELECT\r\n",
            b"g STATUS INBOX\r\n",
            b"h UID\r\n",
            b"i UID QQZX\r\n",
            b"j LIST\r\n",
            b"k SEARCH\r\n",
            b"\r\n",
            b"l\r\n",
            b"m LOGOUT\r\n",
        ]),
    ]
}

#[test]
fn dovecot_answers_as_our_imap() {
    let (real, ukai) = (start(), Ukai::start());
    let (real_side, ours) = sides(&ukai, real.address(2), "imap");
    compare(&real_side, &ours, &imap_dialogues(), imap_whole, imap_plain);
}
