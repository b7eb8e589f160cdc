//! What has come so far: kept outside the fetch, so that a time-out loses nothing.

use crate::failure::Failure;
use crate::limits::CONTENT_TYPE_BYTES_MAX;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

/// What has come so far of a fetch.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) bytes_max: u64,
    /// How long the server may be silent.
    pub(crate) idle_max: Duration,
    pub(crate) status: Option<u16>,
    pub(crate) server_ip: Option<IpAddr>,
    pub(crate) final_url: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) notes: Vec<String>,
    /// Whether the bytes are the server's words about an error, not the file.
    pub(crate) is_error_page: bool,
}

impl Transfer {
    pub(crate) const fn new(bytes_max: u64, idle_max: Duration) -> Self {
        Self {
            bytes: Vec::new(),
            bytes_max,
            idle_max,
            status: None,
            server_ip: None,
            final_url: None,
            content_type: None,
            notes: Vec::new(),
            is_error_page: false,
        }
    }

    /// Takes the next bytes of the file, as far as the limit allows.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let room = self.bytes_max - (self.bytes.len() as u64).min(self.bytes_max);
        let taken = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        self.bytes.extend_from_slice(&bytes[..taken]);
        if taken < bytes.len() {
            return Err(Failure::partial(format!("larger than {} bytes", self.bytes_max)));
        }
        Ok(())
    }

    /// Waits for something of the server, no longer than it may be silent.
    pub(crate) async fn awaited<T>(
        idle_max: Duration,
        what: &str,
        future: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        timeout(idle_max, future).await.map_err(|_| {
            Failure::timed_out(format!("{what}: silent for {} ms", idle_max.as_millis()))
        })
    }

    /// Keeps the server's content type, printable ASCII only.
    pub(crate) fn keep_content_type(&mut self, value: &[u8]) {
        let text = value.iter().take(CONTENT_TYPE_BYTES_MAX);
        let text: String =
            text.filter(|b| **b == b' ' || b.is_ascii_graphic()).map(|b| *b as char).collect();
        self.content_type = Some(text);
    }
}

/// Text of a server, harmless and short.
pub(crate) fn server_text(bytes: &[u8]) -> String {
    ukai_model::PeerText::truncated(bytes, crate::limits::SERVER_TEXT_BYTES_MAX).to_string()
}
