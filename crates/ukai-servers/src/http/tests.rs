//! The web as its visitors see it.

use super::{RuleSpec, Sites, Web, WebSocketManner};
use crate::dns::{Found, Place, Zone};
use crate::stage::Stage;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use std::sync::Arc;
use ukai_model::{EventKind, PeerText};

fn open() -> Stage {
    Stage::open(&Web::default(), 80)
}

/// Asks for one thing on a connection of its own; head and body of the answer.
fn ask(request: &str) -> (String, Vec<u8>) {
    split(&open().say(request.replace('\n', "\r\n").as_bytes()))
}

fn split(answer: &[u8]) -> (String, Vec<u8>) {
    let end = memchr::memmem::find(answer, b"\r\n\r\n").expect("a head");
    (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
}

/// The body found at a URL without scheme.
fn found(url: &str) -> Vec<u8> {
    let (host, path) = url.split_at(url.find('/').expect("a path"));
    ask(&format!("GET {path} HTTP/1.1\nHost: {host}\n\n")).1
}

fn text(url: &str) -> String {
    String::from_utf8(found(url)).expect("text")
}

#[test]
fn a_request_is_answered_and_told() {
    let mut stage = open();
    let head = "GET /a?b=c HTTP/1.1\r\nHost: www.some-shop.example\r\nUser-Agent: x/1\r\n\r\n";
    let (lines, body) = split(&stage.say(head.as_bytes()));
    let page = String::from_utf8(body).expect("text");
    assert!(lines.starts_with("HTTP/1.1 200 OK\r\n"), "{lines}");
    assert!(lines.contains("\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n"), "{lines}");
    assert!(lines.contains(&format!("\r\nContent-Length: {}", page.len())), "{lines}");
    assert!(page.contains("Some Shop"), "{page}");
    let [EventKind::HttpRequest { method, target, host, user_agent, head: told, status, .. }] =
        &stage.facts[..]
    else {
        panic!("{:?}", stage.facts)
    };
    assert_eq!(method.as_bytes(), b"GET");
    assert_eq!(target.as_bytes(), b"/a?b=c");
    assert_eq!(host.as_ref().map(PeerText::as_bytes), Some(&b"www.some-shop.example"[..]));
    assert_eq!(user_agent.as_ref().map(PeerText::as_bytes), Some(&b"x/1"[..]));
    assert_eq!((told.as_bytes(), *status), (head.as_bytes(), 200));
    assert!(!stage.closed);
}

#[test]
fn requests_come_in_any_pieces_and_many_at_once() {
    let all = b"POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello\r\n\
                POST /y HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n\
                3\r\nabc\r\n2;z\r\nde\r\n0\r\n\r\n\
                HEAD /z HTTP/1.0\r\n\r\nGET /never HTTP/1.1\r\n\r\n";
    let mut answers = Vec::new();
    for piece in [1, 2, 7, 64, all.len()] {
        let mut stage = open();
        answers.push(all.chunks(piece).flat_map(|part| stage.say(part)).collect::<Vec<_>>());
        let told: Vec<(String, String)> = stage
            .facts
            .iter()
            .map(|fact| match fact {
                EventKind::HttpRequest { target, body, .. } => {
                    (target.escaped().into_owned(), body.escaped().into_owned())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [("/x", "hello"), ("/y", "abcde"), ("/z", "")];
        assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "by {piece}");
        assert!(stage.closed, "HTTP/1.0 ends");
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    let mut stage = open();
    let head =
        "PUT /up/file.bin HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(stage.talk(head), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(stage.talk("abc").starts_with("HTTP/1.1 201 Created\r\n"));
    assert_eq!(stage.captures.len(), 1);
    assert_eq!(&stage.captures[0].bytes[..], b"abc");
    assert_eq!(stage.captures[0].name.as_ref().map(PeerText::as_bytes), Some(&b"file.bin"[..]));
    // Who does not wait is not told.
    assert!(open().talk(&format!("{head}abc")).starts_with("HTTP/1.1 201"));
}

#[test]
fn what_is_no_request_is_refused_and_told() {
    for (bytes, status, kind) in [
        (&b"\x16\x03\x01\x02"[..], "400", "payload.first"),
        (b"HELO there\r\n", "400", "payload.first"),
        (b"GET / HTTP/3.0\r\n", "505", "http.request"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400", "http.request"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400", "http.request"),
    ] {
        let mut stage = open();
        let answer = String::from_utf8_lossy(&stage.say(bytes)).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(stage.kinds(), [kind]);
        assert!(stage.closed);
    }
}

#[test]
fn what_was_cut_off_is_kept() {
    let mut stage = open();
    stage.talk("POST /drop.exe HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nMZ rest");
    stage.eof();
    assert_eq!(stage.kinds(), ["http.request"]);
    assert_eq!(&stage.captures[0].bytes[..], b"MZ rest");
    let mut stage = open();
    stage.talk("GET /begun");
    stage.eof();
    assert_eq!(stage.kinds(), ["payload.first"]);
}

#[test]
fn long_bodies_are_counted_and_cut() {
    use crate::limits::HTTP_BODY_BYTES;
    let mut stage = open();
    let length = HTTP_BODY_BYTES + 100_000;
    stage.talk(&format!("PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
    let mut answer = Vec::new();
    let block = vec![b'x'; 65_536];
    let mut missing = length;
    while missing > 0 {
        let count = missing.min(block.len());
        answer = stage.say(&block[..count]);
        missing -= count;
    }
    assert!(answer.starts_with(b"HTTP/1.1 201"));
    assert_eq!(stage.captures[0].bytes.len(), HTTP_BODY_BYTES);
    assert_eq!(stage.kinds(), ["limit.reached", "http.request"]);
    assert!(
        matches!(&stage.facts[1], EventKind::HttpRequest { body_size, .. } if *body_size == length as u64)
    );
}

#[test]
fn checks_of_connectivity_hear_what_they_wait_for() {
    assert!(
        ask("GET /generate_204 HTTP/1.1\nHost: any.example\n\n").0.starts_with("HTTP/1.1 204 ")
    );
    assert_eq!(text("www.msftconnecttest.com/connecttest.txt"), "Microsoft Connect Test");
    assert_eq!(text("www.msftncsi.com/ncsi.txt"), "Microsoft NCSI");
    assert_eq!(text("detectportal.firefox.com/success.txt?ipv4"), "success\n");
    assert!(text("captive.apple.com/hotspot-detect.html").contains("<BODY>Success</BODY>"));
    assert_eq!(text("nmcheck.gnome.org/check_network_status.txt"), "NetworkManager is online\n");
    let ubuntu = ask("GET / HTTP/1.1\nHost: connectivity-check.ubuntu.com\n\n").0;
    assert!(
        ubuntu.contains("204") && ubuntu.contains("X-NetworkManager-Status: online"),
        "{ubuntu}"
    );
}

#[test]
fn visitors_are_told_their_public_address() {
    for url in [
        "api.ipify.org/",
        "icanhazip.com/",
        "checkip.amazonaws.com/",
        "ifconfig.me/",
        "ipinfo.io/ip",
        "myexternalip.com/raw",
        "ip-api.com/line/?fields=query",
    ] {
        assert_eq!(text(url).trim_end(), "203.0.113.47", "{url}");
    }
    assert!(text("checkip.dyndns.org/").contains("Current IP Address: 203.0.113.47<"));
    assert_eq!(text("ip-api.com/line/?fields=hosting"), "false\n");
    for url in [
        "api.ipify.org/?format=json",
        "ip-api.com/json/",
        "ipinfo.io/json",
        "ipapi.co/json/",
        "httpbin.org/ip",
        "worldtimeapi.org/api/ip",
    ] {
        let json: serde_json::Value = serde_json::from_slice(&found(url)).expect(url);
        assert!(json.to_string().contains("203.0.113.47"), "{url}: {json}");
    }
    let asked: serde_json::Value =
        serde_json::from_slice(&found("ip-api.com/json/192.0.2.1?fields=query,lat")).expect("JSON");
    assert_eq!(asked, serde_json::json!({"query": "192.0.2.1", "lat": 39.9612}));
}

#[test]
fn interfaces_of_services_answer_in_their_form() {
    let json = |url: &str| -> serde_json::Value {
        serde_json::from_slice(&found(url)).unwrap_or_else(|error| panic!("{url}: {error}"))
    };
    let sent = json("api.telegram.org/bot123:ABC/sendMessage?chat_id=-5&text=%22hi%22");
    assert_eq!(sent["ok"], true);
    assert_eq!(sent["result"]["chat"]["id"], -5);
    assert_eq!(sent["result"]["text"], "\"hi\"");
    assert_eq!(json("api.telegram.org/bot123:ABC/getMe")["result"]["id"], 123);
    assert_eq!(json("discord.com/api/v10/gateway")["url"], "wss://gateway.discord.gg");
    assert_eq!(json("discord.com/api/webhooks/1/a%22b")["token"], "a\"b");
    assert_eq!(json("api.github.com/repos/a/b/releases/latest")["tag_name"], "v1.4.2");
    assert_eq!(json("api.github.com/repos/a/b/contents/x.txt")["encoding"], "base64");
    assert_eq!(json("api.gofile.io/servers")["status"], "ok");
    let hook = ask("POST /api/webhooks/1/t HTTP/1.1\nHost: discord.com\nContent-Length: 2\n\n{}").0;
    assert!(hook.starts_with("HTTP/1.1 204 "), "{hook}");
    assert!(text("www.google.com/search?q=a<b").contains("a&lt;b (1)"));
    let put = ask("PUT /loot.zip HTTP/1.1\nHost: transfer.sh\nContent-Length: 1\n\nx");
    assert!(put.1.starts_with(b"https://transfer.sh/") && put.1.ends_with(b"/loot.zip\n"));
}

#[test]
fn files_are_what_their_names_say() {
    for (name, begins) in [
        ("a.gif", &b"GIF8"[..]),
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("a.jpg", b"\xff\xd8\xff"),
        ("favicon.ico", b"\0\0\x01\0"),
        ("a.webp", b"RIFF"),
        ("a.svg", b"<svg "),
        ("a.zip", b"PK\x03\x04"),
        ("a.gz", b"\x1f\x8b"),
        ("a.tar.gz", b"\x1f\x8b"),
        ("a.bz2", b"BZh"),
        ("a.cab", b"MSCF"),
        ("a.7z", b"7z\xbc\xaf"),
        ("a.rar", b"Rar!"),
        ("a.pdf", b"%PDF-1."),
        ("a.doc", b"{\\rtf"),
        ("a.docx", b"PK\x03\x04"),
        ("a.exe", b"MZ"),
        ("a.sh", b"#!/bin/sh\n"),
        ("bins/mirai.arm7", b"\x7fELF\x01\x01"),
        ("mips", b"\x7fELF\x01\x02"),
        ("a.wav", b"RIFF"),
        ("wpad.dat", b"function FindProxyForURL"),
        ("robots.txt", b"User-agent:"),
    ] {
        let body = found(&format!("files.example/{name}"));
        assert!(body.starts_with(begins), "{name}");
    }
    assert_ne!(found("a.example/x.bin"), found("a.example/y.bin"));
    assert_ne!(found("a.example/"), found("b.example/"));
}

#[test]
fn programs_are_well_formed_for_their_machines() {
    for (name, machine, wide, little) in [
        ("x86", 3, false, true),
        ("x86_64", 62, true, true),
        ("arm", 40, false, true),
        ("arm5", 40, false, true),
        ("armv7l", 40, false, true),
        ("aarch64", 183, true, true),
        ("mips", 8, false, false),
        ("mpsl", 8, false, true),
        ("mips64", 8, true, false),
        ("ppc", 20, false, false),
        ("spc", 2, false, false),
        ("sh4", 42, false, true),
        ("m68k", 4, false, false),
        ("riscv64", 243, true, true),
    ] {
        let bytes = found(&format!("bins.example/bot.{name}"));
        let elf = goblin::elf::Elf::parse(&bytes).expect(name);
        assert_eq!((elf.header.e_machine, elf.is_64, elf.little_endian), (machine, wide, little));
        let segment = &elf.program_headers[0];
        assert!(segment.vm_range().contains(&(elf.entry as usize)), "{name}");
        assert!(segment.file_range().end <= bytes.len() && segment.is_executable(), "{name}");
    }
    for (path, library, wide) in
        [("a.exe", false, false), ("a.dll", true, false), ("x64/a.exe", false, true)]
    {
        let bytes = found(&format!("files.example/{path}"));
        let pe = goblin::pe::PE::parse(&bytes).expect(path);
        assert_eq!((pe.is_lib, pe.is_64, pe.entry), (library, wide, 0x1000), "{path}");
        assert_eq!(pe.sections.len(), 1);
    }
}

#[test]
fn parts_of_files_are_given() {
    let whole = found("a.example/a.exe");
    let (head, body) = ask("GET /a.exe HTTP/1.1\nHost: a.example\nRange: bytes=0-1\n\n");
    assert!(head.starts_with("HTTP/1.1 206 Partial Content"), "{head}");
    assert!(head.contains("Content-Range: bytes 0-1/8192"), "{head}");
    assert_eq!(body, b"MZ");
    let (head, _) = ask("GET /a.exe HTTP/1.1\nHost: a.example\nRange: bytes=9999-\n\n");
    assert!(head.starts_with("HTTP/1.1 416 ") && head.contains("bytes */8192"), "{head}");
    let (head, body) = ask("HEAD /a.exe HTTP/1.1\nHost: a.example\n\n");
    assert!(head.contains("Content-Length: 8192") && body.is_empty(), "{head}");
    let tag = head.lines().find_map(|line| line.strip_prefix("ETag: ")).expect("a tag");
    let (head, body) =
        ask(&format!("GET /a.exe HTTP/1.1\nHost: a.example\nIf-None-Match: {tag}\n\n"));
    assert!(head.starts_with("HTTP/1.1 304 ") && body.is_empty(), "{head}");
    assert_eq!(whole.len(), 8192);
}

#[test]
fn logins_are_let_in_and_told_once() {
    let mut stage = open();
    let pair = STANDARD.encode("admin:pa:ss");
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {pair}\r\n\r\n");
    for _ in 0..2 {
        assert!(stage.talk(&request).starts_with("HTTP/1.1 200"));
    }
    assert_eq!(stage.kinds(), ["http.request", "login.attempt", "http.request"]);
    let EventKind::LoginAttempt { protocol, user, password, success, .. } = &stage.facts[1] else {
        panic!("{:?}", stage.facts)
    };
    assert_eq!((protocol.as_str(), *success), ("http-basic", true));
    assert_eq!((user.as_bytes(), password.as_bytes()), (&b"admin"[..], &b"pa:ss"[..]));
    let mut stage = open();
    stage.talk("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Digest username=\"bob\", realm=\"x\", response=\"1\"\r\n\r\n");
    assert!(
        matches!(&stage.facts[1], EventKind::LoginAttempt { user, proof: Some(_), .. } if user.as_bytes() == b"bob")
    );
}

#[test]
fn guessers_of_passwords_are_let_in_by_form_and_by_call() {
    let post = |path: &str, kind: &str, body: &str| {
        let mut stage = open();
        let said = stage.talk(&format!(
            "POST {path} HTTP/1.1\r\nHost: blog.example\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let logins: Vec<String> = stage
            .facts
            .iter()
            .filter_map(|fact| match fact {
                EventKind::LoginAttempt { protocol, user, password, .. } => {
                    Some(format!("{protocol} {} {}", user.escaped(), password.escaped()))
                }
                _ => None,
            })
            .collect();
        (said, logins)
    };
    let form = "application/x-www-form-urlencoded";
    let (said, logins) = post("/wp-login.php", form, "log=admin&pwd=p%40ss&wp-submit=Log+In");
    assert!(said.starts_with("HTTP/1.1 302 ") && said.contains("/wp-admin/"), "{said}");
    assert!(said.contains("Set-Cookie: wordpress_logged_in_"), "{said}");
    assert_eq!(logins, ["http-form admin p@ss"]);
    let call = "<?xml version=\"1.0\"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>\
                <param><value>bob</value></param><param><value><string>secret</string></value></param>\
                </params></methodCall>";
    let (said, logins) = post("/xmlrpc.php", "text/xml", call);
    assert!(said.contains("<name>isAdmin</name>"), "{said}");
    assert_eq!(logins, ["xml-rpc bob secret"]);
    assert!(post("/gate.php", form, "id=1&data=x").1.is_empty());
    let long = format!("pwd=x&rest={}", "a".repeat(crate::limits::HTTP_FORM_BYTES));
    assert!(post("/login", form, &long).1.is_empty(), "files are not searched for passwords");
    assert!(text("blog.example/wp-login.php").contains("name=\"pwd\""));
}

#[test]
fn ntlm_takes_two_steps() {
    let mut stage = open();
    let first = STANDARD.encode(b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\0");
    let said =
        stage.talk(&format!("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM {first}\r\n\r\n"));
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
    let token =
        said.lines().find_map(|l| l.strip_prefix("WWW-Authenticate: NTLM ")).expect("a token");
    let challenge = STANDARD.decode(token).expect("Base64");
    assert!(challenge.starts_with(b"NTLMSSP\0\x02\0\0\0") && challenge.len() > 56);
    // User `bob` of domain `D`, with a response of 24 bytes, in the OEM's letters.
    let mut third = b"NTLMSSP\0\x03\0\0\0".to_vec();
    for (length, at) in [(24u16, 64u32), (24, 64), (1, 88), (3, 89), (0, 0), (0, 0)] {
        third.extend_from_slice(&length.to_le_bytes());
        third.extend_from_slice(&length.to_le_bytes());
        third.extend_from_slice(&at.to_le_bytes());
    }
    third.extend_from_slice(&2u32.to_le_bytes());
    third.extend_from_slice(&[0xab; 24]);
    third.extend_from_slice(b"Dbob");
    let third = STANDARD.encode(third);
    let said =
        stage.talk(&format!("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM {third}\r\n\r\n"));
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    let Some(EventKind::LoginAttempt { user, proof: Some(proof), .. }) = stage.facts.last() else {
        panic!("{:?}", stage.facts)
    };
    assert_eq!(user.as_bytes(), br"D\bob");
    let hash = "ab".repeat(24);
    let given =
        challenge[24..32].iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    assert_eq!(proof.escaped(), format!("bob::D:{hash}:{hash}:{given}"));
}

#[test]
fn forms_with_files_are_kept_by_part() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n\r\nfile\r\n\
                --b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nvalue\r\n--b--\r\n";
    let mut stage = open();
    stage.talk(&format!(
        "POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let kept: Vec<_> = stage.captures.iter().map(|c| &c.bytes[..]).collect();
    assert_eq!(kept, [&b"file"[..]]);
}

#[test]
fn webdav_is_spoken() {
    let (head, _) = ask("OPTIONS / HTTP/1.1\nHost: a\n\n");
    assert!(head.contains("DAV: 1, 2") && head.contains("PROPFIND"), "{head}");
    let (head, body) = ask("PROPFIND /docs/ HTTP/1.1\nHost: a\nDepth: 1\n\n");
    assert!(head.starts_with("HTTP/1.1 207 Multi-Status"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains("<D:href>/docs/</D:href>"));
    assert!(ask("MKCOL /new/ HTTP/1.1\nHost: a\n\n").0.starts_with("HTTP/1.1 201"));
}

#[test]
fn a_whole_url_is_a_proxys() {
    let mut stage = open();
    let said =
        stage.talk("GET http://www.msftncsi.com:80/ncsi.txt HTTP/1.1\r\nHost: other\r\n\r\n");
    assert!(said.ends_with("Microsoft NCSI"), "{said}");
    assert_eq!(stage.kinds(), ["tunnel.request", "http.request"]);
}

#[test]
fn the_users_own_answers_come_first() {
    let rules = [
        "host = \"*.evil.example\"\nuri = \"/gate.php*\"\nmethods = [\"POST\"]\n\
         text = '{\"peer\": \"{peer}\", \"q\": \"{query}\"}'\ncontent_type = \"application/json\"",
        "uri = \"/*.dat\"\nbase64 = \"AAEC\"\nheaders = [\"X-Key: v\"]\nstatus = 203",
        "host = \"get.example\"\nlike = \"mips\"\nchunked = true",
        "host = \"file.example\"\nfile = \"stage.ps1\"\nclose = true",
    ];
    let rules = rules.map(|rule| {
        let spec: RuleSpec = toml::from_str(rule).expect("a rule");
        spec.rule(|name| Ok(name.as_bytes().to_vec())).expect("a good rule")
    });
    let sites =
        Sites { rules: rules.into(), websocket: WebSocketManner::Silent, ..Sites::default() };
    let web = Web::new(Arc::new(sites));
    let ask = |request: &str| {
        let mut stage = Stage::open(&web, 80);
        let (head, body) = split(&stage.say(request.replace('\n', "\r\n").as_bytes()));
        (head, body, stage.closed)
    };
    let (head, body, _) =
        ask("POST /gate.php?id=1 HTTP/1.1\nHost: a.evil.example\nContent-Length: 0\n\n");
    assert!(head.contains("Content-Type: application/json"), "{head}");
    assert_eq!(String::from_utf8_lossy(&body), r#"{"peer": "198.51.100.7", "q": "id=1"}"#);
    assert!(ask("GET /gate.php HTTP/1.1\nHost: a.evil.example\n\n").1.starts_with(b"<!DOCTYPE"));
    let (head, body, _) = ask("GET /x.dat HTTP/1.1\nHost: b\n\n");
    assert!(head.starts_with("HTTP/1.1 203 ") && head.contains("X-Key: v"), "{head}");
    assert_eq!(body, [0, 1, 2]);
    let (head, body, _) = ask("GET / HTTP/1.1\nHost: get.example\n\n");
    assert!(head.contains("Transfer-Encoding: chunked"), "{head}");
    assert!(body.starts_with(b"2000\r\n\x7fELF"));
    let (head, body, closed) = ask("GET / HTTP/1.1\nHost: file.example\n\n");
    assert!(head.contains("Connection: close") && closed, "{head}");
    assert_eq!(body, b"stage.ps1");
    for bad in [
        "text = \"a\"\nlike = \"exe\"",
        "base64 = \"?\"",
        "like = \"nothing\"",
        "headers = [\"no colon\"]",
        "status = 99",
    ] {
        let spec: RuleSpec = toml::from_str(bad).expect("it reads");
        assert!(spec.rule(|_| Ok(Vec::new())).is_err(), "{bad}");
    }
    assert!(toml::from_str::<RuleSpec>("hosts = \"typo\"").is_err());
}

/// One name, with one address.
struct OneName;

impl Zone for OneName {
    fn find(&self, name: &str, _: ukai_model::Timestamp) -> Found {
        if name != "a.example" {
            return Found::Nowhere;
        }
        Found::Here(Place { v4: vec![[192, 0, 2, 7].into()], ttl: 60, ..Place::default() })
    }

    fn name_of(&self, _: std::net::IpAddr) -> Option<String> {
        None
    }
}

#[test]
fn names_are_told_over_https() {
    let web = Web::new(Arc::new(Sites { zone: Some(Arc::new(OneName)), ..Sites::default() }));
    // A query for the address of a.example, as RFC 8484 has it in a URL.
    let query = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01";
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(query);
    let get = format!("GET /dns-query?dns={text} HTTP/1.1\r\nHost: d\r\n\r\n").into_bytes();
    let head = format!(
        "POST /dns-query HTTP/1.1\r\nHost: d\r\nContent-Type: application/dns-message\r\n\
         Content-Length: {}\r\n\r\n",
        query.len()
    );
    for request in [get, [head.as_bytes(), query].concat()] {
        let mut stage = Stage::open(&web, 443);
        let (head, body) = split(&stage.say(&request));
        assert!(head.contains("application/dns-message"), "{head}");
        assert!(body.ends_with(&[192, 0, 2, 7]), "{body:?}");
        assert_eq!(stage.kinds(), ["dns.query", "http.request"]);
    }
    for (name, status, answers) in [("a.example&type=1", 0, 1), ("b.example&type=aaaa", 3, 0)] {
        let request = format!("GET /resolve?name={name} HTTP/1.1\r\nHost: dns.google\r\n\r\n");
        let (_, body) = split(&Stage::open(&web, 443).say(request.as_bytes()));
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(json["Status"], status, "{json}");
        assert_eq!(json["Answer"].as_array().map(Vec::len), Some(answers), "{json}");
    }
    let broken = Stage::open(&web, 443).talk("GET /dns-query?dns=%21 HTTP/1.1\r\nHost: d\r\n\r\n");
    assert!(broken.starts_with("HTTP/1.1 400 "), "{broken}");
}

#[test]
fn trackers_announce_and_clocks_and_servers_are_as_told() {
    let hash = "%ab".repeat(20);
    let body = found(&format!("tracker.example/announce?info_hash={hash}&port=1&compact=1"));
    assert!(body.starts_with(b"d") && memchr::memmem::find(&body, b"5:peers").is_some());
    let server = Some("INetSim HTTP Server".to_owned());
    let sites = Sites { server, clock_shift_ms: 86_400_000, ..Sites::default() };
    let said =
        Stage::open(&Web::new(Arc::new(sites)), 80).talk("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(said.contains("\r\nDate: Sat, 03 Jan 2026 03:04:05 GMT\r\n"), "{said}");
    assert!(said.contains("\r\nServer: INetSim HTTP Server\r\n"), "{said}");
}

#[test]
fn a_tunnel_leads_to_whom_the_chooser_names() {
    use crate::Echo;
    let chosen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let names = Arc::clone(&chosen);
    let sites = Sites {
        tunnel: Some(Arc::new(move |host, port| {
            names.lock().expect("not poisoned").push(format!("{host}|{port}"));
            Arc::new(Echo)
        })),
        ..Sites::default()
    };
    let mut stage = Stage::open(&Web::new(Arc::new(sites)), 3128);
    let request =
        "CONNECT irc.Example.org:6667 HTTP/1.1\r\nProxy-Authorization: Basic dTpw\r\n\r\n";
    assert_eq!(stage.talk(request), "HTTP/1.1 200 Connection established\r\n\r\n");
    assert_eq!(stage.talk("NICK x\r\n"), "NICK x\r\n");
    assert_eq!(*chosen.lock().expect("not poisoned"), ["irc.example.org|6667"]);
    assert_eq!(
        stage.kinds(),
        ["http.request", "login.attempt", "tunnel.request", "service.request"]
    );
    assert!(!stage.tls);
    stage.eof();
    assert!(stage.closed);
}

#[test]
fn a_tunnel_may_begin_tls_and_what_is_inside_is_the_web() {
    let mut stage = open();
    stage.talk("CONNECT www.msftncsi.com:443 HTTP/1.1\r\n\r\n");
    assert_eq!(stage.talk("\u{16}\u{3}\u{1}"), "");
    assert!(!stage.tls);
    assert_eq!(stage.say(b"\x02\0\x01\0\x01\xfc"), b"");
    assert!(stage.tls, "the hello goes back to the driver");
    let said = stage.talk("GET /robots.txt HTTP/1.1\r\nHost: www.msftncsi.com\r\n\r\n");
    assert!(said.contains("Sitemap: https://www.msftncsi.com/"), "{said}");
    // Without TLS too.
    let mut stage = open();
    stage.talk("CONNECT 192.0.2.1:80 HTTP/1.1\r\n\r\n");
    let said = stage.talk("GET /robots.txt HTTP/1.1\r\nHost: a.example\r\n\r\n");
    assert!(said.contains("Sitemap: http://a.example/") && !stage.tls, "{said}");
}

/// A frame as a client sends it, with the mask of the standard's example.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = vec![first, 0xfe];
    if payload.len() <= 125 {
        out[1] = 0x80 | payload.len() as u8;
    } else {
        out.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

#[test]
fn websockets_are_opened_and_heard() {
    let mut stage = open();
    let said = stage.talk(UPGRADE);
    assert!(said.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{said}");
    // The answer to the example of RFC 6455, 1.3.
    assert!(said.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{said}");
    assert_eq!(stage.say(&masked(0x81, b"Hello")), b"\x81\x05Hello");
    let mut fragments = masked(0x01, b"Hel");
    fragments.extend(masked(0x89, b"ping"));
    fragments.extend(masked(0x80, b"lo"));
    let said: Vec<u8> = fragments.chunks(1).flat_map(|byte| stage.say(byte)).collect();
    assert_eq!(said, b"\x8a\x04ping\x81\x05Hello");
    let long = vec![b'x'; 3_000];
    assert_eq!(stage.say(&masked(0x82, &long))[..4], [0x82, 126, 0x0b, 0xb8]);
    assert_eq!(stage.captures[0].bytes.len(), 3_000);
    assert_eq!(stage.say(&masked(0x88, b"\x03\xe8bye")), b"\x88\x02\x03\xe8");
    assert!(stage.closed);
    let told: Vec<String> = stage
        .facts
        .iter()
        .filter_map(|fact| match fact {
            EventKind::ServiceRequest { request, detail, .. } if detail.as_bytes().len() < 9 => {
                Some(format!("{request} {}", detail.escaped()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, ["text Hello", "text Hello", "close bye"]);
    for (bad, status) in [
        (&b"\x81\x05Hello"[..], 1002u16),
        (b"\xc1\x80aaaa", 1002),
        (b"\x80\x80aaaa", 1002),
        (b"\x83\x80aaaa", 1002),
        (b"\x09\x80aaaa", 1002),
        (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 1009),
    ] {
        let mut stage = open();
        stage.talk(UPGRADE);
        let said = stage.say(bad);
        assert_eq!(said, [&b"\x88\x02"[..], &status.to_be_bytes()].concat(), "{bad:?}");
        assert!(stage.closed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frames_of_websockets_cost_little(frames in prop::collection::vec(
        (any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)), 0..40), piece in 1usize..99,
    ) {
        let mut stage = open();
        stage.talk(UPGRADE);
        let bytes: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| masked(*first, payload)).collect();
        for part in bytes.chunks(piece) {
            stage.say(part);
        }
        stage.eof();
        let output: usize = stage.sent.iter().map(Vec::len).sum();
        prop_assert!(output <= 2_048 + 2 * bytes.len());
    }

    #[test]
    fn any_bytes_in_any_pieces_cost_little(
        parts in prop::collection::vec(
            prop_oneof![
                any::<Vec<u8>>(),
                "(GET|POST|PUT|PROPFIND|OPTIONS) /[a-z.%?=<]{0,20} HTTP/1.[01]\r\n".prop_map(String::into_bytes),
                "(Host|Range|Authorization|Content-Length|Accept): [ -~]{0,20}\r\n".prop_map(String::into_bytes),
                Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
                Just(b"\r\n".to_vec()),
            ],
            0..24,
        ),
    ) {
        let mut stage = open();
        let input: usize = parts.iter().map(Vec::len).sum();
        for part in &parts {
            stage.say(part);
        }
        stage.eof();
        let output: usize = stage.sent.iter().map(Vec::len).sum();
        prop_assert!(output <= 1_024 * (input + 1));
    }
}
