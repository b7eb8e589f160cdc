#![no_main]
//! IRC of the virtual Internet, with a script that answers: a client that has registered, or,
//! by the first byte, has not.

use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use ukai_emulators::Emulator;
use ukai_model::Transport;
use ukai_servers::{Irc, IrcLater, IrcPattern, IrcReply, IrcScript, looks_like_irc};

mod session;

/// One that answers in the channel, and one that answers alone.
static SERVERS: LazyLock<[Arc<dyn Emulator>; 2]> = LazyLock::new(|| {
    [false, true].map(|private| {
        let reply = IrcReply {
            pattern: IrcPattern::new("(?i)re.dy").expect("a pattern"),
            say: vec!["!do {nick} {channel}".to_owned()],
            private,
        };
        let later = IrcLater { seconds: 5, say: "later".to_owned(), private };
        let script = IrcScript { on: vec![reply], after: vec![later], ..IrcScript::default() };
        Arc::new(Irc::new(script)) as Arc<dyn Emulator>
    })
});

fuzz_target!(|data: &[u8]| {
    let _ = looks_like_irc(data);
    let Some((choice, data)) = data.split_first() else { return };
    let mut input = vec![*choice];
    if choice & 1 == 0 {
        input.extend(b"NICK a\nUSER a a a :a\n");
    }
    input.extend(data);
    let server = &SERVERS[usize::from(choice & 2 != 0)];
    session::serve(server, Transport::Tcp, 6667, &input);
});
