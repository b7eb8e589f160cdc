//! First bytes of real clients, and what they must be taken for.

use crate::recognise;

#[test]
fn clients_are_recognised_by_their_first_bytes() {
    let samples: &[(&str, &[u8])] = &[
        ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("tls", b"\x80\x2e\x01\x03\x01\x00\x15"),
        ("ssh", b"SSH-2.0-Go\r\n"),
        ("http", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("http", b"GET /old\r\n"),
        ("http", b"M-SEARCH * HTTP/1.1\r\n"),
        ("http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("rtsp", b"OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\nCSeq: 1\r\n"),
        ("sip", b"OPTIONS sip:nm SIP/2.0\r\nVia: x\r\n"),
        ("proxy-protocol", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
        ("smb", b"\0\0\0\x85\xffSMBr\0\0\0\0\x18\x53\xc8"),
        ("smb", b"\0\0\0\x6c\xfeSMB\x40\0"),
        ("rdp", b"\x03\0\0\x2b\x26\xe0\0\0\0\0\0Cookie: mstshash=hello\r\n\x01\0\x08\0\x03\0\0\0"),
        ("s7", b"\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02"),
        ("mqtt", b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd"),
        ("redis", b"*1\r\n$4\r\nINFO\r\n"),
        ("redis", b"PING\r\n"),
        ("memcached", b"stats\r\n"),
        ("adb", b"CNXN\0\0\0\x01\0\x10\0\0\x07\0\0\0\x32\x02\0\0\xbc\xb1\xa7\xb1host::\0"),
        ("postgres", b"\0\0\0\x08\x04\xd2\x16\x2f"),
        ("postgres", b"\0\0\0\x29\0\x03\0\0user\0postgres\0database\0postgres\0\0"),
        ("mongodb", b"\x3f\0\0\0\x01\0\0\0\0\0\0\0\xd4\x07\0\0\0\0\0\0admin.$cmd\0"),
        ("mssql", b"\x12\x01\0\x2f\0\0\x01\0\0\0\x1a\0\x06\x01\0\x20"),
        ("x11", b"l\0\x0b\0\0\0\0\0\0\0\0\0"),
        ("ajp", b"\x12\x34\0\x01\x0a"),
        ("bittorrent", b"\x13BitTorrent protocol\0\0\0\0"),
        ("stratum", br#"{"id":1,"method":"mining.subscribe","params":[]}"#),
        ("json-rpc", br#"{"jsonrpc":"2.0","method":"eth_blockNumber","id":1}"#),
        ("printer", b"\x1b%-12345X@PJL INFO ID\r\n"),
        ("vnc", b"RFB 003.008\n"),
        ("jdwp", b"JDWP-Handshake"),
        ("java-rmi", b"JRMI\0\x02K"),
        ("t3", b"t3 12.2.1\nAS:255\nHL:19\n\n"),
        ("telnet", b"\xff\xfb\x1f\xff\xfb\x20"),
        ("modbus", b"\0\x01\0\0\0\x05\x01\x2b\x0e\x01\0"),
        ("iec104", b"\x68\x04\x07\0\0\0"),
        ("ethernet-ip", b"\x63\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("bacnet", b"\x81\x0a\0\x08\x01\x20\xff\xff"),
        ("ldap", b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x02\x04\0\x80\0"),
        ("socks5", b"\x05\x02\0\x02"),
        ("socks4", b"\x04\x01\0\x50\xc0\0\x02\x01\0"),
        ("dns", b"\0\x1e\0\x06\x01\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03"),
        ("irc", b"NICK bot\r\nUSER b b b :b\r\n"),
        ("smtp", b"EHLO x\r\n"),
        ("ftp", b"USER anonymous\r\n"),
        ("java-serialised", b"\xac\xed\0\x05sr"),
        ("dvrip", b"\xff\x01\0\0\0\0\0\0\0\0\0\0\0\0\xe8\x03\x10\0\0\0{}"),
        ("smart-install", b"\0\0\0\x01\0\0\0\x01\0\0\0\x04\0\0\0\x08\0\0\0\x01\0\0\0\0"),
        ("dnp3", b"\x05\x64\x05\xc9\0\0\0\0\x36\x4c"),
        ("git", b"0033git-upload-pack /project.git\0host=x\0"),
        ("pptp", b"\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01\0\0"),
    ];
    for (expected, bytes) in samples {
        let found = recognise(bytes);
        assert_eq!(found.map(|f| f.protocol), Some(*expected), "{}", bytes.escape_ascii());
        assert!(found.is_some_and(|f| !f.source.is_empty()));
    }
}

#[test]
fn noise_is_not_recognised() {
    for bytes in [
        &b"\r\n\r\n"[..],
        b"",
        b"help\r\n",
        b"\0\0\0\0",
        b"aaaaaaaaaaaaaaaaaaaaaaaa",
        b"hello world\n",
    ] {
        assert_eq!(recognise(bytes), None, "{}", bytes.escape_ascii());
    }
}
