//! Quote of the day (RFC 865): some sentence, shorter than 512 characters.

use crate::chance::Chance;
use crate::simple::{AtOnce, Plain, Telling};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session};

/// Sentences long out of copyright.
const QUOTES: [&str; 7] = [
    "\"We want a few mad people now. See where the sane ones have landed us!\"\r\n George Bernard Shaw (1856-1950)\r\n",
    "\"When a stupid man is doing something he is ashamed of, he always declares\r\n that it is his duty.\" George Bernard Shaw (1856-1950)\r\n",
    "\"The secret of being miserable is to have leisure to bother about whether\r\n you are happy or not. The cure for it is occupation.\"\r\n George Bernard Shaw (1856-1950)\r\n",
    "\"Man can climb to the highest summits, but he cannot dwell there long.\"\r\n George Bernard Shaw (1856-1950)\r\n",
    "\"Here's the rule for bargains: \"Do other men, for they would do you.\"\r\n That's the true business precept.\" Charles Dickens (1812-70)\r\n",
    "\"Oh the nerves, the nerves; the mysteries of this machine called man!\r\n Oh the little that unhinges it, poor creatures that we are!\"\r\n Charles Dickens (1812-70)\r\n",
    "\"A wonderful fact to reflect upon, that every human creature is constituted\r\n to be that profound secret and mystery to every other.\"\r\n Charles Dickens (1812-70)\r\n",
];

/// The quote server, on TCP and UDP. Its sentences are those of Windows' Simple TCP/IP
/// services.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quote;

impl Emulator for Quote {
    fn name(&self) -> &'static str {
        "quotd"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        let chance = Chance::new(open.seed, "quote");
        let telling = Quoting { told: Told::new("quotd"), chance };
        Box::new(Plain(AtOnce::new(telling, open.flow.transport)))
    }
}

struct Quoting {
    told: Told,
    chance: Chance,
}

impl Telling for Quoting {
    const NAME: &'static str = "quotd";

    fn tell(&mut self, cx: &mut Context<'_>, asked: &[u8]) {
        self.told.request(cx, "quote", asked);
        cx.send(self.chance.pick(&QUOTES));
    }
}

#[cfg(test)]
mod tests {
    use super::{QUOTES, Quote};
    use crate::stage::Stage;

    #[test]
    fn a_quote_is_short_and_comes_at_once() {
        assert!(QUOTES.iter().all(|quote| quote.len() < 512 && quote.ends_with("\r\n")));
        let stage = Stage::open(&Quote, 17);
        let quote = String::from_utf8(stage.sent.concat()).expect("it is text");
        assert!(QUOTES.contains(&quote.as_str()) && stage.closed, "{quote}");
        let mut stage = Stage::datagrams(&Quote, 17);
        let quotes: Vec<String> = (0..8).map(|_| stage.talk("")).collect();
        assert!(quotes.iter().any(|quote| *quote != quotes[0]), "they differ");
    }
}
