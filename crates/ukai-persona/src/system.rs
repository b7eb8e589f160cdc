//! The machine and its system as a persona file describes them.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A processor family with its byte order: what programs for it look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cpu {
    /// MIPS, 32 bits, big-endian.
    Mips,
    /// MIPS, 32 bits, little-endian.
    Mipsel,
    /// ARM, 32 bits, little-endian.
    Arm,
    /// ARM, 64 bits, little-endian.
    Aarch64,
    /// x86, 32 bits.
    X86,
    /// x86, 64 bits.
    #[serde(rename = "x86_64")]
    X86_64,
    /// PowerPC, 32 bits, big-endian.
    Powerpc,
    /// SuperH 4, little-endian.
    Sh4,
}

impl Cpu {
    /// `e_machine` of the ELF header.
    pub const fn elf_machine(self) -> u16 {
        match self {
            Self::Mips | Self::Mipsel => 8,
            Self::Arm => 40,
            Self::Aarch64 => 183,
            Self::X86 => 3,
            Self::X86_64 => 62,
            Self::Powerpc => 20,
            Self::Sh4 => 42,
        }
    }

    /// Whether integers are stored with the lowest byte first.
    pub const fn little_endian(self) -> bool {
        !matches!(self, Self::Mips | Self::Powerpc)
    }

    /// Whether programs are 64-bit (ELFCLASS64).
    pub const fn is_64_bit(self) -> bool {
        matches!(self, Self::Aarch64 | Self::X86_64)
    }
}

/// The processor, and what it says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Processor family and byte order.
    pub cpu: Cpu,
    /// What `uname -m` says: `mips`, `armv7l`, `x86_64`.
    pub uname: String,
    /// What `uname -p` and `-i` say: `unknown` on most.
    #[serde(default = "unknown")]
    pub uname_processor: String,
    /// `e_flags` of programs built for it.
    #[serde(default)]
    pub elf_flags: u32,
    /// Number of processors.
    #[serde(default = "one")]
    pub processors: u32,
    /// What `lspci` lists.
    #[serde(default)]
    pub pci: Vec<String>,
    /// What `lsusb` lists.
    #[serde(default)]
    pub usb: Vec<String>,
}

impl Machine {
    /// The ELF header (52 or 64 bytes) of an executable for this machine whose file
    /// has `file_size` bytes: dynamically linked, section headers at the end.
    pub fn elf_header(&self, file_size: u64) -> Vec<u8> {
        let little = self.cpu.little_endian();
        let wide = self.cpu.is_64_bit();
        let position_independent = matches!(self.cpu, Cpu::X86_64 | Cpu::Aarch64);
        let mut out = Vec::with_capacity(64);
        out.extend_from_slice(b"\x7fELF");
        out.extend_from_slice(&[1 + u8::from(wide), if little { 1 } else { 2 }, 1, 0]);
        out.extend_from_slice(&[0; 8]);
        let half = |out: &mut Vec<u8>, v: u16| {
            out.extend_from_slice(&if little { v.to_le_bytes() } else { v.to_be_bytes() });
        };
        let word = |out: &mut Vec<u8>, v: u32| {
            out.extend_from_slice(&if little { v.to_le_bytes() } else { v.to_be_bytes() });
        };
        let address = |out: &mut Vec<u8>, v: u64| {
            if wide {
                out.extend_from_slice(&if little { v.to_le_bytes() } else { v.to_be_bytes() });
            } else {
                word(out, v as u32);
            }
        };
        let section_size: u64 = if wide { 64 } else { 40 };
        let sections = 27;
        let table = file_size.saturating_sub(section_size * sections) & !3;
        let entry = match self.cpu {
            Cpu::Mips | Cpu::Mipsel => 0x0040_3da0,
            Cpu::Arm => 0x0000_bc80,
            Cpu::X86 => 0x0804_9f10,
            Cpu::X86_64 | Cpu::Aarch64 => 0x46d0,
            Cpu::Powerpc => 0x1000_0f20,
            Cpu::Sh4 => 0x0040_1460,
        };
        half(&mut out, if position_independent { 3 } else { 2 });
        half(&mut out, self.cpu.elf_machine());
        word(&mut out, 1);
        address(&mut out, entry);
        address(&mut out, if wide { 64 } else { 52 });
        address(&mut out, table);
        word(&mut out, self.elf_flags);
        half(&mut out, if wide { 64 } else { 52 });
        half(&mut out, if wide { 56 } else { 32 });
        half(&mut out, if wide { 13 } else { 8 });
        half(&mut out, section_size as u16);
        half(&mut out, sections as u16);
        half(&mut out, sections as u16 - 1);
        out
    }
}

/// What `uname` and `/proc/version` say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// `uname -r`: `3.10.14`.
    pub release: String,
    /// `uname -v`: `#1 SMP Thu Mar 8 11:42:05 CST 2018`.
    pub version: String,
    /// Who built it with what, as between the brackets of `/proc/version`.
    pub built_by: String,
    /// `uname -o`: `GNU/Linux`.
    #[serde(default = "gnu_linux")]
    pub operating_system: String,
    /// What the kernel said since it started, as `dmesg` prints it, with placeholders.
    #[serde(default)]
    pub log: String,
}

/// Which shell reads the user's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShellFlavour {
    /// BusyBox ash.
    Ash,
    /// GNU bash.
    Bash,
}

impl crate::Persona {
    /// Whether the programs are GNU's and Debian's rather than BusyBox's applets; such a
    /// system may have a BusyBox besides.
    pub fn is_gnu(&self) -> bool {
        self.shell.flavour == ShellFlavour::Bash
    }
}

/// The interactive shell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShellSpec {
    /// Whose messages and extensions it has.
    pub flavour: ShellFlavour,
    /// `$PATH`.
    pub path: String,
    /// Prompt of root, with `{hostname}`, `{user}` and `{directory}` (`~` for home).
    pub prompt_root: String,
    /// Prompt of others.
    pub prompt_user: String,
    /// What is printed when an interactive shell starts, lines ended by `\n`.
    #[serde(default)]
    pub greeting: String,
    /// What the shell calls itself in messages: `sh`, `-sh`, `-bash`.
    pub name: String,
    /// Further environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// The BusyBox of the system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusyBox {
    /// First line that `busybox` prints, without the line end:
    /// `BusyBox v1.12.1 (2018-07-18 20:59:15 CST) multi-call binary`.
    pub banner: String,
    /// What follows the first line up to `Currently defined functions:`, as printed.
    pub usage: String,
    /// Where the program lies: `/bin/busybox`.
    pub path: String,
    /// Applets, sorted, as printed.
    pub applets: Vec<String>,
    /// Folder → names in it that are links to the program, separated by spaces.
    pub links: BTreeMap<String, String>,
}

/// Memory of the machine, in kB.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// `MemTotal`.
    pub total_kb: u64,
    /// The least and the most that is free.
    pub free_kb: [u64; 2],
    /// `Buffers`, about.
    pub buffers_kb: u64,
    /// `Cached`, about.
    pub cached_kb: u64,
    /// `SwapTotal`.
    #[serde(default)]
    pub swap_kb: u64,
}

/// A process that always runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessSpec {
    /// Command line; a kernel thread's stands in brackets.
    pub command: String,
    /// Whose it is.
    #[serde(default = "root")]
    pub user: String,
    /// Virtual size in kB; 0 for kernel threads.
    #[serde(default)]
    pub vsz_kb: u64,
    /// Resident size in kB.
    #[serde(default)]
    pub rss_kb: u64,
    /// State as `ps` shows it: `S`, `SW`, `S<`, `Ss`.
    #[serde(default = "sleeping")]
    pub state: String,
    /// Terminal, `?` for none.
    #[serde(default = "no_terminal")]
    pub tty: String,
    /// Name, where it is not that of the command line's first word.
    #[serde(default)]
    pub name: Option<String>,
    /// The program's file, where the first word does not say it.
    #[serde(default)]
    pub exe: Option<String>,
    /// How the parent's command line begins, where it is not the first process.
    #[serde(default)]
    pub parent: Option<String>,
}

/// A mounted file system, as in `/proc/mounts`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Mount {
    /// Device.
    pub device: String,
    /// Where.
    pub point: String,
    /// File system type.
    pub kind: String,
    /// Options: `rw,relatime`.
    pub options: String,
    /// Size in kB as `df` shows it (0: not shown).
    pub size_kb: u64,
    /// Used, in kB.
    pub used_kb: u64,
}

/// The tree of files apart from those with contents.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// `"MODE PATH"` or `"MODE PATH USER:GROUP"`.
    pub directories: Vec<Directory>,
    /// `"PATH TARGET"`.
    #[serde(default)]
    pub links: Vec<Link>,
    /// `"c MAJOR MINOR MODE PATH"`.
    #[serde(default)]
    pub devices: Vec<Device>,
    /// `"MODE SIZE PATH"`: programs by name and size only; their bytes are made.
    #[serde(default)]
    pub programs: Vec<Program>,
    /// Folder → names of programs in it, separated by spaces.
    #[serde(default)]
    pub commands: BTreeMap<String, String>,
    /// Time of last change of all these, seconds since 1970.
    pub modified: u64,
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Directory {
    /// Permissions, with sticky and set-id bits.
    pub mode: u16,
    /// Absolute path.
    pub path: String,
    /// Owner.
    pub user: String,
    /// Group.
    pub group: String,
}

/// A symbolic link.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Link {
    /// Absolute path.
    pub path: String,
    /// Where it points.
    pub target: String,
}

/// Kind of a device node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// Character device.
    Character,
    /// Block device.
    Block,
}

/// A device node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Device {
    /// Character or block.
    pub kind: DeviceKind,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Permissions.
    pub mode: u16,
    /// Absolute path.
    pub path: String,
}

/// A program of which only name and size are given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Program {
    /// Permissions.
    pub mode: u16,
    /// Size in bytes.
    pub size: u64,
    /// Absolute path.
    pub path: String,
}

/// A file with contents; placeholders are filled when it is read
/// ([`Host::fill`](crate::Host::fill)).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// The contents, with placeholders.
    pub content: String,
    /// Permissions in octal: `"0644"`.
    #[serde(default = "plain_file", deserialize_with = "octal_field")]
    pub mode: u16,
    /// Owner.
    #[serde(default = "root")]
    pub user: String,
    /// Group.
    #[serde(default = "root")]
    pub group: String,
}

/// An account, from `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Log-in name.
    pub name: String,
    /// Number.
    pub uid: u32,
    /// Number of the first group.
    pub gid: u32,
    /// Home directory.
    pub home: String,
    /// Log-in shell.
    pub shell: String,
}

impl User {
    /// Reads the lines of `/etc/passwd` that are well-formed.
    pub(crate) fn read_all(passwd: &str) -> Vec<Self> {
        passwd
            .lines()
            .filter_map(|line| {
                let fields: Vec<&str> = line.split(':').collect();
                let [name, _, uid, gid, _, home, shell] = fields[..] else { return None };
                Some(Self {
                    name: name.to_owned(),
                    uid: uid.parse().ok()?,
                    gid: gid.parse().ok()?,
                    home: home.to_owned(),
                    shell: shell.to_owned(),
                })
            })
            .collect()
    }
}

fn octal(text: &str) -> Result<u16, String> {
    u16::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| format!("\"{text}\" is not a mode in octal such as 0755"))
}

fn octal_field<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    octal(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("\"{text}\" is not a number in range"))
}

impl TryFrom<String> for Directory {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (mode, path, owner) = match fields[..] {
            [mode, path] => (mode, path, "root:root"),
            [mode, path, owner] => (mode, path, owner),
            _ => return Err(format!("\"{text}\" is not of the form \"MODE PATH [USER:GROUP]\"")),
        };
        let (user, group) = owner.split_once(':').unwrap_or((owner, owner));
        Ok(Self {
            mode: octal(mode)?,
            path: path.to_owned(),
            user: user.to_owned(),
            group: group.to_owned(),
        })
    }
}

impl TryFrom<String> for Link {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (path, target) = text
            .split_once(' ')
            .ok_or_else(|| format!("\"{text}\" is not of the form \"PATH TARGET\""))?;
        Ok(Self { path: path.to_owned(), target: target.to_owned() })
    }
}

impl TryFrom<String> for Device {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [kind, major, minor, mode, path] = fields[..] else {
            return Err(format!("\"{text}\" is not of the form \"c|b MAJOR MINOR MODE PATH\""));
        };
        let kind = match kind {
            "c" => DeviceKind::Character,
            "b" => DeviceKind::Block,
            _ => return Err(format!("\"{kind}\" is neither c nor b")),
        };
        Ok(Self {
            kind,
            major: number(major)?,
            minor: number(minor)?,
            mode: octal(mode)?,
            path: path.to_owned(),
        })
    }
}

impl TryFrom<String> for Program {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [mode, size, path] = fields[..] else {
            return Err(format!("\"{text}\" is not of the form \"MODE SIZE PATH\""));
        };
        Ok(Self { mode: octal(mode)?, size: number(size)?, path: path.to_owned() })
    }
}

impl TryFrom<String> for Mount {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (base, size_kb, used_kb) = match fields[..] {
            [a, b, c, d] => ([a, b, c, d], 0, 0),
            [a, b, c, d, size, used] => ([a, b, c, d], number(size)?, number(used)?),
            _ => {
                return Err(format!(
                    "\"{text}\" is not of the form \"DEVICE POINT TYPE OPTIONS [SIZE_KB USED_KB]\""
                ));
            }
        };
        let [device, point, kind, options] = base.map(str::to_owned);
        Ok(Self { device, point, kind, options, size_kb, used_kb })
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}
fn gnu_linux() -> String {
    "GNU/Linux".to_owned()
}
fn root() -> String {
    "root".to_owned()
}
fn sleeping() -> String {
    "S".to_owned()
}
fn no_terminal() -> String {
    "?".to_owned()
}
const fn one() -> u32 {
    1
}
const fn plain_file() -> u16 {
    0o644
}
