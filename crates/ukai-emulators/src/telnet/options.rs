//! Who performs which option: the Q method of RFC 1143, by which negotiation never loops.
//!
//! A device offers and never takes an offer back, so of the method's states the ones
//! for disabling by ourselves cannot arise.

use super::codec::{DO, DONT, IAC, WILL, WONT};
use ukai_persona::Verb;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    No,
    WantYes,
    Yes,
}

/// Whose side an option is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// We perform it.
    Us,
    /// The peer performs it.
    Peer,
}

/// What a received command leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What is answered.
    pub(super) answer: Option<[u8; 3]>,
    /// The option that is now on or off, and for whom.
    pub(super) change: Option<(Side, bool)>,
}

/// State of all options; only those that are not off take memory.
#[derive(Debug, Default)]
pub(super) struct Options {
    us: Vec<(u8, State)>,
    peer: Vec<(u8, State)>,
}

impl Options {
    /// Makes an offer; gives the command, or nothing if it is already made or agreed.
    pub(super) fn offer(&mut self, verb: Verb, option: u8) -> Option<[u8; 3]> {
        let (side, command) = match verb {
            Verb::Will => (Side::Us, WILL),
            Verb::Do => (Side::Peer, DO),
        };
        if self.state(side, option) != State::No {
            return None;
        }
        self.set(side, option, State::WantYes);
        Some([IAC, command, option])
    }

    /// Whether the peer has not answered yet that it was asked to perform an option.
    pub(super) fn changing(&self, option: u8) -> bool {
        self.peer.contains(&(option, State::WantYes))
    }

    /// Whether that side performs an option.
    pub(super) fn performs(&self, side: Side, option: u8) -> bool {
        let list = match side {
            Side::Us => &self.us,
            Side::Peer => &self.peer,
        };
        list.contains(&(option, State::Yes))
    }

    /// The peer is not to perform an option after all.
    pub(super) fn take_back(&mut self, option: u8) -> [u8; 3] {
        self.set(Side::Peer, option, State::No);
        [IAC, DONT, option]
    }

    /// A command came; `willing` tells whether the option may be switched on.
    pub(super) fn receive(&mut self, verb: u8, option: u8, willing: bool) -> Outcome {
        let (side, on, yes, no) = match verb {
            WILL => (Side::Peer, true, DO, DONT),
            WONT => (Side::Peer, false, DO, DONT),
            DO => (Side::Us, true, WILL, WONT),
            _ => (Side::Us, false, WILL, WONT),
        };
        let state = self.state(side, option);
        let mut outcome = Outcome::default();
        match (state, on) {
            (State::No, false) | (State::Yes, true) => {}
            (State::No, true) if !willing => outcome.answer = Some([IAC, no, option]),
            (State::No, true) => {
                outcome.answer = Some([IAC, yes, option]);
                self.set(side, option, State::Yes);
                outcome.change = Some((side, true));
            }
            (State::WantYes, true) => {
                self.set(side, option, State::Yes);
                outcome.change = Some((side, true));
            }
            (State::WantYes, false) => {
                self.set(side, option, State::No);
                outcome.change = Some((side, false));
            }
            (State::Yes, false) => {
                outcome.answer = Some([IAC, no, option]);
                self.set(side, option, State::No);
                outcome.change = Some((side, false));
            }
        }
        outcome
    }

    fn list(&mut self, side: Side) -> &mut Vec<(u8, State)> {
        match side {
            Side::Us => &mut self.us,
            Side::Peer => &mut self.peer,
        }
    }

    fn state(&mut self, side: Side, option: u8) -> State {
        let found = self.list(side).iter().find(|(number, _)| *number == option);
        found.map_or(State::No, |(_, state)| *state)
    }

    fn set(&mut self, side: Side, option: u8, state: State) {
        let list = self.list(side);
        list.retain(|(number, _)| *number != option);
        if state != State::No {
            list.push((option, state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_end_and_are_not_answered_again() {
        let mut options = Options::default();
        assert_eq!(options.offer(Verb::Will, 1), Some([IAC, WILL, 1]));
        assert!(!options.performs(Side::Us, 1));
        let outcome = options.receive(DO, 1, true);
        assert_eq!((outcome.answer, outcome.change), (None, Some((Side::Us, true))));
        assert!(options.performs(Side::Us, 1));
        assert_eq!(options.receive(DO, 1, true), Outcome::default());
        assert_eq!(options.receive(DONT, 1, true).answer, Some([IAC, WONT, 1]));
        assert_eq!(options.receive(DONT, 1, true).answer, None);
    }

    #[test]
    fn what_is_not_supported_is_refused_and_forgotten() {
        let mut options = Options::default();
        for option in 0..=255 {
            assert_eq!(options.receive(WILL, option, false).answer, Some([IAC, DONT, option]));
        }
        assert!(options.us.is_empty() && options.peer.is_empty());
    }
}
