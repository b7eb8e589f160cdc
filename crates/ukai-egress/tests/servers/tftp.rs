//! TFTP: a real server, and what hostile ones do.

use crate::{Names, config, egress, egress_by, free_port, start};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tokio::net::UdpSocket;
use ukai_egress::{EgressConfig, FetchReport};
use ukai_model::FetchOutcome;

#[tokio::test]
async fn a_real_server_gives_files_of_all_sizes() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    let file: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    // The last two end exactly at a block: an empty one must follow.
    let sizes = [0, 1, 511, 512, 300_000, 1_428, 14_280];
    for size in sizes {
        let path = folder.path().join(format!("f{size}"));
        fs::write(&path, &file[..size]).expect("writes");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
    }
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let root = folder.path().to_str().expect("a path");
    let user = std::process::Command::new("id").arg("-un").output().expect("id runs");
    let user = String::from_utf8(user.stdout).expect("a name");
    let arguments = ["-L", "-4", "-a", &address, "-u", user.trim(), "-s", root];
    let _server = start("in.tftpd", &arguments);
    let egress = egress();
    // Nothing tells when it is ready: UDP has no listening to look for.
    for _ in 0..20 {
        let probe = egress.fetch(&format!("tftp://{address}/f1"), "tftp").await;
        if probe.outcome == FetchOutcome::Complete {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for size in sizes {
        let report = egress.fetch(&format!("tftp://{address}/f{size}"), "tftp").await;
        assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
        assert_eq!(report.bytes, file[..size]);
        assert_eq!(report.server_ip, "127.0.0.1".parse().ok());
    }
    let missing = egress.fetch(&format!("tftp://{address}/none"), "tftp").await;
    assert_eq!(missing.outcome, FetchOutcome::Refused, "{missing:?}");
    assert!(missing.error.is_some_and(|error| error.starts_with("TFTP error 1: ")));
}

/// A server whose answers to each datagram are given by `answer`: it gets the datagram
/// and the number of those before it, and each answer goes out from a new port.
async fn scripted(answer: impl Fn(&[u8], usize) -> Vec<Vec<u8>> + Send + 'static) -> FetchReport {
    let listener = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let own = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let mut first = [0; 2_048];
        let (mut length, mut peer): (usize, SocketAddr) =
            listener.recv_from(&mut first).await.expect("a request");
        let mut buffer = first;
        for number in 0.. {
            for datagram in answer(&buffer[..length], number) {
                let _ = own.send_to(&datagram, peer).await;
            }
            tokio::select! {
                Ok(got) = own.recv_from(&mut buffer) => (length, peer) = got,
                Ok(got) = listener.recv_from(&mut first) => {
                    buffer = first;
                    (length, peer) = got;
                }
            }
        }
    });
    // Many blocks take their time on a busy machine; whoever is silent is given up all the same.
    let patient = EgressConfig { total_ms_max: 60_000, ..config() };
    let egress = egress_by(patient, Names::default());
    egress.fetch(&format!("tftp://{address}/mips"), "tftp").await
}

fn data(block: u16, bytes: &[u8]) -> Vec<u8> {
    [&[0, 3][..], &block.to_be_bytes(), bytes].concat()
}

#[tokio::test]
async fn a_server_that_knows_no_options() {
    let report = scripted(|datagram, number| {
        if number == 0 {
            assert_eq!(datagram, b"\0\x01mips\0octet\0blksize\x001428\0");
            return vec![data(1, &[1; 512])];
        }
        assert_eq!(datagram, [0, 4, 0, number as u8]);
        vec![data(2, b"end")]
    })
    .await;
    assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
    assert_eq!(report.bytes.len(), 515);
}

#[tokio::test]
async fn a_server_that_refuses_options_is_asked_without() {
    let report = scripted(|datagram, _| match datagram {
        [0, 1, rest @ ..] if rest.ends_with(b"1428\0") => vec![b"\0\x05\0\x08no\0".to_vec()],
        _ => vec![data(1, b"end")],
    })
    .await;
    assert_eq!((report.outcome, &report.bytes[..]), (FetchOutcome::Complete, &b"end"[..]));
}

#[tokio::test]
async fn repeated_and_foreign_blocks_are_passed_over() {
    let report = scripted(|_, number| match number {
        0 => vec![data(7, b"no"), data(1, &[1; 512]), data(1, &[1; 512]), b"junk".to_vec()],
        _ => vec![data(1, &[9; 512]), data(2, b"end")],
    })
    .await;
    assert_eq!(report.outcome, FetchOutcome::Complete, "{report:?}");
    assert_eq!(&report.bytes[512..], b"end");
}

#[tokio::test]
async fn block_numbers_go_round() {
    // 70,000 blocks of 8 bytes: under a megabyte, past 65,535.
    let report = scripted(|datagram, number| match (number, datagram) {
        (0, _) => vec![b"\0\x06blksize\x008\0".to_vec()],
        (70_001, _) => vec![data(4_465_u16, b"end")],
        (_, [0, 4, high, low]) => {
            let next = u16::from_be_bytes([*high, *low]).wrapping_add(1);
            vec![data(next, &[1; 8])]
        }
        _ => Vec::new(),
    })
    .await;
    assert_eq!(report.outcome, FetchOutcome::Complete, "{:?}", report.error);
    assert_eq!(report.bytes.len(), 70_000 * 8 + 3);
}

#[tokio::test]
async fn hostile_answers_end_with_words() {
    let oversized = scripted(|_, _| vec![data(1, &[1; 600])]).await;
    assert_eq!(oversized.outcome, FetchOutcome::Partial, "{oversized:?}");
    let silent = scripted(|_, _| Vec::new()).await;
    assert_eq!(silent.outcome, FetchOutcome::TimedOut);
    let repeating = scripted(|_, number| match number {
        0 => vec![data(1, &[1; 512])],
        _ => vec![data(1, &[1; 512]); 3],
    })
    .await;
    assert_eq!(repeating.outcome, FetchOutcome::Partial, "{repeating:?}");
    assert_eq!(repeating.bytes.len(), 512);
    let larger = scripted(|_, _| vec![b"\0\x06blksize\x009000\0".to_vec()]).await;
    assert_eq!(larger.outcome, FetchOutcome::Refused);
    let broken = scripted(|_, number| match number {
        0 => vec![data(1, &[1; 512])],
        _ => vec![b"\0\x05\0\0disk on fire\x1b[2J\0".to_vec()],
    })
    .await;
    assert_eq!(broken.outcome, FetchOutcome::Partial);
    assert_eq!(broken.error.as_deref(), Some("TFTP error 0: disk on fire\\x1b[2J"));
}

#[tokio::test]
async fn an_endless_file_ends_at_the_limit() {
    let report = scripted(|datagram, number| match (number, datagram) {
        (0, _) => vec![b"\0\x06blksize\x001428\0".to_vec()],
        (_, [0, 4, high, low]) => {
            vec![data(u16::from_be_bytes([*high, *low]).wrapping_add(1), &[1; 1_428])]
        }
        _ => Vec::new(),
    })
    .await;
    assert_eq!(report.outcome, FetchOutcome::Partial, "{:?}", report.error);
    assert_eq!(report.bytes.len() as u64, config().bytes_max);
}
