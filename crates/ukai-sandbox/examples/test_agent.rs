//! The agent of the tests' guest: it does what the real one is told to do, without a trace,
//! and what a sample that has taken over the guest would do.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use ukai_trace::{Framer, Notice, Order, Reason, VERSION, What};

fn main() -> std::io::Result<()> {
    let mut orders = File::open("/dev/vport0p1")?;
    let mut notices = OpenOptions::new().write(true).open("/dev/vport0p2")?;
    tell(&mut notices, 0, What::Ready { version: VERSION })?;
    let mut framer = Framer::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = orders.read(&mut buffer)?;
        if count == 0 {
            // Nobody is there: the machine was stopped to be copied.
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        framer.push(&buffer[..count]);
        while let Ok(Some(body)) = framer.next_body() {
            if let Ok(order) = Order::decode(body) {
                carry_out(order, &mut notices)?;
            }
        }
    }
}

fn tell(notices: &mut File, pid: u32, what: What) -> std::io::Result<()> {
    let mut frame = Vec::new();
    Notice { at_ns: 0, pid, what }.encode(&mut frame);
    notices.write_all(&frame)
}

fn carry_out(order: Order, notices: &mut File) -> std::io::Result<()> {
    match order {
        Order::Network { address, prefix, gateway, resolver, .. } => {
            let text = |octets: [u8; 4]| std::net::Ipv4Addr::from(octets).to_string();
            let script = format!(
                "ip link set eth0 up; ip address add {}/{prefix} dev eth0; \
                 ip route add default via {}; echo nameserver {} > /etc/resolv.conf",
                text(address),
                text(gateway),
                text(resolver)
            );
            Command::new("/bin/sh").args(["-c", &script]).status()?;
        }
        Order::Clock { unix_ns } => {
            let seconds = format!("@{}", unix_ns / 1_000_000_000);
            Command::new("/bin/date").args(["-s", &seconds]).output()?;
        }
        Order::Put { path, mode, bytes, last, .. } => {
            let path = PathBuf::from(String::from_utf8_lossy(&path).into_owned());
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(&bytes)?;
            if last {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
            }
        }
        Order::Start { program, arguments, .. } => {
            let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
            let mut command = Command::new(text(&program));
            command.args(arguments.iter().skip(1).map(text));
            match command.spawn() {
                Err(error) => {
                    let error = error.raw_os_error().unwrap_or(0);
                    tell(notices, 0, What::Failed { step: b"start".to_vec(), error })?;
                }
                Ok(mut child) => {
                    let pid = child.id();
                    tell(notices, pid, What::Started {})?;
                    let mut notices = notices.try_clone()?;
                    std::thread::spawn(move || {
                        let status = child.wait().map_or(0, ExitStatusExt::into_raw);
                        // A guest that was taken over says what it likes.
                        if let Ok(bytes) = std::fs::read("/tmp/say") {
                            while notices.write_all(&bytes).is_ok()
                                && std::path::Path::new("/tmp/again").exists()
                            {
                            }
                        }
                        let _ = tell(&mut notices, pid, What::Exit { status: status as u32 });
                    });
                }
            }
        }
        Order::Finish { .. } => {
            if let Ok(bytes) = std::fs::read("/tmp/dropped") {
                let (path, size) = (b"/tmp/dropped".to_vec(), bytes.len() as u64);
                let (number, offset, reason) = (1, 0, Reason::Dropped);
                let what = What::File { number, path, reason, size, offset, bytes, last: true };
                tell(notices, 0, what)?;
            }
            if !std::path::Path::new("/tmp/mute").exists() {
                tell(notices, 0, What::Finished {})?;
            }
        }
        // It gives nobody a console.
        Order::Entropy { .. }
        | Order::Identity { .. }
        | Order::Keep { .. }
        | Order::Console { .. }
        | Order::Type { .. }
        | Order::Size { .. } => {}
    }
    Ok(())
}
