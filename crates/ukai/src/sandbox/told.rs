//! Records of the trace, a line each. Their bytes are the guest's: escaped and cut.

use ukai_model::PeerText;
use ukai_trace::{Address, Notice, What};

/// Of a text, so much is shown, in bytes.
const SHOWN_BYTES_MAX: usize = 256;

fn text(bytes: &[u8]) -> String {
    PeerText::truncated(bytes, SHOWN_BYTES_MAX).escaped().into_owned()
}

fn texts(list: &[Vec<u8>]) -> String {
    text(&list.join(&b' '))
}

fn address(address: &Address) -> String {
    match address {
        Address::None => "-".to_owned(),
        Address::Ip(address) => address.to_string(),
        Address::Unix(path) => format!("unix:{}", text(path)),
        Address::Vsock { cid, port } => format!("vsock:{cid}:{port}"),
        Address::Other(family) => format!("family {family}"),
    }
}

/// A record in a line.
pub(super) fn told(notice: &Notice) -> String {
    match &notice.what {
        What::Ready { version } => format!("ready {version}"),
        What::Started {} => "started".to_owned(),
        What::Failed { step, error } => format!("failed {} errno {error}", text(step)),
        What::Finished {} => "finished".to_owned(),
        What::Kept {} => "kept".to_owned(),
        What::Console {} => "the analyst's shell".to_owned(),
        What::Screen { bytes } => format!("screen: {}", text(bytes)),
        What::Typed { total } => format!("typed {total}"),
        What::ConsoleEnded { status } => format!("the analyst's shell has ended: {status:#x}"),
        What::Lost { records } => format!("lost {records}"),
        What::Execute { path, arguments, interpreter, deleted, .. } => {
            let gone = if *deleted { " (deleted)" } else { "" };
            let by = if interpreter.is_empty() {
                String::new()
            } else {
                format!(" by {}", text(interpreter))
            };
            format!("execute {}{gone}{by}: {}", text(path), texts(arguments))
        }
        What::Fork { child, thread } => {
            format!("{} {child}", if *thread { "thread" } else { "fork" })
        }
        What::Exit { status } => format!("exit {status:#x}"),
        What::Name { name } => format!("name {}", text(name)),
        What::Kill { target, name, signal } => format!("kill {target} ({}) {signal}", text(name)),
        What::Trace { target, request } => format!("ptrace {target} request {request}"),
        What::Sleep { ns, skipped, .. } => {
            let skipped = if *skipped { " (skipped)" } else { "" };
            format!("sleep {} ms{skipped}", ns / 1_000_000)
        }
        What::Open { path, flags, error } => {
            format!("open {} flags {flags:#o} errno {error}", text(path))
        }
        What::Create { path } => format!("create {}", text(path)),
        What::Write { path, size } => format!("write {} {size}", text(path)),
        What::Rename { from, to } => format!("rename {} {}", text(from), text(to)),
        What::Delete { path } => format!("delete {}", text(path)),
        What::Link { from, to, .. } => format!("link {} {}", text(from), text(to)),
        What::Mode { path, mode } => format!("mode {} {mode:o}", text(path)),
        What::Folder { path } => format!("folder {}", text(path)),
        What::Socket { family, kind, protocol } => {
            format!("socket family {family} kind {kind} protocol {protocol}")
        }
        What::Bind { local, error } => format!("bind {} errno {error}", address(local)),
        What::Listen { local } => format!("listen {}", address(local)),
        What::Connect { remote, protocol, error, .. } => {
            format!("connect {} protocol {protocol} errno {error}", address(remote))
        }
        What::Accept { remote, .. } => format!("accept {}", address(remote)),
        What::Send { remote, protocol, bytes, count, .. } => {
            format!("send {} protocol {protocol}: {bytes} bytes in {count}", address(remote))
        }
        What::Receive { remote, protocol, bytes, count, .. } => {
            format!("receive {} protocol {protocol}: {bytes} bytes in {count}", address(remote))
        }
        What::Mount { source, target, kind, .. } => {
            format!("mount {} {} {}", text(source), text(target), text(kind))
        }
        What::Module { name } => format!("module {}", text(name)),
        What::Reboot { command } => format!("reboot {command:#x}"),
        What::Registry { key, name, data, deleted } => {
            let data = if *deleted { "(deleted)".to_owned() } else { text(data) };
            format!("registry {}: {} = {data}", text(key), text(name))
        }
        What::Logged { channel, provider, id, record, data, .. } => {
            format!("log {} {record}: {} {id}: {}", text(channel), text(provider), texts(data))
        }
        What::SetClock { unix_ns } => format!("set clock {}", unix_ns / 1_000_000_000),
        What::Output { stream, bytes, total } => {
            format!("output {stream} ({total}): {}", text(bytes))
        }
        What::File { path, reason, size, offset, bytes, .. } => {
            format!("file {} {reason:?}: {} of {size} at {offset}", text(path), bytes.len())
        }
        What::Memory { target, address, size, name, .. } => {
            format!("memory of {target} at {address:#x}: {size} {}", text(name))
        }
    }
}
