//! The same dialogue with the real server and with ours: the answers are the same, but for
//! names, numbers and times that differ between any two hosts.
//!
//! The ways in which honeypots are recognised, which test holds each, and against what:
//!
//! | way | test | real program beside it |
//! | --- | --- | --- |
//! | F1, nmap's match lines | `recognition`, `ssh_tools`, `detectors::telnet`; `detectors_find_cowrie` | nmap, Cowrie |
//! | F2, SSH versions and nonsense | ukai-ssh `tests/wire/compare.rs`; `detectors::ssh_wire` | `sshd`, `dropbear`, Cowrie |
//! | F3, KEXINIT and HASSH | the same; `ssh_tools`; `cowrie_events` (the client's) | `sshd`, `dropbear`, ssh-audit, Cowrie |
//! | F4, banners | `detectors::ssh_wire`; `compare::{ftp, mail}` (greetings) | `sshd`, vsftpd, `ProFTPD`, Postfix, Dovecot |
//! | F5, who is let in | `detectors::credentials`; refusals and their time in `compare::{telnet, ftp, mail}` | the servers there |
//! | F6, the system's own words | `detectors::shell`, also run on the real one; ukai-shell's differential tests | bash, Debian |
//! | F7, the shell's grammar | the same; `loaders` | bash, BusyBox ash |
//! | F8, Telnet's options | `compare::telnet`, `detectors::telnet` | inetutils' telnetd with `login`, BusyBox' telnetd and login, Cowrie |
//! | F9, FTP | `compare::ftp`, `detectors::ftp` | vsftpd, `ProFTPD` |
//! | F10, databases: Redis | `compare::redis` | redis-server |
//! | F10, databases: MySQL | `compare::mysql` | `MariaDB`'s server and client |
//! | F10, databases: PostgreSQL | `compare::postgresql` | PostgreSQL 15, `psql` |
//! | F10, databases: MongoDB | `compare::mongodb` | its drivers; no package has the server |
//! | F13, HTTP | `compare::http`, `detectors::http` | nginx |
//! | F14, neighbours and time | `detectors::network`, `refusals_take_as_long_as_ours` | inetutils, BusyBox |
//!
//! BusyBox' ftpd is in no package of Debian, nor are the cameras' and routers' web servers:
//! those personas' answers rest on the programs' sources. Old BusyBox' Telnet framing too
//! (networking/telnetd.c of 1.12.1 and 1.16.1); 1.35 runs here.

mod ftp;
mod http;
mod mail;
mod mongodb;
mod mysql;
mod postgresql;
mod real;
mod redis;
mod telnet;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long an answer is waited for.
#[derive(Clone, Copy)]
struct Patience {
    /// Silence behind a whole answer after which there is no more of it.
    quiet: Duration,
    /// Longest wait for an answer: refusals take their time.
    answer: Duration,
}

const HASTY: Patience =
    Patience { quiet: Duration::from_millis(60), answer: Duration::from_secs(5) };
/// For a second try: a busy machine breaks answers in two, which is no difference.
const PATIENT: Patience =
    Patience { quiet: Duration::from_millis(1_500), answer: Duration::from_secs(20) };

/// Dialogues at once: more than a dozen, and a log-in's locks make its answers late.
const AT_ONCE: usize = 12;

/// What is said, and whether it is a whole answer.
type Whole = fn(&[u8]) -> bool;

/// Says `lines` one after the other, each when the last one is answered; gives the answers,
/// the greeting first. An answer that ends with the connection ends in `[closed]`.
fn talk(address: SocketAddr, lines: &[&[u8]], whole: Whole, patience: Patience) -> Vec<String> {
    let mut stream =
        TcpStream::connect_timeout(&address, Duration::from_secs(10)).expect("a server listens");
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket option");
    let mut answers = vec![hear(&mut stream, whole, patience)];
    for line in lines {
        if answers.last().is_some_and(|last| last.ends_with("[closed]")) {
            break;
        }
        // One that hangs up meanwhile says so in the next answer.
        let _ = stream.write_all(line);
        answers.push(hear(&mut stream, whole, patience));
    }
    answers
}

fn hear(stream: &mut TcpStream, whole: Whole, patience: Patience) -> String {
    let (start, mut last) = (Instant::now(), Instant::now());
    let mut heard = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                heard.extend_from_slice(&buffer[..count]);
                last = Instant::now();
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                let quiet = last.elapsed() > patience.quiet;
                if quiet && whole(&heard) || start.elapsed() > patience.answer {
                    return characters(&heard);
                }
            }
            Err(_) => break,
        }
    }
    characters(&heard) + "[closed]"
}

/// A character for each byte.
fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A server under comparison.
#[derive(Clone)]
struct Side {
    address: SocketAddr,
    /// What stands in its answers and not in the other's → what is compared.
    names: Vec<(String, &'static str)>,
}

/// What was said, what the real server answered, what ours.
type Held<'a> = (&'a Vec<&'a [u8]>, Vec<String>, Vec<String>);

/// Has both servers the same dialogues, many at once, and tells every difference that is
/// there again at a second, patient try.
fn compare(
    real: &Side,
    ours: &Side,
    dialogues: &[Vec<&[u8]>],
    whole: Whole,
    plain: fn(&str) -> String,
) {
    let dialogues: Vec<_> = dialogues.iter().collect();
    let hold = |dialogues: &[_], patience| -> Vec<_> {
        let held = dialogues
            .chunks(AT_ONCE)
            .flat_map(|dialogues| hold_at_once(real, ours, dialogues, whole, plain, patience));
        held.filter(|(_, real, ours)| real != ours).collect()
    };
    let again: Vec<_> = hold(&dialogues, HASTY).into_iter().map(|(lines, ..)| lines).collect();
    let told: Vec<String> = hold(&again, PATIENT)
        .iter()
        .flat_map(|(lines, real, ours)| differences(lines, real, ours))
        .collect();
    assert!(told.is_empty(), "{} differences:\n{}", told.len(), told.join("\n"));
}

fn hold_at_once<'a>(
    real: &Side,
    ours: &Side,
    dialogues: &[&'a Vec<&'a [u8]>],
    whole: Whole,
    plain: fn(&str) -> String,
    patience: Patience,
) -> Vec<Held<'a>> {
    std::thread::scope(|scope| {
        let run = |side: &Side, lines: &[&[u8]]| {
            let answers = talk(side.address, lines, whole, patience);
            let names = |mut text: String| {
                for (name, stands_for) in &side.names {
                    text = text.replace(name.as_str(), stands_for);
                }
                plain(&text)
            };
            answers.into_iter().map(names).collect::<Vec<_>>()
        };
        let threads: Vec<_> = dialogues
            .iter()
            .map(|lines| {
                let real = scope.spawn(move || run(real, lines));
                (*lines, real, scope.spawn(move || run(ours, lines)))
            })
            .collect();
        let ended = threads.into_iter().map(|(lines, real, ours)| {
            (lines, real.join().expect("no panic"), ours.join().expect("no panic"))
        });
        ended.collect()
    })
}

fn differences(lines: &[&[u8]], real: &[String], ours: &[String]) -> Vec<String> {
    let none = String::from("[nothing: it had hung up]");
    let at = |answers: &[String], n: usize| answers.get(n).unwrap_or(&none).clone();
    (0..real.len().max(ours.len()))
        .filter(|n| at(real, *n) != at(ours, *n))
        .map(|n| {
            let line = n.checked_sub(1).and_then(|n| lines.get(n)).copied().unwrap_or_default();
            let line: String = line.escape_ascii().to_string().chars().take(120).collect();
            format!("> {line}\n  real {:?}\n  ours {:?}", at(real, n), at(ours, n))
        })
        .collect()
}
