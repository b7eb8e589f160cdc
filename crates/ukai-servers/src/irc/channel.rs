//! A channel as the bot sees it: who is in it, its topic and its modes.

use super::people;
use super::script::IrcScript;
use crate::limits::{IRC_BANS, IRC_MODE_BYTES};
use ukai_model::Timestamp;

/// Modes that are on or off.
const FLAGS: &[u8] = b"imnOpPQRrstVzcCMNST";
/// Modes that are lists of masks.
const LISTS: &[u8] = b"beI";
/// Modes of members.
const RANKS: &[u8] = b"qaohv";
/// Signs of those, in the same order.
const SIGNS: &[u8] = b"~&@%+";

/// One who is in it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) nick: Vec<u8>,
    ranks: Vec<u8>,
}

impl Member {
    /// Signs before the nickname: the highest, or all.
    pub(super) fn signs(&self, all: bool) -> Vec<u8> {
        let signs = RANKS.iter().zip(SIGNS).filter(|(rank, _)| self.ranks.contains(rank));
        signs.map(|(_, sign)| *sign).take(if all { RANKS.len() } else { 1 }).collect()
    }
}

/// The channel. The bot is its first member, if it is in it.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) name: Vec<u8>,
    pub(super) members: Vec<Member>,
    pub(super) topic: Option<Topic>,
    pub(super) created: Timestamp,
    flags: Vec<u8>,
    key: Option<Vec<u8>>,
    limit: Option<u32>,
    /// Mode, mask, and when it was set.
    masks: Vec<(u8, Vec<u8>, Timestamp)>,
}

/// A topic, with who set it, when.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) text: Vec<u8>,
    pub(super) by: Vec<u8>,
    pub(super) at: Timestamp,
}

/// What came of one change of a mode.
pub(super) enum Changed {
    /// It is done, with its parameter as it is to be shown.
    Done(Option<Vec<u8>>),
    /// It changes nothing.
    Same,
    /// The masks of a list are asked for.
    List,
    /// There is no such mode.
    Unknown,
    /// Who it is for is not there.
    NotThere(Vec<u8>),
}

impl Channel {
    /// The channel of that name, without the bot. Whoever comes with a key finds that it is
    /// the right one.
    pub(super) fn find(
        place: &str,
        script: &IrcScript,
        name: &[u8],
        key: Option<&[u8]>,
        now: Timestamp,
    ) -> Self {
        let nicks = if script.users.is_empty() {
            people::crowd(place, name)
        } else {
            script.users.iter().map(|nick| nick.as_bytes().to_vec()).collect()
        };
        let member = |(at, nick): (usize, Vec<u8>)| Member {
            nick,
            ranks: if at == 0 { vec![b'o'] } else { Vec::new() },
        };
        let created = people::begun(place, now);
        let members: Vec<Member> = nicks.into_iter().enumerate().map(member).collect();
        let by = members.first().map(|member| member.nick.clone()).unwrap_or_default();
        let topic = script.topic.as_ref();
        Self {
            name: name.to_vec(),
            topic: topic.map(|text| Topic { text: text.clone().into_bytes(), by, at: created }),
            members,
            created,
            flags: b"nt".to_vec(),
            key: key.map(parameter),
            limit: None,
            masks: Vec::new(),
        }
    }

    /// The member of that nickname.
    pub(super) fn member(&mut self, nick: &[u8]) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.nick.eq_ignore_ascii_case(nick))
    }

    pub(super) fn has(&self, nick: &[u8]) -> bool {
        self.members.iter().any(|member| member.nick.eq_ignore_ascii_case(nick))
    }

    /// The bot comes in.
    pub(super) fn enter(&mut self, nick: &[u8]) {
        self.members.retain(|member| !member.nick.eq_ignore_ascii_case(nick));
        let ranks = if self.members.is_empty() { vec![b'o'] } else { Vec::new() };
        self.members.insert(0, Member { nick: nick.to_vec(), ranks });
    }

    /// Whose word counts here: the operator, or whoever is there.
    pub(super) fn operator(&self, bot: &[u8]) -> Option<&[u8]> {
        let others = || self.members.iter().filter(|member| !member.nick.eq_ignore_ascii_case(bot));
        let operator = others().find(|member| member.ranks.contains(&b'o'));
        operator.or_else(|| others().next()).map(|member| member.nick.as_slice())
    }

    /// Its modes as `324` shows them: letters, then parameters.
    pub(super) fn modes(&self) -> Vec<u8> {
        let mut modes = b"+".to_vec();
        modes.extend(&self.flags);
        modes.extend(self.key.iter().map(|_| b'k'));
        modes.extend(self.limit.iter().map(|_| b'l'));
        if let Some(key) = &self.key {
            modes.push(b' ');
            modes.extend(key);
        }
        if let Some(limit) = self.limit {
            modes.extend(format!(" {limit}").bytes());
        }
        modes
    }

    /// What stands before the name in `353` (RFC 2812): secret, private or public.
    pub(super) fn kind(&self) -> &'static [u8] {
        match () {
            () if self.flags.contains(&b's') => b"@",
            () if self.flags.contains(&b'p') => b"*",
            () => b"=",
        }
    }

    /// Masks of one list.
    pub(super) fn masks(&self, mode: u8) -> impl Iterator<Item = (&[u8], Timestamp)> {
        let of = self.masks.iter().filter(move |(kind, ..)| *kind == mode);
        of.map(|(_, mask, at)| (mask.as_slice(), *at))
    }

    /// Whether a mode's change takes a parameter.
    pub(super) fn takes_parameter(mode: u8, set: bool) -> bool {
        mode == b'k' || mode == b'l' && set || LISTS.contains(&mode) || RANKS.contains(&mode)
    }

    /// Changes one mode.
    pub(super) fn change(
        &mut self,
        mode: u8,
        set: bool,
        given: Option<&[u8]>,
        now: Timestamp,
    ) -> Changed {
        match (mode, given.map(parameter)) {
            (b'k', key) => {
                let shown = key.or_else(|| self.key.clone());
                self.key = shown.clone().filter(|_| set);
                shown.map_or(Changed::Same, |key| Changed::Done(Some(key)))
            }
            (b'l', limit) => {
                let limit = limit.and_then(|text| String::from_utf8_lossy(&text).parse().ok());
                if set && limit.is_none() {
                    return Changed::Same;
                }
                self.limit = limit.filter(|_| set);
                Changed::Done(self.limit.map(|limit| limit.to_string().into_bytes()))
            }
            (_, None) if LISTS.contains(&mode) => Changed::List,
            (_, Some(mask)) if LISTS.contains(&mode) => {
                let before = self.masks.len();
                self.masks.retain(|(kind, other, _)| *kind != mode || *other != mask);
                if set && self.masks.len() < IRC_BANS {
                    self.masks.push((mode, mask.clone(), now));
                }
                let same = !set && before == self.masks.len();
                if same { Changed::Same } else { Changed::Done(Some(mask)) }
            }
            (_, None) if RANKS.contains(&mode) => Changed::Same,
            (_, Some(nick)) if RANKS.contains(&mode) => {
                let Some(member) = self.member(&nick) else { return Changed::NotThere(nick) };
                if member.ranks.contains(&mode) == set {
                    return Changed::Same;
                }
                member.ranks.retain(|rank| *rank != mode);
                if set {
                    member.ranks.push(mode);
                }
                Changed::Done(Some(member.nick.clone()))
            }
            _ if FLAGS.contains(&mode) => {
                if self.flags.contains(&mode) == set {
                    return Changed::Same;
                }
                self.flags.retain(|flag| *flag != mode);
                if set {
                    self.flags.push(mode);
                }
                Changed::Done(None)
            }
            _ => Changed::Unknown,
        }
    }
}

/// A key or a mask as it is kept: it stands in the middle of messages, where a space would end
/// it.
fn parameter(text: &[u8]) -> Vec<u8> {
    text.iter().copied().take_while(|byte| *byte != b' ').take(IRC_MODE_BYTES).collect()
}
