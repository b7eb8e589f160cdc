//! What FTP and TFTP servers send to the egress: no bytes may panic it, and what is
//! read stays within bounds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_egress::ftp_reply::{ReplyReader, epsv_port, pasv_port};
use ukai_egress::limits::FTP_LINE_BYTES_MAX;
use ukai_egress::tftp_packet::Packet;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Packet::Options { block_bytes: Some(size) }) = Packet::parse(bytes) {
        assert!((8..=65_464).contains(&size));
    }
    let mut reader = ReplyReader::default();
    for byte in bytes {
        match reader.push(*byte) {
            Ok(None) => {}
            Ok(Some(reply)) => {
                assert!((100..600).contains(&reply.code));
                assert!(reply.text.len() <= FTP_LINE_BYTES_MAX);
                assert_ne!(pasv_port(&reply.text), Some(0));
                assert_ne!(epsv_port(&reply.text), Some(0));
            }
            Err(_) => break,
        }
    }
});
