//! Whatever bytes come, the server neither panics nor keeps more than its limits.

use crate::client::{Client, string};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use ukai_ssh::limits::CUT_PACKETS_MAX;
use ukai_ssh::{AuthReply, ChannelId, HostKeys, Output, Profile, Server};

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

/// A server whose client has logged in and opened a channel with these limits.
fn logged_in(window: u32, packet: u32) -> (Server, Client, Vec<Output>) {
    let profile = Profile::named("dropbear-2022.83").expect("a profile");
    let keys = Arc::new(HostKeys::derive(&profile, [1; 32]));
    let mut server = Server::new(profile, keys, [2; 32]);
    let mut client = Client::new(1, "none");
    let mut out = Vec::new();
    server.start(&mut out);
    client.receive(&bytes(&out));
    client
        .make_keys(|packet, answer| {
            let mut out = Vec::new();
            server.receive(packet, &mut out);
            answer.extend(bytes(&out));
        })
        .expect("keys");
    let mut service = vec![5];
    string(&mut service, b"ssh-userauth");
    let mut auth = vec![50];
    for part in ["root", "ssh-connection", "none"] {
        string(&mut auth, part.as_bytes());
    }
    let mut open = vec![90];
    string(&mut open, b"session");
    for number in [0, window, packet] {
        open.extend_from_slice(&number.to_be_bytes());
    }
    out.clear();
    server.receive(&client.packet(&service), &mut out);
    server.receive(&client.packet(&auth), &mut out);
    server.auth_reply(AuthReply::Accept, &mut out);
    server.receive(&client.packet(&open), &mut out);
    server.open_confirm(ChannelId(0), &mut out);
    client.receive(&bytes(&out));
    while client.payload().is_some() {}
    out.clear();
    (server, client, out)
}

fn bytes(output: &[Output]) -> Vec<u8> {
    let sent = output.iter().filter_map(|output| match output {
        Output::Send(bytes) => Some(&bytes[..]),
        _ => None,
    });
    sent.collect::<Vec<_>>().concat()
}

fn data_in(client: &mut Client, out: &[Output]) -> Vec<Vec<u8>> {
    client.receive(&bytes(out));
    std::iter::from_fn(|| client.payload())
        .filter(|payload| payload[0] == 94)
        .map(|payload| payload[9..].to_vec())
        .collect()
}

#[test]
fn packets_of_one_byte_do_not_multiply_what_is_sent() {
    let (mut server, mut client, mut out) = logged_in(u32::MAX, 1);
    let text: Vec<u8> = (0..40_000_u32).map(|number| number as u8).collect();
    let mut sent = 0;
    while sent < text.len() {
        let count = server.send(ChannelId(0), &text[sent..], &mut out);
        assert!(count > 0, "the queue takes what fits in it");
        sent += count;
    }
    let mut got = data_in(&mut client, &out).concat();
    assert_eq!(got.len(), CUT_PACKETS_MAX as usize);
    // The rest comes as the client is heard, if only with something to be ignored.
    for _ in 0..text.len() / CUT_PACKETS_MAX as usize {
        let mut out = Vec::new();
        server.receive(&client.packet(&[2, 0, 0, 0, 0]), &mut out);
        got.extend(data_in(&mut client, &out).concat());
    }
    assert_eq!(got, text);
}

#[test]
fn what_waits_for_a_window_is_sent_in_whole_packets() {
    let (mut server, mut client, mut out) = logged_in(0, 1 << 15);
    for byte in 0..100 {
        assert_eq!(server.send(ChannelId(0), &[byte], &mut out), 1);
    }
    server.send_stderr(ChannelId(0), b"error", &mut out);
    assert_eq!(server.send(ChannelId(0), b"end", &mut out), 3);
    assert!(data_in(&mut client, &out).is_empty());
    let mut out = Vec::new();
    server.receive(&client.packet(&[93, 0, 0, 0, 0, 0, 1, 0, 0]), &mut out);
    let expected = vec![(0..100).collect::<Vec<u8>>(), b"end".to_vec()];
    assert_eq!(data_in(&mut client, &out), expected);
}
