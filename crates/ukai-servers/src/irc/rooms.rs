//! Channels: coming, going, and what their operators do.

use super::channel::{Changed, Channel, Topic};
use super::message::Message;
use super::people::{Person, public_channels};
use super::session::{Due, Served};
use crate::limits::{IRC_CHANNEL_BYTES, IRC_CHANNELS, IRC_LINE_BYTES, IRC_TARGETS};
use ukai_model::Duration;

/// Longest topic that is kept, in bytes (`TOPICLEN`).
const TOPIC_BYTES: usize = 490;
/// Nicknames in one line of `353`, in bytes.
const NAMES_BYTES: usize = 380;
/// Modes that one message changes.
const MODES: usize = 12;
/// Modes of users that anybody may set.
const USER_MODES: &[u8] = b"abBcCFiIqRswxr";

/// The names in a parameter such as `#a,#b`.
pub(super) fn targets(parameter: &[u8]) -> impl Iterator<Item = &[u8]> {
    parameter.split(|byte| *byte == b',').filter(|name| !name.is_empty()).take(IRC_TARGETS)
}

pub(super) fn is_channel(name: &[u8]) -> bool {
    name.first().is_some_and(|sign| b"#&+".contains(sign))
        && name.len() <= IRC_CHANNEL_BYTES
        && !name.iter().any(|byte| b" ,\x07:".contains(byte))
}

impl Served {
    /// Carries out a command about channels; whether it is one.
    pub(super) fn room_command(&mut self, message: &Message) -> bool {
        let command = message.command.as_str();
        let (first, second) = (message.get(0), message.get(1));
        match (command, first) {
            ("JOIN" | "PART" | "TOPIC" | "MODE" | "KICK" | "INVITE", None) => {
                self.too_few(command);
            }
            ("KICK" | "INVITE", _) if second.is_none() => self.too_few(command),
            ("JOIN", Some(names)) => self.join(names, second),
            ("PART", Some(names)) => self.part(names, second),
            ("TOPIC", Some(name)) => self.topic(name, message.parameters.get(1)),
            ("NAMES", None) => {
                let all: Vec<Vec<u8>> = self.channels.iter().map(|c| c.name.clone()).collect();
                for name in &all {
                    self.names(name);
                }
            }
            ("NAMES", Some(names)) => {
                for name in targets(names) {
                    self.names(name);
                }
            }
            ("LIST", names) => self.list(names),
            ("MODE", Some(name)) if is_channel(name) => self.channel_mode(name, message),
            ("MODE", Some(name)) => self.user_mode(name, second),
            ("KICK", Some(names)) => {
                self.kick(names, second.unwrap_or_default(), message.get(2));
            }
            ("INVITE", Some(nick)) => self.invite(nick, second.unwrap_or_default()),
            _ => return false,
        }
        true
    }

    /// The number of a channel that the client is in.
    pub(super) fn joined(&self, name: &[u8]) -> Option<usize> {
        self.channels.iter().position(|channel| channel.name.eq_ignore_ascii_case(name))
    }

    /// A channel as it is, whether or not the client is in it.
    pub(super) fn look(&self, name: &[u8]) -> Channel {
        match self.joined(name) {
            Some(at) => self.channels[at].clone(),
            None => Channel::find(&self.place, &self.script, name, None, self.now),
        }
    }

    fn no_channel(&mut self, name: &[u8]) {
        self.numeric(403, &[name], Some(b"No such channel"));
    }

    fn join(&mut self, names: &[u8], keys: Option<&[u8]>) {
        if names == b"0" {
            // RFC 2812, 3.2.1: all are left.
            while let Some(channel) = self.channels.pop() {
                self.client_does("PART", &[&channel.name], None);
            }
            return;
        }
        let mut keys = keys.unwrap_or_default().split(|byte| *byte == b',');
        for name in targets(names) {
            let key = keys.next().filter(|key| !key.is_empty());
            if !is_channel(name) {
                self.no_channel(name);
            } else if self.joined(name).is_some() {
                // Already there: nothing happens.
            } else if self.channels.len() >= IRC_CHANNELS {
                self.numeric(405, &[name], Some(b"You have joined too many channels"));
            } else {
                self.enter(name, key);
            }
        }
    }

    fn enter(&mut self, name: &[u8], key: Option<&[u8]>) {
        let mut channel = Channel::find(&self.place, &self.script, name, key, self.now);
        channel.enter(&self.client.nick);
        let topic = channel.topic.is_some();
        self.channels.push(channel);
        self.client_does("JOIN", &[], Some(name));
        if topic {
            self.show_topic(name);
        }
        self.names(name);
        let script = std::sync::Arc::clone(&self.script);
        for later in &script.after {
            self.later(Due {
                at: self.now + Duration::from_secs(later.seconds),
                channel: name.to_vec(),
                say: later.say.clone(),
                private: later.private,
            });
        }
    }

    fn part(&mut self, names: &[u8], reason: Option<&[u8]>) {
        for name in targets(names) {
            match self.joined(name) {
                Some(at) => {
                    let channel = self.channels.remove(at);
                    self.client_does("PART", &[&channel.name], reason);
                }
                None => self.no_channel(name),
            }
        }
    }

    fn topic(&mut self, name: &[u8], text: Option<&Vec<u8>>) {
        let Some(text) = text else { return self.show_topic(name) };
        let Some(at) = self.joined(name) else {
            return self.numeric(442, &[name], Some(b"You are not on that channel"));
        };
        let text: Vec<u8> = text.iter().copied().take(TOPIC_BYTES).collect();
        let (by, now) = (self.client.nick.clone(), self.now);
        let channel = &mut self.channels[at];
        channel.topic = (!text.is_empty()).then(|| Topic { text: text.clone(), by, at: now });
        let name = channel.name.clone();
        self.client_does("TOPIC", &[&name], Some(&text));
    }

    fn show_topic(&mut self, name: &[u8]) {
        let Some(topic) = self.look(name).topic else {
            return self.numeric(331, &[name], Some(b"No topic is set"));
        };
        self.numeric(332, &[name], Some(&topic.text));
        let at = topic.at.secs().to_string();
        self.numeric(333, &[name, &topic.by, at.as_bytes()], None);
    }

    fn names(&mut self, name: &[u8]) {
        let channel = self.look(name);
        let all = self.client.capabilities.contains("multi-prefix");
        let hosts = self.client.capabilities.contains("userhost-in-names");
        let mut line: Vec<u8> = Vec::new();
        for member in channel.members.iter().filter(|_| is_channel(name)) {
            let shown = match (hosts, self.is_client(&member.nick)) {
                (false, _) => member.nick.clone(),
                (true, true) => self.mask(),
                (true, false) => Person::of(&self.place, &member.nick).mask(),
            };
            if line.len() + shown.len() > NAMES_BYTES {
                self.numeric(353, &[channel.kind(), &channel.name], Some(&line));
                line.clear();
            }
            if !line.is_empty() {
                line.push(b' ');
            }
            line.extend(member.signs(all));
            line.extend(shown);
        }
        if !line.is_empty() {
            self.numeric(353, &[channel.kind(), &channel.name], Some(&line));
        }
        self.numeric(366, &[name], Some(b"End of NAMES list"));
    }

    fn list(&mut self, names: Option<&[u8]>) {
        self.numeric(321, &[b"Channel"], Some(b"Users  Name"));
        let mut rows: Vec<(Vec<u8>, usize, Vec<u8>)> = Vec::new();
        let topic = |channel: &Channel| channel.topic.clone().map_or(Vec::new(), |t| t.text);
        // Options of `LIST` (`>3`, `*mask*`) show all.
        if let Some(names) = names.filter(|names| is_channel(names.get(..1).unwrap_or_default())) {
            for name in targets(names).filter(|name| is_channel(name)) {
                let channel = self.look(name);
                rows.push((name.to_vec(), channel.members.len(), topic(&channel)));
            }
        } else {
            for channel in self.channels.iter().filter(|channel| channel.kind() == b"=") {
                rows.push((channel.name.clone(), channel.members.len(), topic(channel)));
            }
            for (name, members) in public_channels(&self.place) {
                if self.joined(name).is_none() {
                    rows.push((name.to_vec(), members, Vec::new()));
                }
            }
        }
        for (name, members, topic) in rows {
            self.numeric(322, &[&name, members.to_string().as_bytes()], Some(&topic));
        }
        self.reply(323, "End of LIST");
    }

    fn channel_mode(&mut self, name: &[u8], message: &Message) {
        let Some(changes) = message.get(1) else {
            let channel = self.look(name);
            self.numeric(324, &[name, &channel.modes()], None);
            let created = channel.created.secs().to_string();
            return self.numeric(329, &[name, created.as_bytes()], None);
        };
        let mut parameters = message.parameters.iter().skip(2);
        let mut set = true;
        let (mut letters, mut shown) = (Vec::new(), Vec::new());
        let mut last_sign = None;
        for mode in changes.iter().take(2 * MODES).copied() {
            if b"+-".contains(&mode) {
                set = mode == b'+';
                continue;
            }
            let takes = Channel::takes_parameter(mode, set);
            let parameter = if takes { parameters.next().map(Vec::as_slice) } else { None };
            let Some(at) = self.joined(name) else {
                // Lists may be read from outside.
                self.mode_list(name, mode, parameter.is_none());
                return;
            };
            match self.channels[at].change(mode, set, parameter, self.now) {
                Changed::Done(parameter) => {
                    if last_sign != Some(set) {
                        letters.push(if set { b'+' } else { b'-' });
                        last_sign = Some(set);
                    }
                    letters.push(mode);
                    if let Some(parameter) = parameter {
                        shown.push(b' ');
                        shown.extend(parameter);
                    }
                }
                Changed::Same => {}
                Changed::List => self.mode_list(name, mode, true),
                Changed::Unknown => {
                    let text = [b"is unknown mode char for ".as_slice(), name].concat();
                    self.numeric(472, &[&[mode]], Some(&text));
                }
                Changed::NotThere(nick) => {
                    self.numeric(441, &[&nick, name], Some(b"They aren't on that channel"));
                }
            }
        }
        if !letters.is_empty() {
            letters.extend(shown);
            self.client_does("MODE", &[name, &letters], None);
        }
    }

    /// The masks of a list; without them, that one has to be in the channel to change it.
    fn mode_list(&mut self, name: &[u8], mode: u8, asked: bool) {
        let (row, end, text): (_, _, &[u8]) = match mode {
            b'b' => (367, 368, b"End of channel ban list"),
            b'e' => (348, 349, b"End of channel exception list"),
            b'I' => (346, 347, b"End of channel invite list"),
            _ => return self.numeric(442, &[name], Some(b"You are not on that channel")),
        };
        if !asked {
            return self.numeric(442, &[name], Some(b"You are not on that channel"));
        }
        let channel = self.look(name);
        let nick = self.shown_nick();
        for (mask, at) in channel.masks(mode) {
            self.numeric(row, &[name, mask, &nick, at.secs().to_string().as_bytes()], None);
        }
        self.numeric(end, &[name], Some(text));
    }

    fn user_mode(&mut self, nick: &[u8], changes: Option<&[u8]>) {
        if !self.is_client(nick) {
            return self.reply(502, "Can't set/get mode for other users");
        }
        let Some(changes) = changes else {
            let modes: Vec<u8> = [b'+'].into_iter().chain(self.client.modes.clone()).collect();
            return self.numeric(221, &[&modes], None);
        };
        let mut set = true;
        let mut done = Vec::new();
        let mut unknown = false;
        for mode in changes.iter().take(2 * MODES).copied() {
            match mode {
                b'+' | b'-' => set = mode == b'+',
                // Only OPER makes an operator.
                b'o' if set => {}
                b'o' => {
                    if self.client.modes.remove(&mode) {
                        done.extend([b'-', mode]);
                    }
                }
                mode if USER_MODES.contains(&mode) => {
                    let changed = if set {
                        self.client.modes.insert(mode)
                    } else {
                        self.client.modes.remove(&mode)
                    };
                    if changed {
                        done.extend([if set { b'+' } else { b'-' }, mode]);
                    }
                }
                _ => unknown = true,
            }
        }
        if unknown {
            self.reply(501, "Unknown mode");
        }
        if !done.is_empty() {
            let nick = self.client.nick.clone();
            self.client_does("MODE", &[&nick], Some(&done));
        }
    }

    fn kick(&mut self, names: &[u8], nicks: &[u8], reason: Option<&[u8]>) {
        let by = self.client.nick.clone();
        let reason: Vec<u8> =
            reason.unwrap_or(&by).iter().copied().take(IRC_LINE_BYTES / 2).collect();
        for name in targets(names) {
            for nick in targets(nicks) {
                let Some(at) = self.joined(name) else {
                    self.no_channel(name);
                    break;
                };
                if !self.channels[at].has(nick) {
                    self.numeric(441, &[nick, name], Some(b"They aren't on that channel"));
                    continue;
                }
                self.client_does("KICK", &[name, nick], Some(&reason));
                if self.is_client(nick) {
                    self.channels.remove(at);
                } else {
                    let members = &mut self.channels[at].members;
                    members.retain(|other| !other.nick.eq_ignore_ascii_case(nick));
                }
            }
        }
    }

    fn invite(&mut self, nick: &[u8], name: &[u8]) {
        match self.joined(name) {
            Some(at) if self.channels[at].has(nick) => {
                self.numeric(443, &[nick, name], Some(b"is already on channel"));
            }
            _ => self.numeric(341, &[nick, name], None),
        }
    }
}
