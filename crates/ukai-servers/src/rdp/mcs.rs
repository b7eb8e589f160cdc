//! Multipoint communication (T.125 as [MS-RDPBCGR] 2.2.1.3 to 2.2.1.11 uses it): what a
//! client says of itself, and what lets it go on until it tells its password.

use crate::ntlm::{der, utf16};
use crate::wire::Reader;
use memchr::memmem;

/// The user that a client becomes, less 1001; and the channel of input and output.
const USER: u16 = 6;
const IO_CHANNEL: u16 = 1003;
/// Channels beside it that a client may ask for ([MS-RDPBCGR] 2.2.1.3.4).
const CHANNELS: usize = 31;

/// A client's settings: MCS Connect Initial.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Name, build, keyboard and screen, as text; the message itself where they are not found.
    pub(super) core: Vec<u8>,
    /// Names of the channels that it wants.
    pub(super) channels: Vec<String>,
}

impl Settings {
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        // Connect Initial, [APPLICATION 101], behind TPKT and X.224.
        message.get(7..).filter(|rest| rest.starts_with(&[0x7f, 0x65]))?;
        let core = block(message, &[1, 0xc0])
            .and_then(core)
            .map_or_else(|| message.to_vec(), String::into_bytes);
        let channels = block(message, &[3, 0xc0]).and_then(channels).unwrap_or_default();
        Some(Self { core, channels })
    }
}

/// What follows a block's type: its length first.
fn block<'a>(message: &'a [u8], kind: &[u8]) -> Option<&'a [u8]> {
    memmem::find_iter(message, kind).find_map(|at| {
        let mut reader = Reader(message.get(at + 2..)?);
        let length = usize::from(reader.u16_le()?);
        reader.take(length.checked_sub(4)?).filter(|block| block.len() >= 4)
    })
}

/// CS_CORE (2.2.1.3.2).
fn core(block: &[u8]) -> Option<String> {
    let mut reader = Reader(block);
    reader.u32_le().filter(|version| version >> 16 == 8)?;
    let (width, height) = (reader.u16_le()?, reader.u16_le()?);
    reader.take(4)?;
    let layout = reader.u32_le()?;
    let build = reader.u32_le()?;
    let name = utf16(reader.take(32)?);
    let name = name.split('\0').next().unwrap_or_default();
    Some(format!("name={name} build={build} keyboard=0x{layout:x} screen={width}x{height}"))
}

/// CS_NET (2.2.1.3.4).
fn channels(block: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader(block);
    let count = (reader.u32_le()? as usize).min(CHANNELS);
    let names = reader.0.chunks_exact(12).take(count).map(|entry| {
        let name = entry.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(&name[..name.len().min(8)]).into_owned()
    });
    Some(names.collect())
}

/// MCS Connect Response: as many channels as were asked for, and no encryption of its own,
/// so that what a client sends is only TLS', or in the clear.
pub(super) fn connected(protocols: u32, channels: usize) -> Vec<u8> {
    let mut data = vec![1, 0x0c, 16, 0, 4, 0, 8, 0];
    data.extend(protocols.to_le_bytes());
    data.extend([0; 4]);
    let padded = channels.next_multiple_of(2);
    data.extend([3, 0x0c]);
    data.extend((8 + 2 * padded as u16).to_le_bytes());
    data.extend(IO_CHANNEL.to_le_bytes());
    data.extend((channels as u16).to_le_bytes());
    for number in 0..padded {
        let id = if number < channels { IO_CHANNEL + 1 + number as u16 } else { 0 };
        data.extend(id.to_le_bytes());
    }
    data.extend([2, 0x0c, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // ConferenceCreateResponse (T.124, 8.7), whose key is "McDn".
    let mut conference = b"\0\x05\0\x14\x7c\0\x01\x2a\x14\x76\x0a\x01\x01\0\x01\xc0\0McDn".to_vec();
    conference.extend((data.len() as u16 | 0x8000).to_be_bytes());
    conference.extend(data);
    let parameters = der(
        0x30,
        &[2, 1, 34, 2, 1, 3, 2, 1, 0, 2, 1, 1, 2, 1, 0, 2, 1, 1, 2, 3, 0, 0xff, 0xf8, 2, 1, 2],
    );
    let body = [&[10, 1, 0, 2, 1, 0][..], &parameters, &der(4, &conference)].concat();
    // [APPLICATION 102] has a tag of two bytes.
    data_unit(&[&[0x7f][..], &der(0x66, &body)].concat())
}

/// X.224 Data in TPKT.
fn data_unit(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 7).to_be_bytes();
    [&[3, 0, length[0], length[1], 2, 0xf0, 0x80][..], body].concat()
}

/// What a client does on its way in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It asks for something and is given this.
    Answer(Vec<u8>),
    /// It tells something that needs no answer.
    Nothing,
    /// It tells who it is.
    Info(Info),
    Disconnect,
    Unknown,
}

/// Client Info (2.2.1.11.1.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) password: String,
    /// The program that is to run in the place of a shell.
    pub(super) shell: String,
}

impl Step {
    /// Reads a message in X.224 Data.
    pub(super) fn read(message: &[u8]) -> Self {
        let Some([choice, rest @ ..]) = message.get(7..) else { return Self::Unknown };
        match choice >> 2 {
            1 => Self::Nothing,
            8 => Self::Disconnect,
            10 => Self::Answer(data_unit(&[&[0x2e, 0][..], &USER.to_be_bytes()].concat())),
            14 => match rest {
                [_, _, high, low, ..] => {
                    let user = USER.to_be_bytes();
                    Self::Answer(data_unit(&[0x3e, 0, user[0], user[1], *high, *low, *high, *low]))
                }
                _ => Self::Unknown,
            },
            25 => Info::read(rest).map_or(Self::Nothing, Self::Info),
            _ => Self::Unknown,
        }
    }
}

impl Info {
    /// Reads Send Data Request behind its choice.
    fn read(bytes: &[u8]) -> Option<Self> {
        const INFO_PACKET: u16 = 0x0040;
        const UNICODE: u32 = 0x10;
        let mut reader = Reader(bytes);
        reader.take(5)?;
        if reader.u8()? & 0x80 != 0 {
            reader.u8()?;
        }
        let kind = reader.u16_le()?;
        reader.u16_le()?;
        if kind & INFO_PACKET == 0 {
            return None;
        }
        reader.u32_le()?;
        let unicode = reader.u32_le()? & UNICODE != 0;
        let mut lengths = [0; 5];
        for length in &mut lengths {
            *length = usize::from(reader.u16_le()?);
        }
        let mut text = |length: usize| {
            let text = reader.take(length)?;
            // The zero at the end is not counted.
            reader.take(if unicode { 2 } else { 1 })?;
            Some(if unicode { utf16(text) } else { String::from_utf8_lossy(text).into_owned() })
        };
        let (domain, user) = (text(lengths[0])?, text(lengths[1])?);
        let (password, shell) = (text(lengths[2])?, text(lengths[3])?);
        Some(Self { domain, user, password, shell })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ntlm::to_utf16;
    use proptest::prelude::*;

    /// MCS Connect Initial with CS_CORE and one channel in CS_NET.
    pub(crate) fn connect_initial() -> Vec<u8> {
        let mut core =
            vec![1, 0xc0, 216, 0, 4, 0, 8, 0, 0x20, 3, 0x58, 2, 1, 0xca, 3, 0xaa, 9, 4, 0, 0];
        core.extend(2600_u32.to_le_bytes());
        core.extend(to_utf16("PC-1"));
        core.resize(216, 0);
        let net = [&[3, 0xc0, 20, 0, 1, 0, 0, 0][..], b"rdpdr\0\0\0\0\0\0\x80"].concat();
        data_unit(&[&[0x7f, 0x65, 0x82, 1, 0][..], &core, &net].concat())
    }

    /// Client Info with these credentials.
    pub(crate) fn client_info(domain: &str, user: &str, password: &str) -> Vec<u8> {
        let texts = [domain, user, password, "", ""].map(to_utf16);
        let mut info = vec![0x40, 0, 0, 0, 0, 0, 0, 0, 0x13, 0, 0, 0];
        for text in &texts {
            info.extend((text.len() as u16).to_le_bytes());
        }
        for text in texts {
            info.extend(text);
            info.extend([0, 0]);
        }
        let length = (info.len() as u16 | 0x8000).to_be_bytes();
        data_unit(&[&[0x64, 0, 6, 3, 0xeb, 0x70, length[0], length[1]][..], &info].concat())
    }

    #[test]
    fn settings_and_credentials_are_read() {
        let settings = Settings::read(&connect_initial()).expect("settings");
        assert_eq!(settings.core, b"name=PC-1 build=2600 keyboard=0x409 screen=800x600");
        assert_eq!(settings.channels, ["rdpdr"]);
        let Step::Info(info) = Step::read(&client_info("DOM", "bob", "pässword")) else {
            panic!("info")
        };
        assert_eq!((&*info.domain, &*info.user, &*info.password), ("DOM", "bob", "pässword"));
        assert_eq!(Step::read(&data_unit(&[0x28])), Step::Answer(data_unit(&[0x2e, 0, 0, 6])));
    }

    #[test]
    fn lengths_agree_in_the_response() {
        for channels in 0..5 {
            let answer = connected(1, channels);
            assert_eq!(usize::from(u16::from_be_bytes([answer[2], answer[3]])), answer.len());
            let (tag, rest) = answer[7..].split_at(2);
            assert_eq!(
                (tag, usize::from(rest[0]) & 0x7f),
                (&[0x7f, 0x66][..], if rest[0] < 0x80 { rest.len() - 1 } else { 1 })
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..120), choice: u8) {
            let _ = Step::read(&bytes);
            let _ = Step::read(&data_unit(&[&[choice][..], &bytes].concat()));
            let _ = Settings::read(&data_unit(&[&[0x7f, 0x65, 3, 0xc0][..], &bytes].concat()));
        }
    }
}
