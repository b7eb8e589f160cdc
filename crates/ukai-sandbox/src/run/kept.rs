//! A machine that stays after a run, for an analyst: a shell in the sample's world, still on the
//! virtual Internet, still confined, for a bounded time. What happens in it is traced and
//! recorded on, apart from the run.

use super::trace::Trace;
use super::{ENVIRONMENT, Events, hand_over};
use crate::image::System;
use crate::limits::{CONSOLE_MS_MAX, TYPED_AHEAD_BYTES};
use crate::machine::{Agent, Running};
use crate::windows;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use ukai_model::Event;
use ukai_trace::limits::PIECE_BYTES_MAX;
use ukai_trace::{Notice, Order};
use ukai_virtnet::Internet;

/// A machine whose sample's run is over, and that still runs. It ends when this is dropped, and
/// some time after the time that was asked for in any case.
pub struct Kept {
    pub(super) running: Running,
    pub(super) agent: Agent,
    pub(super) internet: Internet,
    pub(super) events: Events,
    pub(super) trace: Trace,
    pub(super) system: System,
    pub(super) time: Duration,
}

/// An analyst's side of the console.
pub struct Console {
    /// His terminal's size; `None`: there is none, and the shell gets pipes.
    pub terminal: Option<Size>,
    /// What he types. Its end is that of the shell's input.
    pub typed: mpsc::Receiver<Typed>,
    /// What the shell prints: the guest's bytes, to be filtered before a terminal gets them.
    /// While nobody takes them, the shell waits.
    pub printed: mpsc::Sender<Vec<u8>>,
    /// The machine is no longer wanted, whatever the shell does.
    pub enough: Arc<Notify>,
}

/// Size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters of a line.
    pub columns: u16,
}

/// What an analyst does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Bytes for the shell.
    Bytes(Vec<u8>),
    /// His terminal has another size.
    Size(Size),
}

/// What happened after the run.
#[derive(Clone, Debug)]
pub struct After {
    /// Why the machine ended.
    pub ended: KeptEnd,
    /// The guest's trace, the analyst's doings included.
    pub notices: Vec<Notice>,
    /// Notices for which there was no room.
    pub lost: u64,
    /// The virtual Internet's events.
    pub events: Vec<Event>,
}

/// Why a kept machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptEnd {
    /// The shell has, with this status, as `wait` gives it.
    Shell(u32),
    /// The analyst has had enough.
    Enough,
    /// Its time was used up.
    TimeUsed,
    /// The guest stopped, crashed or broke.
    GuestEnded,
    /// The guest gives no shell; why.
    NoShell(String),
}

impl Kept {
    /// How long it stays at most, from the console's beginning on.
    pub const fn time(&self) -> Duration {
        self.time
    }

    /// Gives the analyst a shell until it ends, he has had enough, or time is up; then the
    /// machine ends.
    pub async fn console(mut self, console: Console) -> After {
        let ended = {
            let mut gone = std::pin::pin!(self.running.ended());
            let talk = talk(&mut self.agent, &mut self.trace, console, self.system, self.time);
            tokio::select! {
                _ = &mut gone => KeptEnd::GuestEnded,
                ended = talk => ended,
            }
        };
        if ended != KeptEnd::GuestEnded {
            let last = Order::Finish { memory: false };
            // What does not come in time is not worth more.
            let _in_time = hand_over(&mut self.agent, &last, &mut self.trace).await;
        }
        if let Err(error) = self.internet.shutdown().await {
            tracing::warn!(%error, "the record of the virtual Internet is not whole");
        }
        self.running.end().await;
        let Trace { mut notices, lost, .. } = self.trace;
        if self.system == System::Windows {
            windows::translate(&mut notices);
        }
        let events =
            std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        After { ended, notices, lost, events }
    }
}

/// The shell: bash to type in, sh for what is piped in.
fn start(terminal: Option<Size>, system: System) -> Order {
    let usual: &[&str] = match system {
        System::Linux => &ENVIRONMENT,
        System::Windows => &windows::ENVIRONMENT,
    };
    let of_ours = |variable: &&&str| !variable.starts_with("PWD=");
    // Of what a terminal can do, only what draws passes.
    let further = ["TERM=linux", "HISTFILE="];
    let environment = usual.iter().filter(of_ours).copied().chain(further);
    let environment = environment.map(|variable| variable.as_bytes().to_vec()).collect();
    let (program, name): (&[u8], &[u8]) =
        if terminal.is_some() { (b"/bin/bash", b"-bash") } else { (b"/bin/sh", b"sh") };
    let Size { rows, columns } = terminal.unwrap_or(Size { rows: 24, columns: 80 });
    Order::Console {
        terminal: terminal.is_some(),
        rows,
        columns,
        program: program.to_vec(),
        arguments: vec![name.to_vec()],
        environment,
        folder: b"/tmp".to_vec(),
    }
}

/// Carries both sides' words, each only as far as the other takes them.
async fn talk(
    agent: &mut Agent,
    trace: &mut Trace,
    console: Console,
    system: System,
    time: Duration,
) -> KeptEnd {
    let Console { terminal, mut typed, printed, enough } = console;
    let end = Instant::now() + time;
    let begin = Instant::now() + Duration::from_millis(CONSOLE_MS_MAX);
    let mut orders = Vec::new();
    start(terminal, system).encode(&mut orders);
    let mut screen = Vec::new();
    let (mut sent, mut typing) = (0_u64, true);
    let mut buffer = vec![0; PIECE_BYTES_MAX];
    loop {
        if let Some(errno) = trace.console.failed {
            let error = std::io::Error::from_raw_os_error(errno);
            return KeptEnd::NoShell(format!("the guest gives no shell: {error}"));
        }
        if screen.is_empty() {
            screen = std::mem::take(&mut trace.console.screen);
        }
        if let Some(status) = trace.console.status.filter(|_| screen.is_empty()) {
            return KeptEnd::Shell(status);
        }
        let began = trace.console.began;
        // A guest that claims more than was typed gains nothing.
        let ahead = sent.saturating_sub(trace.console.typed);
        let hears = typing && began && orders.is_empty() && ahead < TYPED_AHEAD_BYTES;
        tokio::select! {
            () = tokio::time::sleep_until(end) => return KeptEnd::TimeUsed,
            () = enough.notified() => return KeptEnd::Enough,
            () = tokio::time::sleep_until(begin), if !began => {
                return KeptEnd::NoShell("the guest gives no shell in time".to_owned());
            }
            count = agent.orders.write(&orders), if !orders.is_empty() => match count {
                Ok(count @ 1..) => drop(orders.drain(..count)),
                _ => return KeptEnd::GuestEnded,
            },
            count = agent.notices.read(&mut buffer), if screen.is_empty() => match count {
                Ok(count @ 1..) if trace.push(&buffer[..count]).is_ok() => {}
                _ => return KeptEnd::GuestEnded,
            },
            room = printed.reserve(), if !screen.is_empty() => match room {
                Ok(room) => room.send(std::mem::take(&mut screen)),
                // Nobody listens any more.
                Err(_) => return KeptEnd::Enough,
            },
            said = typed.recv(), if hears => match said {
                Some(Typed::Size(Size { rows, columns })) => {
                    Order::Size { rows, columns }.encode(&mut orders);
                }
                Some(Typed::Bytes(bytes)) => {
                    for piece in bytes.chunks(PIECE_BYTES_MAX) {
                        sent += piece.len() as u64;
                        Order::Type { bytes: piece.to_vec() }.encode(&mut orders);
                    }
                }
                None => {
                    typing = false;
                    Order::Type { bytes: Vec::new() }.encode(&mut orders);
                }
            },
        }
    }
}
