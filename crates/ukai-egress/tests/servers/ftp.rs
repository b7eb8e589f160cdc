//! FTP: a real server, and what hostile ones do.

use crate::{config, egress, free_port, listen, start, wait_for};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use ukai_egress::FetchReport;
use ukai_model::FetchOutcome;

#[tokio::test]
async fn a_real_server_gives_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    let empty = folder.path().join("empty");
    for path in [&root, &empty] {
        fs::create_dir(path).expect("a folder");
        fs::set_permissions(path, fs::Permissions::from_mode(0o555)).expect("permissions");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("permissions");
    let file: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    fs::write(root.join("mips"), &file).expect("writes");
    fs::set_permissions(root.join("mips"), fs::Permissions::from_mode(0o644)).expect("permissions");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o555)).expect("permissions");
    let port = free_port();
    let conf = folder.path().join("vsftpd.conf");
    // The address in its replies leads elsewhere, and must not be followed.
    let text = format!(
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n\
         anonymous_enable=YES\nlocal_enable=NO\nrun_as_launching_user=YES\nanon_root={}\n\
         secure_chroot_dir={}\nseccomp_sandbox=NO\npasv_address=198.51.100.9\n\
         connect_from_port_20=NO\nxferlog_enable=NO\n",
        root.display(),
        empty.display()
    );
    fs::write(&conf, text).expect("writes");
    let _server = start("vsftpd", &[conf.to_str().expect("a path")]);
    wait_for(port).await;
    let report = egress().fetch(&format!("ftp://127.0.0.1:{port}/mips"), "ftpget").await;
    assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
    assert_eq!(report.bytes, file);
    assert_eq!(report.status, Some(226));
    let missing = egress().fetch(&format!("ftp://127.0.0.1:{port}/none"), "ftpget").await;
    assert_eq!((missing.outcome, missing.status), (FetchOutcome::Refused, Some(550)));
    let stranger = egress().fetch(&format!("ftp://u:p@127.0.0.1:{port}/mips"), "ftpget").await;
    assert_eq!((stranger.outcome, stranger.status), (FetchOutcome::Refused, Some(530)));
}

/// A server that gives `replies` in turn, one for the connection and one for each line.
async fn scripted(replies: Vec<String>) -> FetchReport {
    let replies = Arc::new(replies);
    let server = listen(move |stream| {
        let replies = Arc::clone(&replies);
        async move { play(stream, &replies).await }
    })
    .await;
    egress().fetch(&format!("ftp://{server}/x"), "ftpget").await
}

async fn play(stream: TcpStream, replies: &[String]) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    for reply in replies {
        let _ = stream.get_mut().write_all(reply.as_bytes()).await;
        line.clear();
        if !matches!(stream.read_line(&mut line).await, Ok(count) if count > 0) {
            return;
        }
    }
}

fn script(replies: &[&str]) -> Vec<String> {
    replies.iter().map(|reply| format!("{reply}\r\n")).collect()
}

/// Log-in and type, then `rest`.
fn after_log_in(rest: &[&str]) -> Vec<String> {
    script(&[&["220-a", "331 b", "230 c", "200 d"], rest].concat())
        .into_iter()
        .enumerate()
        .map(|(at, reply)| if at == 0 { format!("{reply}220 ready\r\n") } else { reply })
        .collect()
}

/// A port of loopback that sends `bytes` to whoever connects.
async fn data_port(bytes: &'static [u8]) -> u16 {
    let server = listen(move |mut stream| async move {
        let _ = stream.write_all(bytes).await;
    });
    server.await.port()
}

fn pasv(address: &str, port: u16) -> String {
    format!("227 ok ({address},{},{})", port >> 8, port & 255)
}

#[tokio::test]
async fn data_come_from_where_the_commands_went() {
    let port = data_port(b"malware").await;
    for address in ["10,0,0,1", "169,254,169,254", "8,8,8,8"] {
        let report = scripted(after_log_in(&[&pasv(address, port), "150 go\r\n226 done"])).await;
        assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
        assert_eq!(&report.bytes[..], b"malware");
        assert_eq!(report.server_ip, "127.0.0.1".parse().ok());
    }
}

#[tokio::test]
async fn extended_passive_mode_is_the_second_choice() {
    let port = data_port(b"malware").await;
    let extended = format!("229 ok (|||{port}|)");
    let report = scripted(after_log_in(&["502 no", &extended, "150 go\r\n226 done"])).await;
    assert_eq!((report.outcome, &report.bytes[..]), (FetchOutcome::Complete, &b"malware"[..]));
}

#[tokio::test]
async fn a_data_port_of_another_service_is_refused() {
    for port in [22, 25, 80, 6000] {
        let report = scripted(after_log_in(&[&pasv("127,0,0,1", port)])).await;
        assert_eq!(report.outcome, FetchOutcome::Forbidden, "{report:?}");
    }
}

#[tokio::test]
async fn a_transfer_that_fails_at_its_end_is_partial() {
    let port = data_port(b"half").await;
    let broken = ["150 go\r\n426 broken", "150 go"];
    for end in broken {
        let report = scripted(after_log_in(&[&pasv("127,0,0,1", port), end])).await;
        assert_eq!((report.outcome, &report.bytes[..]), (FetchOutcome::Partial, &b"half"[..]));
        assert!(report.error.is_some());
    }
}

#[tokio::test]
async fn servers_that_do_not_speak_ftp() {
    for (replies, expected) in [
        (script(&["HTTP/1.1 400 Bad"]), FetchOutcome::Unreachable),
        (script(&["421 full"]), FetchOutcome::Refused),
        (script(&["220 x", "530 no"]), FetchOutcome::Refused),
        (script(&["220 x", "331 y", "530 no"]), FetchOutcome::Refused),
        (vec!["220-x\r\n".repeat(10_000)], FetchOutcome::Unreachable),
        (vec!["2".repeat(100_000)], FetchOutcome::Unreachable),
        (vec![String::new()], FetchOutcome::TimedOut),
        (after_log_in(&["227 nothing", "229 nothing"]), FetchOutcome::Refused),
    ] {
        let report = scripted(replies).await;
        assert_eq!(report.outcome, expected, "{report:?}");
        assert!(report.bytes.is_empty());
        assert!(report.error.is_some());
    }
}

#[tokio::test]
async fn endless_data_end_at_the_limit() {
    let data =
        listen(|mut stream| async move { while stream.write_all(&[7; 8192]).await.is_ok() {} })
            .await;
    let report = scripted(after_log_in(&[&pasv("127,0,0,1", data.port()), "150 go"])).await;
    assert_eq!(report.outcome, FetchOutcome::Partial);
    assert_eq!(report.bytes.len() as u64, config().bytes_max);
}
