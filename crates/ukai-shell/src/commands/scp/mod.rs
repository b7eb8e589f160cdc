//! `scp`: the far end of the old copying protocol, which `scp -O` and every older client
//! start over SSH. `sink` takes files, `source` gives them. Behaviour and texts are those
//! of scp.c of OpenSSH 9.2; a test compares the bytes with the real program's.

mod sink;
mod source;

use super::{Arguments, Command, Options, change};
use crate::process::Process;
use crate::system::{Fut, Stop};
use bytes::Bytes;

pub(super) const COMMANDS: &[Command] = &[Command::waiting("scp", scp)];

/// Longest record of the protocol, in bytes: scp's buffer with its final NUL.
const RECORD_BYTES: usize = 16_383;

/// What both ends keep.
struct Copying<'a> {
    process: &'a mut Process,
    recursive: bool,
    times: bool,
    verbose: bool,
    /// Whether anything failed: the exit status tells.
    failed: bool,
}

/// Why an end leaves.
enum Leave {
    Stop(Stop),
    /// `exit(1)`
    Exit,
}

impl From<Stop> for Leave {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn scp(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(&arguments, "12346ABCTdfOpqRrstvD:F:J:M:P:S:c:i:l:o:X:", &[]);
        let operands = options.operands.clone();
        if options.bad.is_some() || (!options.has("t") && !options.has("f") && operands.len() < 2) {
            let usage = super::answers::answer("scp", "").map_or("", |usage| usage.errors);
            if let Some(bad) = &options.bad {
                process.error(&format!("scp: unknown option -- {bad}\r"))?;
            }
            process.error_bytes(usage.as_bytes())?;
            return Ok(1);
        }
        if !options.has("t") && !options.has("f") {
            return copy(process, &options).await;
        }
        let mut copying = Copying {
            process,
            recursive: options.has("r"),
            times: options.has("p"),
            verbose: options.has("v"),
            failed: false,
        };
        let result = if options.has("f") {
            copying.source(operands).await
        } else {
            copying.sink(&operands, options.has("d")).await
        };
        match result {
            Ok(()) => Ok(i32::from(copying.failed)),
            Err(Leave::Exit) => Ok(1),
            Err(Leave::Stop(stop)) => Err(stop),
        }
    })
}

/// Called by a person: between local files it is `cp`; nobody takes its connections.
async fn copy(process: &mut Process, options: &Options) -> Result<i32, Stop> {
    const CONNECTION_CLOSED: i32 = 255;
    let remote = options.operands.iter().find_map(|word| remote_host(word));
    let Some(host) = remote else {
        let mut words = vec![b"cp".to_vec()];
        for flag in ["r", "p"] {
            if options.has(flag) {
                words.push(format!("-{flag}").into_bytes());
            }
        }
        words.push(b"--".to_vec());
        words.extend(options.operands.iter().cloned());
        let gnu = process.session.host.persona.is_gnu();
        let Some(cp) = change::COMMANDS.iter().find(|command| command.name == "cp") else {
            return Ok(1);
        };
        return cp.run(process, Arguments::new(words, gnu)).await;
    };
    let port = options.number("P").unwrap_or(22);
    let host = String::from_utf8_lossy(host).into_owned();
    let port = u16::try_from(port).unwrap_or(22);
    super::netcat::ssh_fails(process, &host, port, "scp").await?;
    process.error("scp: Connection closed\r")?;
    Ok(CONNECTION_CLOSED)
}

/// The host in `[user@]host:path`, as scp's `colon()` tells it from a file's name.
fn remote_host(word: &[u8]) -> Option<&[u8]> {
    let colon = word.iter().position(|b| *b == b':').filter(|at| *at > 0)?;
    let host = &word[..colon];
    let host = host.iter().rposition(|b| *b == b'@').map_or(host, |at| &host[at + 1..]);
    (!host.contains(&b'/')).then_some(host)
}

impl Copying<'_> {
    fn acknowledge(&mut self) -> Result<(), Stop> {
        self.process.print(b"\0").map(|_| ())
    }

    /// Tells the other end what went wrong, as scp's `run_err` does.
    fn tell(&mut self, message: &[u8]) -> Result<(), Stop> {
        self.failed = true;
        self.process.print([b"\x01scp: ", message, b"\n"].concat()).map(|_| ())
    }

    /// `PATH: reason`
    fn tell_of(&mut self, path: &[u8], reason: &str) -> Result<(), Stop> {
        self.tell(&[path, b": ", reason.as_bytes()].concat())
    }

    fn remark(&mut self, text: &[u8]) -> Result<(), Stop> {
        if self.verbose {
            self.process.error_bytes(text)?;
        }
        Ok(())
    }

    /// At most `max` bytes; none at the end of the input.
    async fn read(&mut self, max: usize, line: bool) -> Result<Bytes, Stop> {
        Ok(self.process.read(0, max, line).await?.unwrap_or_default())
    }

    /// A line with its end, or what there was before the input ended.
    async fn line(&mut self) -> Result<Vec<u8>, Stop> {
        let mut line = Vec::new();
        while line.len() < RECORD_BYTES && line.last() != Some(&b'\n') {
            let chunk = self.read(RECORD_BYTES - line.len(), true).await?;
            if chunk.is_empty() {
                break;
            }
            line.extend_from_slice(&chunk);
        }
        Ok(line)
    }

    /// Waits for the other end's word: whether it is content. An end of the input or a
    /// fatal error ends this one, too.
    async fn response(&mut self) -> Result<bool, Leave> {
        let byte = self.read(1, false).await?;
        match byte.first() {
            None => Err(Leave::Exit),
            Some(0) => Ok(true),
            Some(kind) => {
                self.line().await?;
                self.failed = true;
                if *kind == 1 { Ok(false) } else { Err(Leave::Exit) }
            }
        }
    }
}
