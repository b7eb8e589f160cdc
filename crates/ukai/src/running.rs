//! How other commands find a running `ukai up`: a file in the data folder, and a few
//! requests to its hub.

use crate::cli::WrongUse;
use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "running.json";
const TIMEOUT: Duration = Duration::from_secs(30);

/// The file that says that this process runs on the data folder; gone when dropped.
pub(crate) struct RunningFile(PathBuf);

impl RunningFile {
    /// Writes the readiness line beside the data.
    pub(crate) fn write(data: &Path, line: &str) -> Result<Self> {
        let path = data.join(FILE);
        std::fs::write(&path, line).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for RunningFile {
    fn drop(&mut self) {
        // A file that stays does no harm: the lock tells whether anybody runs.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A running hub on this machine.
pub(crate) struct RunningHub {
    address: SocketAddr,
    token: String,
}

#[derive(Deserialize)]
struct Ready {
    ui: String,
    token_file: PathBuf,
}

impl RunningHub {
    /// The hub that runs on `data`, by the file that it left there.
    pub(crate) fn find(data: &Path) -> Result<Self> {
        let path = data.join(FILE);
        let explain = || {
            WrongUse(format!(
                "{}: the data folder is in use, but not by a `ukai up` that is ready. Try again in a moment",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(&path).map_err(|_| explain())?;
        let ready: Ready = serde_json::from_str(&text).map_err(|_| explain())?;
        let address = ready
            .ui
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
            .map_err(|_| explain())?;
        let token = std::fs::read_to_string(&ready.token_file)
            .with_context(|| ready.token_file.display().to_string())?;
        Ok(Self { address, token: token.trim().to_owned() })
    }

    /// The body of a GET. The hub is ours and on this machine, so HTTP/1.0 without
    /// keep-alive does: the body ends with the connection.
    pub(crate) fn get(&self, target: &str) -> Result<Vec<u8>> {
        let mut reader = self.open(target)?;
        let mut body = Vec::new();
        reader.read_to_end(&mut body).context("reading from the hub")?;
        Ok(body)
    }

    /// The same; `None` if the hub has nothing there.
    pub(crate) fn find_bytes(&self, target: &str) -> Result<Option<Vec<u8>>> {
        let Some(mut reader) = self.request(target)? else { return Ok(None) };
        let mut body = Vec::new();
        reader.read_to_end(&mut body).context("reading from the hub")?;
        Ok(Some(body))
    }

    /// A GET whose body is read as it comes (live events).
    pub(crate) fn open(&self, target: &str) -> Result<BufReader<TcpStream>> {
        match self.request(target)? {
            Some(reader) => Ok(reader),
            None => bail!(WrongUse(format!("the hub does not know {target}"))),
        }
    }

    fn request(&self, target: &str) -> Result<Option<BufReader<TcpStream>>> {
        let mut stream = TcpStream::connect_timeout(&self.address, TIMEOUT)
            .with_context(|| format!("the hub at {}", self.address))?;
        stream.set_read_timeout(Some(TIMEOUT)).context("a socket option")?;
        write!(
            stream,
            "GET {target} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        )
        .context("asking the hub")?;
        let mut reader = BufReader::new(stream);
        let mut status = String::new();
        reader.read_line(&mut status).context("the hub's answer")?;
        let mut header = String::new();
        while reader.read_line(&mut header).context("the hub's answer")? > 2 {
            header.clear();
        }
        match status.split(' ').nth(1) {
            Some("200") => Ok(Some(reader)),
            Some("404") => Ok(None),
            _ => Err(anyhow!("the hub answered {}", status.trim())),
        }
    }
}
