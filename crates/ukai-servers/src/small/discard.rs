//! Discard (RFC 863): whatever comes is thrown away, unanswered.

use crate::simple::{Plain, Simple};
use crate::told::Told;
use ukai_emulators::{Context, Emulator, Open, Session};

/// The discard server, on TCP and UDP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Emulator for Discard {
    fn name(&self) -> &'static str {
        "discard"
    }

    fn open(&self, _open: Open) -> Box<dyn Session> {
        Box::new(Plain(Discarding { told: Told::new("discard"), begun: false }))
    }
}

struct Discarding {
    told: Told,
    begun: bool,
}

impl Simple for Discarding {
    const NAME: &'static str = "discard";

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        if !self.begun {
            self.begun = true;
            self.told.request(cx, "discard", bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Discard;
    use crate::stage::Stage;

    #[test]
    fn what_comes_is_told_once_and_never_answered() {
        let mut stage = Stage::open(&Discard, 9);
        assert_eq!(stage.say(b"abc"), b"");
        assert_eq!(stage.say(b"def"), b"");
        assert_eq!(stage.kinds(), ["service.request"]);
        assert!(!stage.closed);
        stage.eof();
        assert!(stage.closed);
    }
}
