//! What a shell asks for, in the words of a session.

use crate::{Capture, Context, Effect, TimerId};
use bytes::Bytes;
use ukai_model::EventKind;
use ukai_shell::ShellEffect;

/// Carries over what does not depend on the protocol; gives back what does: output
/// and input of the terminal.
pub(crate) fn pass_on(cx: &mut Context<'_>, effect: ShellEffect, timer: TimerId) -> Option<Screen> {
    match effect {
        ShellEffect::Output(bytes) => return Some(Screen::Output(bytes)),
        ShellEffect::ErrorOutput(bytes) => return Some(Screen::Error(bytes)),
        ShellEffect::Input(bytes) => return Some(Screen::Input(bytes)),
        ShellEffect::Command { line, unknown } => {
            cx.record(EventKind::CommandInput { line, unknown });
        }
        ShellEffect::Captured { path, bytes, how } => {
            cx.effects.push(Effect::Capture(Capture { bytes, how, name: Some(path), url: None }));
        }
        ShellEffect::Executed { path, arguments, sha256 } => {
            cx.record(EventKind::CommandExecuted { path, arguments, sha256 });
        }
        ShellEffect::Fetch { id, url, tool } => {
            cx.effects.push(Effect::Fetch { id, url, tool });
        }
        ShellEffect::Connect { host, port, tool } => {
            let how = tool.to_owned();
            let origin = ukai_model::PeerText::default();
            cx.record(EventKind::TunnelRequest { how, host, port, origin, granted: false });
        }
        // For whoever runs a script to see what it does; sessions have the request and what
        // became of it.
        ShellEffect::Kept { .. } | ShellEffect::Started { .. } | ShellEffect::Evaluated { .. } => {}
        ShellEffect::Timer(at) => cx.effects.push(Effect::Timer { id: timer, at }),
        ShellEffect::Limit { limit, detail } => {
            cx.record(EventKind::LimitReached { limit: limit.to_owned(), detail });
        }
    }
    None
}

/// What is seen on, and typed at, the shell's terminal.
pub(crate) enum Screen {
    /// For the peer.
    Output(Bytes),
    /// For the peer, apart from the rest where the protocol has a stream for errors.
    Error(Bytes),
    /// From the peer, for the recording.
    Input(Bytes),
}
