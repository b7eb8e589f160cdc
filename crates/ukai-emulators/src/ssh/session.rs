//! A connection: what the wire tells is handed to the part that deals with it.

use super::channel::{Channel, Work};
use super::keys::host_keys;
use crate::limits::{SSH_DETAIL_BYTES, SSH_KEXINIT_BYTES, SSH_REQUESTS_RECORDED};
use crate::{Context, Effect, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use ukai_model::{CloseReason, Duration, EventKind, PeerText, Sha256};
use ukai_persona::SshSpec;
use ukai_ssh::{
    ChannelId, ChannelOpen, KexInit, OpenFailure, Output, Profile, Server, ServerEvent,
};

/// The answer to a wrong password is due.
pub(super) const DELAY: TimerId = TimerId(0);
/// The time for the log-in is over.
pub(super) const GRACE: TimerId = TimerId(1);
/// The server speaks.
const BANNER: TimerId = TimerId(2);
/// The first timer of a channel.
const CHANNELS: u32 = 16;

pub(super) struct SshSession {
    pub(super) open: Box<Open>,
    spec: Box<SshSpec>,
    pub(super) server: Box<Server>,
    outputs: VecDeque<Output>,
    software: Option<Bytes>,
    pub(super) banner_sent: bool,
    pub(super) failures: u32,
    pub(super) refusing: bool,
    pub(super) user: Vec<u8>,
    pub(super) channels: BTreeMap<ChannelId, Channel>,
    /// What ended last: it can still tell what was left on the disk.
    pub(super) last: Option<Work>,
    /// Programs and services started so far.
    pub(super) started: u64,
    /// Timer of a channel's own → ours.
    pub(super) timers: BTreeMap<(ChannelId, TimerId), TimerId>,
    next_timer: u32,
    /// Fetch of ours → a channel's own.
    pub(super) fetches: BTreeMap<FetchId, (ChannelId, FetchId)>,
    pub(super) next_fetch: u32,
    recorded: u32,
}

impl SshSession {
    /// A session, if the persona has SSH.
    pub(super) fn new(open: &Open) -> Option<Self> {
        let spec = open.host.persona.ssh.clone()?;
        let profile = Profile::named(&spec.profile).ok()?;
        let keys = host_keys(&open.host, &profile);
        // The host's secret keeps session keys from being guessed by who knows the rest.
        let mut seed = open.host.secret("ssh session").to_vec();
        seed.extend_from_slice(&open.seed.to_be_bytes());
        seed.extend_from_slice(&open.now.nanos().to_be_bytes());
        seed.extend_from_slice(format!("{:?}", open.flow).as_bytes());
        let seed = *Sha256::of(&seed).as_bytes();
        Some(Self {
            server: Box::new(Server::new(profile, keys, seed)),
            open: Box::new(open.clone()),
            spec: Box::new(spec),
            outputs: VecDeque::new(),
            software: None,
            banner_sent: false,
            failures: 0,
            refusing: false,
            user: Vec::new(),
            channels: BTreeMap::new(),
            last: None,
            started: 0,
            timers: BTreeMap::new(),
            next_timer: CHANNELS,
            fetches: BTreeMap::new(),
            next_fetch: 0,
            recorded: 0,
        })
    }

    pub(super) fn spec(&self) -> &SshSpec {
        &self.spec
    }

    /// Lets the server do something; what comes of it waits for its turn.
    pub(super) fn with_server<T>(
        &mut self,
        act: impl FnOnce(&mut Server, &mut Vec<Output>) -> T,
    ) -> T {
        let mut out = Vec::new();
        let result = act(&mut self.server, &mut out);
        self.outputs.extend(out);
        result
    }

    /// Carries out what the server wants, until it wants nothing.
    fn carry_out(&mut self, cx: &mut Context<'_>) {
        while let Some(output) = self.outputs.pop_front() {
            match output {
                Output::Send(bytes) => cx.send(bytes),
                Output::Close => cx.effects.push(Effect::Close(CloseReason::Emulator)),
                Output::Event(event) => self.on_event(cx, event),
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: ServerEvent) {
        match event {
            ServerEvent::ClientVersion(version) => self.software = Some(version),
            ServerEvent::KexInit(kex) => {
                let software = self.software.take();
                let software = software.map(|text| PeerText::truncated(&text, 255));
                if let Some(value) = offers(&kex) {
                    cx.record(EventKind::ClientFingerprint {
                        method: "ssh-kexinit".to_owned(),
                        value,
                        software: software.clone(),
                    });
                }
                cx.record(EventKind::ClientFingerprint {
                    method: "hassh".to_owned(),
                    value: kex.hassh,
                    software,
                });
            }
            ServerEvent::Auth(request) => self.on_auth(cx, &request),
            ServerEvent::GlobalRequest { request, want_reply } => {
                self.on_global_request(cx, &request, want_reply);
            }
            ServerEvent::ChannelOpen { channel, open } => self.on_channel_open(cx, channel, &open),
            ServerEvent::ChannelRequest { channel, request, want_reply } => {
                self.on_channel_request(cx, channel, request, want_reply);
            }
            ServerEvent::Data { channel, bytes } => self.on_data(cx, channel, bytes),
            ServerEvent::Eof { channel } => {
                if let Some(entry) = self.channels.get_mut(&channel) {
                    entry.input_ended = true;
                    self.settle(cx, channel);
                }
            }
            ServerEvent::Writable { channel } => self.settle(cx, channel),
            ServerEvent::Closed { channel } => self.forget(cx, channel),
            ServerEvent::ProtocolError { what, .. } => {
                self.note(cx, "protocol-error", what.as_bytes());
            }
            ServerEvent::Negotiated(_)
            | ServerEvent::ChannelConfirmed { .. }
            | ServerEvent::ChannelRefused { .. }
            | ServerEvent::StderrData { .. }
            | ServerEvent::Disconnect { .. } => {}
        }
    }

    fn on_channel_open(&mut self, cx: &mut Context<'_>, channel: ChannelId, open: &ChannelOpen) {
        match open {
            ChannelOpen::Session => {
                let sessions = self
                    .channels
                    .values()
                    .filter(|channel| !matches!(channel.work, Work::Tunnel(_)))
                    .count();
                if sessions >= self.server.profile().sessions_max as usize {
                    self.fail_open(channel, OpenFailure::ConnectFailed, "open failed");
                    return;
                }
                self.channels.insert(channel, Channel::new(Work::Idle));
                self.with_server(|server, out| server.open_confirm(channel, out));
            }
            ChannelOpen::DirectTcpip { host, port, originator, originator_port } => {
                let mut origin = originator.to_vec();
                origin.extend_from_slice(format!(":{originator_port}").as_bytes());
                self.on_tunnel(cx, channel, host, *port, &origin);
            }
            ChannelOpen::DirectStreamlocal { path } => {
                self.note_tunnel(cx, "direct-streamlocal", path, 0, b"", false);
                self.fail_open(channel, OpenFailure::ConnectFailed, "open failed");
            }
            ChannelOpen::Tun { .. } | ChannelOpen::X11 { .. } | ChannelOpen::Other { .. } => {
                self.note(cx, "channel-open", format!("{open:?}").as_bytes());
                let reason = if self.is_openssh() {
                    OpenFailure::ConnectFailed
                } else {
                    OpenFailure::UnknownType
                };
                let text = if self.is_openssh() { "open failed" } else { "" };
                self.fail_open(channel, reason, text);
            }
        }
    }

    pub(super) fn fail_open(&mut self, channel: ChannelId, reason: OpenFailure, text: &str) {
        self.with_server(|server, out| server.open_fail(channel, reason, text, out));
    }

    /// A channel is gone.
    fn forget(&mut self, cx: &mut Context<'_>, id: ChannelId) {
        let Some(channel) = self.channels.remove(&id) else { return };
        self.retire(cx, id, channel.work);
        self.timers.retain(|(channel, _), _| *channel != id);
        self.fetches.retain(|_, (channel, _)| *channel != id);
    }

    /// Records that the client asked for something.
    pub(super) fn note(&mut self, cx: &mut Context<'_>, request: &str, detail: &[u8]) {
        if self.may_record() {
            cx.record(EventKind::ServiceRequest {
                protocol: "ssh".to_owned(),
                request: request.to_owned(),
                detail: PeerText::truncated(detail, SSH_DETAIL_BYTES),
            });
        }
    }

    /// Records that a connection onwards was asked for.
    pub(super) fn note_tunnel(
        &mut self,
        cx: &mut Context<'_>,
        how: &str,
        host: &[u8],
        port: u32,
        origin: &[u8],
        granted: bool,
    ) {
        if self.may_record() {
            cx.record(EventKind::TunnelRequest {
                how: how.to_owned(),
                host: PeerText::truncated(host, SSH_DETAIL_BYTES),
                port: u16::try_from(port).unwrap_or_default(),
                origin: PeerText::truncated(origin, SSH_DETAIL_BYTES),
                granted,
            });
        }
    }

    const fn may_record(&mut self) -> bool {
        self.recorded += 1;
        self.recorded <= SSH_REQUESTS_RECORDED
    }

    /// Our number for a channel's timer.
    pub(super) fn outer_timer(&mut self, channel: ChannelId, inner: TimerId) -> TimerId {
        let next = &mut self.next_timer;
        *self.timers.entry((channel, inner)).or_insert_with(|| {
            // Far from the few numbers in use when it comes round.
            *next = next.checked_add(1).unwrap_or(CHANNELS);
            TimerId(*next)
        })
    }
}

/// What a client offers: key exchanges, host keys, and for its direction ciphers, MACs,
/// compressions and languages, separated by `;` (RFC 4253, section 7.1). None where nobody's
/// client offers so much.
fn offers(kex: &KexInit) -> Option<String> {
    let lists = [0, 1, 2, 4, 6, 8].map(|at| &kex.lists[at][..]);
    let value = lists.join(&b';');
    (value.len() <= SSH_KEXINIT_BYTES).then(|| PeerText::from(&value[..]).escaped().into_owned())
}

impl Session for SshSession {
    fn protocol(&self) -> &'static str {
        "ssh"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        self.start_grace(cx);
        let delay = u64::from(self.server.profile().banner_delay_ms);
        if delay > 0 {
            let at = cx.now + Duration::from_millis(delay);
            cx.effects.push(Effect::Timer { id: BANNER, at });
            return;
        }
        self.with_server(Server::start);
        self.carry_out(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        self.with_server(|server, out| server.receive(bytes, out));
        self.carry_out(cx);
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        self.with_server(Server::ended);
        self.carry_out(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        match timer {
            BANNER => self.with_server(Server::start),
            DELAY => self.refuse(),
            GRACE if !self.server.authenticated() => {
                self.with_server(Server::abort);
            }
            _ => {
                let found = self.timers.iter().find(|(_, outer)| **outer == timer);
                if let Some(((channel, inner), _)) = found {
                    let (channel, inner) = (*channel, *inner);
                    self.on_channel_timer(cx, channel, inner);
                }
            }
        }
        self.carry_out(cx);
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        if let Some((channel, inner)) = self.fetches.remove(&fetch) {
            self.on_channel_fetched(cx, channel, inner, fetched);
        }
        self.carry_out(cx);
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        for id in self.channels.keys().copied().collect::<Vec<_>>() {
            self.forget(cx, id);
        }
        self.finish_last(cx);
    }
}
