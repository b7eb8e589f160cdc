//! `ukai sandbox run --keep`: an analyst's console in a machine that stays after the run.

use super::told::told;
use crate::safe_screen::{RESET, SafeScreen};
use crate::terminal_mode::TerminalMode;
use anyhow::{Context as _, Result};
use rustix::termios::{Termios, tcgetwinsize};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};
use ukai_sandbox::run::{After, Console, Kept, KeptEnd, Size, Typed};

/// Ends the console, whatever the shell does: Ctrl-], as of telnet and of virsh.
const ESCAPE: u8 = 0x1d;
/// Pieces that wait, each way.
const PIECES_MAX: usize = 4;
/// A piece of what is typed, in bytes.
const PIECE_BYTES: usize = 4 * 1024;

/// Gives this program's terminal, or what is piped into it, to the machine until it ends.
pub(super) async fn console(kept: Kept) -> Result<After> {
    let raw = TerminalMode::take(Termios::make_raw)?;
    let minutes = kept.time().as_secs().div_ceil(60);
    let how = if raw.is_some() { "; Ctrl-] ends it" } else { "" };
    // What follows is the guest's, and not part of the report.
    let line = format!("The run is over. A shell in its machine, for at most {minutes} min{how}:");
    eprint!("{line}\r\n");
    let (typed, typed_here) = mpsc::channel(PIECES_MAX);
    let (printed_there, printed) = mpsc::channel(PIECES_MAX);
    let enough = Arc::new(Notify::new());
    let terminal = raw.is_some();
    let watching = watch(terminal, typed.clone(), Arc::clone(&enough))?;
    let stop = Arc::clone(&enough);
    // It waits in the system for what is typed; it ends with the program.
    std::thread::spawn(move || read(terminal, &typed, &stop));
    let writer = std::thread::spawn(move || write(terminal, printed));
    let size = terminal.then(size);
    let after = kept
        .console(Console { terminal: size, typed: typed_here, printed: printed_there, enough })
        .await;
    watching.abort();
    // It ends with what it is given.
    let _written = tokio::task::spawn_blocking(move || writer.join()).await;
    if terminal {
        print!("{RESET}\r\n");
    }
    drop(raw);
    eprintln!("{}", ended(&after));
    Ok(after)
}

/// Why the machine is gone, and how much happened in it after the run.
fn ended(after: &After) -> String {
    let why = match &after.ended {
        KeptEnd::Shell(_) => "The shell has ended".to_owned(),
        KeptEnd::Enough => "Ended".to_owned(),
        KeptEnd::TimeUsed => "Time is up".to_owned(),
        KeptEnd::GuestEnded => "The guest has ended".to_owned(),
        KeptEnd::NoShell(why) => format!("No console: {why}"),
    };
    let (records, events) = (after.notices.len(), after.events.len());
    let lost = if after.lost > 0 { format!(" ({} lost)", after.lost) } else { String::new() };
    format!(
        "{why}, and with it the machine. After the run: {records} records of the trace{lost}, \
         {events} events of the virtual Internet; none of it is in the report."
    )
}

/// The trace of what happened after the run, a line each.
pub(super) fn keep_trace(record: &Path, after: &After) -> Result<()> {
    let file = record.join("after.txt");
    let mut text = format!("{}\n", ended(after));
    for notice in &after.notices {
        let at_ms = notice.at_ns / 1_000_000;
        let _infallible = writeln!(text, "{at_ms:>8} ms {:>6} {}", notice.pid, told(notice));
    }
    std::fs::write(&file, text).with_context(|| file.display().to_string())
}

/// Tells of another size of the terminal, and of the wish that this program ends.
fn watch(
    terminal: bool,
    typed: mpsc::Sender<Typed>,
    enough: Arc<Notify>,
) -> Result<tokio::task::JoinHandle<()>> {
    let on = |kind| signal(kind).context("signals");
    let (mut terminate, mut hangup) = (on(SignalKind::terminate())?, on(SignalKind::hangup())?);
    let mut interrupt = on(SignalKind::interrupt())?;
    let mut resized = on(SignalKind::window_change())?;
    // Where nothing is typed by hand, the end of the input is that of the shell's.
    let typed = terminal.then_some(typed);
    Ok(tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = hangup.recv() => break,
                _ = interrupt.recv() => break,
                _ = resized.recv() => {
                    if let Some(typed) = &typed {
                        let _gone = typed.send(Typed::Size(size())).await;
                    }
                }
            }
        }
        enough.notify_one();
    }))
}

/// Reads what is typed, until nobody wants it.
fn read(terminal: bool, typed: &mpsc::Sender<Typed>, enough: &Notify) {
    let mut piece = [0; PIECE_BYTES];
    loop {
        let count = match std::io::stdin().read(&mut piece) {
            Ok(count @ 1..) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Ok(_) | Err(_) => break,
        };
        let bytes = &piece[..count];
        let escape = bytes.iter().position(|byte| terminal && *byte == ESCAPE);
        let bytes = bytes[..escape.unwrap_or(count)].to_vec();
        if typed.blocking_send(Typed::Bytes(bytes)).is_err() || escape.is_some() {
            break;
        }
    }
    if terminal {
        // It was the escape, or the terminal is gone.
        enough.notify_one();
    }
}

/// Prints what the shell prints, as far as it is text, or draws.
fn write(terminal: bool, mut printed: mpsc::Receiver<Vec<u8>>) {
    let mut screen = if terminal { SafeScreen::drawing() } else { SafeScreen::plain() };
    let mut out = std::io::stdout().lock();
    while let Some(bytes) = printed.blocking_recv() {
        let shown = screen.filter_bytes(&bytes);
        if out.write_all(shown.as_bytes()).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn size() -> Size {
    const USUAL: Size = Size { rows: 24, columns: 80 };
    tcgetwinsize(std::io::stdout())
        .map_or(USUAL, |size| Size { rows: size.ws_row, columns: size.ws_col })
}
