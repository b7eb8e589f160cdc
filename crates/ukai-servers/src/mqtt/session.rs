//! One client of the broker.

use super::packet::{Connect, Framing, Packet, Publish, cut, packet, put_varint};
use super::properties::Properties;
use super::topic::{is_filter, is_name, matches, unshared};
use crate::limits::{
    DETAIL_BYTES, MQTT_ALIASES, MQTT_FILTER_BYTES, MQTT_IN_FLIGHT, MQTT_RETAINED,
    MQTT_RETAINED_BYTES, MQTT_RETAINED_SENT_BYTES, MQTT_SUBSCRIPTIONS,
};
use crate::told::Told;
use crate::wire::Reader;
use bytes::Bytes;
use std::collections::BTreeMap;
use ukai_emulators::{Capture, Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use ukai_model::{CaptureHow, Duration, PeerText};

const SILENCE: TimerId = TimerId(1);

/// What Mosquitto says under `$SYS` that clients look at.
const SYSTEM: [(&[u8], &[u8]); 2] = [
    (b"$SYS/broker/version", b"mosquitto version 2.0.11"),
    (b"$SYS/broker/clients/connected", b"1"),
];

pub(super) struct MqttSession {
    told: Told,
    seed: u64,
    buffer: Vec<u8>,
    /// Level of the protocol: 3 (3.1), 4 (3.1.1), 5; none before CONNECT.
    level: Option<u8>,
    keep_alive: u16,
    subscriptions: Vec<Subscription>,
    retained: BTreeMap<Vec<u8>, Message>,
    retained_bytes: usize,
    retained_sent: usize,
    aliases: BTreeMap<u16, Vec<u8>>,
    /// Messages of QoS 2 whose PUBREL has not come, while there is room for them.
    unreleased: BTreeMap<u16, Option<Unreleased>>,
    unreleased_bytes: usize,
    next_id: u16,
    over: bool,
}

struct Subscription {
    filter: Vec<u8>,
    qos: u8,
    no_local: bool,
    as_published: bool,
    identifier: Option<u32>,
}

/// A message that is delivered when it is released.
struct Unreleased {
    topic: Vec<u8>,
    message: Message,
    retain: bool,
}

#[derive(Clone)]
struct Message {
    qos: u8,
    properties: Vec<u8>,
    payload: Bytes,
}

impl MqttSession {
    pub(super) fn new(open: &Open) -> Self {
        Self {
            told: Told::new("mqtt"),
            seed: open.seed,
            buffer: Vec::new(),
            level: None,
            keep_alive: 0,
            subscriptions: Vec::new(),
            retained: BTreeMap::new(),
            retained_bytes: 0,
            retained_sent: 0,
            aliases: BTreeMap::new(),
            unreleased: BTreeMap::new(),
            unreleased_bytes: 0,
            next_id: 0,
            over: false,
        }
    }

    fn five(&self) -> bool {
        self.level == Some(5)
    }

    /// Ends the connection, with a reason if the client can read one.
    fn end(&mut self, cx: &mut Context<'_>, reason: u8) {
        if self.five() {
            cx.send(packet(0xe0, &[reason]));
        }
        self.over = true;
        cx.close();
    }

    fn take(&mut self, cx: &mut Context<'_>, packet: &Packet<'_>) {
        const MALFORMED: u8 = 0x81;
        const PROTOCOL_ERROR: u8 = 0x82;
        let Some(level) = self.level else {
            if let (1, Some(connect)) = (packet.kind, Connect::read(packet.body)) {
                return self.connect(cx, &connect);
            }
            self.told.payload(cx, "mqtt", packet.body);
            return self.end(cx, MALFORMED);
        };
        let done = match packet.kind {
            3 => Publish::read(packet, level).map(|publish| self.publish(cx, publish)),
            4 | 7 => Some(()),
            5 => Reader(packet.body).u16().map(|id| cx.send(acknowledge(0x62, id))),
            6 => Reader(packet.body).u16().map(|id| self.release(cx, id)),
            8 => self.subscribe(cx, packet.body),
            10 => self.unsubscribe(cx, packet.body),
            12 => {
                cx.send(vec![0xd0, 0]);
                Some(())
            }
            14 => {
                self.told.request(cx, "DISCONNECT", b"");
                self.over = true;
                cx.close();
                Some(())
            }
            _ => return self.end(cx, PROTOCOL_ERROR),
        };
        if done.is_none() {
            self.end(cx, MALFORMED);
        }
    }

    fn connect(&mut self, cx: &mut Context<'_>, connect: &Connect<'_>) {
        let mut detail = connect.client.to_vec();
        if let Some(method) = connect.auth_method {
            detail.extend_from_slice(b" auth=");
            detail.extend_from_slice(method);
        }
        let version = match connect.level {
            3 => "CONNECT 3.1",
            4 => "CONNECT 3.1.1",
            _ => "CONNECT 5.0",
        };
        self.told.request(cx, version, &detail);
        if connect.user.is_some() || connect.password.is_some() {
            let (user, password) = (connect.user, connect.password);
            self.told.login(cx, user.unwrap_or_default(), password.unwrap_or_default(), None, None);
        }
        if let Some(will) = &connect.will {
            self.told.request(cx, "WILL", &[will.topic, b" ", will.payload].concat());
        }
        if !matches!(connect.level, 3..=5) {
            // "Unacceptable protocol version", as clients of 3.1.1 read it.
            cx.send(packet(0x20, &[0, 1]));
            self.over = true;
            return cx.close();
        }
        self.level = Some(connect.level);
        self.keep_alive = connect.keep_alive;
        if connect.level == 5 {
            // Topic alias maximum and receive maximum, as Mosquitto tells them.
            let mut properties = vec![0x22, 0, MQTT_ALIASES as u8];
            if connect.client.is_empty() {
                let name = self.assigned();
                properties.extend_from_slice(&[0x12, 0, name.len() as u8]);
                properties.extend_from_slice(name.as_bytes());
            }
            properties.extend_from_slice(&[0x21, 0, 20]);
            let mut body = vec![0, 0];
            put_varint(&mut body, properties.len());
            body.extend_from_slice(&properties);
            cx.send(packet(0x20, &body));
        } else if connect.level == 4 && connect.client.is_empty() && !connect.clean {
            cx.send(packet(0x20, &[0, 2]));
            self.over = true;
            cx.close();
        } else {
            cx.send(packet(0x20, &[0, 0]));
        }
    }

    /// A client identifier as Mosquitto makes them up.
    fn assigned(&self) -> String {
        let seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (high, low) = (seed, seed.rotate_left(29) ^ self.seed);
        format!(
            "auto-{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }

    fn publish(&mut self, cx: &mut Context<'_>, publish: Publish<'_>) {
        const PROTOCOL_ERROR: u8 = 0x82;
        const TOPIC_ALIAS_INVALID: u8 = 0x94;
        let mut topic = publish.topic.to_vec();
        if let Some(alias) = publish.alias {
            if alias == 0 || usize::from(alias) > MQTT_ALIASES {
                return self.end(cx, TOPIC_ALIAS_INVALID);
            }
            if topic.is_empty() {
                topic = self.aliases.get(&alias).cloned().unwrap_or_default();
            } else {
                self.aliases.insert(alias, topic.clone());
            }
        }
        if !is_name(&topic) || publish.id == Some(0) {
            return self.end(cx, PROTOCOL_ERROR);
        }
        match (publish.qos, publish.id) {
            (1, Some(id)) => {
                let meant = self.subscriptions.iter().any(|known| matches(&known.filter, &topic));
                // "No matching subscribers" is told to who can read it.
                let reason: &[u8] = if self.five() && !meant { &[0x10] } else { &[] };
                cx.send(packet(0x40, &[&id.to_be_bytes(), reason].concat()));
            }
            (2, Some(id)) => {
                cx.send(acknowledge(0x50, id));
                // Sent again before its PUBREL: the same message, which was taken.
                if self.unreleased.len() >= MQTT_IN_FLIGHT || self.unreleased.contains_key(&id) {
                    return;
                }
            }
            _ => {}
        }
        self.told.request(cx, "PUBLISH", &[&topic[..], b" ", publish.payload].concat());
        let message = Message {
            qos: publish.qos,
            properties: publish.forwarded,
            payload: Bytes::copy_from_slice(publish.payload),
        };
        if message.payload.len() > DETAIL_BYTES {
            cx.effects.push(Effect::Capture(Capture {
                bytes: message.payload.clone(),
                how: CaptureHow::Uploaded,
                name: Some(PeerText::truncated(&topic, DETAIL_BYTES)),
                url: None,
            }));
        }
        if let (2, Some(id)) = (publish.qos, publish.id) {
            let cost = message.cost(&topic);
            let room = self.unreleased_bytes + cost <= MQTT_RETAINED_BYTES;
            if room {
                self.unreleased_bytes += cost;
            }
            let held = Unreleased { topic, message, retain: publish.retain };
            self.unreleased.insert(id, room.then_some(held));
            return;
        }
        self.take_over(cx, &topic, &message, publish.retain);
    }

    /// PUBREL: now the message counts as published.
    fn release(&mut self, cx: &mut Context<'_>, id: u16) {
        if let Some(Some(held)) = self.unreleased.remove(&id) {
            self.unreleased_bytes -= held.message.cost(&held.topic);
            self.take_over(cx, &held.topic, &held.message, held.retain);
        }
        cx.send(acknowledge(0x70, id));
    }

    /// A message is published: it is kept if it is to be, and delivered.
    fn take_over(&mut self, cx: &mut Context<'_>, topic: &[u8], message: &Message, retain: bool) {
        if retain {
            self.retain(topic, message);
        }
        self.deliver(cx, topic, message, retain);
    }

    fn retain(&mut self, topic: &[u8], message: &Message) {
        if let Some(old) = self.retained.remove(topic) {
            self.retained_bytes -= old.cost(topic);
        }
        let cost = message.cost(topic);
        if !message.payload.is_empty()
            && self.retained.len() < MQTT_RETAINED
            && self.retained_bytes + cost <= MQTT_RETAINED_BYTES
        {
            self.retained_bytes += cost;
            self.retained.insert(topic.to_vec(), message.clone());
        }
    }

    /// Gives a message to this client, if it has subscribed to it: once, with the best
    /// quality of those subscriptions.
    fn deliver(&mut self, cx: &mut Context<'_>, topic: &[u8], message: &Message, retain: bool) {
        let meant = self
            .subscriptions
            .iter()
            .filter(|subscription| !subscription.no_local && matches(&subscription.filter, topic));
        let Some(best) = meant.max_by_key(|subscription| subscription.qos) else { return };
        let (qos, retain) = (best.qos.min(message.qos), retain && best.as_published);
        let identifier = best.identifier;
        let out = self.outgoing(topic, message, qos, retain, identifier);
        cx.send(out);
    }

    fn outgoing(
        &mut self,
        topic: &[u8],
        message: &Message,
        qos: u8,
        retain: bool,
        identifier: Option<u32>,
    ) -> Vec<u8> {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend_from_slice(topic);
        if qos > 0 {
            self.next_id = self.next_id.checked_add(1).unwrap_or(1);
            body.extend_from_slice(&self.next_id.to_be_bytes());
        }
        if self.five() {
            let mut properties = message.properties.clone();
            if let Some(identifier) = identifier {
                properties.push(0x0b);
                put_varint(&mut properties, identifier as usize);
            }
            put_varint(&mut body, properties.len());
            body.extend_from_slice(&properties);
        }
        body.extend_from_slice(&message.payload);
        packet(0x30 | qos << 1 | u8::from(retain), &body)
    }

    fn subscribe(&mut self, cx: &mut Context<'_>, body: &[u8]) -> Option<()> {
        let mut reader = Reader(body);
        let id = reader.u16()?;
        let mut identifier = None;
        if self.five() {
            identifier = Properties::read(&mut reader)?.subscription;
        }
        let mut answer = id.to_be_bytes().to_vec();
        if self.five() {
            answer.push(0);
        }
        let mut wanted = Vec::new();
        if reader.0.is_empty() {
            return None;
        }
        while !reader.0.is_empty() {
            let filter = reader.counted16()?;
            let options = reader.u8()?;
            let qos = (options & 3).min(2);
            self.told.request(cx, "SUBSCRIBE", filter);
            let inner = unshared(filter);
            if !is_filter(inner) {
                return None;
            }
            let known = self.subscriptions.iter().position(|old| old.filter == inner);
            if let Some(known) = known {
                self.subscriptions.swap_remove(known);
            }
            if self.subscriptions.len() >= MQTT_SUBSCRIPTIONS || inner.len() > MQTT_FILTER_BYTES {
                answer.push(if self.five() { 0x97 } else { 0x80 });
                continue;
            }
            answer.push(qos);
            self.subscriptions.push(Subscription {
                filter: inner.to_vec(),
                qos,
                no_local: options & 4 != 0,
                as_published: options & 8 != 0,
                identifier,
            });
            let handling = if self.five() { options >> 4 & 3 } else { 0 };
            // Shared subscriptions get nothing retained (4.8.2).
            let retained = handling == 0 || handling == 1 && known.is_none();
            if retained && inner.len() == filter.len() {
                wanted.push((inner, qos));
            }
        }
        cx.send(packet(0x90, &answer));
        for (filter, qos) in wanted {
            self.give_retained(cx, filter, qos, identifier);
        }
        Some(())
    }

    fn give_retained(
        &mut self,
        cx: &mut Context<'_>,
        filter: &[u8],
        qos: u8,
        identifier: Option<u32>,
    ) {
        let system = SYSTEM.iter().map(|(topic, payload)| {
            let payload = Bytes::from_static(payload);
            (topic.to_vec(), Message { qos: 0, properties: Vec::new(), payload })
        });
        let kept = self.retained.iter().map(|(topic, message)| (topic.clone(), message.clone()));
        let meant: Vec<_> =
            kept.chain(system).filter(|(topic, _)| matches(filter, topic)).collect();
        for (topic, message) in meant {
            self.retained_sent += message.cost(&topic);
            if self.retained_sent > MQTT_RETAINED_SENT_BYTES {
                return;
            }
            let out = self.outgoing(&topic, &message, qos.min(message.qos), true, identifier);
            cx.send(out);
        }
    }

    fn unsubscribe(&mut self, cx: &mut Context<'_>, body: &[u8]) -> Option<()> {
        let mut reader = Reader(body);
        let mut answer = reader.u16()?.to_be_bytes().to_vec();
        if self.five() {
            Properties::read(&mut reader)?;
            answer.push(0);
        }
        while !reader.0.is_empty() {
            let filter = reader.counted16()?;
            self.told.request(cx, "UNSUBSCRIBE", filter);
            let before = self.subscriptions.len();
            self.subscriptions.retain(|old| old.filter != unshared(filter));
            if self.five() {
                answer.push(if self.subscriptions.len() < before { 0 } else { 0x11 });
            }
        }
        cx.send(packet(0xb0, &answer));
        Some(())
    }
}

impl Message {
    fn cost(&self, topic: &[u8]) -> usize {
        topic.len() + self.properties.len() + self.payload.len()
    }
}

/// PUBACK, PUBREC, PUBREL, PUBCOMP: only the packet's number.
fn acknowledge(first: u8, id: u16) -> Vec<u8> {
    packet(first, &id.to_be_bytes())
}

impl Session for MqttSession {
    fn protocol(&self) -> &'static str {
        "mqtt"
    }

    fn on_open(&mut self, _cx: &mut Context<'_>) {}

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        const TOO_LARGE: u8 = 0x95;
        if self.over {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut rest = &buffer[..];
        while !self.over {
            match cut(rest) {
                Ok((packet, length)) => {
                    self.take(cx, &packet);
                    rest = &rest[length..];
                }
                Err(Framing::Incomplete) => break,
                Err(framing) => {
                    if self.level.is_none() {
                        self.told.payload(cx, "unknown", rest);
                    }
                    let reason = if framing == Framing::TooLong { TOO_LARGE } else { 0x81 };
                    self.end(cx, reason);
                }
            }
        }
        if self.over {
            return;
        }
        let used = buffer.len() - rest.len();
        buffer.drain(..used);
        self.buffer = buffer;
        if self.keep_alive > 0 {
            // One and a half times what the client promised (3.1.2.10).
            let at = cx.now + Duration::from_millis(u64::from(self.keep_alive) * 1_500);
            cx.effects.push(Effect::Timer { id: SILENCE, at });
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        cx.close();
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if timer == SILENCE && !self.over {
            self.end(cx, 0x8d);
        }
    }

    fn on_fetched(&mut self, _cx: &mut Context<'_>, _fetch: FetchId, _fetched: Fetched) {}

    fn on_close(&mut self, _cx: &mut Context<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::super::Mqtt;
    use super::super::packet::packet;
    use crate::stage::Stage;
    use proptest::prelude::*;
    use ukai_model::{Duration, EventKind};

    /// CONNECT of 3.1.1 with will and credentials, keep-alive 60.
    const CONNECT: &[u8] =
        b"\x10\x26\0\x04MQTT\x04\xc6\0\x3c\0\x03bot\0\x03a/w\0\x04gone\0\x04user\0\x04pass";

    fn publish(flags: u8, topic: &str, id: Option<u16>, payload: &[u8]) -> Vec<u8> {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend_from_slice(topic.as_bytes());
        body.extend(id.into_iter().flat_map(u16::to_be_bytes));
        body.extend_from_slice(payload);
        packet(0x30 | flags, &body)
    }

    #[test]
    fn who_connects_is_let_in_and_written_down() {
        assert!(Mqtt::looks_like(CONNECT));
        let mut stage = Stage::open(&Mqtt, 1883);
        assert_eq!(stage.say(&CONNECT[..9]), b"");
        assert_eq!(stage.say(&CONNECT[9..]), b"\x20\x02\0\0");
        assert_eq!(stage.kinds(), ["service.request", "login.attempt", "service.request"]);
        let EventKind::LoginAttempt { user, password, .. } = &stage.facts[1] else { panic!() };
        assert_eq!((user.as_bytes(), password.as_bytes()), (&b"user"[..], &b"pass"[..]));
        assert_eq!(stage.say(b"\xc0\0"), b"\xd0\0");
        assert_eq!(stage.wait(Duration::from_secs(91)), b"");
        assert!(stage.closed, "silent for longer than the keep-alive");
    }

    #[test]
    fn what_is_published_comes_back_to_who_subscribed() {
        let mut stage = Stage::open(&Mqtt, 1883);
        stage.say(CONNECT);
        let sent = publish(3, "a/b", Some(9), b"kept");
        assert_eq!(stage.say(&sent), b"\x40\x02\0\x09");
        let answer = stage.say(b"\x82\x08\0\x01\0\x03a/#\x02");
        let kept = publish(3, "a/b", Some(1), b"kept");
        assert_eq!(answer, [&b"\x90\x03\0\x01\x02"[..], &kept].concat());
        // QoS 2 counts as published when it is released, and once.
        assert_eq!(stage.say(&publish(4, "a/c", Some(5), b"new")), b"\x50\x02\0\x05");
        assert_eq!(stage.say(&publish(0xc, "a/c", Some(5), b"new")), b"\x50\x02\0\x05");
        let answer = stage.say(b"\x62\x02\0\x05");
        let new = publish(4, "a/c", Some(2), b"new");
        assert_eq!(answer, [&new[..], b"\x70\x02\0\x05"].concat());
        assert_eq!(stage.say(b"\x62\x02\0\x05"), b"\x70\x02\0\x05");
        assert_eq!(stage.say(b"\xa2\x07\0\x02\0\x03a/#"), b"\xb0\x02\0\x02");
        assert_eq!(stage.say(&publish(0, "a/c", None, b"new")), b"");
        stage.say(b"\xe0\0");
        assert!(stage.closed);
    }

    #[test]
    fn mistakes_end_it_as_mosquitto_ends_it() {
        // Compared with Mosquitto 2.0.11.
        const FIVE: &[u8] = b"\x10\x10\0\x04MQTT\x05\x02\0\x3c\0\0\x03bot";
        for (wrong, reason) in [
            (&b"\x82\x0a\0\x01\0\0\x04a/#b\x02"[..], 0x81),
            (b"\x82\x03\0\x01\0", 0x81),
            (b"\x30\x05\0\x01+\0x", 0x82),
            (b"\x32\x06\0\x01a\0\0\0", 0x82),
            (b"\x36\x06\0\x01a\0\x01x", 0x81),
            (b"\x20\x02\0\0", 0x82),
        ] {
            let mut stage = Stage::open(&Mqtt, 1883);
            stage.say(FIVE);
            assert_eq!(stage.say(wrong), [0xe0, 1, reason], "{wrong:?}");
            assert!(stage.closed);
        }
        let mut stage = Stage::open(&Mqtt, 1883);
        stage.say(FIVE);
        assert_eq!(stage.say(b"\x32\x07\0\x01a\0\x09\0x"), b"\x40\x03\0\x09\x10", "nobody listens");
    }

    #[test]
    fn a_large_message_is_a_sample() {
        let mut stage = Stage::open(&Mqtt, 1883);
        stage.say(CONNECT);
        stage.say(&publish(0, "up", None, &[b'x'; 5_000]));
        assert_eq!(stage.captures[0].bytes.len(), 5_000);
    }

    #[test]
    fn version_five_has_properties_and_reasons() {
        let mut stage = Stage::open(&Mqtt, 1883);
        let answer = stage.say(b"\x10\x0d\0\x04MQTT\x05\x02\0\0\0\0\0");
        assert_eq!(answer[..10], *b"\x20\x35\0\0\x32\x22\0\x0a\x12\0");
        assert!(
            answer[11..].starts_with(b"auto-") && answer.ends_with(b"\x21\0\x14"),
            "{answer:?}"
        );
        // A subscription with an identifier; a message with an alias, then by the alias alone.
        assert_eq!(stage.say(b"\x82\x09\0\x01\x02\x0b\x07\0\x01t\0"), b"\x90\x04\0\x01\0\0");
        assert_eq!(stage.say(b"\x30\x08\0\x01t\x03\x23\0\x01x"), b"\x30\x07\0\x01t\x02\x0b\x07x");
        assert_eq!(stage.say(b"\x30\x07\0\0\x03\x23\0\x01y"), b"\x30\x07\0\x01t\x02\x0b\x07y");
        assert_eq!(stage.say(b"\xa2\x06\0\x02\0\0\x01q"), b"\xb0\x04\0\x02\0\x11");
        assert_eq!(stage.say(b"\x30\x04\0\x01+\0"), b"\xe0\x01\x82");
        assert!(stage.closed);
    }

    #[test]
    fn retained_messages_are_given_a_bounded_number_of_times() {
        let mut stage = Stage::open(&Mqtt, 1883);
        stage.say(CONNECT);
        for number in 0..4 {
            stage.say(&publish(1, &format!("r/{number}"), None, &vec![b'x'; 60_000]));
        }
        for _ in 0..100 {
            stage.say(b"\x82\x08\0\x01\0\x03r/#\0");
        }
        let sent: usize = stage.sent.iter().map(Vec::len).sum();
        assert!(sent < 4 * 1024 * 1024 + 100 * 16, "{sent}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_in_any_pieces(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..40), 0..20), level in 3..7_u8) {
            let mut stage = Stage::open(&Mqtt, 1883);
            if level < 6 {
                let mut connect = b"\x10\x0d\0\x04MQTT\x05\x02\0\0\0\0\0".to_vec();
                if level < 5 {
                    connect = b"\x10\x0c\0\x04MQTT\x04\x02\0\0\0\0".to_vec();
                    connect[8] = level;
                }
                stage.say(&connect);
            }
            let said: usize = pieces.iter().map(Vec::len).sum();
            for piece in pieces {
                stage.say(&piece);
            }
            let sent: usize = stage.sent.iter().map(Vec::len).sum();
            prop_assert!(sent <= 200 + said * 40, "{said} bytes made {sent}");
        }
    }
}
