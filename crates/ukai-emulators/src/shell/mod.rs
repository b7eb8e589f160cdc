//! A shell on the bare connection, as a bind shell (`sh -i` behind a socket) or an open
//! `telnetd -l /bin/sh` gives it: the prompt at once, root, no negotiation, no echo, lines
//! that end with LF.

use crate::shell_effects::{Screen, pass_on};
use crate::{Context, Effect, Emulator, FetchId, Fetched, Open, Session, TimerId};
use bytes::Bytes;
use ukai_model::Direction;
use ukai_persona::ShellFlavour;
use ukai_shell::{Console, Login, Shell, ShellEffect, TerminalSize};

const SHELL: TimerId = TimerId(1);
const END_OF_INPUT: u8 = 0x04;
/// Shells that may be nested when the input ends.
const SHELLS_MAX: usize = 16;

/// The bare shell.
#[derive(Clone, Copy, Debug, Default)]
pub struct BareShell;

impl Emulator for BareShell {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn open(&self, open: Open) -> Box<dyn Session> {
        Box::new(ShellSession { open: Box::new(open), console: None })
    }
}

struct ShellSession {
    open: Box<Open>,
    /// There is one from the opening to the end.
    console: Option<Box<Console>>,
}

impl ShellSession {
    fn start(&mut self, cx: &mut Context<'_>) {
        let size = TerminalSize { columns: 80, rows: 24 };
        let login = Login::new("root", 0).on_terminal(size).from_peer(self.open.flow.src_ip);
        let (host, fs) = (self.open.host.clone(), self.open.fs.clone());
        let shell = Shell::new(host, fs, login, self.open.seed, cx.now);
        self.console = Some(Box::new(Console::new(shell, false)));
        let complaint = Bytes::from(self.complaint(cx));
        show(cx, &complaint);
        self.with_console(cx, |console, cx, out| console.start(cx.now, out));
    }

    /// What an interactive shell says where there is no terminal: ash.c and jobs.c.
    fn complaint(&self, cx: &Context<'_>) -> String {
        match self.open.host.persona.shell.flavour {
            ShellFlavour::Bash => format!(
                "bash: cannot set terminal process group ({}): Inappropriate ioctl for device\n\
                 bash: no job control in this shell\n",
                self.open.host.next_pid(cx.now)
            ),
            ShellFlavour::Ash => "/bin/sh: can't access tty; job control turned off\n".to_owned(),
        }
    }

    fn with_console(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut Console, &Context<'_>, &mut Vec<ShellEffect>),
    ) {
        let Some(console) = &mut self.console else { return };
        let mut out = Vec::new();
        act(console, cx, &mut out);
        let exited = console.exited().is_some();
        for effect in out {
            match pass_on(cx, effect, SHELL) {
                Some(Screen::Output(bytes) | Screen::Error(bytes)) => show(cx, &bytes),
                Some(Screen::Input(bytes)) => {
                    cx.effects.push(Effect::Terminal(Direction::In, bytes));
                }
                None => {}
            }
        }
        if exited {
            self.finish(cx);
            cx.close();
        }
    }

    fn finish(&mut self, cx: &mut Context<'_>) {
        if let Some(mut console) = self.console.take() {
            let mut out = Vec::new();
            console.finish(&mut out);
            for effect in out {
                let _ = pass_on(cx, effect, SHELL);
            }
        }
    }
}

/// Sends output; without a terminal, no carriage returns are added.
fn show(cx: &mut Context<'_>, bytes: &Bytes) {
    cx.effects.push(Effect::Terminal(Direction::Out, bytes.clone()));
    let mut plain = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            plain.push(*byte);
        }
    }
    cx.send(plain);
}

impl Session for ShellSession {
    fn protocol(&self) -> &'static str {
        "shell"
    }

    fn on_open(&mut self, cx: &mut Context<'_>) {
        self.start(cx);
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        self.with_console(cx, |console, cx, out| console.on_bytes(bytes, cx.now, out));
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        let ends = [END_OF_INPUT; SHELLS_MAX];
        self.with_console(cx, |console, cx, out| console.on_bytes(&ends, cx.now, out));
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: TimerId) {
        if timer == SHELL {
            self.with_console(cx, |console, cx, out| console.on_timer(cx.now, out));
        }
    }

    fn on_fetched(&mut self, cx: &mut Context<'_>, fetch: FetchId, fetched: Fetched) {
        self.with_console(cx, |console, cx, out| console.on_fetched(fetch, fetched, cx.now, out));
    }

    fn on_close(&mut self, cx: &mut Context<'_>) {
        self.finish(cx);
    }
}
