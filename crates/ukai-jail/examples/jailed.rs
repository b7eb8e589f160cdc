//! A child for the tests: confines itself, then misbehaves as its argument says.

use std::io::{Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let how = std::env::args().nth(1).unwrap_or_default();
    if let Err(error) = ukai_jail::enter() {
        eprintln!("{error}");
        return ExitCode::from(125);
    }
    if let Some(how) = how.strip_prefix("talk ") {
        return talk(how);
    }
    let mut input = Vec::new();
    if std::io::stdin().read_to_end(&mut input).is_err() {
        return ExitCode::from(1);
    }
    println!("{{\"read\":{}}}", input.len());
    misbehave(&how);
    println!("{{\"end\":true}}");
    ExitCode::SUCCESS
}

/// Asks for ten bytes and tells them, and then misbehaves.
fn talk(how: &str) -> ExitCode {
    let mut talk = ukai_jail::Talk::new();
    let answer = match talk.ask(b"ten") {
        Ok(answer) => answer,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut tell = |record: &[u8]| talk.tell(record).is_ok();
    let mut whole = tell(&answer);
    match how {
        "flood" => while tell(&[7; 1_000]) {},
        "long" => whole = tell(&vec![0; ukai_jail::RECORD_BYTES_MAX + 1]),
        "refused" => whole = talk.ask(b"nothing").is_ok(),
        "hang" => loop {
            std::hint::spin_loop();
        },
        "panic" => panic!("bad bytes"),
        _ => {}
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn misbehave(how: &str) {
    match how {
        "normal" => {}
        "hang" => loop {
            std::hint::spin_loop();
        },
        "memory" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(vec![1; 1 << 20]);
            }
        }
        "flood" => loop {
            println!("{{\"flood\":\"................................................\"}}");
        },
        "chatter" => {
            for _ in 0..100_000 {
                eprintln!("noise on standard error that nobody wants to keep");
            }
        }
        "open" => drop(std::fs::File::open("/etc/hostname")),
        "socket" => drop(std::net::TcpStream::connect("127.0.0.1:9")),
        "exec" => drop(std::process::Command::new("/bin/true").status()),
        "thread" => drop(std::thread::spawn(|| ())),
        "panic" => panic!("bad \x1b[31mbytes"),
        "abort" => std::process::abort(),
        "recurse" => println!("{}", recurse(1)),
        "environment" => {
            for (name, value) in std::env::vars() {
                println!("{name}={value}");
            }
        }
        "half" => {
            print!("{{\"half\":");
            let _ = std::io::stdout().flush();
            std::process::exit(3);
        }
        other => println!("{{\"unknown\":{other:?}}}"),
    }
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    let room = [depth; 64];
    std::hint::black_box(&room)[3] + recurse(depth + 1) + std::hint::black_box(&room)[7]
}
