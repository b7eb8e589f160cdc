//! `netstat`, `ss`, `lsof`, `fuser`.

use super::{Arguments, Command, Outcome};
use crate::process::Process;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("netstat", netstat),
    Command::at_once("ss", ss),
    Command::at_once("lsof", |_, _| Ok(1)),
    Command::at_once("fuser", |_, _| Ok(1)),
];

/// Ports on which the host listens, sorted.
fn listening(process: &Process) -> Vec<u16> {
    let services = &process.session.host.persona.services;
    let mut ports: Vec<u16> =
        services.telnet.iter().chain(&services.http).chain(&services.https).copied().collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The peer's end of the session, as it might be.
fn peer(process: &Process) -> Option<String> {
    let peer = process.session.login.peer?.to_canonical();
    let port = 32_768 + process.session.shell_pid % 28_000;
    Some(format!("{peer}:{port}"))
}

fn netstat(process: &mut Process, arguments: &Arguments) -> Outcome {
    let flags: Vec<u8> = arguments.rest().iter().flatten().copied().collect();
    let has = |flag: u8| flags.contains(&flag);
    if has(b'r') {
        let route = Arguments::new(vec![b"route".to_vec(), b"-n".to_vec()], arguments.gnu);
        if let Some(Command { run: super::Run::AtOnce(run), .. }) = super::program(b"route") {
            return run(process, &route);
        }
    }
    let programs = has(b'p');
    let mut text = if has(b'l') {
        "Active Internet connections (only servers)\n".to_owned()
    } else if has(b'a') {
        "Active Internet connections (servers and established)\n".to_owned()
    } else {
        "Active Internet connections (w/o servers)\n".to_owned()
    };
    text.push_str(
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       ",
    );
    text.push_str(if programs { "PID/Program name\n" } else { "\n" });
    let address = process.session.host.address.to_string();
    let mut row = |local: String, remote: String, state: &str| {
        let program = if programs { "-" } else { "" };
        let _ =
            writeln!(text, "tcp        0      0 {local:<23} {remote:<23} {state:<11} {program}");
    };
    if has(b'l') || has(b'a') {
        for port in listening(process) {
            row(format!("0.0.0.0:{port}"), "0.0.0.0:*".to_owned(), "LISTEN");
        }
    }
    if !has(b'l')
        && let Some(peer) = peer(process)
    {
        let port = listening(process).first().copied().unwrap_or(23);
        row(format!("{address}:{port}"), peer, "ESTABLISHED");
    }
    process.print(&text)?;
    Ok(0)
}

fn ss(process: &mut Process, arguments: &Arguments) -> Outcome {
    let flags: Vec<u8> = arguments.rest().iter().flatten().copied().collect();
    let mut text =
        "State   Recv-Q  Send-Q   Local Address:Port    Peer Address:Port  Process\n".to_owned();
    if flags.contains(&b'l') || flags.contains(&b'a') {
        for port in listening(process) {
            let _ =
                writeln!(text, "LISTEN  0       128            0.0.0.0:{port:<6}       0.0.0.0:*");
        }
    }
    if !flags.contains(&b'l')
        && let Some(peer) = peer(process)
    {
        let address = process.session.host.address;
        let _ = writeln!(text, "ESTAB   0       0       {address}:23      {peer}");
    }
    process.print(&text)?;
    Ok(0)
}
