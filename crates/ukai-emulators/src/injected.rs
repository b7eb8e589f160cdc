//! A line that reached a shell through another protocol: no terminal, one line, its
//! output collected.

use crate::limits::INJECTED_OUTPUT_BYTES;
use crate::shell_effects::{Screen, pass_on};
use crate::{Context, FetchId, Fetched, Open, TimerId};
use ukai_shell::{Login, Shell, ShellEffect, ShellState, WaitingFor};

/// A running line.
pub(crate) struct Injected {
    shell: Shell,
    timer: TimerId,
    /// Our number for each of the shell's open fetches.
    fetches: Vec<(FetchId, FetchId)>,
    output: Vec<u8>,
    /// Whether the stream for errors is shown too.
    both: bool,
}

impl Injected {
    /// Starts `line` as `user`. `next_fetch` numbers fetches across all lines of a
    /// connection; `timer` is the id under which the shell's timers are asked for.
    pub(crate) fn start(
        cx: &mut Context<'_>,
        open: &Open,
        user: &str,
        line: &[u8],
        next_fetch: &mut u32,
        timer: TimerId,
    ) -> Self {
        let mut run = Self::new(cx, open, user, *next_fetch, timer);
        run.act(cx, next_fetch, |shell, cx, out| shell.run(line, cx.now, out));
        run
    }

    /// Starts `line` as `popen` does: the shell ends with it, and its errors go elsewhere.
    pub(crate) fn popen(
        cx: &mut Context<'_>,
        open: &Open,
        user: &str,
        line: &[u8],
        next_fetch: &mut u32,
        timer: TimerId,
    ) -> Self {
        let mut run = Self { both: false, ..Self::new(cx, open, user, *next_fetch, timer) };
        run.act(cx, next_fetch, |shell, cx, out| shell.exec(line, cx.now, out));
        run
    }

    fn new(cx: &Context<'_>, open: &Open, user: &str, number: u32, timer: TimerId) -> Self {
        let uid = open.host.persona.user(user.as_bytes()).map_or(0, |user| user.uid);
        let login = Login::new(user, uid).from_peer(open.flow.src_ip);
        let seed = open.seed ^ u64::from(number);
        let shell = Shell::new(open.host.clone(), open.fs.clone(), login, seed, cx.now);
        Self { shell, timer, fetches: Vec::new(), output: Vec::new(), both: true }
    }

    /// What the shell ended with.
    pub(crate) fn status(&self) -> Option<i32> {
        match self.shell.state() {
            ShellState::Exited(status) => Some(status),
            _ => None,
        }
    }

    /// Whether the line has come to its end.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.shell.state(), ShellState::Waiting(_))
    }

    /// What it has printed so far.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    /// A fetch is over; nothing happens if it is not one of this line's.
    pub(crate) fn on_fetched(
        &mut self,
        cx: &mut Context<'_>,
        next_fetch: &mut u32,
        fetch: FetchId,
        fetched: Fetched,
    ) {
        let Some(index) = self.fetches.iter().position(|(ours, _)| *ours == fetch) else { return };
        let (_, id) = self.fetches.swap_remove(index);
        self.act(cx, next_fetch, |shell, cx, out| shell.on_fetched(id, fetched, cx.now, out));
    }

    /// The shell's timer is due.
    pub(crate) fn on_timer(&mut self, cx: &mut Context<'_>, next_fetch: &mut u32) {
        self.act(cx, next_fetch, |shell, cx, out| shell.on_timer(cx.now, out));
    }

    /// Ends the line, and gives what it printed.
    pub(crate) fn finish(mut self, cx: &mut Context<'_>) -> Vec<u8> {
        let mut unused = u32::MAX;
        let mut out = Vec::new();
        self.shell.finish(&mut out);
        self.carry(cx, &mut unused, out);
        self.output
    }

    fn act(
        &mut self,
        cx: &mut Context<'_>,
        next_fetch: &mut u32,
        act: impl FnOnce(&mut Shell, &Context<'_>, &mut Vec<ShellEffect>),
    ) {
        let mut out = Vec::new();
        act(&mut self.shell, cx, &mut out);
        // Nobody types: whoever reads meets the end.
        if self.shell.state() == ShellState::Waiting(WaitingFor::Stdin) {
            self.shell.end_stdin(cx.now, &mut out);
        }
        self.carry(cx, next_fetch, out);
    }

    fn carry(&mut self, cx: &mut Context<'_>, next_fetch: &mut u32, out: Vec<ShellEffect>) {
        for effect in out {
            let effect = match effect {
                ShellEffect::Fetch { id, url, tool } => {
                    let ours = FetchId(*next_fetch);
                    *next_fetch = next_fetch.wrapping_add(1);
                    self.fetches.push((ours, id));
                    ShellEffect::Fetch { id: ours, url, tool }
                }
                other => other,
            };
            // A page that runs a line shows both streams, as they come.
            let shown = match pass_on(cx, effect, self.timer) {
                Some(Screen::Output(bytes)) => Some(bytes),
                Some(Screen::Error(bytes)) if self.both => Some(bytes),
                _ => None,
            };
            if let Some(bytes) = shown {
                let room = INJECTED_OUTPUT_BYTES - self.output.len();
                self.output.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }
}
