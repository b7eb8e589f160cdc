//! Package managers and services: `apt`, `yum`, `opkg`, `systemctl`, `service`, `pip`.

use super::{Arguments, Command, Outcome};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("opkg", opkg),
    Command::at_once("update-rc.d", |_, _| Ok(0)),
    Command::at_once("chkconfig", |_, _| Ok(0)),
    Command::at_once("journalctl", |_, _| Ok(0)),
    Command::at_once("logger", |_, _| Ok(0)),
    Command::at_once("setenforce", |_, _| Ok(0)),
];

fn opkg(process: &mut Process, arguments: &Arguments) -> Outcome {
    let shown = arguments.shown(2).into_owned();
    if arguments.rest().first().is_some_and(|w| w == b"install") {
        process.error(&format!("Unknown package '{shown}'.\nCollected errors:\n * opkg_install_cmd: Cannot install package {shown}."))?;
        return Ok(255);
    }
    Ok(0)
}
