//! The web: every site there is, over HTTP/1.0, HTTP/1.1, HTTP/2, and what is reached through them.
//!
//! [`Web`] is the server; [`Sites`] is what it is told; [`page`] is the function that says
//! what is found at an address. `session.rs` reads requests of HTTP/1 out of the stream,
//! `h2/` does the same for HTTP/2, `core.rs` records and answers them, whatever version they came in.

mod answer;
mod auth;
mod chunks;
mod content;
mod core;
mod doh;
mod forms;
mod h2;
mod head;
mod page;
mod range;
mod recognise;
mod request;
mod rule;
mod session;
mod sites;
#[cfg(test)]
mod tests;
mod text;
mod tunnel;
mod upload;
mod websocket;

pub use answer::Answer;
pub use content::file_named;
pub use page::page;
pub use recognise::looks_like_http;
pub use request::{Header, Request, Version};
pub use rule::{Rule, RuleError, RuleSpec};
pub use sites::{Chooser, Public, Sites, WebSocketManner};

use session::WebSession;
use std::sync::Arc;
use ukai_emulators::{Emulator, Open, Session};

/// The web server: all sites at any address and on any port.
#[derive(Clone, Debug, Default)]
pub struct Web {
    sites: Arc<Sites>,
}

impl Web {
    /// A server of these sites.
    pub const fn new(sites: Arc<Sites>) -> Self {
        Self { sites }
    }
}

impl Emulator for Web {
    fn name(&self) -> &'static str {
        "http"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(WebSession::new(Arc::clone(&self.sites), open))
    }
}
