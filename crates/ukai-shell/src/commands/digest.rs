//! `md5sum`, `sha1sum`, `sha256sum`, `sha512sum`, `cksum`, `sum`, `cmp`, `diff`, `base64`.

use super::reading::{inputs, read_file};
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha2::Digest;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("md5sum", sum),
    Command::at_once("sha1sum", sum),
    Command::at_once("sha256sum", sum),
    Command::at_once("sha512sum", sum),
    Command::at_once("cksum", cksum),
    Command::at_once("sum", old_sum),
    Command::at_once("cmp", compare),
    Command::at_once("base64", base64),
];

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest(name: &str, bytes: &[u8]) -> String {
    match name {
        "md5sum" => hexadecimal(&md5::Md5::digest(bytes)),
        "sha1sum" => hexadecimal(&sha1::Sha1::digest(bytes)),
        "sha512sum" => hexadecimal(&sha2::Sha512::digest(bytes)),
        _ => hexadecimal(&sha2::Sha256::digest(bytes)),
    }
}

fn sum(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "cbtsw", &["check", "quiet", "status", "tag"]);
    let name = arguments.name().into_owned();
    let (inputs, mut status) = inputs(process, arguments, &options.operands)?;
    if options.has("c") || options.has("check") {
        for (_, list) in inputs {
            for line in list.split(|b| *b == b'\n') {
                let line = String::from_utf8_lossy(line).into_owned();
                let Some((wanted, path)) = line.split_once("  ") else { continue };
                let good = matches!(read_file(process, path.as_bytes())?, Ok(bytes) if digest(&name, &bytes) == wanted);
                status |= i32::from(!good);
                process.print(format!("{path}: {}\n", if good { "OK" } else { "FAILED" }))?;
            }
        }
        return Ok(status);
    }
    for (path, bytes) in inputs {
        process.session.step(1 + bytes.len() as u64 / 2_048)?;
        let path = if path.is_empty() { b"-".to_vec() } else { path };
        let mut line = digest(&name, &bytes).into_bytes();
        line.extend_from_slice(b"  ");
        line.extend_from_slice(&path);
        line.push(b'\n');
        process.print(&line)?;
    }
    Ok(status)
}

/// `sum`: the checksums of BSD (over blocks of 1,024 bytes) and System V (of 512).
fn old_sum(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "rs", &["sysv"]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (path, bytes) in inputs {
        process.session.step(1 + bytes.len() as u64 / 512)?;
        let mut line = if options.has("s") || options.has("sysv") {
            let sum = bytes.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
            let folded = (sum & 0xffff) + (sum >> 16);
            let folded = (folded & 0xffff) + (folded >> 16);
            format!("{folded} {}", bytes.len().div_ceil(512))
        } else {
            let sum = bytes
                .iter()
                .fold(0_u16, |sum, byte| sum.rotate_right(1).wrapping_add(u16::from(*byte)));
            format!("{sum:05} {:>5}", bytes.len().div_ceil(1_024))
        }
        .into_bytes();
        if !path.is_empty() {
            line.push(b' ');
            line.extend_from_slice(&path);
        }
        line.push(b'\n');
        process.print(&line)?;
    }
    Ok(status)
}

/// POSIX `cksum`: CRC-32 with the length behind the data.
fn cksum(process: &mut Process, arguments: &Arguments) -> Outcome {
    const POLYNOMIAL: u32 = 0x04c1_1db7;
    let (inputs, status) = inputs(process, arguments, arguments.rest())?;
    for (path, bytes) in inputs {
        process.session.step(1 + bytes.len() as u64 / 512)?;
        let mut crc = 0_u32;
        let mut length = bytes.len();
        let mut tail = Vec::new();
        while length > 0 {
            tail.push(length as u8);
            length >>= 8;
        }
        for byte in bytes.iter().chain(&tail) {
            crc ^= u32::from(*byte) << 24;
            for _ in 0..8 {
                crc = if crc & 0x8000_0000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL };
            }
        }
        let mut line = format!("{} {}", !crc, bytes.len()).into_bytes();
        if !path.is_empty() {
            line.push(b' ');
            line.extend_from_slice(&path);
        }
        line.push(b'\n');
        process.print(&line)?;
    }
    Ok(status)
}

fn compare(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "sqlubBiwNrad", &["quiet", "silent", "brief"]);
    let name = arguments.name().into_owned();
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    let [(a_name, a), (b_name, b)] = &inputs[..] else { return Ok(status.max(2)) };
    if a == b {
        return Ok(0);
    }
    let quiet = options.has("s") || options.has("silent");
    let (a_name, b_name) = (String::from_utf8_lossy(a_name), String::from_utf8_lossy(b_name));
    if !quiet && name == "cmp" {
        let at = a
            .iter()
            .zip(b.iter())
            .position(|(x, y)| x != y)
            .unwrap_or_else(|| a.len().min(b.len()));
        let line = a[..at].split(|c| *c == b'\n').count();
        let unit = if arguments.gnu { "byte" } else { "char" };
        process.print(format!("{a_name} {b_name} differ: {unit} {}, line {line}\n", at + 1))?;
    } else if !quiet {
        process.print(format!("Files {a_name} and {b_name} differ\n"))?;
    }
    Ok(1)
}

fn base64(process: &mut Process, arguments: &Arguments) -> Outcome {
    const COLUMNS: usize = 76;
    let options = Options::read(arguments, "dDiw:", &["decode", "wrap:", "ignore-garbage"]);
    let (inputs, status) = inputs(process, arguments, &options.operands)?;
    for (_, bytes) in inputs {
        if ["d", "D", "decode"].iter().any(|f| options.has(f)) {
            let text: Vec<u8> =
                bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            let lenient = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true);
            let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
            let valid =
                text.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b)).count();
            let whole = if valid == text.len() { valid } else { valid & !3 };
            let decoded = engine.decode(&text[..whole]);
            let good = valid == text.len() && decoded.is_ok();
            let decoded =
                decoded.or_else(|_| engine.decode(&text[..whole & !3])).unwrap_or_default();
            process.print(&decoded)?;
            // BusyBox takes what is no letter of the alphabet for the end.
            let empty = decoded.is_empty() && !arguments.gnu && valid == 0;
            if !good && !empty {
                let name = arguments.name().into_owned();
                process.error(&if arguments.gnu {
                    format!("{name}: invalid input")
                } else {
                    format!("{name}: truncated input")
                })?;
                return Ok(1);
            }
            continue;
        }
        let columns =
            options.number("w").or(options.number("wrap")).map_or(COLUMNS, |n| n.max(0) as usize);
        let encoded = STANDARD.encode(&bytes);
        let mut out = String::with_capacity(encoded.len() + encoded.len() / COLUMNS + 1);
        if columns == 0 {
            out = encoded;
        } else {
            for chunk in encoded.as_bytes().chunks(columns) {
                out.push_str(&String::from_utf8_lossy(chunk));
                out.push('\n');
            }
        }
        process.print(&out)?;
    }
    Ok(status)
}
