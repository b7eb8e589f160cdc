//! The bot's distribution server: a small HTTP server on loopback that gives out the
//! files it is told to and remembers who asked when.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// One answered request.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// Path asked for.
    pub(crate) path: String,
    /// When the last byte had been given to the kernel.
    pub(crate) at: Instant,
}

/// The server; its thread ends with the test's process.
pub(crate) struct FileServer {
    address: SocketAddr,
    served: Arc<Mutex<Vec<Served>>>,
}

impl FileServer {
    /// Serves `files` (path → content) on a free port of 127.0.0.1. `build` is told the
    /// address first, since scripts contain it.
    pub(crate) fn start(build: impl FnOnce(&str) -> HashMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let files = build(&format!("http://{address}"));
        let served = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is not the test's concern.
                let _ = answer(stream, &files, &log);
            }
        });
        Self { address, served }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was given out so far.
    pub(crate) fn served(&self) -> Vec<Served> {
        self.served.lock().expect("no panic while serving").clone()
    }
}

fn answer(
    stream: TcpStream,
    files: &HashMap<String, Vec<u8>>,
    log: &Mutex<Vec<Served>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut stream = stream;
    match files.get(&path) {
        Some(body) => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Type: application/octet-stream\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            )?;
            stream.write_all(body)?;
        }
        None => stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?,
    }
    stream.flush()?;
    log.lock().expect("no panic while serving").push(Served { path, at: Instant::now() });
    Ok(())
}
