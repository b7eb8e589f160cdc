//! `nc`, `telnet`: connections that nobody takes.

use super::{Arguments, Command, Options};
use crate::process::Process;
use crate::system::{Fut, Stop};
use ukai_model::Duration;

pub(super) const COMMANDS: &[Command] = &[
    Command::waiting("nc", nc),
    Command::waiting("netcat", nc),
    Command::waiting("ncat", nc),
    Command::waiting("telnet", nc),
    Command::waiting("ssh", nc),
];

fn nc(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const LISTEN_S: u64 = 3_600;
        let options = Options::read(&arguments, "+lp:w:e:nvuzkqis:", &[]);
        let name = arguments.name().into_owned();
        if options.has("l") {
            process.session.sleep(Duration::from_secs(LISTEN_S)).await?;
            return Ok(0);
        }
        let Some(host) = options.operands.first() else {
            process.error(&format!("{name}: missing host"))?;
            return Ok(1);
        };
        let host = String::from_utf8_lossy(host).into_owned();
        let port = options
            .operands
            .get(1)
            .map_or("23".to_owned(), |p| String::from_utf8_lossy(p).into_owned());
        refused(process).await?;
        let text = match (name.as_str(), arguments.gnu) {
            ("telnet", true) => {
                format!(
                    "Trying {host}...\ntelnet: Unable to connect to remote host: Connection refused"
                )
            }
            ("ssh", _) => format!("ssh: connect to host {host} port 22: Connection refused"),
            (_, true) => {
                format!("({name}: connect to {host} port {port} (tcp) failed: Connection refused")
            }
            _ => format!("{name}: can't connect to remote host ({host}): Connection refused"),
        };
        process.error(text.trim_start_matches('('))?;
        Ok(if name == "ssh" { 255 } else { 1 })
    })
}

/// Waits as long as a refusal takes to come back.
pub(super) async fn refused(process: &Process) -> Result<(), Stop> {
    const ANSWER_MS: u64 = 120;
    process.session.sleep(Duration::from_millis(ANSWER_MS)).await
}
