//! What a device's Telnet service says and does.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Telnet service of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelnetSpec {
    /// The program whose reactions it has, and with it those of its `login`.
    #[serde(default)]
    pub program: TelnetProgram,
    /// Offers at once after the connection is made, in the device's own order.
    pub offers: Vec<OptionOffer>,
    /// Offers made when the first ones are answered, as by inetutils' `telnetd`, which waits
    /// for it as long as it takes; the log-in comes when these are settled too.
    #[serde(default)]
    pub offers_after: Vec<OptionOffer>,
    /// Offers made right before the log-in, where there are some of those.
    #[serde(default)]
    pub offers_last: Vec<OptionOffer>,
    /// Options that the device performs when asked (`DO`).
    #[serde(default)]
    pub performs: Vec<TelnetOption>,
    /// Options that the device lets the peer perform (`WILL`).
    #[serde(default)]
    pub allows: Vec<TelnetOption>,
    /// Asks for the terminal's type (TTYPE SEND) when the peer has it.
    #[serde(default)]
    pub asks_terminal_type: bool,
    /// Text before the first log-in prompt, with placeholders.
    #[serde(default)]
    pub banner: String,
    /// Log-in prompt.
    pub login_prompt: String,
    /// Password prompt.
    pub password_prompt: String,
    /// Answer to a wrong pair, up to the next prompt.
    pub incorrect: String,
    /// Text after a right pair, before the shell.
    #[serde(default)]
    pub welcome: String,
    /// Least and most time before a wrong pair is answered, in milliseconds.
    pub failure_delay_ms: [u64; 2],
    /// Wrong pairs after which the device hangs up.
    pub attempts: u32,
    /// Text before hanging up after too many wrong pairs.
    #[serde(default)]
    pub too_many: String,
    /// Time for the whole log-in, in seconds; then the device hangs up.
    pub login_timeout_s: u64,
    /// Text when that time is up.
    #[serde(default)]
    pub timed_out: String,
    /// A command line interface in front of the shell.
    #[serde(default)]
    pub ladder: Option<Ladder>,
}

/// A Telnet server with its log-in program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TelnetProgram {
    /// inetutils' `telnetd`, with a `login` that asks by PAM, as in Debian.
    #[default]
    #[serde(rename = "inetutils")]
    Inetutils,
    /// BusyBox before 1.13: each command is taken to have three bytes.
    #[serde(rename = "busybox-1.12")]
    Busybox1_12,
    /// BusyBox 1.13 to 1.25: it knows NOP and the doubled IAC.
    #[serde(rename = "busybox-1.16")]
    Busybox1_16,
    /// BusyBox from 1.31 on: it knows all commands of two bytes, and answers AYT.
    #[serde(rename = "busybox-1.35")]
    Busybox1_35,
}

impl TelnetProgram {
    /// Whether it is one of BusyBox, which passes over options in silence and only reads
    /// the window's size; its terminal always echoes.
    pub fn is_busybox(self) -> bool {
        self != Self::Inetutils
    }

    /// Longest user name that is not taken for noise, in bytes (`USERNAME_SIZE` of BusyBox'
    /// loginutils/login.c, `PAM_MAX_RESP_SIZE`).
    pub fn user_bytes(self) -> usize {
        match self {
            Self::Inetutils => 511,
            Self::Busybox1_12 | Self::Busybox1_16 => 29,
            Self::Busybox1_35 => 61,
        }
    }

    /// Whether what is typed while a wrong pair is being refused is dropped.
    pub fn flushes_at_login(self) -> bool {
        matches!(self, Self::Inetutils | Self::Busybox1_35)
    }
}

/// A vendor's command line in front of the shell, which loaders climb with
/// `enable`, `system`, `shell`, `sh`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// Accounts that come into it; everybody if empty.
    #[serde(default)]
    pub users: Vec<String>,
    /// Its prompt.
    pub prompt: String,
    /// The prompt after `enable`.
    pub prompt_enabled: String,
    /// Commands that raise the level.
    pub enable: Vec<String>,
    /// Commands that start the system's shell.
    pub shell: Vec<String>,
    /// Commands that end the session.
    pub exit: Vec<String>,
    /// Command → what it prints.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// What an unknown command prints, with `{command}`.
    pub unknown: String,
    /// Unknown commands that are programs of the system are handed to its shell, as
    /// such interfaces built on `system()` do.
    #[serde(default)]
    pub passes_programs: bool,
}

/// A Telnet option's number, written by name or number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TelnetOption(pub u8);

/// Which side is to perform an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// We offer to perform it.
    Will,
    /// We ask the peer to perform it.
    Do,
}

/// One offer: `do echo`, `will sga`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct OptionOffer {
    /// Who performs.
    pub verb: Verb,
    /// The option's number.
    pub option: u8,
}

fn option_number(name: &str) -> Result<u8, String> {
    Ok(match name {
        "binary" => 0,      // RFC 856
        "echo" => 1,        // RFC 857
        "sga" => 3,         // RFC 858
        "status" => 5,      // RFC 859
        "ttype" => 24,      // RFC 1091
        "naws" => 31,       // RFC 1073
        "tspeed" => 32,     // RFC 1079
        "lflow" => 33,      // RFC 1372
        "linemode" => 34,   // RFC 1184
        "xdisploc" => 35,   // RFC 1096
        "environ" => 36,    // RFC 1408
        "newenviron" => 39, // RFC 1572
        number => number.parse().map_err(|_| {
            format!("\"{number}\" is not a Telnet option: echo, sga, naws, ttype ... or a number")
        })?,
    })
}

impl TryFrom<String> for TelnetOption {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        option_number(&text).map(Self)
    }
}

impl TryFrom<String> for OptionOffer {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (verb, option) = text
            .split_once(' ')
            .ok_or_else(|| format!("\"{text}\" is not of the form \"do OPTION\""))?;
        let verb = match verb {
            "will" => Verb::Will,
            "do" => Verb::Do,
            _ => return Err(format!("\"{verb}\" is neither do nor will")),
        };
        Ok(Self { verb, option: option_number(option)? })
    }
}
