//! The states of RFC 9293 against Linux's: each script of `scripts.txt` is run against our
//! stack in memory and against the kernel through a TUN device, and the answers compared:
//! flags, numbers, options, payload, whether a window is open, and silence.

mod kernel;
mod ours;
mod peer;
mod script;

use kernel::Device;
use ours::Ours;
use peer::Peer;
use script::{Action, Call, Script};
use std::fmt::Write as _;
use std::time::Duration;
use ukai_packet::tcp::Flags;

/// How long answers may take: longer than an acknowledgement is delayed (Linux's
/// `TCP_DELACK_MAX`, 200 ms).
const SETTLE: Duration = Duration::from_millis(250);

/// The kernel's side: its address, and nothing of the machine's own settings.
const ROUTES: &str = "\
ip link set lo up
echo 1 > /proc/sys/net/ipv6/conf/ukai1/disable_ipv6
ip address add 203.0.113.1/24 dev ukai1
ip link set ukai1 up txqueuelen 20000
ip route add 198.18.0.0/15 dev ukai1
echo reno > /proc/sys/net/ipv4/tcp_congestion_control
echo 4096 131072 6291456 > /proc/sys/net/ipv4/tcp_rmem
";

/// What is compared.
trait Subject {
    async fn inject(&mut self, packet: Vec<u8>);
    /// What the service sees, if it looks.
    async fn call(&mut self, peer: &mut Peer, call: Call) -> Option<String>;
    /// The packets that come within `time`.
    async fn settle(&mut self, time: Duration) -> Vec<Vec<u8>>;
}

/// What a service has read, in words.
fn read(count: usize, right: bool, end: Option<&str>) -> String {
    let mut out = format!("service: {count} bytes");
    if !right {
        out.push_str(", other than were sent");
    }
    if let Some(end) = end {
        let _ = write!(out, ", {end}");
    }
    out
}

/// Runs a script; the answers to each of its steps.
async fn run(script: &Script, peer: &mut Peer, subject: &mut impl Subject) -> Vec<Vec<String>> {
    let mut answers = Vec::new();
    for step in &script.steps {
        let mut told = Vec::new();
        let (mut time, mut all, mut syn) = (SETTLE, false, false);
        match &step.action {
            Action::Open(template) => {
                subject.inject(peer.packet(template)).await;
                for packet in subject.settle(SETTLE).await {
                    told.extend(peer.told(&packet, false, true));
                }
                subject.inject(peer.packet(&peer.completing(template))).await;
            }
            Action::Segment(template) => {
                syn = template.flags & Flags::SYN.0 != 0;
                subject.inject(peer.packet(template)).await;
            }
            Action::Call(call) => told.extend(subject.call(peer, *call).await),
            Action::Fill => {
                let mut from = 1;
                for _ in 0..1_000 {
                    let Some(segment) = peer.filling(from) else { break };
                    subject.inject(peer.packet(&segment)).await;
                    from += segment.length as u32;
                    if from == peer.edge() {
                        for packet in subject.settle(SETTLE).await {
                            peer.told(&packet, false, false);
                        }
                    }
                }
                told.push(format!("closed: {}", from == peer.edge()));
            }
            Action::Wait(milliseconds) => {
                (time, all) = (Duration::from_millis(*milliseconds), true);
            }
        }
        for packet in subject.settle(time).await {
            told.extend(peer.told(&packet, all, syn));
        }
        if all {
            // How often something is said again in a while is not compared.
            told.dedup();
        }
        answers.push(told);
    }
    answers
}

/// What a script says of a step on which both differ.
fn expected(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).filter(|line| *line != "nothing").collect()
}

/// What is not as it should be, in a script's answers.
fn differences(script: &Script, linux: &[Vec<String>], ours: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (place, step) in script.steps.iter().enumerate() {
        let (linux, ours) = (&linux[place], &ours[place]);
        let fits = if step.linux.is_empty() && step.ours.is_empty() {
            linux == ours
        } else {
            assert!(step.why.is_some(), "[{}] {}: why?", script.name, step.line);
            *linux == expected(&step.linux) && *ours == expected(&step.ours)
        };
        if !fits {
            let _ = writeln!(out, "[{}] {}", script.name, step.line);
            let _ = writeln!(out, "    linux: {linux:?}\n    ours:  {ours:?}");
        }
    }
    out
}

async fn compare() {
    let scripts = script::parse(include_str!("scripts.txt"));
    let mut device = Device::open("ukai1");
    let routes = tokio::process::Command::new("sh").args(["-ec", ROUTES]).status().await;
    assert!(routes.expect("sh runs").success());
    let mut running = Vec::new();
    let count = scripts.len();
    for (index, script) in scripts.into_iter().enumerate() {
        let tries = [0, 1, 2].map(|again| {
            let peer = Peer::new(index + again * count, &script);
            (device.kernel(peer.address, peer.port, &script), peer)
        });
        running.push(tokio::task::spawn_local(async move {
            let mut wrong = String::new();
            // Linux answers some things not too often: a busy machine spoils that.
            for (mut kernel, mut peer) in tries {
                let linux = run(&script, &mut peer, &mut kernel).await;
                let mut peer = Peer::new(index, &script);
                let ours = run(&script, &mut peer, &mut Ours::new(&script)).await;
                wrong = differences(&script, &linux, &ours);
                if wrong.is_empty() {
                    break;
                }
            }
            wrong
        }));
    }
    let carrying = tokio::task::spawn_local(device.carry());
    let mut wrong = String::new();
    for each in running {
        wrong += &each.await.expect("a script runs");
    }
    carrying.abort();
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_state_answers_as_linux_does() {
    crate::in_namespace("states::every_state_answers_as_linux_does");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    tokio::task::LocalSet::new().block_on(&runtime.expect("a runtime"), compare());
}
