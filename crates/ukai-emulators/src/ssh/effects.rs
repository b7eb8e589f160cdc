//! What goes on a channel and comes off it: bytes, the end, timers, fetches.

use super::channel::{Channel, End, Work};
use super::session::SshSession;
use crate::limits::SSH_OUTPUT_BYTES;
use crate::shell_effects::{Screen, pass_on};
use crate::{Context, Effect, FetchId, Fetched, TimerId};
use bytes::Bytes;
use ukai_model::{Direction, EventKind, Timestamp};
use ukai_shell::{ShellEffect, ShellState};
use ukai_ssh::ChannelId;

/// A shell's only timer.
const SHELL: TimerId = TimerId(0);

impl SshSession {
    /// Data came on a channel.
    pub(super) fn on_data(&mut self, cx: &mut Context<'_>, id: ChannelId, bytes: Bytes) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.ended.is_none() {
            channel.take_input(bytes);
            self.settle(cx, id);
        }
    }

    /// Lets the shell on a channel do something.
    fn with_shell(
        &mut self,
        cx: &mut Context<'_>,
        id: ChannelId,
        act: impl FnOnce(&mut Work, Timestamp, &mut Vec<ShellEffect>),
    ) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let mut out = Vec::new();
        act(&mut channel.work, cx.now, &mut out);
        self.pass_on(cx, id, out);
    }

    /// Carries out what a shell asks for.
    pub(super) fn pass_on(&mut self, cx: &mut Context<'_>, id: ChannelId, out: Vec<ShellEffect>) {
        for effect in out {
            let effect = match effect {
                ShellEffect::Fetch { id: inner, url, tool } => {
                    let outer = self.outer_fetch(id, inner);
                    ShellEffect::Fetch { id: outer, url, tool }
                }
                other => other,
            };
            let timer = match effect {
                ShellEffect::Timer(_) => self.outer_timer(id, SHELL),
                _ => SHELL,
            };
            let (error, bytes) = match pass_on(cx, effect, timer) {
                Some(Screen::Output(bytes)) => (false, bytes),
                Some(Screen::Error(bytes)) => (true, bytes),
                Some(Screen::Input(bytes)) => {
                    cx.effects.push(Effect::Terminal(Direction::In, bytes));
                    continue;
                }
                None => continue,
            };
            cx.effects.push(Effect::Terminal(Direction::Out, bytes.clone()));
            self.put(cx, id, error, bytes);
        }
    }

    /// Output for a channel's client.
    pub(super) fn put(&mut self, cx: &mut Context<'_>, id: ChannelId, error: bool, bytes: Bytes) {
        let waiting: usize = self.channels.values().map(|channel| channel.output_bytes).sum();
        let room = SSH_OUTPUT_BYTES.saturating_sub(waiting);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let size = bytes.len();
        if !channel.put(error, bytes, room) && !std::mem::replace(&mut channel.cut, true) {
            cx.record(EventKind::LimitReached {
                limit: "ssh-output".to_owned(),
                detail: format!("{size} bytes that the client did not take in time"),
            });
        }
    }

    pub(super) fn outer_fetch(&mut self, id: ChannelId, inner: FetchId) -> FetchId {
        self.next_fetch = self.next_fetch.wrapping_add(1);
        let outer = FetchId(self.next_fetch);
        self.fetches.insert(outer, (id, inner));
        outer
    }

    pub(super) fn on_channel_timer(&mut self, cx: &mut Context<'_>, id: ChannelId, timer: TimerId) {
        match self.channels.get(&id).map(|channel| &channel.work) {
            Some(Work::Tunnel(_)) => {
                self.with_tunnel(cx, id, |session, cx| session.on_timer(cx, timer));
            }
            _ => self.with_shell(cx, id, |work, now, out| match work {
                Work::Console(console) => console.on_timer(now, out),
                Work::Shell(shell) => shell.on_timer(now, out),
                _ => {}
            }),
        }
        self.settle(cx, id);
    }

    pub(super) fn on_channel_fetched(
        &mut self,
        cx: &mut Context<'_>,
        id: ChannelId,
        fetch: FetchId,
        fetched: Fetched,
    ) {
        match self.channels.get(&id).map(|channel| &channel.work) {
            Some(Work::Tunnel(_)) => {
                self.with_tunnel(cx, id, |session, cx| session.on_fetched(cx, fetch, fetched));
            }
            _ => self.with_shell(cx, id, |work, now, out| match work {
                Work::Console(console) => console.on_fetched(fetch, fetched, now, out),
                Work::Shell(shell) => shell.on_fetched(fetch, fetched, now, out),
                _ => {}
            }),
        }
        self.settle(cx, id);
    }

    /// A signal for the program on a channel: the one from the keyboard interrupts it, the
    /// others end it.
    pub(super) fn on_signal(&mut self, cx: &mut Context<'_>, id: ChannelId, name: &[u8]) {
        if name == b"INT" {
            self.with_shell(cx, id, |work, now, out| match work {
                Work::Console(console) => console.on_bytes(b"\x03", now, out),
                Work::Shell(shell) => shell.interrupt(now, out),
                _ => {}
            });
            self.settle(cx, id);
            return;
        }
        let signal = match name {
            b"TERM" => "TERM",
            b"KILL" => "KILL",
            b"HUP" => "HUP",
            _ => return,
        };
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if matches!(channel.work, Work::Console(_) | Work::Shell(_)) && !channel.closed {
            channel.closed = true;
            channel.ended = Some(End::Plain);
            self.with_server(|server, out| {
                server.exit_signal(id, signal, false, out);
                server.eof(id, out);
                server.close(id, out);
            });
        }
    }

    /// Moves on what can move: input to the program, output to the client, the end.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, id: ChannelId) {
        // What was kept back for want of room goes on as long as there is some.
        loop {
            self.feed(cx, id);
            self.flush(id);
            let stuck = |channel: &Channel| {
                !channel.output.is_empty() || !matches!(&channel.work, Work::Sftp(s) if s.waits())
            };
            if self.channels.get(&id).is_none_or(stuck) {
                break;
            }
        }
        self.notice_end(cx, id);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let waits = !channel.input.is_empty() && channel.ended.is_none();
        let Some(end) = channel.ended else {
            self.with_server(|server, out| server.hold(id, waits, out));
            return;
        };
        if channel.closed || !channel.output.is_empty() {
            return;
        }
        channel.closed = true;
        let openssh = self.is_openssh();
        self.with_server(|server, out| {
            // OpenSSH sees first that the child is gone, Dropbear that its output is.
            if !openssh {
                server.eof(id, out);
            }
            if let End::Status(status) = end {
                server.exit_status(id, status as u32 & 0xff, out);
            }
            server.eof(id, out);
            server.close(id, out);
        });
    }

    fn feed(&mut self, cx: &mut Context<'_>, id: ChannelId) {
        loop {
            let Some(channel) = self.channels.get_mut(&id) else { return };
            if let Work::Sftp(sftp) = &mut channel.work {
                if !channel.output.is_empty() {
                    return;
                }
                if sftp.waits() {
                    let answers = sftp.on_bytes(&[], cx.now);
                    cx.effects.append(&mut sftp.take_effects());
                    self.put(cx, id, false, answers.into());
                    continue;
                }
            }
            let room = match &channel.work {
                Work::Shell(shell) => match shell.state() {
                    ShellState::Exited(_) => 0,
                    _ => shell.input_room(),
                },
                Work::Console(_) | Work::Tunnel(_) | Work::Sftp(_) => usize::MAX,
                Work::Idle | Work::Over => 0,
            };
            if let Some(piece) = channel.next_input(room) {
                if matches!(channel.work, Work::Tunnel(_)) {
                    self.feed_tunnel(cx, id, &piece);
                } else if let Work::Sftp(sftp) = &mut channel.work {
                    let answers = sftp.on_bytes(&piece, cx.now);
                    cx.effects.append(&mut sftp.take_effects());
                    self.put(cx, id, false, answers.into());
                } else {
                    self.with_shell(cx, id, |work, now, out| match work {
                        Work::Console(console) => console.on_bytes(&piece, now, out),
                        Work::Shell(shell) => shell.feed_stdin(&piece, now, out),
                        _ => {}
                    });
                }
                continue;
            }
            let ends = channel.input_ended && channel.input.is_empty() && !channel.end_told;
            if !ends || matches!(channel.work, Work::Idle) {
                return;
            }
            channel.end_told = true;
            if matches!(channel.work, Work::Tunnel(_)) {
                self.with_tunnel(cx, id, |session, cx| session.on_eof(cx));
            } else if let Work::Sftp(sftp) = &mut channel.work {
                sftp.on_eof();
                cx.effects.append(&mut sftp.take_effects());
            } else {
                self.with_shell(cx, id, |work, now, out| match work {
                    Work::Console(console) => console.on_bytes(b"\x04", now, out),
                    Work::Shell(shell) => shell.end_stdin(now, out),
                    _ => {}
                });
            }
        }
    }

    fn notice_end(&mut self, cx: &mut Context<'_>, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let status = match &channel.work {
            Work::Console(console) => console.exited(),
            Work::Shell(shell) => match shell.state() {
                ShellState::Exited(status) => Some(status),
                _ => None,
            },
            Work::Sftp(sftp) => sftp.ended(),
            _ => None,
        };
        if let Some(status) = status
            && channel.ended.is_none()
        {
            channel.ended = Some(End::Status(status));
            let work = std::mem::replace(&mut channel.work, Work::Over);
            self.retire(cx, id, work);
        }
    }

    fn flush(&mut self, id: ChannelId) {
        while let Some(channel) = self.channels.get(&id) {
            let Some((error, bytes)) = channel.output.front().cloned() else { return };
            let count = self.with_server(|server, out| {
                if error {
                    server.send_stderr(id, &bytes, out)
                } else {
                    server.send(id, &bytes, out)
                }
            });
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.sent(count);
            }
            if count < bytes.len() {
                return;
            }
        }
    }

    /// What worked on a channel works no more.
    pub(super) fn retire(&mut self, cx: &mut Context<'_>, id: ChannelId, work: Work) {
        match work {
            Work::Tunnel(mut tunnel) => {
                let mut effects = Vec::new();
                tunnel.session.on_close(&mut Context { now: cx.now, effects: &mut effects });
                self.tunnel_effects(cx, id, effects);
            }
            Work::Sftp(mut sftp) => {
                sftp.finish();
                cx.effects.append(&mut sftp.take_effects());
            }
            Work::Console(_) | Work::Shell(_) => self.last = Some(work),
            Work::Idle | Work::Over => {}
        }
    }

    /// What was left on the disk and nobody looked at is captured.
    pub(super) fn finish_last(&mut self, cx: &mut Context<'_>) {
        let mut out = Vec::new();
        match self.last.take() {
            Some(Work::Console(mut console)) => console.finish(&mut out),
            Some(Work::Shell(mut shell)) => shell.finish(&mut out),
            _ => {}
        }
        for effect in out {
            let _ = pass_on(cx, effect, SHELL);
        }
    }
}
