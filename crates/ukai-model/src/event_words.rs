//! What events say of files, sessions, fetches and captures: one of a few words each.

use serde::{Deserialize, Serialize};

/// What was done through a file protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileOperation {
    /// A file went to the peer.
    Download,
    /// A file came from the peer.
    Upload,
    /// A directory was listed.
    List,
    /// A file or directory was deleted.
    Delete,
    /// A file or directory got another name.
    Rename,
    /// A directory was made.
    MakeDirectory,
    /// Permissions, owner or times were changed.
    Attributes,
    /// A link was made.
    Link,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CloseReason {
    /// The peer closed or reset the connection.
    Peer,
    /// The emulator ended it, as the real service would.
    Emulator,
    /// Nothing came for too long.
    IdleTimeout,
    /// The session's time was used up.
    TimeLimit,
    /// A budget (bytes, captured volume, steps) was used up.
    Budget,
    /// Too many sessions, of this peer or overall.
    TooManySessions,
    /// Our own code failed.
    Fault,
    /// The sensor was stopped.
    Shutdown,
}

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FetchOutcome {
    /// The whole file came.
    Complete,
    /// A part came before a limit or an error; it is kept.
    Partial,
    /// Policy forbids it (private address, own address, scheme ...).
    Forbidden,
    /// The URL cannot be understood.
    BadUrl,
    /// The name does not resolve.
    NotResolved,
    /// No connection.
    Unreachable,
    /// The server answered that it will not (HTTP status of 400 and above, FTP 5xx ...).
    Refused,
    /// Time ran out.
    TimedOut,
    /// Rate limit: not tried.
    RateLimited,
}

/// How a sample came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaptureHow {
    /// Fetched from where the attacker pointed.
    Fetched,
    /// Written by shell commands (`echo -ne`, here-document, `dd` ...).
    Dropped,
    /// Uploaded through the protocol (HTTP body, form file ...).
    Uploaded,
    /// The payload of a flow itself.
    Payload,
    /// A mail as it was handed in.
    Mail,
    /// Given by a person (`ukai analyze`, the UI).
    Submitted,
    /// Written, started or sent by another sample while it ran in the sandbox.
    Sandbox,
}

/// The direction of bytes in a session, seen from the sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the peer.
    In,
    /// To the peer.
    Out,
}
