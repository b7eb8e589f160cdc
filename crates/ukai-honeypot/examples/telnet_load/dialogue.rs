//! One session as a bot leads it: options refused, log-in, a command, `exit`.

use std::fmt;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;

/// Output that is looked at, in bytes; more is the honeypot's fault.
const HEARD_BYTES_MAX: usize = 64 * 1024;

/// Who logs in.
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
}

/// Why a session failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(io::ErrorKind),
    Refused,
    HungUp(&'static str),
    Confused,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(kind) => write!(f, "{kind}"),
            Self::Refused => f.write_str("log-in refused"),
            Self::HungUp(when) => write!(f, "hung up before {when}"),
            Self::Confused => f.write_str("endless output"),
        }
    }
}

/// Logs in, runs `command`, awaits `expect` and the next prompt, and leaves.
pub(crate) async fn run(
    stream: TcpStream,
    credentials: &Credentials<'_>,
    command: &str,
    expect: &str,
) -> Result<(), Failure> {
    let mut peer = Peer { stream, heard: Vec::new(), options: Options::default() };
    peer.hear("the log-in prompt", |text| asks_for(text, &["ogin:", "sername:"])).await?;
    peer.say(credentials.user).await?;
    peer.hear("the password prompt", |text| asks_for(text, &["assword:"])).await?;
    peer.say(credentials.password).await?;
    peer.hear("the shell prompt", |text| {
        is_prompt(text) || text.contains("ncorrect") || text.contains("ailed")
    })
    .await?;
    if !is_prompt(&peer.text()) {
        return Err(Failure::Refused);
    }
    peer.say(command).await?;
    peer.hear("the output", |text| text.contains(expect) && is_prompt(text)).await?;
    peer.say("exit").await?;
    peer.hear_out().await
}

/// Whether the last line asks for something of `names`.
fn asks_for(text: &str, names: &[&str]) -> bool {
    let last = text.rsplit('\n').next().unwrap_or_default();
    names.iter().any(|name| last.contains(name))
}

/// Whether the last line ends as a shell's prompt does.
fn is_prompt(text: &str) -> bool {
    let last = text.rsplit('\n').next().unwrap_or_default().trim_end();
    last.ends_with(['#', '$', '>'])
}

struct Peer {
    stream: TcpStream,
    heard: Vec<u8>,
    options: Options,
}

impl Peer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.heard).into_owned()
    }

    async fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.heard.clear();
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        Ok(())
    }

    async fn hear(
        &mut self,
        what: &'static str,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        while !is_it(&self.text()) {
            if !self.read().await? {
                return Err(Failure::HungUp(what));
            }
            if self.heard.len() > HEARD_BYTES_MAX {
                return Err(Failure::Confused);
            }
        }
        Ok(())
    }

    /// Until the honeypot hangs up, which it should after `exit`.
    async fn hear_out(&mut self) -> Result<(), Failure> {
        loop {
            match self.read().await {
                Ok(true) => self.heard.clear(),
                // Some reset instead of closing; the work is done all the same.
                Ok(false) | Err(Failure::Io(io::ErrorKind::ConnectionReset)) => return Ok(()),
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn read(&mut self) -> Result<bool, Failure> {
        let mut bytes = [0; 4096];
        let count = self.stream.read(&mut bytes).await?;
        let mut answer = Vec::new();
        for byte in &bytes[..count] {
            self.options.take(*byte, &mut self.heard, &mut answer);
        }
        if !answer.is_empty() {
            self.stream.write_all(&answer).await?;
        }
        Ok(count > 0)
    }
}

/// Refuses all options, as simple clients do.
#[derive(Default)]
enum Options {
    #[default]
    Data,
    Iac,
    Verb(u8),
    Sub,
    SubIac,
}

impl Options {
    fn take(&mut self, byte: u8, heard: &mut Vec<u8>, answer: &mut Vec<u8>) {
        *self = match (&*self, byte) {
            (Self::Data, IAC) => Self::Iac,
            (Self::Data, _) | (Self::Iac, IAC) => {
                heard.push(byte);
                Self::Data
            }
            (Self::Iac, SB) => Self::Sub,
            (Self::Iac, WILL | WONT | DO | DONT) => Self::Verb(byte),
            (Self::Iac, _) | (Self::SubIac, SE) => Self::Data,
            (Self::Verb(verb), option) => {
                match *verb {
                    DO => answer.extend([IAC, WONT, option]),
                    WILL => answer.extend([IAC, DONT, option]),
                    _ => {}
                }
                Self::Data
            }
            (Self::Sub, IAC) => Self::SubIac,
            (Self::Sub | Self::SubIac, _) => Self::Sub,
        };
    }
}
