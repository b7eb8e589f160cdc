//! The static agent of a sandbox's guest: the machine's init, which carries out the
//! host's orders and tells what a sample does.
//!
//! It traces by the guest's own kernel: probes through tracefs ([`probes`], [`ring`],
//! [`watch`]), contents of files by fanotify ([`files`]), programs and sleeps by a seccomp
//! listener ([`gate`]). It never uses ptrace. The sample lives in process, mount and time
//! namespaces of its own under a process that stands for an init ([`nest`]).
//!
//! A guest with Wine has more: its server and services run before the sample does ([`wine`]).
//!
//! When the run is over, a shell may be given to an analyst ([`console`]).
//!
//! Everything is bounded ([`limits`]), and what is lost is counted and told.
//! Not here: any judgement. Start reading at [`agent`].

mod agent;
mod boot;
mod clocks;
mod console;
mod files;
mod gate;
mod limits;
mod memory;
mod nest;
mod orders;
mod out;
mod probes;
mod ring;
mod sys;
mod watch;
mod wine;

fn main() {
    let first = std::env::args().next().unwrap_or_default();
    if std::process::id() == 1 && first == "/init" {
        // So that process 1 of the sample's looks like that of Debian.
        let error = sys::execute(c"/usr/lib/systemd/systemd", &[c"/sbin/init"]);
        sys::say(&format!("cannot become init: {error}"));
    }
    let error = agent::run();
    sys::say(&format!("the agent ends: {error}"));
    sys::power_off();
}
