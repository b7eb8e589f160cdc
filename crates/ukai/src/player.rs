//! Plays a recording in the operator's terminal.

use crate::cast::Cast;
use crate::safe_screen::RESET;
use crate::terminal_mode::TerminalMode;
use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::LocalModes;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// How far the arrow keys go, in seconds.
const SEEK_S: f64 = 5.0;
/// Longest wait before keys are looked at, in milliseconds.
const TICK_MS: u64 = 50;
/// Factor of the keys `+` and `-`.
const SPEED_STEP: f64 = 1.5;
/// Slowest and fastest.
const SPEEDS: (f64, f64) = (0.05, 1_000.0);

/// Plays until the end, or until the operator has seen enough.
pub(crate) fn play(cast: &Cast, speed: f64) -> Result<()> {
    let keyboard = TerminalMode::take(|mode| {
        mode.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
    })?;
    let stop = stop_flag()?;
    let mut out = std::io::stdout().lock();
    let mut playing = Playing { cast, at: 0.0, next: 0, speed, paused: false };
    let mut before = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let passed = now.duration_since(before).as_secs_f64();
        before = now;
        if !playing.paused {
            playing.at += passed * playing.speed;
        }
        out.write_all(playing.due().as_bytes())?;
        out.flush()?;
        if playing.next == cast.output.len() && (playing.at >= cast.end || keyboard.is_none()) {
            break;
        }
        match keyboard.as_ref().map(|_| key(playing.wait())).transpose()? {
            None => std::thread::sleep(playing.wait()),
            Some(None) => {}
            Some(Some(Key::Quit)) => break,
            Some(Some(Key::Pause)) => playing.paused = !playing.paused,
            Some(Some(Key::Faster)) => playing.change_speed(SPEED_STEP),
            Some(Some(Key::Slower)) => playing.change_speed(1.0 / SPEED_STEP),
            Some(Some(Key::Seek(by))) => out.write_all(playing.seek(by).as_bytes())?,
        }
    }
    writeln!(out, "{RESET}")?;
    Ok(())
}

/// Where a recording is.
struct Playing<'a> {
    cast: &'a Cast,
    /// Seconds from the beginning.
    at: f64,
    /// What is printed next.
    next: usize,
    speed: f64,
    paused: bool,
}

impl Playing<'_> {
    /// What is to be printed by now.
    fn due(&mut self) -> String {
        let mut text = String::new();
        while let Some((time, output)) = self.cast.output.get(self.next) {
            if *time > self.at {
                break;
            }
            text.push_str(output);
            self.next += 1;
        }
        text
    }

    /// How long nothing is to be printed, at most a tick.
    fn wait(&self) -> Duration {
        let tick = Duration::from_millis(TICK_MS);
        let until = self.cast.output.get(self.next).map_or(self.cast.end, |(time, _)| *time);
        let seconds = (until - self.at).max(0.0) / self.speed;
        if self.paused { tick } else { tick.min(Duration::from_secs_f64(seconds.min(1.0))) }
    }

    fn change_speed(&mut self, factor: f64) {
        self.speed = (self.speed * factor).clamp(SPEEDS.0, SPEEDS.1);
    }

    /// Goes elsewhere; what is to be printed for it. Back means from the beginning again.
    fn seek(&mut self, by_s: f64) -> String {
        self.at = (self.at + by_s).clamp(0.0, self.cast.end);
        let mut text = String::new();
        if by_s < 0.0 {
            self.next = 0;
            text = format!("{RESET}\x1b[2J\x1b[H");
        }
        text + &self.due()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Quit,
    Pause,
    Faster,
    Slower,
    Seek(f64),
}

/// What keys mean; `None` for those that mean nothing.
fn key_of(typed: &[u8]) -> Option<Key> {
    match typed {
        [b'q' | b'Q' | 3 | 4, ..] => Some(Key::Quit),
        [b' ', ..] => Some(Key::Pause),
        [b'+' | b'=', ..] => Some(Key::Faster),
        [b'-', ..] => Some(Key::Slower),
        [0x1b, b'[' | b'O', b'C', ..] => Some(Key::Seek(SEEK_S)),
        [0x1b, b'[' | b'O', b'D', ..] => Some(Key::Seek(-SEEK_S)),
        _ => None,
    }
}

/// A key, if one comes in time.
fn key(within: Duration) -> Result<Option<Key>> {
    let mut stdin = std::io::stdin();
    let wait = Timespec {
        tv_sec: i64::try_from(within.as_secs()).unwrap_or(0),
        tv_nsec: within.subsec_nanos().into(),
    };
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    match poll(&mut ready, Some(&wait)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(error).context("the keyboard"),
    }
    let mut typed = [0; 16];
    match stdin.read(&mut typed).context("the keyboard")? {
        0 => Ok(Some(Key::Quit)),
        length => Ok(key_of(typed.get(..length).unwrap_or_default())),
    }
}

/// Becomes true when the program is told to end, so that the terminal is mended first.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
            let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds.map(signal) else {
                return;
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
            told.store(true, Ordering::Relaxed);
        });
    });
    Ok(flag)
}

#[cfg(test)]
mod tests {
    use super::{Key, Playing, key_of};
    use crate::cast::Cast;

    #[test]
    fn seeking_shows_what_stood_there() {
        let output: Vec<(f64, String)> = (0..10).map(|n| (f64::from(n), n.to_string())).collect();
        let cast = Cast { width: 80, height: 24, output, end: 9.0 };
        let mut playing = Playing { cast: &cast, at: 2.5, next: 0, speed: 1.0, paused: false };
        assert_eq!(playing.due(), "012");
        assert_eq!(playing.seek(5.0), "34567");
        assert!(playing.seek(-5.0).ends_with("\x1b[H012"));
        playing.seek(-50.0);
        assert_eq!((playing.at, playing.next), (0.0, 1));
        playing.seek(500.0);
        assert_eq!((playing.at, playing.next), (9.0, 10));
    }

    #[test]
    fn keys_mean_what_the_help_says() {
        assert_eq!(key_of(b" "), Some(Key::Pause));
        assert_eq!(key_of(b"\x1b[D"), Some(Key::Seek(-5.0)));
        assert_eq!(key_of(b"\x1bOC"), Some(Key::Seek(5.0)));
        assert_eq!(key_of(b"\x03"), Some(Key::Quit));
        assert_eq!(key_of(b"x"), None);
    }
}
