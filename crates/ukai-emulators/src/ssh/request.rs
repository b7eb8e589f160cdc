//! Requests: RFC 4254, sections 4 and 6, as session.c and serverloop.c of OpenSSH and
//! svr-chansession.c of Dropbear grant them.

use super::channel::{Channel, Pty, Work};
use super::session::SshSession;
use super::sftp::Sftp;
use super::terminal::size;
use crate::{Context, Effect};
use bytes::Bytes;
use ukai_shell::{Console, Login, Shell, ShellEffect};
use ukai_ssh::{ChannelId, ChannelRequest, GlobalRequest};

/// How a program is started on a channel.
enum Start {
    Shell,
    Command(Bytes),
}

impl SshSession {
    pub(super) fn on_global_request(
        &mut self,
        cx: &mut Context<'_>,
        request: &GlobalRequest,
        want_reply: bool,
    ) {
        let forwarding = self.spec().forwarding;
        let (granted, port) = match request {
            GlobalRequest::TcpipForward { address, port } => {
                self.note_tunnel(cx, "tcpip-forward", address, *port, b"", forwarding);
                let seed = self.open.seed ^ u64::from(self.failures);
                let chosen = 32_768 + (seed >> 8) as u32 % 28_000;
                (forwarding, (*port == 0).then_some(chosen))
            }
            GlobalRequest::CancelTcpipForward { address, port } => {
                self.note_tunnel(cx, "cancel-tcpip-forward", address, *port, b"", forwarding);
                (forwarding, None)
            }
            GlobalRequest::StreamlocalForward { path } => {
                let granted = forwarding && self.is_openssh();
                self.note_tunnel(cx, "streamlocal-forward", path, 0, b"", granted);
                (granted, None)
            }
            GlobalRequest::CancelStreamlocalForward { .. } => (self.is_openssh(), None),
            GlobalRequest::Other { name, data } => {
                let name = String::from_utf8_lossy(name).into_owned();
                self.note(cx, &name, data);
                (false, None)
            }
        };
        if want_reply {
            self.with_server(|server, out| server.global_reply(granted, port, out));
        }
    }

    pub(super) fn on_channel_request(
        &mut self,
        cx: &mut Context<'_>,
        id: ChannelId,
        request: ChannelRequest,
        want_reply: bool,
    ) {
        let granted = self.grants(cx, id, &request);
        if want_reply {
            self.with_server(|server, out| server.request_reply(id, granted, out));
        }
        if !granted {
            return;
        }
        match request {
            ChannelRequest::Shell => self.start(cx, id, &Start::Shell),
            ChannelRequest::Exec { command } => self.start(cx, id, &Start::Command(command)),
            ChannelRequest::Signal { name } => self.on_signal(cx, id, &name),
            ChannelRequest::Subsystem { .. } => self.start_sftp(id),
            _ => {}
        }
    }

    /// Whether a request is granted; what it sets is set.
    fn grants(&mut self, cx: &mut Context<'_>, id: ChannelId, request: &ChannelRequest) -> bool {
        let openssh = self.is_openssh();
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        let idle = matches!(channel.work, Work::Idle);
        match request {
            ChannelRequest::Pty(request) if idle && channel.pty.is_none() => {
                let pty = Pty::new(request);
                let (columns, rows) = (pty.size.columns, pty.size.rows);
                cx.effects.push(Effect::TerminalSize { columns, rows });
                channel.pty = Some(pty);
                let asked = format!(" {}x{}", request.cols, request.rows);
                self.note(cx, "pty-req", &[&request.term[..], asked.as_bytes()].concat());
                true
            }
            ChannelRequest::Env { name, value } => {
                let room = channel.has_room_for(name, value);
                let detail = [&name[..], b"=", value].concat();
                self.note(cx, "env", &detail);
                let granted = room && idle && self.spec().accepts_variable(name);
                if granted && let Some(channel) = self.channels.get_mut(&id) {
                    channel.variables.push((name.clone(), value.clone()));
                }
                granted
            }
            ChannelRequest::Shell | ChannelRequest::Exec { .. } => idle,
            ChannelRequest::WindowChange { cols, rows, .. } => {
                let size = size(*cols, *rows);
                if let Some(pty) = &mut channel.pty {
                    pty.size = size;
                    let (columns, rows) = (size.columns, size.rows);
                    cx.effects.push(Effect::TerminalSize { columns, rows });
                }
                if let Work::Console(console) = &mut channel.work {
                    console.resize(size);
                }
                channel.pty.is_some()
            }
            ChannelRequest::Signal { name } => {
                self.note(cx, "signal", name);
                openssh && !idle
            }
            ChannelRequest::Break { .. } => openssh && channel.pty.is_some(),
            ChannelRequest::AuthAgent => {
                self.note(cx, "auth-agent-req", b"");
                idle
            }
            ChannelRequest::X11 { protocol, .. } => {
                let granted = self.spec().x11;
                self.note(cx, "x11-req", protocol);
                granted
            }
            ChannelRequest::Subsystem { name } => {
                self.note(cx, "subsystem", name);
                idle && self.spec().sftp && name == "sftp"
            }
            ChannelRequest::Other { name, data } => {
                let name = String::from_utf8_lossy(name).into_owned();
                self.note(cx, &name, data);
                false
            }
            ChannelRequest::Pty(_) => false,
        }
    }

    fn start_sftp(&mut self, id: ChannelId) {
        let sftp = Sftp::new(self.open.fs.clone(), self.open.host.clone(), &self.user);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.work = Work::Sftp(Box::new(sftp));
        }
    }

    fn start(&mut self, cx: &mut Context<'_>, id: ChannelId, start: &Start) {
        self.started += 1;
        let seed = self.open.seed.wrapping_add(self.started.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let Some(channel) = self.channels.get(&id) else { return };
        let login = self.login(channel);
        let uid = login.uid;
        let open = &self.open;
        let mut shell = Shell::new(open.host.clone(), open.fs.clone(), login, seed, cx.now);
        let mut out = Vec::new();
        let work = if let Some(pty) = &channel.pty {
            if let Start::Command(command) = start {
                shell.exec(command, cx.now, &mut out);
                out = out.into_iter().map(on_terminal).collect();
            }
            let modes = pty.modes;
            let mut console = Console::new(shell, modes.echo);
            console.set_modes(modes);
            console.set_separate_returns();
            if matches!(start, Start::Shell) {
                let greeting = self.greeting(cx, uid).replace('\n', "\r\n");
                out.push(ShellEffect::Output(Bytes::from(greeting)));
                console.start(cx.now, &mut out);
            }
            Work::Console(Box::new(console))
        } else {
            match start {
                Start::Shell => shell.script(cx.now, &mut out),
                Start::Command(command) => shell.exec(command, cx.now, &mut out),
            }
            Work::Shell(Box::new(shell))
        };
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.work = work;
        }
        self.pass_on(cx, id, out);
        self.settle(cx, id);
    }

    /// The log-in as `sshd` sets it up (session.c, `do_setup_env`).
    fn login(&self, channel: &Channel) -> Login {
        let user = String::from_utf8_lossy(&self.user).into_owned();
        let uid = self.open.host.persona.user(&self.user).map_or(0, |user| user.uid);
        let flow = &self.open.flow;
        let mut login = Login::new(user, uid).from_peer(flow.src_ip);
        for (name, value) in &channel.variables {
            login = login.with_variable(name.clone(), value.clone());
        }
        login = login
            .with_variable(
                "SSH_CLIENT",
                format!("{} {} {}", flow.src_ip, flow.src_port, flow.dst_port),
            )
            .with_variable(
                "SSH_CONNECTION",
                format!("{} {} {} {}", flow.src_ip, flow.src_port, flow.dst_ip, flow.dst_port),
            );
        match &channel.pty {
            Some(pty) => login
                .on_terminal(pty.size)
                .with_variable("SSH_TTY", "/dev/pts/0")
                .with_variable("TERM", pty.term.clone()),
            None => login.with_piped_input(),
        }
    }
}

/// Output of a command on a terminal: lines end with CR LF.
fn on_terminal(effect: ShellEffect) -> ShellEffect {
    let (ShellEffect::Output(bytes) | ShellEffect::ErrorOutput(bytes)) = effect else {
        return effect;
    };
    let mut text = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if byte == b'\n' {
            text.push(b'\r');
        }
        text.push(byte);
    }
    ShellEffect::Output(text.into())
}
