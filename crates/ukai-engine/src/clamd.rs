//! ClamAV's daemon (clamd(8), "COMMANDS"): `INSTREAM` over a unix or TCP socket. Each
//! command has a connection of its own, null-terminated both ways.

use crate::engine::{Engine, EngineError, Said, State};
use crate::limits::{ANSWER_BYTES_MAX, PIECE_BYTES};
use crate::wire::{Address, Stream, read_until};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::io::AsyncWriteExt as _;
use ukai_model::PeerText;

/// A daemon.
pub(crate) struct Clamd {
    address: Address,
}

impl Clamd {
    pub(crate) const fn new(address: Address) -> Self {
        Self { address }
    }

    async fn ask(&self, command: &[u8], sample: Option<&[u8]>) -> Result<Vec<u8>, EngineError> {
        let mut stream = self.address.connect().await?;
        stream.write_all(command).await?;
        if let Some(sample) = sample {
            // It says why before it closes: what it says goes before what failed here.
            if let Err(error) = send(&mut *stream, sample).await {
                return answer(&mut *stream).await.map_err(|_| error.into());
            }
        }
        stream.flush().await?;
        answer(&mut *stream).await
    }
}

async fn send(stream: &mut dyn Stream, sample: &[u8]) -> std::io::Result<()> {
    for piece in sample.chunks(PIECE_BYTES) {
        stream.write_all(&(piece.len() as u32).to_be_bytes()).await?;
        stream.write_all(piece).await?;
    }
    stream.write_all(&[0; 4]).await
}

async fn answer(stream: &mut dyn Stream) -> Result<Vec<u8>, EngineError> {
    let mut read = Vec::new();
    let nul = |read: &[u8]| read.iter().position(|byte| *byte == 0);
    let end = read_until(stream, &mut read, ANSWER_BYTES_MAX, nul).await?;
    read.truncate(end);
    Ok(read)
}

/// What a daemon says of what was streamed.
fn understand(answer: &[u8]) -> Result<Said, EngineError> {
    let text = answer.trim_ascii();
    let said = text.strip_prefix(b"stream: ").unwrap_or(text);
    if said == b"OK" {
        return Ok(Said::Clean);
    }
    if let Some(name) = said.strip_suffix(b" FOUND") {
        return Ok(Said::detected([name]));
    }
    match said.strip_suffix(b"ERROR") {
        Some(b"INSTREAM size limit exceeded. ") => {
            Err(EngineError::Refused("larger than its StreamMaxLength".to_owned()))
        }
        Some(reason) => {
            let reason = PeerText::truncated(reason.trim_ascii(), 200).to_string();
            Err(EngineError::Refused(reason))
        }
        None => Err(EngineError::nonsense(text)),
    }
}

/// `ClamAV 1.4.3/27788/Wed Oct  8 08:48:42 2025`; without a database of ClamAV's own, only
/// the first part.
fn version(answer: &[u8]) -> State {
    let text = answer.trim_ascii();
    let at = text.iter().position(|byte| *byte == b'/');
    let (product, rest) = at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    let kept = |bytes: &[u8]| Some(PeerText::truncated(bytes, 200)).filter(|text| !text.is_empty());
    State { product: kept(product), signatures: rest.and_then(kept) }
}

impl Engine for Clamd {
    fn scan(&self, sample: Bytes) -> BoxFuture<'_, Result<Said, EngineError>> {
        Box::pin(async move { understand(&self.ask(b"zINSTREAM\0", Some(&sample)).await?) })
    }

    fn state(&self) -> BoxFuture<'_, Result<State, EngineError>> {
        Box::pin(async move { Ok(version(&self.ask(b"zVERSION\0", None).await?)) })
    }
}

#[cfg(test)]
mod tests {
    use super::{understand, version};
    use crate::{EngineError, Said};
    use proptest::prelude::*;

    #[test]
    fn answers_are_understood() {
        assert_eq!(understand(b"stream: OK").expect("clean"), Said::Clean);
        let found = understand(b"stream: Unix.Trojan.Mirai-1 FOUND").expect("found");
        assert_eq!(found, Said::detected([&b"Unix.Trojan.Mirai-1"[..]]));
        for refused in ["INSTREAM size limit exceeded. ERROR", "stream: Can't open. ERROR"] {
            let error = understand(refused.as_bytes()).expect_err(refused);
            assert!(matches!(error, EngineError::Refused(_)), "{error}");
        }
        assert!(matches!(understand(b"HTTP/1.1 400"), Err(EngineError::Nonsense(_))));
    }

    #[test]
    fn versions_have_signatures_or_not() {
        let state = version(b"ClamAV 1.4.3/27788/Wed Oct  8 08:48:42 2025");
        let text = |part: Option<ukai_model::PeerText>| part.expect("told").to_string();
        assert_eq!(text(state.product), "ClamAV 1.4.3");
        assert_eq!(text(state.signatures), "27788/Wed Oct  8 08:48:42 2025");
        assert_eq!(version(b"ClamAV 1.4.3").signatures, None);
    }

    proptest! {
        #[test]
        fn nothing_that_it_says_is_taken_for_clean(answer in prop::collection::vec(any::<u8>(), 0..64)) {
            let clean = matches!(understand(&answer), Ok(Said::Clean));
            prop_assert_eq!(clean, matches!(answer.trim_ascii(), b"OK" | b"stream: OK"));
        }
    }
}
