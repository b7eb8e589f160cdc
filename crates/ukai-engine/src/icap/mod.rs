//! ICAP (RFC 3507): a sample is shown to a gateway's scanner as the answer of a web server
//! (RESPMOD), or as an upload (REQMOD) where that is all it offers.
//!
//! `message.rs` reads and writes, without I/O; this file holds the conversation.

mod message;

use crate::engine::{Engine, EngineError, Said, State};
use crate::limits::{ANSWER_BYTES_MAX, OUTPUT_BYTES_MAX, PIECE_BYTES};
use crate::wire::{Address, Stream, read_until};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use message::{Head, Offer, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Reads hostile bytes as an answer, for fuzzing.
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    if let Some((head, rest)) = message::head(bytes) {
        let _ = (message::names(&head), Offer::of(&head), message::state(&head));
        let _ = message::body(&head, rest, b"sample");
    }
}

/// A service of an ICAP server.
pub(crate) struct Icap {
    address: Address,
    target: Target,
}

impl Icap {
    /// The service at `icap://host[:port]/service`.
    pub(crate) fn new(url: &str) -> Option<Self> {
        let target = Target::parse(url)?;
        let address = Address::parse(&target.authority_with_port())?;
        Some(Self { address, target })
    }

    async fn options(&self) -> Result<Head, EngineError> {
        let mut stream = self.address.connect().await?;
        stream.write_all(&message::options(&self.target)).await?;
        let mut read = Vec::new();
        let head = next_head(&mut *stream, &mut read).await?;
        match head.status {
            200..=299 => Ok(head),
            status => Err(EngineError::Refused(format!("OPTIONS answered by {status}"))),
        }
    }

    async fn ask(&self, sample: &[u8]) -> Result<Said, EngineError> {
        let offer = Offer::of(&self.options().await?);
        let mut stream = self.address.connect().await?;
        let preview = offer.preview.map(|bytes| bytes.min(sample.len()));
        stream.write_all(&message::modify(&self.target, &offer, sample)).await?;
        let mut read = Vec::new();
        let mut told = Ok(());
        if let Some(preview) = preview {
            let whole = preview == sample.len();
            stream.write_all(&message::preview(&sample[..preview], whole)).await?;
            let head = next_head(&mut *stream, &mut read).await?;
            if head.status != 100 {
                return judge(&mut *stream, read, &head, sample).await;
            }
            if !whole {
                told = send(&mut *stream, &sample[preview..]).await;
            }
        } else {
            told = send(&mut *stream, sample).await;
        }
        // A server may have seen enough, and have answered, before it was told all.
        match next_head(&mut *stream, &mut read).await {
            Ok(head) => judge(&mut *stream, read, &head, sample).await,
            Err(error) => Err(told.map_or_else(EngineError::from, |()| error)),
        }
    }
}

async fn send(stream: &mut dyn Stream, sample: &[u8]) -> std::io::Result<()> {
    for piece in sample.chunks(PIECE_BYTES) {
        stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
        stream.write_all(piece).await?;
        stream.write_all(b"\r\n").await?;
    }
    stream.write_all(b"0\r\n\r\n").await
}

/// Takes the next head off the stream; what came behind it stays in `read`.
async fn next_head(stream: &mut dyn Stream, read: &mut Vec<u8>) -> Result<Head, EngineError> {
    let end = read_until(stream, read, ANSWER_BYTES_MAX, message::head_end).await?;
    let head = message::head(&read[..end]).map(|(head, _)| head);
    let head = head.ok_or_else(|| EngineError::nonsense(&read[..end]))?;
    read.drain(..end);
    Ok(head)
}

/// What an answer says of the sample.
async fn judge(
    stream: &mut dyn Stream,
    mut read: Vec<u8>,
    head: &Head,
    sample: &[u8],
) -> Result<Said, EngineError> {
    if let Some(names) = message::names(head) {
        return Ok(Said::detected(names.iter().map(Vec::as_slice)));
    }
    match head.status {
        204 => Ok(Said::Clean),
        // It shows what the client is to get: the same, or something in its place.
        200 => {
            let max = sample.len().saturating_add(OUTPUT_BYTES_MAX) as u64;
            let left = max.saturating_sub(read.len() as u64);
            stream.take(left).read_to_end(&mut read).await?;
            match message::body(head, &read, sample) {
                Some(true) => Ok(Said::Clean),
                Some(false) => Ok(Said::detected([&b"replaced by the gateway"[..]])),
                None => Err(EngineError::nonsense(&read)),
            }
        }
        status => Err(EngineError::Refused(format!("answered by {status}"))),
    }
}

impl Engine for Icap {
    fn scan(&self, sample: Bytes) -> BoxFuture<'_, Result<Said, EngineError>> {
        Box::pin(async move { self.ask(&sample).await })
    }

    fn state(&self) -> BoxFuture<'_, Result<State, EngineError>> {
        Box::pin(async move { Ok(message::state(&self.options().await?)) })
    }
}
