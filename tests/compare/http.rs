//! nginx 1.22 of Debian 12 beside the web server of our Debian host.
//!
//! Known to differ, and left out: targets that nginx refuses (beyond the root, `%00`, bad
//! escapes, blanks, no `/` in front), `Host` twice, empty or with a `/`, heads over 8 KiB,
//! ranges, `HTTP/1.2`, 404 before 405 for other methods, and noise that is no HTTP, which
//! ours waits for to the end, to keep it whole.

use super::real::Real;
use crate::detectors::exchange;
use crate::support::program::Ukai;
use std::net::SocketAddr;
use std::time::Duration;

/// Silence after which an answer is over.
const QUIET: Duration = Duration::from_millis(700);

/// Requests at once.
const AT_ONCE: usize = 12;

/// Debian's settings, but for files that are the test's own.
const SETTINGS: &str = "
user www-data;
worker_processes 1;
daemon off;
pid FOLDER/pid;
error_log FOLDER/errors;
events { worker_connections 768; }
http {
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    gzip on;
    server {
        listen 127.0.0.1:PORT default_server;
        root /usr/share/nginx/html;
        index index.html index.htm index.nginx-debian.html;
        server_name _;
        location / { try_files $uri $uri/ =404; }
    }
}
";

fn start() -> Real {
    Real::start(
        |folder, [port]| {
            let settings = SETTINGS
                .replace("FOLDER", &folder.display().to_string())
                .replace("PORT", &port.to_string());
            std::fs::write(folder.join("nginx.conf"), settings).expect("a file");
        },
        "/usr/sbin/nginx -e errors -c $PWD/nginx.conf",
    )
}

fn requests() -> Vec<Vec<u8>> {
    let host = "\r\nHost: t.example\r\nConnection: close";
    let mut all: Vec<String> = [
        "GET / HTTP/1.1",
        "HEAD / HTTP/1.1",
        "POST / HTTP/1.1",
        "PUT / HTTP/1.1",
        "OPTIONS / HTTP/1.1",
        "TRACE / HTTP/1.1",
        "FROB / HTTP/1.1",
        "frob / HTTP/1.1",
        "get / HTTP/1.1",
        "GET /not-there HTTP/1.1",
        "GET /not-there/ HTTP/1.1",
        "HEAD /not-there HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET / HTTP/2.0",
        "GET / HTTP/3.7",
        "GET / HTTP/0.9",
        "GET / http/1.1",
        "GET / HTTP/1.x",
        "GET / FTP/1.1",
    ]
    .into_iter()
    .map(|line| format!("{line}{host}\r\n\r\n"))
    .collect();
    all.extend(
        [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "GET /\r\n\r\n",
            "GET\r\n\r\n",
            "GARBAGE\r\n\r\n",
            "\r\n\r\n",
            "\r\nGET / HTTP/1.0\r\n\r\n",
            "GET / HTTP/1.0\n\n",
            "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\nConnection: close\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: frob\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nIf-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT\r\n\
             Connection: close\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2p1\r\n",
            "EHLO x\r\n",
        ]
        .map(str::to_owned),
    );
    let mut all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
    all.push(b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec());
    all.push(b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\nConnection: close\r\n\r\n".to_vec());
    all
}

/// An answer without its times.
fn plain(target: SocketAddr, request: &[u8]) -> String {
    let (heard, closed) = exchange(target, request, QUIET);
    let mut text = String::new();
    for line in String::from_utf8_lossy(&heard).split_inclusive('\n') {
        match line.split_once(": ") {
            Some((name @ ("Date" | "Last-Modified" | "ETag"), _)) => {
                text.extend([name, ": X\r\n"]);
            }
            _ => text.push_str(line),
        }
    }
    if closed {
        text.push_str("[closed]");
    }
    text
}

#[test]
fn nginx_answers_as_ours() {
    let (real, ukai) = (start(), Ukai::start());
    let (real, ours) = ((real.address(0), real), ukai.service("http", "server-debian"));
    let requests = requests();
    let mut told = Vec::new();
    for requests in requests.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let threads: Vec<_> = requests
                .iter()
                .map(|request| {
                    let theirs = scope.spawn(move || plain(real.0, request));
                    (request, theirs, scope.spawn(move || plain(ours, request)))
                })
                .collect();
            for (request, theirs, ours) in threads {
                let (theirs, ours) =
                    (theirs.join().expect("no panic"), ours.join().expect("no panic"));
                if theirs != ours {
                    let request: String =
                        request.escape_ascii().to_string().chars().take(100).collect();
                    told.push(format!("> {request}\n  real {theirs:?}\n  ours {ours:?}"));
                }
            }
        });
    }
    assert!(told.is_empty(), "{} of {} differ:\n{}", told.len(), requests.len(), told.join("\n"));
}
