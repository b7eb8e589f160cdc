//! HTTP: a real server, and what hostile ones do.

use crate::{
    Names, answering, config, egress, egress_by, free_port, listen, read_head, start, wait_for,
};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use ukai_egress::FetchReport;
use ukai_model::{FetchOutcome, Sha256};

async fn fetch(answer: impl Into<Vec<u8>>) -> FetchReport {
    let server = answering(answer).await;
    egress().fetch(&format!("http://{server}/x"), "wget").await
}

#[tokio::test]
async fn a_real_server_gives_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(folder.path().join("mips"), &file).expect("writes");
    let port = free_port();
    let path = folder.path().display().to_string();
    let arguments =
        ["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory", &path];
    let _server = start("python3", &arguments);
    wait_for(port).await;
    let report = egress().fetch(&format!("http://127.0.0.1:{port}/mips"), "wget").await;
    assert_eq!((report.outcome, report.error.as_deref()), (FetchOutcome::Complete, None));
    assert_eq!(report.bytes, file);
    assert_eq!(report.sha256, Some(Sha256::of(&file)));
    assert_eq!(report.status, Some(200));
    assert_eq!(report.server_ip, "127.0.0.1".parse().ok());
    assert_eq!(report.content_type.as_deref(), Some("application/octet-stream"));
    assert_eq!(report.final_url, None);
    let missing = egress().fetch(&format!("http://127.0.0.1:{port}/none"), "wget").await;
    assert_eq!((missing.outcome, missing.status), (FetchOutcome::Refused, Some(404)));
    assert!(String::from_utf8_lossy(&missing.bytes).contains("404"));
}

#[tokio::test]
async fn the_request_looks_like_the_tool_s() {
    let (sender, mut heads) = mpsc::unbounded_channel();
    let server = listen(move |mut stream| {
        let sender = sender.clone();
        async move {
            sender.send(read_head(&mut stream).await).expect("the test listens");
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
        }
    })
    .await;
    let names = Names::of(&[("evil.example", &["127.0.0.1"])]);
    let url = format!("http://evil.example:{}/a%20b?c=|d", server.port());
    let report = egress_by(config(), names).fetch(&url, "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
    assert_eq!(
        heads.recv().await.expect("a head"),
        format!(
            "GET /a%20b?c=|d HTTP/1.1\r\nHost: evil.example:{}\r\nUser-Agent: Wget/1.21.3\r\n\
             Accept: */*\r\nAccept-Encoding: identity\r\nConnection: Keep-Alive\r\n\r\n",
            server.port()
        )
    );
}

#[tokio::test]
async fn bytes_stay_as_they_came() {
    let report = fetch(
        &b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08ab"[..],
    )
    .await;
    assert_eq!(report.outcome, FetchOutcome::Complete);
    assert_eq!(&report.bytes[..], b"\x1f\x8b\x08ab");
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit() {
    let server = listen(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[7; 8192]).await.is_ok() {}
    })
    .await;
    let report = egress().fetch(&format!("http://{server}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Partial);
    assert_eq!(report.bytes.len(), 1 << 20);
    assert_eq!(report.error.as_deref(), Some("larger than 1048576 bytes"));
    assert!(report.sha256.is_some());
}

#[tokio::test]
async fn a_dripping_server_is_left_when_the_time_is_up() {
    let server = listen(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await;
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    let report = egress().fetch(&format!("http://{server}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Partial, "{report:?}");
    assert!((8..=20).contains(&report.bytes.len()), "{report:?}");
    assert_eq!(report.error.as_deref(), Some("not done within 3000 ms"));
    assert!(report.duration < Duration::from_secs(5));
}

#[tokio::test]
async fn silence_is_left_sooner() {
    let head = listen(|mut stream| async move {
        read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_mins(1)).await;
    })
    .await;
    let report = egress().fetch(&format!("http://{head}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::TimedOut, "{report:?}");
    assert!(report.duration < Duration::from_secs(2));
    let body = listen(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").await;
        tokio::time::sleep(Duration::from_mins(1)).await;
    })
    .await;
    let report = egress().fetch(&format!("http://{body}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Partial, "{report:?}");
    assert_eq!(&report.bytes[..], b"abc");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused() {
    let server = listen(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        let mut number = 0_u64;
        while stream.write_all(format!("X-{number}: y\r\n").as_bytes()).await.is_ok() {
            number += 1;
        }
    })
    .await;
    let report = egress().fetch(&format!("http://{server}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Unreachable, "{report:?}");
    let long = [&b"HTTP/1.1 200 OK\r\nX: "[..], &vec![b'a'; 1 << 20], b"\r\n\r\n"].concat();
    assert_eq!(fetch(long).await.outcome, FetchOutcome::Unreachable);
}

#[tokio::test]
async fn what_is_not_http_is_an_error_with_words() {
    for answer in [&b""[..], b"\x00\x01\x02\x03", b"SSH-2.0-x\r\n", b"HTTP/9.9 OK\r\n\r\n"] {
        let report = fetch(answer).await;
        assert_eq!(report.outcome, FetchOutcome::Unreachable, "{report:?}");
        assert!(report.error.is_some_and(|error| error.starts_with("HTTP: ")));
    }
}

#[tokio::test]
async fn lengths_that_lie() {
    let short = fetch(&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..]).await;
    assert_eq!((short.outcome, &short.bytes[..]), (FetchOutcome::Partial, &b"abc"[..]));
    let long = fetch(&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef"[..]).await;
    assert_eq!((long.outcome, &long.bytes[..]), (FetchOutcome::Complete, &b"ab"[..]));
    let chunk =
        fetch(&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"[..])
            .await;
    assert_eq!((chunk.outcome, &chunk.bytes[..]), (FetchOutcome::Partial, &b"abc"[..]));
    let huge =
        fetch(&b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc"[..]).await;
    assert_ne!(huge.outcome, FetchOutcome::Complete);
}

#[tokio::test]
async fn an_error_page_is_kept_within_bounds() {
    let mut answer = b"HTTP/1.1 500 Oh\r\n\r\n".to_vec();
    answer.extend(std::iter::repeat_n(b'e', 1 << 20));
    let report = fetch(answer).await;
    assert_eq!((report.outcome, report.status), (FetchOutcome::Refused, Some(500)));
    assert_eq!(report.bytes.len(), 64 << 10);
}

#[tokio::test]
async fn redirections_are_followed_and_counted() {
    let server = listen(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let answer = match head.split(' ').nth(1).unwrap_or_default() {
            "/end" => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend".to_owned(),
            "/start" => "HTTP/1.1 302 Found\r\nLocation: middle?x\r\n\r\n".to_owned(),
            "/middle?x" => "HTTP/1.1 301 Moved\r\nLocation: /end\r\n\r\n".to_owned(),
            "/nowhere" => "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            _ => "HTTP/1.1 302 Found\r\nLocation: /loop\r\n\r\n".to_owned(),
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    let egress = egress();
    let report = egress.fetch(&format!("http://{server}/start"), "curl").await;
    assert_eq!((report.outcome, &report.bytes[..]), (FetchOutcome::Complete, &b"end"[..]));
    assert_eq!(report.final_url, Some(format!("http://{server}/end")));
    assert_eq!(report.notes.len(), 2);
    let report = egress.fetch(&format!("http://{server}/loop"), "curl").await;
    assert_eq!(report.outcome, FetchOutcome::Refused);
    assert_eq!(report.error.as_deref(), Some("more than 5 redirections"));
    let report = egress.fetch(&format!("http://{server}/nowhere"), "curl").await;
    assert_eq!((report.outcome, report.status), (FetchOutcome::Refused, Some(302)));
}

#[tokio::test]
async fn redirections_cannot_lead_inside() {
    for target in [
        "http://127.0.0.2/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706434/",
        "http://localhost/",
        "http://inside.example/",
        "http://evil.example:25/",
        "ftp://10.0.0.1/x",
        "tftp://10.0.0.1/x",
    ] {
        let server = answering(format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\n\r\n")).await;
        let names =
            Names::of(&[("inside.example", &["10.0.0.1"]), ("evil.example", &["127.0.0.1"])]);
        let report = egress_by(config(), names).fetch(&format!("http://{server}/"), "wget").await;
        assert_eq!(report.outcome, FetchOutcome::Forbidden, "{target}: {report:?}");
        assert_eq!(report.server_ip, "127.0.0.1".parse().ok());
    }
    for target in
        ["file:///etc/passwd", "gopher://127.0.0.1/", "javascript:1", "http://", "http://[1/"]
    {
        let server = answering(format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\n\r\n")).await;
        let report = egress().fetch(&format!("http://{server}/"), "wget").await;
        assert_eq!(report.outcome, FetchOutcome::BadUrl, "{target}: {report:?}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_once_and_kept_to() {
    let server = answering(&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..]).await;
    // Nobody listens at the first address; the second one answers.
    let names = Names::of(&[("evil.example", &["127.0.0.3", "127.0.0.1"])]);
    let asked = Arc::clone(&names.asked);
    let mut config = config();
    config.allow = vec!["127.0.0.0/8".parse().expect("a prefix")];
    let url = format!("http://evil.example:{}/", server.port());
    let report = egress_by(config, names).fetch(&url, "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
    assert_eq!(report.server_ip, "127.0.0.1".parse().ok());
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn nobody_there() {
    let port = free_port();
    let report = egress().fetch(&format!("http://127.0.0.1:{port}/"), "wget").await;
    assert_eq!(report.outcome, FetchOutcome::Unreachable);
    assert!(report.error.is_some_and(|error| error.contains("refused")), "the reason is told");
}

#[tokio::test]
async fn through_a_proxy_only_addresses_go() {
    let (sender, mut heads) = mpsc::unbounded_channel();
    let proxy = listen(move |mut stream| {
        let sender = sender.clone();
        async move {
            sender.send(read_head(&mut stream).await).expect("the test listens");
            let _ = stream.write_all(b"HTTP/1.1 200 Tunnel\r\n\r\n").await;
            read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let mut config = config();
    config.proxy = Some(proxy);
    let names = Names::of(&[("evil.example", &["45.1.2.3"])]);
    let egress = egress_by(config, names);
    let report = egress.fetch("http://evil.example/x", "wget").await;
    assert_eq!((report.outcome, &report.bytes[..]), (FetchOutcome::Complete, &b"ok"[..]));
    assert_eq!(
        heads.recv().await.as_deref(),
        Some("CONNECT 45.1.2.3:80 HTTP/1.1\r\nHost: 45.1.2.3:80\r\n\r\n")
    );
    let report = egress.fetch("tftp://45.1.2.3/x", "tftp").await;
    assert_eq!(report.outcome, FetchOutcome::Forbidden);
}
