//! HTTP/2 (RFC 9113) as the server: by prior knowledge, after ALPN, and by upgrade from
//! HTTP/1.1. No I/O: frames in, frames out, bounded streams, windows and headers.
//!
//! The `h2` crate drives a stream of tokio's and decides itself when to wait, which a session
//! cannot; compression of headers is `loona-hpack`'s.

mod connection;
mod fields;
mod frame;
#[cfg(test)]
mod tests;

pub(super) use connection::Http2;
pub(super) use frame::PREFACE;
