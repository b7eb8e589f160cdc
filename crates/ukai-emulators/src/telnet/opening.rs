//! What a server settles before its log-in: inetutils' `telnetd` (telnetd/telnetd.c,
//! `getterminaltype` and `telnetd_run`) offers in steps, and waits at each for its client.

use super::codec::{IAC, SB, SE};
use super::options::{Options, Side};
use super::session::{ECHO, NAWS, NEW_ENVIRON, TSPEED, TTYPE, XDISPLOC};
use ukai_persona::{OptionOffer, TelnetSpec, Verb};

/// Where the negotiation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Opening {
    /// Answers to what was asked of the client first.
    #[default]
    First,
    /// What the client says of itself: terminal, speed, display, environment.
    Telling,
    /// Answers to what was asked of it then.
    Then,
    /// All is settled.
    Over,
}

/// What the client is asked to tell, in this order.
const TOLD: [u8; 4] = [TSPEED, XDISPLOC, NEW_ENVIRON, TTYPE];

impl Opening {
    /// Goes on as far as it can; gives what is to be sent.
    pub(super) fn go_on(
        &mut self,
        spec: &TelnetSpec,
        options: &mut Options,
        told: &[u8],
    ) -> Vec<u8> {
        let mut out = Vec::new();
        if *self == Self::First && !asked(&spec.offers).any(|option| options.changing(option)) {
            *self = Self::Telling;
            for option in willing(spec, options) {
                out.extend_from_slice(&[IAC, SB, option, 1, IAC, SE]);
            }
        }
        if *self == Self::Telling && willing(spec, options).all(|option| told.contains(&option)) {
            *self = Self::Then;
            make(&mut out, options, &spec.offers_after);
        }
        // Any client answers the offer of its window; the echo's answer came before, unless
        // it has none.
        if *self == Self::Then
            && !options.changing(NAWS)
            && !(options.changing(ECHO) && options.performs(Side::Peer, NAWS))
        {
            *self = Self::Over;
            if options.changing(ECHO) {
                out.extend_from_slice(&options.take_back(ECHO));
            }
            make(&mut out, options, &spec.offers_last);
        }
        out
    }
}

/// The options that a client was asked to perform.
fn asked(offers: &[OptionOffer]) -> impl Iterator<Item = u8> {
    offers.iter().filter(|offer| offer.verb == Verb::Do).map(|offer| offer.option)
}

/// What the client was ready to tell.
fn willing(spec: &TelnetSpec, options: &Options) -> impl Iterator<Item = u8> {
    let asks = spec.asks_terminal_type;
    TOLD.into_iter().filter(move |option| asks && options.performs(Side::Peer, *option))
}

fn make(out: &mut Vec<u8>, options: &mut Options, offers: &[OptionOffer]) {
    for offer in offers {
        out.extend(options.offer(offer.verb, offer.option).into_iter().flatten());
    }
}
