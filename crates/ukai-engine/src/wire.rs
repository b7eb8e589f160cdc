//! Connections to engines.

use crate::EngineError;
use std::io;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// A stream to an engine.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// `host:port`.
    Tcp(String),
}

impl Address {
    /// `unix:/run/clamav/clamd.ctl`, `/run/...`, or `host:port`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:").or(text.starts_with('/').then_some(text)) {
            return path.starts_with('/').then(|| Self::Unix(path.into()));
        }
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        (port.is_some() && !host.is_empty()).then(|| Self::Tcp(text.to_owned()))
    }

    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Unix(path) => Box::new(UnixStream::connect(path).await?),
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address.as_str()).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        })
    }
}

/// Reads until `ends` says where what is awaited ends, at most `max` bytes; gives all that
/// was read and that place.
pub(crate) async fn read_until(
    stream: &mut dyn Stream,
    read: &mut Vec<u8>,
    max: usize,
    ends: impl Fn(&[u8]) -> Option<usize>,
) -> Result<usize, EngineError> {
    let mut piece = [0; 4_096];
    loop {
        if let Some(end) = ends(read) {
            return Ok(end);
        }
        if read.len() >= max {
            return Err(EngineError::nonsense(read));
        }
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            return match ends(read) {
                Some(end) => Ok(end),
                None if read.is_empty() => {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                }
                None => Err(EngineError::nonsense(read)),
            };
        }
        read.extend_from_slice(&piece[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_are_sockets_or_ports() {
        let unix = Address::Unix("/run/clamd.ctl".into());
        assert_eq!(Address::parse("unix:/run/clamd.ctl"), Some(unix.clone()));
        assert_eq!(Address::parse("/run/clamd.ctl"), Some(unix));
        assert_eq!(Address::parse("[::1]:3310"), Some(Address::Tcp("[::1]:3310".into())));
        for wrong in ["", "localhost", "localhost:", ":3310", "a:70000", "unix:relative"] {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
    }
}
