//! A child for the tests: confines itself, then misbehaves as its argument says.

use std::io::{Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let how = std::env::args().nth(1).unwrap_or_default();
    if let Err(error) = ukai_jail::enter() {
        eprintln!("{error}");
        return ExitCode::from(125);
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
