//! Sockets of the `AF_UNIX` kind: those that a Debian 12 server's services listen on, and
//! the connections of its programs to the journal and the message bus.

use super::{Fs, State, View};
use std::fmt::Write as _;
use ukai_persona::Process;

/// How a local socket carries data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalKind {
    Stream = 1,
    Datagram = 2,
    Packets = 5,
}

/// A local socket.
#[derive(Clone, Debug)]
pub(crate) struct LocalSocket {
    pub(crate) kind: LocalKind,
    pub(crate) listening: bool,
    /// The socket at the other end.
    pub(crate) peer: Option<u64>,
    pub(crate) inode: u64,
    pub(crate) path: String,
    pub(crate) owner: Option<(Process, u32)>,
}

impl LocalSocket {
    /// Whether it has another end, or waits for one.
    pub(crate) fn is_connected(&self) -> bool {
        self.peer.is_some()
    }
}

/// Where services listen: kind, path, the name of the process that has it (socket units
/// are systemd's).
const LISTENING: [(LocalKind, &str, &str); 14] = [
    (LocalKind::Datagram, "/run/systemd/notify", "systemd"),
    (LocalKind::Stream, "/run/systemd/private", "systemd"),
    (LocalKind::Stream, "/run/systemd/userdb/io.systemd.DynamicUser", "systemd"),
    (LocalKind::Stream, "/run/systemd/io.system.ManagedOOM", "systemd"),
    (LocalKind::Datagram, "/run/systemd/journal/syslog", "rsyslogd"),
    (LocalKind::Stream, "/run/systemd/fsck.progress", "systemd"),
    (LocalKind::Stream, "/run/systemd/journal/stdout", "systemd-journal"),
    (LocalKind::Packets, "/run/udev/control", "systemd-udevd"),
    (LocalKind::Datagram, "/run/systemd/journal/dev-log", "systemd-journal"),
    (LocalKind::Datagram, "/run/systemd/journal/socket", "systemd-journal"),
    (LocalKind::Stream, "/run/systemd/journal/io.systemd.journal", "systemd-journal"),
    (LocalKind::Stream, "/run/dbus/system_bus_socket", "dbus-daemon"),
    (LocalKind::Stream, "/run/uuidd/request", "systemd"),
    (LocalKind::Stream, "/run/php/php8.2-fpm.sock", "php-fpm8.2"),
];

/// Who is connected to what.
const CONNECTED: [(&str, &str); 10] = [
    ("systemd-timesyn", "/run/systemd/journal/stdout"),
    ("cron", "/run/systemd/journal/stdout"),
    ("dbus-daemon", "/run/systemd/journal/stdout"),
    ("rsyslogd", "/run/systemd/journal/stdout"),
    ("systemd-logind", "/run/systemd/journal/stdout"),
    ("sshd", "/run/systemd/journal/stdout"),
    ("php-fpm8.2", "/run/systemd/journal/stdout"),
    ("systemd", "/run/dbus/system_bus_socket"),
    ("systemd-logind", "/run/dbus/system_bus_socket"),
    ("unattended-upgr", "/run/dbus/system_bus_socket"),
];

impl Fs {
    /// The host's local sockets; devices have none that anybody shows.
    pub(crate) fn local_sockets(&self, view: &View) -> Vec<LocalSocket> {
        self.local_sockets_of(&self.state(), view)
    }

    fn local_sockets_of(&self, state: &State, view: &View) -> Vec<LocalSocket> {
        if !self.host().persona.is_gnu() {
            return Vec::new();
        }
        let processes = self.processes_of(state, view);
        let with = |name: &str, fd: u32| {
            processes.iter().find(|p| p.name == name).map(|p| (p.clone(), fd))
        };
        // In the order in which they were made, with gaps of the host's own.
        let number =
            |place: u64| 12_100 + place * 31 + self.host().draw(&format!("local {place}"), 0, 28);
        let mut all: Vec<LocalSocket> = (0..)
            .zip(LISTENING)
            .map(|(place, (kind, path, owner))| LocalSocket {
                kind,
                listening: kind != LocalKind::Datagram,
                peer: None,
                inode: number(u64::from(place)),
                path: path.to_owned(),
                owner: with(owner, 9 + place),
            })
            .collect();
        for (place, (client, path)) in (0..).zip(CONNECTED) {
            let own = number(LISTENING.len() as u64 + u64::from(place));
            let other = own + 1;
            let server = LISTENING.iter().find(|(_, p, _)| *p == path).map_or("", |(.., o)| *o);
            let socket = |inode, peer, path: &str, owner| LocalSocket {
                kind: LocalKind::Stream,
                listening: false,
                peer: Some(peer),
                inode,
                path: path.to_owned(),
                owner,
            };
            all.push(socket(own, other, "", with(client, 2)));
            all.push(socket(other, own, path, with(server, 20 + place)));
        }
        all
    }

    /// `/proc/net/unix`
    pub(super) fn local_sockets_text(&self, state: &State, view: &View) -> String {
        let mut text = "Num       RefCount Protocol Flags    Type St Inode Path\n".to_owned();
        for s in self.local_sockets_of(state, view) {
            let pointer =
                self.host().draw(&format!("pointer {}", s.inode), 1 << 20, u64::from(u32::MAX));
            let _ = write!(
                text,
                "{pointer:016x}: {:08X} 00000000 {:08X} {:04X} {:02X} {:>5}",
                if s.is_connected() { 3 } else { 2 },
                if s.listening { 0x1_0000 } else { 0 },
                s.kind as u8,
                if s.is_connected() { 3 } else { 1 },
                s.inode
            );
            if !s.path.is_empty() {
                let _ = write!(text, " {}", s.path);
            }
            text.push('\n');
        }
        text
    }
}
