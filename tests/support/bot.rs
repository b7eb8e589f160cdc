//! A bot's side of a Telnet dialogue, as Mirai's loader speaks it: options refused in
//! bulk, prompts recognised by their last characters.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const IAC: u8 = 255;

/// A connected bot.
pub(crate) struct Bot {
    stream: TcpStream,
    /// What the device said since the last look, options removed.
    heard: Vec<u8>,
}

impl Bot {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))
            .expect("the honeypot listens");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a socket option");
        Self { stream, heard: Vec::new() }
    }

    /// Logs in with the first of `credentials` that is let in; gives its number.
    pub(crate) fn log_in(&mut self, credentials: &[(&str, &str)]) -> usize {
        let let_in = credentials.iter().position(|pair| self.is_let_in(*pair));
        let_in.expect("one of the credentials is let in")
    }

    /// Tries one pair.
    pub(crate) fn is_let_in(&mut self, (user, password): (&str, &str)) -> bool {
        self.expect(&["ogin:", "sername:"]);
        self.say(user);
        self.expect(&["assword:"]);
        self.say(password);
        // (`Last login: ` is no prompt: more follows on its line.)
        self.expect(&["# ", "$ ", "> ", "ogin: ", "sername: ", "ncorrect", "ailed"]) < 3
    }

    /// Sends a line.
    pub(crate) fn say(&mut self, line: &str) {
        self.heard.clear();
        self.stream.write_all(format!("{line}\r\n").as_bytes()).expect("the honeypot takes bytes");
    }

    /// Waits until what was heard since the last line ends in, or contains on its last
    /// line, one of `patterns`; gives the number of the pattern.
    pub(crate) fn expect(&mut self, patterns: &[&str]) -> usize {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let text = String::from_utf8_lossy(&self.heard).into_owned();
            let last = text.rsplit('\n').next().unwrap_or_default();
            if let Some(found) = patterns
                .iter()
                .position(|p| if p.ends_with(' ') { last.ends_with(p) } else { last.contains(p) })
            {
                return found;
            }
            assert!(Instant::now() < limit, "none of {patterns:?} came, but {text:?}");
            self.hear();
        }
    }

    /// Sends a shell line followed by a marker, as loaders do, and gives the output.
    pub(crate) fn run(&mut self, line: &str) -> String {
        String::from_utf8_lossy(&self.run_bytes(line)).replace('\r', "")
    }

    /// The same, with the bytes as the terminal shows them.
    pub(crate) fn run_bytes(&mut self, line: &str) -> Vec<u8> {
        // Not all terminals echo: another marker tells where the output begins.
        const MARKS: [&[u8]; 2] = [b"WZTP: applet not found\r\n", b"WZTQ: applet not found"];
        let find = |heard: &[u8], mark: &[u8]| heard.windows(mark.len()).position(|at| at == mark);
        self.say(&format!("/bin/busybox WZTP; {line}; /bin/busybox WZTQ"));
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(start) = find(&self.heard, MARKS[0]).map(|at| at + MARKS[0].len())
                && let Some(length) = find(&self.heard[start..], MARKS[1])
            {
                return self.heard[start..start + length].to_vec();
            }
            let text = String::from_utf8_lossy(&self.heard);
            assert!(Instant::now() < limit, "no end of {line:?}, but {text:?}");
            self.hear();
        }
    }

    fn hear(&mut self) {
        let mut buffer = [0; 4096];
        let count = match self.stream.read(&mut buffer) {
            Ok(0) => {
                panic!("the honeypot hung up after {:?}", String::from_utf8_lossy(&self.heard))
            }
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return;
            }
            Err(error) => panic!("the connection broke: {error}"),
        };
        let mut bytes = buffer[..count].iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != IAC {
                self.heard.push(byte);
                continue;
            }
            let (Some(verb), Some(option)) = (bytes.next(), bytes.next()) else { continue };
            // DO is answered with WONT, WILL with DONT; the rest is let pass.
            let answer = match verb {
                253 => 252,
                251 => 254,
                _ => continue,
            };
            self.stream.write_all(&[IAC, answer, option]).expect("the honeypot takes bytes");
        }
    }
}
