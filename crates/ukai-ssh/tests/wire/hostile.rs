//! Whatever bytes come, the server neither panics nor keeps more than its limits.

use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use ukai_ssh::{HostKeys, Output, Profile, Server};

fn sent(output: &[Output]) -> usize {
    output.iter().map(|output| if let Output::Send(bytes) = output { bytes.len() } else { 0 }).sum()
}

fn feed(profile: &str, parts: &[Vec<u8>]) {
    let profile = Profile::named(profile).expect("a profile");
    let keys = Arc::new(HostKeys::derive(&profile, [1; 32]));
    let mut server = Server::new(profile, keys, [2; 32]);
    let mut out = Vec::new();
    server.start(&mut out);
    let mut got = 0;
    for part in parts {
        server.receive(part, &mut out);
        got += part.len();
    }
    // One KEXINIT, its answer, and an UNIMPLEMENTED for each of the shortest packets.
    assert!(sent(&out) <= 16_384 + 2 * got, "{} bytes for {got}", sent(&out));
    let ends = out.iter().filter(|output| **output == Output::Close).count();
    assert!(ends <= 1);
    assert_eq!(ends == 1, server.closed());
    let closed = server.closed();
    let before = out.len();
    server.receive(b"more", &mut out);
    assert!(!closed || out.len() == before, "nothing follows the end");
}

fn packet(payload: &[u8], padding: u8) -> Vec<u8> {
    let mut packet = (payload.len() as u32 + 1 + u32::from(padding)).to_be_bytes().to_vec();
    packet.push(padding);
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + usize::from(padding), 0);
    packet
}

const PROFILES: [&str; 3] =
    ["openssh-9.2p1-debian12", "openssh-8.4p1-debian11", "dropbear-2022.83"];

fn kexinit() -> Vec<u8> {
    let mut payload = vec![20; 17];
    for list in [
        "curve25519-sha256",
        "ssh-ed25519",
        "aes128-ctr",
        "aes128-ctr",
        "hmac-sha1",
        "hmac-sha1",
        "none",
        "none",
        "",
        "",
    ] {
        payload.extend_from_slice(&(list.len() as u32).to_be_bytes());
        payload.extend_from_slice(list.as_bytes());
    }
    payload.extend_from_slice(&[0; 5]);
    payload
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes(which in 0..3usize, parts in vec(vec(any::<u8>(), 0..200), 0..8)) {
        feed(PROFILES[which], &parts);
    }

    #[test]
    fn any_packets(which in 0..3usize, payloads in vec((vec(any::<u8>(), 1..100), 4..40u8), 0..8)) {
        let mut parts = vec![b"SSH-2.0-x\r\n".to_vec()];
        parts.extend(payloads.iter().map(|(payload, padding)| packet(payload, *padding)));
        feed(PROFILES[which], &parts);
    }

    #[test]
    fn a_handshake_with_a_wrong_byte(
        which in 0..3usize,
        at in 0..400usize,
        value in any::<u8>(),
        cut in 0..600usize,
    ) {
        let mut bytes = b"SSH-2.0-x\r\n".to_vec();
        let init = kexinit();
        bytes.extend_from_slice(&packet(&init, (8 - (init.len() + 5) % 8) as u8 + 8));
        let mut half = vec![30, 0, 0, 0, 32];
        half.extend_from_slice(&[9; 32]);
        bytes.extend_from_slice(&packet(&half, (8 - (half.len() + 5) % 8) as u8 + 8));
        bytes.extend_from_slice(&packet(&[21], 10));
        bytes.extend_from_slice(&[0x55; 64]);
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(cut);
        let parts: Vec<Vec<u8>> = bytes.chunks(7).map(<[u8]>::to_vec).collect();
        feed(PROFILES[which], &parts);
    }
}
