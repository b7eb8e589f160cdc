//! What holds for a server whatever is sent to it: no panic, and an output that its input
//! bounds.

use crate::limits::CHARGEN_BYTES_A_TICK;
use crate::stage::Stage;
use proptest::prelude::*;
use ukai_model::Duration;

/// Servers without a property test of their own.
const SERVERS: [&str; 9] =
    ["chargen", "daytime", "discard", "finger", "ident", "ntp", "quotd", "syslog", "time"];

/// Bytes that the parsers look at, and any others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let text = prop::string::bytes_regex("[0-9 ,<>/@a\\x00\r\n]{0,40}").expect("a pattern");
    prop_oneof![text, prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_in_any_pieces_are_borne(
        name in prop::sample::select(&SERVERS[..]),
        pieces in prop::collection::vec(bytes(), 0..8),
        datagrams: bool,
    ) {
        let server = crate::server(name).expect("a server");
        let mut stage = if datagrams {
            Stage::datagrams(&*server, 7)
        } else {
            Stage::open(&*server, 7)
        };
        for piece in &pieces {
            stage.say(piece);
        }
        stage.wait(Duration::from_secs(1));
        stage.eof();
        let (came, sent) = (pieces.concat().len(), stage.sent.concat().len());
        prop_assert!(sent <= 6 * CHARGEN_BYTES_A_TICK + 512 * pieces.len() + 150 * came, "{sent}");
        prop_assert!(stage.facts.len() <= 2 + pieces.len() + came);
    }
}
