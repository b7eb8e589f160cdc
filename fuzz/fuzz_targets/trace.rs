//! Notices from a guest that a sample has taken over.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_trace::{Framer, Notice, Order};

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, piece) = input;
    let mut framer = Framer::default();
    for piece in bytes.chunks(usize::from(piece).max(1)) {
        framer.push(piece);
        loop {
            match framer.next_body() {
                Ok(Some(body)) => {
                    if let Ok(notice) = Notice::decode(body) {
                        let mut again = Vec::new();
                        notice.encode(&mut again);
                        assert_eq!(&again[4..], body);
                    }
                    let _ = Order::decode(body);
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
});
