//! Clients of both generations.

use super::super::Smb;
use crate::ntlm::to_utf16;
use crate::stage::Stage;
use proptest::prelude::*;
use ukai_model::EventKind;

fn framed(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u32).to_be_bytes();
    [&length[..], message].concat()
}

/// A message of SMB 2 on a tree.
fn two(command: u8, tree: u8, body: &[u8]) -> Vec<u8> {
    let mut header = vec![0xfe, b'S', b'M', b'B', 64, 0, 0, 0, 0, 0, 0, 0, command, 0, 1, 0];
    header.resize(64, 0);
    header[36] = tree;
    framed(&[&header[..], body].concat())
}

fn one(command: u8, words: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut header = vec![0xff, b'S', b'M', b'B', command, 0, 0, 0, 0, 0x18, 1, 0x28];
    header.resize(32, 0);
    let count = [(words.len() / 2) as u8];
    framed(&[&header[..], &count, words, &(bytes.len() as u16).to_le_bytes(), bytes].concat())
}

fn status(answer: &[u8]) -> u32 {
    u32::from_le_bytes(answer[12..16].try_into().expect("a header"))
}

/// SESSION_SETUP around a token.
fn setup(token: &[u8]) -> Vec<u8> {
    let mut body = vec![25, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 88, 0];
    body.extend((token.len() as u16).to_le_bytes());
    body.extend([0; 8]);
    body.extend(token);
    two(1, 0, &body)
}

fn authenticate() -> Vec<u8> {
    let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
    let parts =
        [vec![0; 24], vec![5; 40], to_utf16("DOM"), to_utf16("bob"), to_utf16("PC"), Vec::new()];
    let mut offset = 64;
    for part in &parts {
        let length = (part.len() as u16).to_le_bytes();
        message.extend([&length[..], &length, &(offset as u32).to_le_bytes()].concat());
        offset += part.len();
    }
    message.extend(1_u32.to_le_bytes());
    message.extend(parts.concat());
    message
}

fn create(name: &str, disposition: u8) -> Vec<u8> {
    let name = to_utf16(name);
    let mut body = vec![57, 0];
    body.resize(56, 0);
    body[36] = disposition;
    body[44] = 120;
    body[46] = name.len() as u8;
    body.extend(name);
    two(5, 1, &body)
}

#[test]
fn a_file_that_is_written_to_a_share_is_a_sample() {
    let mut stage = Stage::open(&Smb, 445);
    let mut negotiate = vec![36, 0, 2, 0, 1, 0];
    negotiate.resize(36, 0);
    negotiate.extend([0x02, 0x02, 0x10, 0x02]);
    let hello = two(0, 0, &negotiate);
    assert!(Smb::looks_like(&hello));
    let answer = stage.say(&hello);
    assert_eq!((status(&answer), &answer[72..74]), (0, &[0x10, 0x02][..]));
    let answer = stage.say(&setup(b"NTLMSSP\0\x01\0\0\0"));
    assert_eq!(status(&answer), 0xc000_0016);
    let answer = stage.say(&setup(&authenticate()));
    assert_eq!((status(&answer), answer[70]), (0, 1), "a guest");
    let path = to_utf16(r"\\10.0.0.1\ADMIN$");
    let mut body = vec![9, 0, 0, 0, 72, 0, path.len() as u8, 0];
    body.extend(path);
    assert_eq!(status(&stage.say(&two(3, 0, &body))), 0);
    assert_eq!(status(&stage.say(&create("a.exe", 1))), 0xc000_0034);
    let answer = stage.say(&create("a.exe", 5));
    assert_eq!(status(&answer), 0);
    let file = answer[4 + 64 + 64..][..16].to_vec();
    let mut write = vec![49, 0, 112, 0, 4, 0, 0, 0];
    write.resize(16, 0);
    write.extend(&file);
    write.resize(48, 0);
    write.extend(b"MZ\x90\0");
    let answer = stage.say(&two(9, 1, &write));
    assert_eq!((status(&answer), answer[72]), (0, 4));
    let close = [&[24, 0, 0, 0, 0, 0, 0, 0][..], &file].concat();
    assert_eq!(status(&stage.say(&two(6, 1, &close))), 0);
    assert_eq!(status(&stage.say(&two(6, 1, &close))), 0xc000_0128);
    assert_eq!(stage.captures[0].bytes, &b"MZ\x90\0"[..]);
    let login = stage.facts.iter().find_map(|fact| match fact {
        EventKind::LoginAttempt { user, method, proof, .. } => Some((user, method, proof)),
        _ => None,
    });
    let (user, method, proof) = login.expect("a log-in");
    assert_eq!((user.as_bytes(), method.as_deref()), (&br"DOM\bob"[..], Some("ntlmv2")));
    assert!(proof.as_ref().expect("a proof").to_string().starts_with("bob::DOM:"));
    assert!(stage.kinds().contains(&"file.transfer"));
}

#[test]
fn the_old_generation_is_asked_for_the_new() {
    let mut stage = Stage::open(&Smb, 445);
    let dialects = b"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0";
    let answer = stage.say(&one(0x72, b"", dialects));
    assert_eq!((answer[4], &answer[72..74]), (0xfe, &[0xff, 0x02][..]));
}

#[test]
fn the_old_generation_logs_in_and_looks_for_a_hole() {
    let mut stage = Stage::open(&Smb, 139);
    let name = |text: &str| {
        let letters = format!("{text:<15}\0");
        let coded = letters.bytes().flat_map(|byte| [(byte >> 4) + b'A', (byte & 15) + b'A']);
        [&[32][..], &coded.collect::<Vec<_>>(), &[0]].concat()
    };
    let session = [name("SERVER"), name("CLIENT")].concat();
    let request = [&[0x81, 0, 0, 68][..], &session].concat();
    assert!(Smb::looks_like(&request));
    assert_eq!(stage.say(&request), [0x82, 0, 0, 0]);
    let EventKind::ServiceRequest { detail, .. } = &stage.facts[0] else { panic!() };
    assert_eq!(detail.as_bytes(), b"SERVER CLIENT");
    let answer = stage.say(&one(0x72, b"", b"\x02PC NETWORK PROGRAM 1.0\0\x02NT LM 0.12\0"));
    assert_eq!((answer[36], answer[37]), (17, 1));
    let mut words = vec![0xff, 0, 0, 0];
    words.resize(26, 0);
    words[14] = 24;
    words[16] = 24;
    let answer = stage.say(&one(0x73, &words, &[&[7; 48][..], b"eve\0DOM\0"].concat()));
    assert_eq!((answer[36], answer[41]), (3, 1), "a guest");
    let answer = stage.say(&one(0x75, &[0xff, 0, 0, 0, 0, 0, 1, 0], b"\0\\\\h\\IPC$\0?????\0"));
    assert!(memchr::memmem::find(&answer, b"IPC\0").is_some());
    let words = vec![0; 32];
    let answer = stage.say(&one(0x25, &words, b"\\PIPE\\\0"));
    assert_eq!(u32::from_le_bytes(answer[9..13].try_into().expect("a status")), 0xc000_0205);
    let found = stage.facts.iter().any(|fact| {
        matches!(fact, EventKind::LoginAttempt { user, method, .. }
            if user.as_bytes() == br"DOM\eve" && method.as_deref() == Some("ntlmv1"))
    });
    assert!(found, "{:?}", stage.facts);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_messages_in_any_pieces(
        messages in prop::collection::vec((0..20_u8, 0..3_u8, prop::collection::vec(any::<u8>(), 0..90), any::<bool>()), 0..8),
        noise in prop::collection::vec(any::<u8>(), 0..20),
        cut in 1..200_usize,
    ) {
        let mut bytes: Vec<u8> = messages
            .iter()
            .flat_map(|(command, tree, body, new)| {
                if *new { two(*command, *tree, body) } else { one(0x60 | command, &body[..body.len() / 4 * 2], body) }
            })
            .collect();
        bytes.extend(noise);
        let mut stage = Stage::open(&Smb, 445);
        for piece in bytes.chunks(cut) {
            stage.say(piece);
        }
        let sent: usize = stage.sent.iter().map(Vec::len).sum();
        prop_assert!(sent <= 600 * messages.len() + bytes.len());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut stage = Stage::open(&Smb, 445);
        stage.say(&[&[0, 0, 0, 120, 0xfe, b'S', b'M', b'B'][..], &bytes].concat());
        let mut stage = Stage::open(&Smb, 445);
        stage.say(&[&[0, 0, 0, 60, 0xff, b'S', b'M', b'B'][..], &bytes].concat());
    }
}
