//! What a host's mail services say: an SMTP server that relays for anybody, and mailboxes.

use serde::Deserialize;

/// Mail services of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSpec {
    /// The name that the server gives itself, with placeholders.
    pub name: String,
    /// What follows the name in SMTP's greeting: `ESMTP Postfix (Debian/GNU)`.
    pub smtp_banner: String,
    /// Mechanisms of SMTP's `AUTH`, in order; no `AUTH` if empty.
    pub smtp_auth: Vec<String>,
    /// Largest message, in bytes, as `EHLO` tells it.
    pub size_bytes: u64,
    /// POP3's and IMAP's greeting: `Dovecot (Debian) ready.`
    pub mailbox_greeting: String,
    /// Mechanisms of POP3 and IMAP, in order.
    pub mailbox_auth: Vec<String>,
    /// Least number of an account that has a mailbox (Dovecot's setting).
    #[serde(default = "dovecots_first_valid_uid")]
    pub first_valid_uid: u32,
}

const fn dovecots_first_valid_uid() -> u32 {
    500
}
