//! MariaDB 10.11 of Debian 12 beside our MySQL: greetings, log-ins, malformed packets and SQL,
//! packet by packet, and what MariaDB's own client prints.

use super::real::Real;
use crate::support::program::Ukai;
use sha1::{Digest as _, Sha1};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// What a client of MySQL 5.7 or a bot's library says that it can do.
const CAPABILITIES: u32 = 0x000b_a201;
const WITH_DB: u32 = 8;
const TRACK_AND_NO_EOF: u32 = 3 << 23;
const UTF8MB4: u8 = 45;

/// Accounts as an owner makes them who wants to reach the server from everywhere, and the
/// folder of plug-ins as the persona has it.
const ACCOUNTS: &str = "
CREATE USER 'root'@'%' IDENTIFIED BY 'toor';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
CREATE USER 'test'@'%' IDENTIFIED BY 'test';
GRANT ALL ON *.* TO 'test'@'%' WITH GRANT OPTION;
DELETE FROM mysql.global_priv WHERE User='root' AND Host<>'%';
";

fn start() -> Real {
    Real::start(
        |folder, [port]| {
            std::fs::write(folder.join("accounts.sql"), ACCOUNTS).expect("a file");
            std::fs::write(folder.join("port"), port.to_string()).expect("a file");
        },
        "sed -i '/^mysql:/d' passwd group
         echo 'mysql:x:112:118::/nonexistent:/bin/false' >> passwd
         echo 'mysql:x:118:' >> group
         PORT=$(cat port)
         mount -t tmpfs none /var/lib/mysql
         mount -t tmpfs none /run/mysqld
         mount -t tmpfs none /tmp
         chmod 1777 /tmp
         mount -t tmpfs none /usr/lib/mysql/plugin
         chown mysql:mysql /var/lib/mysql /run/mysqld /usr/lib/mysql/plugin
         mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql \\
           --skip-test-db --auth-root-authentication-method=normal >install.log 2>&1
         (echo 'USE mysql;'; echo 'FLUSH PRIVILEGES;'; cat accounts.sql) > bootstrap.sql
         mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --bootstrap < bootstrap.sql
         mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --basedir=/usr \\
           --port=$PORT --bind-address=127.0.0.1 --character-set-server=utf8mb4 \\
           --collation-server=utf8mb4_general_ci --expire-logs-days=10 \\
           --pid-file=/run/mysqld/mysqld.pid --socket=/run/mysqld/mysqld.sock",
    )
}

/// One end of a conversation.
struct Client {
    stream: TcpStream,
    salt: Vec<u8>,
}

type Packet = (u8, Vec<u8>);

impl Client {
    fn connect(address: SocketAddr) -> (Self, Packet) {
        let stream = TcpStream::connect(address).expect("a server listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket option");
        let mut client = Self { stream, salt: Vec::new() };
        let greeting = client.packet().expect("a greeting");
        let text = &greeting.1;
        let version = text.iter().position(|byte| *byte == 0).expect("a version");
        client.salt =
            [&text[version + 5..version + 13], &text[version + 32..version + 44]].concat();
        (client, greeting)
    }

    fn packet(&mut self) -> Option<Packet> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).ok()?;
        let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some((head[3], payload))
    }

    fn send(&mut self, number: u8, payload: &[u8]) {
        let mut packet = (payload.len() as u32).to_le_bytes();
        packet[3] = number;
        // One that hangs up meanwhile says so in the next answer.
        let _ = self.stream.write_all(&[&packet[..], payload].concat());
    }

    fn scramble(&self, password: &[u8]) -> Vec<u8> {
        if password.is_empty() {
            return Vec::new();
        }
        let once = Sha1::digest(password);
        let mask = Sha1::new().chain_update(&self.salt).chain_update(Sha1::digest(once)).finalize();
        once.iter().zip(mask).map(|(a, b)| a ^ b).collect()
    }

    fn log_in(&mut self, login: &Login) -> Vec<Packet> {
        let proof = self.scramble(login.password);
        let capabilities = login.capabilities | if login.database.is_empty() { 0 } else { WITH_DB };
        let mut payload = head(capabilities, login.collation);
        payload.extend_from_slice(login.user);
        payload.extend_from_slice(&[0, proof.len() as u8]);
        payload.extend_from_slice(&proof);
        if !login.database.is_empty() {
            payload.extend_from_slice(login.database);
            payload.push(0);
        }
        payload.extend_from_slice(login.plugin);
        payload.push(0);
        self.send(1, &payload);
        let mut answers: Vec<Packet> = self.packet().into_iter().collect();
        if let Some((number, payload)) = answers.first().cloned()
            && payload.first() == Some(&0xfe)
        {
            let start = payload.iter().position(|byte| *byte == 0).expect("a plug-in's name") + 1;
            self.salt = payload[start..start + 20].to_vec();
            let proof = self.scramble(login.password);
            self.send(number + 1, &proof);
            answers.extend(self.packet());
        }
        answers
    }

    /// Everything that is answered to one command.
    fn ask(&mut self, kind: u8, rest: &[u8], no_eof: bool) -> Vec<Packet> {
        self.send(0, &[&[kind], rest].concat());
        let mut all = Vec::new();
        let mut ends = 0;
        while let Some(packet) = self.packet() {
            let payload = packet.1.clone();
            let first = payload.first().copied().unwrap_or_default();
            let at_head = ends == 0 && all.last().is_none_or(|(_, last): &Packet| is_end(last));
            all.push(packet);
            let end = first == 0xfe && payload.len() < 9;
            let more = |at: usize| payload.get(at).is_some_and(|status| status & 8 != 0);
            match first {
                0xff => break,
                0 if at_head && kind != 4 && !more(3) => break,
                _ if end && matches!(kind, 4 | 13 | 27) => break,
                _ if end => {
                    ends += 1;
                    if ends == 2 || no_eof {
                        ends = 0;
                        if !more(3) {
                            break;
                        }
                    }
                }
                _ if kind == 9 => break,
                _ => {}
            }
        }
        all
    }

    /// What comes until the other end hangs up, or nothing more for a while.
    fn rest(&mut self) -> Vec<Packet> {
        self.stream.set_read_timeout(Some(Duration::from_millis(700))).expect("a socket option");
        let mut all = Vec::new();
        while let Some(packet) = self.packet() {
            all.push(packet);
        }
        all
    }
}

fn is_end(payload: &[u8]) -> bool {
    payload.first() == Some(&0xfe) && payload.len() < 9 || payload.first() == Some(&0)
}

fn head(capabilities: u32, collation: u8) -> Vec<u8> {
    let mut payload = capabilities.to_le_bytes().to_vec();
    payload.extend_from_slice(&(1_u32 << 24).to_le_bytes());
    payload.push(collation);
    payload.extend_from_slice(&[0; 23]);
    payload
}

#[derive(Clone, Copy)]
struct Login {
    user: &'static [u8],
    password: &'static [u8],
    capabilities: u32,
    collation: u8,
    database: &'static [u8],
    plugin: &'static [u8],
}

const ROOT: Login = Login {
    user: b"root",
    password: b"toor",
    capabilities: CAPABILITIES,
    collation: UTF8MB4,
    database: b"",
    plugin: b"mysql_native_password",
};

/// What differs between any two: the challenge in another challenge.
fn plain(packets: Vec<Packet>) -> Vec<String> {
    let shown = packets.into_iter().map(|(number, mut payload)| {
        if payload.starts_with(b"\xfemysql_native_password\0") {
            payload.truncate(23);
        }
        format!("{number} {}", payload.escape_ascii())
    });
    shown.collect()
}

/// A greeting without its id and its challenge.
fn plain_greeting((number, mut payload): Packet) -> String {
    let version = payload.iter().position(|byte| *byte == 0).expect("a version");
    payload[version + 1..version + 13].fill(0);
    payload[version + 32..version + 44].fill(0);
    format!("{number} {}", payload.escape_ascii())
}

struct Both {
    real: Real,
    ukai: Ukai,
}

impl Both {
    fn start() -> Self {
        Self { real: start(), ukai: Ukai::start() }
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [self.real.address(0), self.ukai.service("mysql", "server-debian")]
    }

    /// Both are told the same, and answer the same.
    fn same(&self, what: &str, act: impl Fn(SocketAddr) -> Vec<String>, told: &mut Vec<String>) {
        let [real, ours] = self.addresses().map(act);
        for n in 0..real.len().max(ours.len()) {
            let (real, ours) = (real.get(n), ours.get(n));
            if real != ours {
                told.push(format!("> {what}\n  real {real:?}\n  ours {ours:?}"));
            }
        }
    }
}

fn none(told: &[String]) {
    assert!(told.is_empty(), "{} differences:\n{}", told.len(), told.join("\n"));
}

/// Answers to packets instead of a log-in.
fn refusals() -> Vec<(&'static str, Vec<u8>)> {
    let packet = |number: u8, payload: &[u8]| {
        let mut packet = (payload.len() as u32).to_le_bytes();
        packet[3] = number;
        [&packet[..], payload].concat()
    };
    let with = |capabilities: u32, rest: &[u8]| {
        packet(1, &[&head(capabilities, UTF8MB4)[..], rest].concat())
    };
    vec![
        ("nothing", packet(1, b"")),
        ("a byte", packet(1, b"\x85")),
        ("HTTP", b"GET / HTTP/1.0\r\n\r\n".to_vec()),
        ("line ends", b"\r\n\r\n".to_vec()),
        ("TLS", [&b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"[..], &[7; 600]].concat()),
        ("a wrong number", packet(0, &[&head(CAPABILITIES, 45)[..], b"root\0\0"].concat())),
        ("no end of the name", with(CAPABILITIES, b"root")),
        ("no proof", with(CAPABILITIES, b"root\0")),
        ("a proof that is cut off", with(CAPABILITIES, b"root\0\x30abc")),
        ("a short proof", with(CAPABILITIES, b"root\0\x05abcdemysql_native_password\0")),
        ("TLS that is not offered", with(CAPABILITIES | 0x800, b"")),
        ("a head alone", with(CAPABILITIES, b"")),
        ("less than a head", packet(1, &head(CAPABILITIES, 45)[..31])),
        ("MySQL 3", packet(1, b"\x01\0\0\0\0root\0")),
        ("MySQL 3 with a proof", packet(1, b"\x05\0\0\0\x01root\0abcdefgh")),
        ("not of 4.1", with(CAPABILITIES & !0x200, b"root\0\0")),
        ("a long name", with(CAPABILITIES, &[&[b'r'; 200][..], b"\0\0"].concat())),
    ]
}

#[test]
fn mariadb_greets_and_lets_in_as_ours() {
    let both = Both::start();
    let mut told = Vec::new();
    both.same("", |at| vec![plain_greeting(Client::connect(at).1)], &mut told);
    for (what, bytes) in refusals() {
        let act = |address| {
            let (mut client, _) = Client::connect(address);
            let _ = client.stream.write_all(&bytes);
            plain(client.rest())
        };
        both.same(what, act, &mut told);
    }
    let logins = [
        ("root", ROOT),
        ("a wrong password", Login { password: b"x", ..ROOT }),
        ("none", Login { password: b"", ..ROOT }),
        ("nobody", Login { user: b"nosuch", ..ROOT }),
        ("nobody with nothing", Login { user: b"admin", password: b"", ..ROOT }),
        ("no name", Login { user: b"", password: b"", ..ROOT }),
        ("no such database", Login { database: b"nosuchdb", ..ROOT }),
        ("a database and a wrong password", Login { database: b"mysql", password: b"x", ..ROOT }),
        ("a database", Login { database: b"mysql", ..ROOT }),
        (
            "tracking",
            Login { database: b"mysql", capabilities: CAPABILITIES | TRACK_AND_NO_EOF, ..ROOT },
        ),
        ("another plug-in", Login { plugin: b"caching_sha2_password", ..ROOT }),
        (
            "that and a wrong one",
            Login { plugin: b"caching_sha2_password", password: b"x", ..ROOT },
        ),
        ("nobody by it", Login { user: b"nosuch", plugin: b"caching_sha2_password", ..ROOT }),
        ("no plug-in", Login { plugin: b"", ..ROOT }),
        ("an old one", Login { plugin: b"mysql_old_password", ..ROOT }),
        ("test", Login { user: b"test", password: b"test", ..ROOT }),
    ];
    for (what, login) in logins {
        both.same(what, |at| plain(Client::connect(at).0.log_in(&login)), &mut told);
    }
    none(&told);
}

#[test]
fn salts_differ_and_connection_ids_count_up() {
    let both = Both::start();
    for address in both.addresses() {
        let mut last = 0;
        let mut salts = std::collections::HashSet::new();
        for _ in 0..5 {
            let (client, (_, greeting)) = Client::connect(address);
            let version = greeting.iter().position(|byte| *byte == 0).expect("a version");
            let id = greeting[version + 1..version + 5].try_into().expect("four bytes");
            let id = u32::from_le_bytes(id);
            assert!(last == 0 || id > last && id < last + 10, "{address}: {id} after {last}");
            last = id;
            assert!(salts.insert(client.salt));
        }
    }
}

/// SQL as clients, scanners and bots send it, one conversation each.
fn conversations() -> Vec<(Login, Vec<&'static str>)> {
    let test = Login { user: b"test", password: b"test", ..ROOT };
    let lines = |text: &'static str| text.lines().map(str::trim).collect::<Vec<_>>();
    vec![
        (ROOT, lines(include_str!("mysql/asked.sql"))),
        (ROOT, lines(include_str!("mysql/wrong.sql"))),
        (ROOT, lines(include_str!("mysql/attacks.sql"))),
        (Login { collation: 33, ..test }, lines(include_str!("mysql/ransom.sql"))),
        (Login { collation: 8, ..test }, lines(include_str!("mysql/asked.sql"))),
        (
            Login { capabilities: CAPABILITIES | TRACK_AND_NO_EOF, ..ROOT },
            lines(include_str!("mysql/ransom.sql")),
        ),
    ]
}

#[test]
fn mariadb_answers_sql_as_ours() {
    let both = Both::start();
    let mut told = Vec::new();
    for (login, lines) in conversations() {
        let no_eof = login.capabilities & TRACK_AND_NO_EOF != 0;
        let mut clients = both.addresses().map(|address| {
            let (mut client, _) = Client::connect(address);
            client.log_in(&login);
            client
        });
        for line in lines {
            let [real, ours] =
                clients.each_mut().map(|client| plain(client.ask(3, line.as_bytes(), no_eof)));
            if real != ours {
                told.push(format!("> {line}"));
                for n in 0..real.len().max(ours.len()) {
                    let (real, ours) = (real.get(n), ours.get(n));
                    if real != ours {
                        told.push(format!("  real {real:?}\n  ours {ours:?}"));
                    }
                }
            }
        }
    }
    none(&told);
}

#[test]
fn mariadb_answers_commands_as_ours() {
    let both = Both::start();
    let mut told = Vec::new();
    let commands: [(u8, &[u8]); 13] = [
        (14, b""),
        (2, b"nosuch"),
        (2, b"mysql"),
        (4, b"nosuch\0%"),
        (0, b""),
        (5, b""),
        (99, b""),
        (250, b"zz"),
        (13, b""),
        (7, b"\x01"),
        (27, b"\0\0"),
        (31, b""),
        (3, b""),
    ];
    for (kind, rest) in commands {
        let act = |address| {
            let (mut client, _) = Client::connect(address);
            client.log_in(&ROOT);
            plain(client.ask(kind, rest, false))
        };
        both.same(&format!("command {kind}"), act, &mut told);
    }
    let pieces: [(&str, &[u8]); 5] = [
        ("an empty packet", b"\0\0\0\0"),
        ("a wrong number", b"\x01\0\0\x03\x0e"),
        ("HTTP", b"GET / HTTP/1.0\r\n\r\n"),
        ("two at once", b"\x09\0\0\0\x03select 1\x09\0\0\0\x03select 2"),
        ("the end", b"\x01\0\0\0\x01"),
    ];
    for (what, bytes) in pieces {
        let act = |address| {
            let (mut client, _) = Client::connect(address);
            client.log_in(&ROOT);
            let _ = client.stream.write_all(bytes);
            let mut answers = plain(client.rest());
            if what == "the end" {
                let _ = client.stream.shutdown(Shutdown::Write);
            }
            answers.push("end".to_owned());
            answers
        };
        both.same(what, act, &mut told);
    }
    let statistics = both.addresses().map(|address| {
        let (mut client, _) = Client::connect(address);
        client.log_in(&ROOT);
        let answer = plain(client.ask(9, b"", false)).concat();
        answer.split(|c: char| c.is_ascii_digit() || c == '.').collect::<String>()
    });
    assert_eq!(statistics[0], statistics[1]);
    none(&told);
}

/// What the real client prints.
fn printed(address: SocketAddr, password: &str, sql: &str) -> String {
    let output = Command::new("mariadb")
        .args(["--no-defaults", "-vvv", "-f", "-h", "127.0.0.1", "-u", "test"])
        .args(["-h", &address.ip().to_string(), "-P", &address.port().to_string()])
        .args([&format!("-p{password}"), "-e", sql])
        .output()
        .expect("the client runs (Debian's mariadb-client)");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    // How long a statement took is in parentheses.
    let lines = text.lines().map(|line| match line.rsplit_once(" (") {
        Some((before, time)) if time.ends_with("sec)") => before.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn mariadbs_client_prints_the_same() {
    let both = Both::start();
    let [real, ours] = both.addresses();
    let sql = "select version(), @@version_comment; show databases; use mysql; show tables; \
               select user(), database(); selec 1; show variables like 'version%'; show warnings; \
               create database x; use x; create table t (a int, b text); \
               insert into t values (1, 'one'), (2, 'two'); select * from t where a = 2; \
               drop database x; create function f returns string soname 'f.so'; show engines; \
               select 0x4142 into dumpfile '/tmp/client'; show global variables like 'plugin%'";
    for password in ["test", "wrong"] {
        let printed = [real, ours].map(|address| printed(address, password, sql));
        assert!(printed[0].len() > 50, "{}", printed[0]);
        assert_eq!(printed[0], printed[1]);
    }
}
