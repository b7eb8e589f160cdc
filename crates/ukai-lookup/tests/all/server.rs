//! A server that plays a service: one request a connection, answered by a function.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Status, further header lines, body.
pub(crate) type Told = (u16, &'static str, String);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts it; it ends with the test.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Told + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(&stream);
                let mut request = Asked::default();
                if reader.read_line(&mut request.line).unwrap_or(0) == 0 {
                    continue;
                }
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                        break;
                    }
                    if let Some((name, value)) = line.split_once(':') {
                        let name = name.to_ascii_lowercase();
                        request.headers.push((name, value.trim().to_owned()));
                    }
                }
                let length = request.header("content-length").and_then(|it| it.parse().ok());
                request.body = vec![0; length.unwrap_or(0)];
                if reader.read_exact(&mut request.body).is_err() {
                    continue;
                }
                let (status, headers, body) = answer(&request);
                seen.lock().expect("no panic").push(request);
                let _ = write!(
                    &stream,
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, asked }
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }

    pub(crate) fn last(&self) -> Asked {
        self.asked.lock().expect("no panic").last().cloned().expect("asked")
    }
}
