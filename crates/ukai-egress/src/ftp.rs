//! A client for FTP (RFC 959): passive only, and data only from where the commands went.

use crate::connect::Connector;
use crate::failure::Failure;
use crate::file_name::{decoded, file_name};
use crate::ftp_reply::{Reply, ReplyReader, epsv_port, pasv_port};
use crate::policy::Policy;
use crate::transfer::{Transfer, server_text};
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use ukai_indicator::observables::FetchUrl;

/// What anonymous users give, as GNU wget does.
const ANONYMOUS: (&str, &str) = ("anonymous", "-wget@");

/// Fetches `url` from `address`.
pub(crate) async fn fetch(
    connector: Connector,
    url: &FetchUrl,
    address: IpAddr,
    transfer: &mut Transfer,
) -> Result<(), Failure> {
    let (user, password) = credentials(url)?;
    let path = url.path();
    let path = path.rsplit_once(";type=").map_or(path, |(path, _)| path);
    let file = file_name(path)?;
    let stream = connector.tcp(SocketAddr::new(address, url.port())).await?;
    transfer.server_ip = Some(address);
    let mut control =
        Control { stream: BufReader::new(stream), reader: ReplyReader::default(), transfer };
    control.log_in(&user, &password).await?;
    control.expect_positive("TYPE I").await?;
    let port = control.passive_port(address).await?;
    Policy::check_data_port(port)?;
    let mut data = connector.tcp(SocketAddr::new(address, port)).await?;
    let reply = control.command(&format!("RETR {file}")).await?;
    if !reply.is_preliminary() {
        return Err(refused(&reply));
    }
    control.receive(&mut data).await?;
    drop(data);
    let reply = control.reply().await?;
    if !reply.is_positive() {
        return Err(refused(&reply));
    }
    // Nobody waits for the answer.
    let _ = control.send("QUIT").await;
    Ok(())
}

fn credentials(url: &FetchUrl) -> Result<(String, String), Failure> {
    if url.user().is_empty() {
        return Ok((ANONYMOUS.0.to_owned(), ANONYMOUS.1.to_owned()));
    }
    Ok((decoded(url.user())?, decoded(url.password().unwrap_or_default())?))
}

fn refused(reply: &Reply) -> Failure {
    Failure::refused(format!("FTP {} {}", reply.code, server_text(&reply.text)))
}

struct Control<'a> {
    stream: BufReader<TcpStream>,
    reader: ReplyReader,
    transfer: &'a mut Transfer,
}

impl Control<'_> {
    async fn log_in(&mut self, user: &str, password: &str) -> Result<(), Failure> {
        let mut greeting = self.reply().await?;
        while greeting.is_preliminary() {
            greeting = self.reply().await?;
        }
        if !greeting.is_positive() {
            return Err(refused(&greeting));
        }
        let mut reply = self.command(&format!("USER {user}")).await?;
        if reply.code == 331 {
            reply = self.command(&format!("PASS {password}")).await?;
        }
        if reply.is_positive() { Ok(()) } else { Err(refused(&reply)) }
    }

    /// Asks where data will be; the old command first, since old servers know only that.
    async fn passive_port(&mut self, address: IpAddr) -> Result<u16, Failure> {
        if address.is_ipv4() {
            let reply = self.command("PASV").await?;
            if reply.code == 227
                && let Some(port) = pasv_port(&reply.text)
            {
                return Ok(port);
            }
        }
        let reply = self.command("EPSV").await?;
        match epsv_port(&reply.text) {
            Some(port) if reply.code == 229 => Ok(port),
            _ => Err(refused(&reply)),
        }
    }

    async fn receive(&mut self, data: &mut TcpStream) -> Result<(), Failure> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let read = data.read(&mut buffer);
            let read = Transfer::awaited(self.transfer.idle_max, "FTP data", read).await?;
            match read.map_err(|error| failed(&error))? {
                0 => return Ok(()),
                count => self.transfer.push(&buffer[..count])?,
            }
        }
    }

    async fn expect_positive(&mut self, command: &str) -> Result<(), Failure> {
        let reply = self.command(command).await?;
        if reply.is_positive() { Ok(()) } else { Err(refused(&reply)) }
    }

    async fn command(&mut self, line: &str) -> Result<Reply, Failure> {
        self.send(line).await?;
        self.reply().await
    }

    async fn send(&mut self, line: &str) -> Result<(), Failure> {
        let line = format!("{line}\r\n");
        let written = self.stream.get_mut().write_all(line.as_bytes());
        Transfer::awaited(self.transfer.idle_max, "FTP", written)
            .await?
            .map_err(|error| failed(&error))
    }

    async fn reply(&mut self) -> Result<Reply, Failure> {
        loop {
            let byte = self.stream.read_u8();
            let byte = Transfer::awaited(self.transfer.idle_max, "FTP", byte).await?;
            let byte = byte.map_err(|error| failed(&error))?;
            let reply = self.reader.push(byte);
            if let Some(reply) = reply.map_err(|error| Failure::unreachable(error.to_string()))? {
                self.transfer.status = Some(reply.code);
                return Ok(reply);
            }
        }
    }
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::unreachable(format!("FTP: {error}"))
}
