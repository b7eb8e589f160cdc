//! One session as a bot leads it: key exchange, a password, a command, the end.

use crate::Options;
use russh::client::{self, Config, Handler};
use russh::keys::PublicKeyOrCertificate;
use russh::{ChannelMsg, Disconnect, Preferred, cipher, kex};
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;

/// Output that is looked at, in bytes; more is the honeypot's fault.
const HEARD_BYTES_MAX: usize = 64 * 1024;

/// What is done in each session.
pub(crate) struct Plan {
    config: Arc<Config>,
    user: String,
    password: String,
    command: String,
    expect: Vec<u8>,
}

/// Why a session failed.
pub(crate) enum Failure {
    Io(io::ErrorKind),
    Ssh(russh::Error),
    Refused,
    Unexpected,
    Status(Option<u32>),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl From<russh::Error> for Failure {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(kind) => write!(f, "{kind}"),
            Self::Ssh(error) => write!(f, "{error}"),
            Self::Refused => f.write_str("log-in refused"),
            Self::Unexpected => f.write_str("not the expected output"),
            Self::Status(Some(status)) => write!(f, "exit status {status}"),
            Self::Status(None) => f.write_str("no exit status"),
        }
    }
}

impl Plan {
    /// The plan, or the name of an algorithm that there is not.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        let named = |name: &String| kex::Name::try_from(name.as_str()).map_err(|()| name.clone());
        let mut kex = options.kex.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        kex.extend([kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT]);
        let named =
            |name: &String| cipher::Name::try_from(name.as_str()).map_err(|()| name.clone());
        let cipher = options.cipher.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let preferred =
            Preferred { kex: Cow::Owned(kex), cipher: Cow::Owned(cipher), ..Preferred::default() };
        Ok(Self {
            config: Arc::new(Config { preferred, ..Config::default() }),
            user: options.user.clone(),
            password: options.password.clone(),
            command: options.command.clone(),
            expect: options.expect.clone().into_bytes(),
        })
    }

    /// Logs in, runs the command, awaits its output and status, and leaves.
    pub(crate) async fn run(&self, stream: TcpStream) -> Result<(), Failure> {
        let config = Arc::clone(&self.config);
        let mut session = client::connect_stream(config, stream, Trusting).await?;
        let answer = session.authenticate_password(&self.user, &self.password).await?;
        if !answer.success() {
            return Err(Failure::Refused);
        }
        let mut channel = session.channel_open_session().await?;
        channel.exec(true, self.command.as_bytes()).await?;
        let (mut heard, mut status) = (Vec::new(), None);
        while let Some(message) = channel.wait().await {
            match message {
                ChannelMsg::Data { data } if heard.len() < HEARD_BYTES_MAX => {
                    heard.extend_from_slice(&data);
                }
                ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                ChannelMsg::Close => break,
                _ => {}
            }
        }
        let _ = session.disconnect(Disconnect::ByApplication, "disconnected by user", "").await;
        let end = self.expect.len().max(1);
        if !heard.windows(end).any(|window| window == self.expect) {
            return Err(Failure::Unexpected);
        }
        if status != Some(0) {
            return Err(Failure::Status(status));
        }
        Ok(())
    }
}

/// Believes any host key, as bots do.
struct Trusting;

impl Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        Ok(true)
    }
}
