//! How a client becomes known: passwords, names, capabilities, SASL, TLS; and how it goes.

use super::message::Message;
use super::people::is_nick;
use super::session::Served;
use crate::clock::written;
use crate::limits::{IRC_LINE_BYTES, IRC_NICK_BYTES, IRC_SASL_BYTES};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ukai_emulators::Context;

/// What we can do of IRCv3, by name, with its value for clients that asked for version 302.
/// Not `tls`: irssi would then go on in TLS unasked, and stumble over a certificate.
const CAPABILITIES: [(&str, &str); 4] = [
    ("message-tags", ""),
    ("multi-prefix", ""),
    ("sasl", "PLAIN,EXTERNAL"),
    ("userhost-in-names", ""),
];

/// A piece of a SASL response of this length is not the last.
const SASL_PIECE_BYTES: usize = 400;

/// What the server supports (`005`).
const SUPPORTED: [&str; 2] = [
    "RFC2812 IRCD=ngIRCd CHARSET=UTF-8 CASEMAPPING=ascii PREFIX=(qaohv)~&@%+ CHANTYPES=#&+ \
     CHANMODES=beI,k,l,imMnOPQRstVz CHANLIMIT=#&+:50",
    "CHANNELLEN=64 NICKLEN=30 TOPICLEN=490 AWAYLEN=127 KICKLEN=400 MODES=5 MAXLIST=beI:50 \
     EXCEPTS=e INVEX=I PENALTY FNC",
];

impl Served {
    /// Carries out what is allowed before registration; whether the message was of these.
    pub(super) fn registration(&mut self, cx: &mut Context<'_>, message: &Message) -> bool {
        match message.command.as_str() {
            "PASS" => self.pass(message),
            "NICK" => self.nick(message),
            "USER" => self.user(message),
            "CAP" => self.cap(message),
            "AUTHENTICATE" => self.authenticate(cx, message),
            "STARTTLS" => self.upgrade(cx),
            "PING" => match message.get(0) {
                Some(token) => {
                    let server = self.server.clone();
                    self.server_says("PONG", &[server.as_bytes()], Some(token));
                }
                None => self.reply(409, "No origin specified"),
            },
            // WEBIRC: a gateway's word for who its client is.
            "PONG" | "WEBIRC" | "PROTOCTL" => {}
            "QUIT" => {
                let reason = message.get(0).unwrap_or(&self.client.nick);
                let reason = [b"\"", reason, b"\""].concat();
                self.end(&reason);
            }
            _ => return false,
        }
        if !self.client.registered
            && !self.client.negotiating
            && !self.client.nick.is_empty()
            && !self.client.user.is_empty()
        {
            self.client.registered = true;
            if let Some(password) = self.client.password.take() {
                let nick = self.client.nick.clone();
                self.login(cx, &nick, &password, None);
            }
            self.welcome();
        }
        true
    }

    /// `461`.
    pub(super) fn too_few(&mut self, command: &str) {
        self.numeric(461, &[command.as_bytes()], Some(b"Syntax error"));
    }

    fn pass(&mut self, message: &Message) {
        match message.get(0) {
            _ if self.client.registered => self.reply(462, "Connection already registered"),
            Some(password) => self.client.password = Some(password.to_vec()),
            None => self.too_few("PASS"),
        }
    }

    fn user(&mut self, message: &Message) {
        if self.client.registered {
            self.reply(462, "Connection already registered");
            return;
        }
        // Sloppy bots leave the last parameters out.
        let Some(user) = message.get(0) else { return self.too_few("USER") };
        let fits = |byte: &u8| byte.is_ascii_graphic() && !b"@!:".contains(byte);
        self.client.user = user.iter().copied().filter(fits).take(IRC_NICK_BYTES).collect();
        if self.client.user.is_empty() {
            self.client.user = b"user".to_vec();
        }
        let real = message.get(3).or_else(|| message.get(message.parameters.len() - 1));
        self.client.real = real.unwrap_or(user).iter().copied().take(IRC_LINE_BYTES).collect();
    }

    fn nick(&mut self, message: &Message) {
        let Some(nick) = message.get(0) else {
            // RFC 2812 has `431` for it; ngIRCd does not.
            return self.too_few("NICK");
        };
        let nick = nick.get(..IRC_NICK_BYTES).unwrap_or(nick).to_vec();
        if !is_nick(&nick, IRC_NICK_BYTES) {
            self.numeric(432, &[&nick], Some(b"Erroneous nickname"));
        } else if !self.is_client(&nick) && self.channels.iter().any(|channel| channel.has(&nick)) {
            self.numeric(433, &[&nick], Some(b"Nickname already in use"));
        } else {
            if self.client.registered && nick != self.client.nick {
                self.client_does("NICK", &[], Some(&nick));
            }
            let before = std::mem::replace(&mut self.client.nick, nick.clone());
            for channel in &mut self.channels {
                if let Some(member) = channel.member(&before) {
                    member.nick.clone_from(&nick);
                }
            }
        }
    }

    fn cap(&mut self, message: &Message) {
        let Some(subcommand) = message.get(0) else { return self.too_few("CAP") };
        let nick = self.shown_nick();
        let subcommand = String::from_utf8_lossy(subcommand).to_ascii_uppercase();
        match subcommand.as_str() {
            "LS" => {
                self.client.negotiating = !self.client.registered;
                let values = message.get(1).is_some_and(|version| version >= b"302".as_slice());
                let listed: Vec<String> = CAPABILITIES
                    .iter()
                    .map(|(name, value)| {
                        let plain = value.is_empty() || !values;
                        if plain { (*name).to_owned() } else { format!("{name}={value}") }
                    })
                    .collect();
                self.server_says("CAP", &[&nick, b"LS"], Some(listed.join(" ").as_bytes()));
            }
            "LIST" => {
                let on: Vec<&str> = self.client.capabilities.iter().copied().collect();
                self.server_says("CAP", &[&nick, b"LIST"], Some(on.join(" ").as_bytes()));
            }
            "REQ" => {
                self.client.negotiating |= !self.client.registered;
                let asked = message.get(1).unwrap_or_default();
                let answer: &[u8] = if self.request(asked) { b"ACK" } else { b"NAK" };
                self.server_says("CAP", &[&nick, answer], Some(asked));
            }
            "END" => self.client.negotiating = false,
            other => {
                self.numeric(410, &[other.as_bytes()], Some(b"Invalid CAP subcommand"));
            }
        }
    }

    /// Switches capabilities, all or none of them.
    fn request(&mut self, asked: &[u8]) -> bool {
        let text = String::from_utf8_lossy(asked);
        let mut switches = Vec::new();
        for name in text.split_ascii_whitespace() {
            let (on, name) = name.strip_prefix('-').map_or((true, name), |name| (false, name));
            let Some((known, _)) = CAPABILITIES.iter().find(|(known, _)| *known == name) else {
                return false;
            };
            switches.push((on, *known));
        }
        for (on, name) in switches {
            if on {
                self.client.capabilities.insert(name);
            } else {
                self.client.capabilities.remove(name);
            }
        }
        true
    }

    fn authenticate(&mut self, cx: &mut Context<'_>, message: &Message) {
        let Some(text) = message.get(0) else { return self.too_few("AUTHENTICATE") };
        if text == b"*" {
            self.client.sasl = None;
            return self.reply(906, "SASL authentication aborted");
        }
        let Some((mechanism, mut response)) = self.client.sasl.take() else {
            let mechanism = String::from_utf8_lossy(text).to_ascii_uppercase();
            if !["PLAIN", "EXTERNAL"].contains(&mechanism.as_str()) {
                self.numeric(908, &[b"PLAIN,EXTERNAL"], Some(b"are available SASL mechanisms"));
                return self.reply(904, "SASL authentication failed");
            }
            self.client.sasl = Some((mechanism, Vec::new()));
            self.bare("AUTHENTICATE +");
            return;
        };
        if text != b"+" {
            response.extend_from_slice(text);
        }
        if response.len() > IRC_SASL_BYTES {
            return self.reply(905, "SASL message too long");
        }
        if text.len() == SASL_PIECE_BYTES {
            self.client.sasl = Some((mechanism, response));
            return;
        }
        let Ok(response) = STANDARD.decode(&response) else {
            return self.reply(904, "SASL authentication failed");
        };
        // RFC 4616: whom to act for, who it is, the password. For EXTERNAL there is only
        // whom to act for (RFC 4422, appendix A).
        let mut parts = response.splitn(3, |byte| *byte == 0);
        let (acting, name) = (parts.next().unwrap_or_default(), parts.next());
        let password = parts.next().unwrap_or_default();
        let account = name.filter(|name| !name.is_empty()).unwrap_or(acting).to_vec();
        let method = if mechanism == "PLAIN" { "sasl-plain" } else { "sasl-external" };
        self.login(cx, &account, password, Some(method));
        self.logged_in(&account);
        self.reply(903, "SASL authentication successful");
    }

    /// The client has an account from now on.
    pub(super) fn logged_in(&mut self, account: &[u8]) {
        let fits = account.iter().copied().filter(u8::is_ascii_graphic);
        let account: Vec<u8> = fits.take(IRC_NICK_BYTES).collect();
        let mask = if self.client.nick.is_empty() { b"*".to_vec() } else { self.mask() };
        let text = [b"You are now logged in as ".as_slice(), &account].concat();
        self.numeric(900, &[&mask, &account], Some(&text));
        self.client.account = Some(account);
    }

    /// TLS over a connection that began in the clear (IRCv3's `tls`).
    fn upgrade(&mut self, cx: &mut Context<'_>) {
        if self.client.tls || self.client.registered {
            return self.reply(691, "STARTTLS failed (not now)");
        }
        self.reply(670, "STARTTLS successful, proceed with TLS handshake");
        self.start_tls(cx);
    }

    fn welcome(&mut self) {
        let (mask, server) = (self.mask(), self.server.clone());
        let text = [b"Welcome to the Internet Relay Network ".as_slice(), &mask].concat();
        self.numeric(1, &[], Some(&text));
        let version = "running version ngircd-26.1 (x86_64/pc/linux-gnu)";
        self.reply(2, &format!("Your host is {server}, {version}"));
        let begun = written(self.begun(), "%a %b %d %Y at %H:%M:%S (UTC)");
        self.reply(3, &format!("This server has been started {begun}"));
        let modes = [b"abBcCFiIoqrRswx".as_slice(), b"abehiIklmMnoOPqQrRstvVz"];
        self.numeric(4, &[server.as_bytes(), b"ngircd-26.1", modes[0], modes[1]], None);
        self.supported();
        self.users();
        self.motd();
        // As networks with statistics of clients do; the answer names the bot's software.
        let stats = self.stats_service();
        let nick = self.shown_nick();
        self.say(&stats, "PRIVMSG", &[&nick], Some(b"\x01VERSION\x01"));
    }

    /// `005`.
    pub(super) fn supported(&mut self) {
        for tokens in SUPPORTED {
            self.numeric(5, &[tokens.as_bytes()], Some(b"are supported on this server"));
        }
    }
}
