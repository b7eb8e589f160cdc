//! A network namespace in which a guest's programs run: its only device leads to us.

use crate::cli::WrongUse;
use anyhow::{Context, Result, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tokio::runtime::Handle;
use ukai_link::Tun;
use ukai_netstack::Medium;
use ukai_virtnet::GuestNetwork;

/// A namespace, and whether it was made here: then it goes with this.
pub(super) struct Made {
    path: PathBuf,
    made: Option<String>,
}

impl Made {
    /// The namespace of that name or path; one is made if there is none of the name.
    pub(super) fn find(name: &str) -> Result<Self> {
        if name.contains('/') {
            return Ok(Self { path: name.into(), made: None });
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with(['-', '.']) || !name.chars().all(plain) {
            return Err(WrongUse(format!(
                "--netns {}: a name has letters, digits, `-`, `_` and `.`",
                name.escape_debug()
            ))
            .into());
        }
        let path = PathBuf::from("/run/netns").join(name);
        if path.exists() {
            return Ok(Self { path, made: None });
        }
        ip(&["netns", "add", name])?;
        Ok(Self { path, made: Some(name.to_owned()) })
    }

    /// Opens a TAP device in it.
    pub(super) async fn open(&self, device: &str, mtu: u16) -> Result<Tun> {
        let namespace = File::open(&self.path)
            .map_err(|error| WrongUse(format!("namespace {}: {error}", self.path.display())))?;
        let (device, runtime) = (device.to_owned(), Handle::current());
        // A thread that has changed its namespace is not given back to others.
        let (sender, opened) = tokio::sync::oneshot::channel();
        std::thread::Builder::new().name("namespace".to_owned()).spawn(move || {
            let opened =
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
                    .map_err(|error| WrongUse(format!("cannot enter the namespace: {error}")))
                    .and_then(|()| {
                        let _entered = runtime.enter();
                        Tun::open(&device, Medium::Ethernet, mtu)
                            .map_err(|error| WrongUse(error.to_string()))
                    });
            // Nobody waits any more: then nobody needs it.
            let _ = sender.send(opened);
        })?;
        Ok(opened.await.context("the device")??)
    }

    /// Gives the guest its addresses and routes.
    pub(super) fn configure(&self, device: &str, guest: &GuestNetwork) -> Result<()> {
        let own = u32::from(guest.network.network()) + guest.first_lease;
        let own = format!("{}/{}", std::net::Ipv4Addr::from(own), guest.network.prefix_len());
        let gateway = guest.gateway().to_string();
        let mut lines = format!(
            "link set lo up\nlink set {device} up\naddress replace {own} dev {device}\n\
             route replace default via {gateway} dev {device}\n"
        );
        if let Some(network) = guest.network_v6 {
            let own = u128::from(network.network()) + u128::from(guest.first_lease);
            let own = std::net::Ipv6Addr::from(own);
            let _ = writeln!(
                lines,
                "address replace {own}/64 dev {device} nodad\n\
                 route replace default via inet6 fe80::1 dev {device}"
            );
        }
        // All at once: most of the time until somebody is there was spent in starting `ip`.
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path.display())).args(["ip", "-batch", "-"]);
        run(command, &lines)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(name) = &self.made
            && let Err(error) = ip(&["netns", "delete", name])
        {
            tracing::warn!(%error, name, "the namespace stays");
        }
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("ip");
    command.args(arguments);
    run(command, "")
}

/// Runs a command that reads `input`.
fn run(mut command: Command, input: &str) -> Result<()> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| {
        format!(
            "{} cannot be run; install iproute2 and util-linux",
            command.get_program().display()
        )
    })?;
    if let Some(mut pipe) = child.stdin.take() {
        // Whoever does not read all of it says why.
        let _ = pipe.write_all(input.as_bytes());
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(WrongUse(format!("{command:?}: {}", said.trim())));
    }
    Ok(())
}
