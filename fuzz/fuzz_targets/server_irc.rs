#![no_main]
//! IRC of the virtual Internet, with a script that answers: a client that has registered, or,
//! by the first byte, has not.

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use ukai_emulators::Emulator;
use ukai_model::Transport;
use ukai_servers::{Irc, IrcLater, IrcPattern, IrcReply, IrcScript, looks_like_irc};

mod session;

fuzz_target!(|data: &[u8]| {
    let _ = looks_like_irc(data);
    let Some((choice, data)) = data.split_first() else { return };
    let reply = IrcReply {
        pattern: IrcPattern::new("(?i)re.dy").expect("a pattern"),
        say: vec!["!do {nick} {channel}".to_owned()],
        private: choice & 2 == 0,
    };
    let later = IrcLater { seconds: 5, say: "later".to_owned(), private: false };
    let script = IrcScript { on: vec![reply], after: vec![later], ..IrcScript::default() };
    let server: Arc<dyn Emulator> = Arc::new(Irc::new(script));
    let mut input = vec![*choice];
    if choice & 1 == 0 {
        input.extend(b"NICK a\nUSER a a a :a\n");
    }
    input.extend(data);
    session::serve(&server, Transport::Tcp, 6667, &input);
});
