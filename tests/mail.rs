//! Real mail clients against our servers: each message is a sample, none is delivered.

use crate::support::program::Ukai;
use crate::support::tool::{printed, succeeds, tool};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;

/// A pair of the Debian persona that is let in by mail protocols.
const USER: &str = "test";
const PASSWORD: &str = "test";

struct Client {
    ukai: Ukai,
    folder: TempDir,
}

impl Client {
    fn start() -> Self {
        let ukai = Ukai::start_with(|configuration| {
            let old = "smtp = [0],";
            assert!(configuration.contains(old), "the tests' configuration");
            *configuration =
                configuration.replace(old, "smtp = [0], smtps = [0], pop3s = [0], imaps = [0],");
        });
        Self { ukai, folder: TempDir::new().expect("a folder") }
    }

    fn server(&self, protocol: &str) -> SocketAddr {
        self.ukai.service(protocol, "server-debian")
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `swaks` with a subject of its own; what it prints.
    fn swaks(&self, subject: &str, options: &[&str]) -> String {
        let server = self.server("smtp");
        let (ip, port) = (server.ip().to_string(), server.port().to_string());
        let header = format!("Subject: {subject}");
        let all = [
            &["--server", &ip, "--port", &port, "--ehlo", "sender.example"],
            &["--from", "spammer@sender.example", "--timeout", "30", "--header", &header],
            options,
        ]
        .concat();
        succeeds(self.folder(), "swaks", &all, "")
    }

    /// The event of the mail with this subject.
    fn received(&self, subject: &str) -> Value {
        let is_it = |event: &Value| event["subject"] == subject;
        let events = self.ukai.events("mail.received", |events| events.iter().any(is_it));
        events.into_iter().find(is_it).expect("it was there")
    }

    /// Whether the mail with this subject is kept, with this length.
    fn is_kept(&self, subject: &str) {
        let size = self.received(subject)["size"].clone();
        self.ukai.events("sample.captured", |events| {
            events.iter().any(|event| {
                event["how"] == "mail" && event["name"] == subject && event["size"] == size
            })
        });
    }

    fn log_ins(&self, protocol: &str, method: &Value, success: bool) -> Vec<Value> {
        let fits = |event: &Value| {
            event["protocol"] == protocol
                && event["method"] == *method
                && event["success"] == success
        };
        let events = self.ukai.events("login.attempt", |events| events.iter().any(fits));
        events.into_iter().filter(fits).collect()
    }
}

#[test]
fn swaks_relays_whatever_it_sends() {
    let client = Client::start();
    let many: Vec<String> = (0..150).map(|n| format!("victim{n}@elsewhere.example")).collect();
    let many = many.join(",");
    let big = client.folder().join("big");
    std::fs::write(
        &big,
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\n".repeat(60_000),
    )
    .expect("a file");
    let big = format!("@{}", big.display());
    let one = "victim@elsewhere.example";
    let cases: [(&str, &[&str]); 6] = [
        ("plain", &["--to", one]),
        ("helo", &["--to", one, "--protocol", "SMTP"]),
        ("starttls", &["--to", one, "--tls"]),
        ("pipelined", &["--to", one, "--pipeline"]),
        ("many", &["--to", &many, "--pipeline"]),
        ("big", &["--to", one, "--body", &big, "--suppress-data"]),
    ];
    for (subject, options) in cases {
        let text = client.swaks(subject, options);
        assert!(
            text.contains("250 2.0.0 Ok: queued as ") && text.contains("221 2.0.0 Bye"),
            "{text}"
        );
        client.is_kept(subject);
        let event = client.received(subject);
        assert_eq!(event["from"], "spammer@sender.example");
        let recipients = if subject == "many" { 150 } else { 1 };
        assert_eq!(event["recipients"], recipients);
        let named = event["to"].as_array().map_or(0, Vec::len);
        assert_eq!(named, recipients.min(100), "an event names a hundred");
        if subject == "big" {
            assert!(event["size"].as_u64().is_some_and(|size| size > 60_000 * 63), "{event}");
        }
    }
    let text = printed(&tool(
        client.folder(),
        "swaks",
        &[
            "--server",
            &client.server("smtps").ip().to_string(),
            "--port",
            &client.server("smtps").port().to_string(),
            "--tlsc",
            "--to",
            one,
            "--from",
            "a@b.example",
            "--header",
            "Subject: wrapped",
        ],
        "",
    ));
    assert!(text.contains("queued as"), "{text}");
    client.is_kept("wrapped");
}

#[test]
fn swaks_logs_in_by_every_mechanism() {
    let client = Client::start();
    let offered = client.swaks("list", &["--to", "a@b.example", "--quit-after", "EHLO"]);
    let line = offered.lines().find(|line| line.contains("AUTH ")).expect("AUTH is offered");
    let mechanisms: Vec<&str> =
        line.split("AUTH ").nth(1).unwrap_or_default().split_whitespace().collect();
    assert!(mechanisms.len() >= 2, "{line}");
    for mechanism in mechanisms {
        let log_in = |subject: &str, password: &str| {
            let server = client.server("smtp");
            printed(&tool(
                client.folder(),
                "swaks",
                &[
                    "--server",
                    &server.ip().to_string(),
                    "--port",
                    &server.port().to_string(),
                    "--to",
                    "a@b.example",
                    "--from",
                    "c@d.example",
                    "--auth",
                    mechanism,
                    "--auth-user",
                    USER,
                    "--auth-password",
                    password,
                    "--header",
                    &format!("Subject: {subject}"),
                ],
                "",
            ))
        };
        let subject = format!("by {mechanism}");
        let text = log_in(&subject, PASSWORD);
        assert!(text.contains("235 2.7.0 Authentication successful"), "{mechanism}: {text}");
        client.is_kept(&subject);
        let text = log_in("never", "qwerty-7z");
        assert!(text.contains("535 5.7.8 Error: authentication failed"), "{mechanism}: {text}");
        let method = Value::from(mechanism.to_ascii_lowercase());
        for success in [true, false] {
            let events = client.log_ins("smtp", &method, success);
            assert!(events.iter().any(|event| event["user"] == USER), "{mechanism}: {events:?}");
        }
    }
}

#[test]
fn curl_sends_and_fetches() {
    let client = Client::start();
    let user = format!("{USER}:{PASSWORD}");
    let message = "Subject: through curl\r\nFrom: a@b.example\r\n\r\n.dot\r\nbody\r\n";
    std::fs::write(client.folder().join("mail"), message).expect("a file");
    let curl = |arguments: &[&str]| {
        let all = [&["-sSk", "--max-time", "20"], arguments].concat();
        succeeds(client.folder(), "curl", &all, "")
    };
    let to = ["--mail-from", "a@b.example", "--mail-rcpt", "c@d.example", "-T", "mail"];
    for (scheme, protocol, options) in [
        ("smtp", "smtp", &[][..]),
        ("smtp", "smtp", &["--ssl-reqd", "-u", &user]),
        ("smtps", "smtps", &["-u", &user]),
    ] {
        let url = format!("{scheme}://{}", client.server(protocol));
        curl(&[&to, options, &[&url]].concat());
    }
    client.ukai.has_sample("mail", message.as_bytes());
    for (scheme, protocol) in
        [("pop3", "pop3"), ("pop3s", "pop3s"), ("imap", "imap"), ("imaps", "imaps")]
    {
        let server = client.server(protocol);
        let options: &[&str] = if scheme.ends_with('s') { &[] } else { &["--ssl-reqd"] };
        let list = curl(&[options, &["-u", &user, &format!("{scheme}://{server}/")]].concat());
        if scheme.starts_with("imap") {
            assert!(list.contains("INBOX"), "{list}");
            let found = curl(
                &[
                    options,
                    &["-u", &user, &format!("{scheme}://{server}/INBOX"), "-X", "SEARCH ALL"],
                ]
                .concat(),
            );
            assert!(found.contains("* SEARCH"), "{found}");
        }
    }
    for protocol in ["pop3", "imap"] {
        // Curl's choice of what is offered.
        assert!(!client.log_ins(protocol, &Value::from("cram-md5"), true).is_empty());
    }
}

/// What a bot written in Python does: everything in the standard library's order.
const PYTHON: &str = r#"
import imaplib, poplib, smtplib, ssl, sys
host, smtp, pop3, imap = sys.argv[1], *map(int, sys.argv[2:])
tls = ssl._create_unverified_context()

mail = smtplib.SMTP(host, smtp, timeout=20)
assert mail.ehlo()[0] == 250 and mail.has_extn("starttls") and mail.has_extn("size")
assert mail.starttls(context=tls)[0] == 220
mail.ehlo()
assert not mail.has_extn("starttls")
try:
    mail.login("test", "qwerty-7z")
    raise SystemExit("a wrong password was let in")
except smtplib.SMTPAuthenticationError as error:
    assert error.smtp_code == 535, error
mail.login("test", "test")
refused = mail.sendmail("bot@here.example", ["a@there.example", "b@there.example"],
                        "Subject: from python\r\n\r\nhello\r\n")
assert refused == {}, refused
mail.quit()

box = poplib.POP3(host, pop3, timeout=20)
assert b"Dovecot" in box.getwelcome(), box.getwelcome()
assert "STLS" in box.capa() and "SASL" in box.capa()
box.stls(context=tls)
try:
    box.user("test"); box.pass_("qwerty-7z")
    raise SystemExit("a wrong password was let in")
except poplib.error_proto as error:
    assert b"[AUTH] Authentication failed." in error.args[0], error
box.user("test"); box.pass_("test")
assert box.stat() == (0, 0) and box.list()[1] == [] and box.uidl()[1] == []
try:
    box.retr(1)
    raise SystemExit("a message in an empty mailbox")
except poplib.error_proto as error:
    assert b"There's no message 1." in error.args[0], error
box.quit()

box = imaplib.IMAP4(host, imap, timeout=20)
assert b"Dovecot" in box.welcome, box.welcome
box.starttls(ssl_context=tls)
try:
    box.login("test", "qwerty-7z")
    raise SystemExit("a wrong password was let in")
except imaplib.IMAP4.error as error:
    assert "[AUTHENTICATIONFAILED]" in str(error), error
assert box.login("test", "test")[0] == "OK"
assert box.select("INBOX")[1] == [b"0"], "an empty INBOX"
assert box.search(None, "ALL")[1] == [b""]
assert box.list()[0] == "OK" and box.status("INBOX", "(MESSAGES)")[0] == "OK"
assert box.append("INBOX", None, None, b"Subject: kept by IMAP\r\n\r\nx\r\n")[0] == "OK"
assert box.noop()[0] == "OK" and box.close()[0] == "OK"
assert box.logout()[0] == "BYE"
"#;

#[test]
fn pythons_libraries_are_content() {
    let client = Client::start();
    let ports: Vec<String> = ["smtp", "pop3", "imap"]
        .iter()
        .map(|protocol| client.server(protocol).port().to_string())
        .collect();
    let ip = client.server("smtp").ip().to_string();
    succeeds(client.folder(), "python3", &["-c", PYTHON, &ip, &ports[0], &ports[1], &ports[2]], "");
    client.is_kept("from python");
    client.is_kept("kept by IMAP");
    for (protocol, method) in
        [("pop3", Value::Null), ("imap", Value::Null), ("smtp", Value::from("cram-md5"))]
    {
        assert!(!client.log_ins(protocol, &method, true).is_empty());
        assert!(!client.log_ins(protocol, &method, false).is_empty());
    }
}

#[test]
fn password_guessers_find_what_is_let_in() {
    let client = Client::start();
    std::fs::write(client.folder().join("list"), "qwerty-7z\ntest\n").expect("a list");
    for protocol in ["smtp", "pop3", "imap"] {
        let server = client.server(protocol);
        let text = succeeds(
            client.folder(),
            "hydra",
            &[
                "-l",
                USER,
                "-P",
                "list",
                "-t",
                "2",
                "-I",
                "-f",
                "-s",
                &server.port().to_string(),
                &server.ip().to_string(),
                protocol,
            ],
            "",
        );
        assert!(text.contains("login: test   password: test"), "{protocol}: {text}");
    }
}

#[test]
fn nmap_takes_them_for_postfix_and_dovecot() {
    let client = Client::start();
    let servers = ["smtp", "pop3", "imap"].map(|protocol| client.server(protocol));
    let ports = servers.map(|server| server.port().to_string()).join(",");
    let text = succeeds(
        client.folder(),
        "nmap",
        &["-sV", "-Pn", "-n", "-p", &ports, &servers[0].ip().to_string()],
        "",
    );
    for expected in ["Postfix smtpd", "Dovecot pop3d", "Dovecot imapd"] {
        assert!(text.contains(expected), "no {expected} in\n{text}");
    }
}
