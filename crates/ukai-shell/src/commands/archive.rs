//! `gzip`, `gunzip`, `zcat`, `tar`, `unzip`: unpacking what was brought, within limits.

use super::reading::read_file;
use super::{Arguments, Command, Options, Outcome};
use crate::fs::Origin;
use crate::limits;
use crate::process::Process;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("gzip", gzip),
    Command::at_once("gunzip", gzip),
    Command::at_once("zcat", gzip),
    Command::at_once("tar", tar),
    Command::at_once("unzip", |p, a| {
        let shown = a.shown(1).into_owned();
        p.error(&format!("unzip: can't open {shown}[.zip]"))?;
        Ok(1)
    }),
];

/// Unpacks gzip data, no further than the limit; `None` if it is none.
fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    let mut out = Vec::new();
    let mut limited = MultiGzDecoder::new(bytes).take(limits::UNPACKED_BYTES as u64);
    limited.read_to_end(&mut out).ok()?;
    Some(out)
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

fn gzip(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "cdfktvn123456789qlr",
        &["decompress", "stdout", "force", "keep", "to-stdout"],
    );
    let name = arguments.name().into_owned();
    let decompress = options.has("d") || options.has("decompress") || name != "gzip";
    let to_stdout =
        options.has("c") || options.has("stdout") || options.has("to-stdout") || name == "zcat";
    let convert = |bytes: &[u8]| if decompress { unpack(bytes) } else { Some(pack(bytes)) };
    if options.operands.is_empty() {
        let input = process.input()?;
        process.session.step(input.len() as u64 / 256)?;
        let Some(out) = convert(&input) else {
            process.error(&format!("{name}: invalid magic"))?;
            return Ok(1);
        };
        process.print(&out)?;
        return Ok(0);
    }
    let mut status = 0;
    for path in &options.operands {
        let shown = String::from_utf8_lossy(path).into_owned();
        let bytes = match read_file(process, path)? {
            Ok(bytes) => bytes,
            Err(error) => {
                process.error(&format!("{name}: {shown}: {}", error.text()))?;
                status = 1;
                continue;
            }
        };
        process.session.step(bytes.len() as u64 / 256)?;
        let Some(out) = convert(&bytes) else {
            process.error(&if arguments.gnu {
                format!("\n{name}: {shown}: not in gzip format")
            } else {
                format!("{name}: invalid magic")
            })?;
            status = 1;
            continue;
        };
        if to_stdout {
            process.print(&out)?;
            continue;
        }
        let target = if decompress {
            if let Some(target) = path.strip_suffix(b".gz").or_else(|| path.strip_suffix(b".tgz")) {
                target.to_vec()
            } else {
                process.error(&format!("{name}: {shown}: unknown suffix - ignored"))?;
                status = 1;
                continue;
            }
        } else {
            [path, &b".gz"[..]].concat()
        };
        let view = process.view();
        let full = process.absolute(&target);
        let stored = process.fs().store(&view, &full, out.into(), Origin::Written, 0o644);
        if stored.is_ok() && !options.has("k") {
            let _ = process.fs().unlink(&view, &process.absolute(path));
        }
    }
    Ok(status)
}

/// A member of a tar archive.
struct Member {
    name: Vec<u8>,
    kind: u8,
    mode: u16,
    size: usize,
    at: usize,
}

/// The members of a tar archive (POSIX ustar), as far as they are whole.
fn members(bytes: &[u8]) -> Vec<Member> {
    const BLOCK: usize = 512;
    const MEMBERS: usize = 1_024;
    let octal = |field: &[u8]| {
        let text: String = field.iter().take_while(|b| **b != 0).map(|b| *b as char).collect();
        usize::from_str_radix(text.trim(), 8).unwrap_or(0)
    };
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + BLOCK) {
        if header[0] == 0 || all.len() >= MEMBERS {
            break;
        }
        let name = header[..100].split(|b| *b == 0).next().unwrap_or_default().to_vec();
        let size = octal(&header[124..136]);
        let member = Member {
            name,
            kind: header[156],
            mode: octal(&header[100..108]) as u16,
            size,
            at: at + BLOCK,
        };
        all.push(member);
        at = at.saturating_add(BLOCK + size.next_multiple_of(BLOCK).min(bytes.len()));
    }
    all
}

fn tar(process: &mut Process, arguments: &Arguments) -> Outcome {
    // The first word may be letters without a dash.
    let mut words = arguments.words.clone();
    if let Some(first) = words.get_mut(1)
        && !first.starts_with(b"-")
    {
        first.insert(0, b'-');
    }
    let given = Arguments::new(words, arguments.gnu);
    let options = Options::read(
        &given,
        "xctvzjJf:C:Opkmoh",
        &["extract", "list", "create", "gzip", "file:", "directory:", "strip-components:"],
    );
    let Some(file) = options.value("f").or(options.value("file")).map(<[u8]>::to_vec) else {
        process.error(if arguments.gnu {
            "tar: Refusing to read archive contents from terminal (missing -f option?)"
        } else {
            "tar: invalid tar magic"
        })?;
        return Ok(1);
    };
    let shown = String::from_utf8_lossy(&file).into_owned();
    if options.has("c") || options.has("create") {
        return Ok(0);
    }
    let bytes = if file == b"-" { Ok(process.input()?) } else { read_file(process, &file)? };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            let text = if arguments.gnu {
                format!(
                    "tar: {shown}: Cannot open: {}\ntar: Error is not recoverable: exiting now",
                    error.text()
                )
            } else {
                format!("tar: can't open '{shown}': {}", error.text())
            };
            process.error(&text)?;
            return Ok(if arguments.gnu { 2 } else { 1 });
        }
    };
    process.session.step(bytes.len() as u64 / 256)?;
    let bytes: Bytes = unpack(&bytes).map_or(bytes, Bytes::from);
    let members = members(&bytes);
    if members.is_empty() {
        process.error(if arguments.gnu { "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors" } else { "tar: short read" })?;
        return Ok(if arguments.gnu { 2 } else { 1 });
    }
    let folder = options.value("C").or(options.value("directory")).map(<[u8]>::to_vec);
    let extract = options.has("x") || options.has("extract");
    let verbose = options.has("v") || !extract;
    let view = process.view();
    for member in members {
        process.session.step(2)?;
        if verbose {
            process.print([&member.name[..], b"\n"].concat())?;
        }
        if !extract {
            continue;
        }
        let name = member.name.trim_ascii_start();
        let name = name.strip_prefix(b"/").unwrap_or(name);
        if name.split(|b| *b == b'/').any(|part| part == b"..") {
            continue;
        }
        let path = match &folder {
            Some(folder) => [folder, &b"/"[..], name].concat(),
            None => name.to_vec(),
        };
        let full = process.absolute(&path);
        if member.kind == b'5' {
            let _ = process.fs().mkdir(&view, &full, 0o755);
        } else if matches!(member.kind, b'0' | 0)
            && let Some(body) = bytes.get(member.at..member.at.saturating_add(member.size))
        {
            let body = bytes.slice_ref(body);
            let _ = process.fs().store(&view, &full, body, Origin::Written, member.mode & 0o777);
        }
    }
    Ok(0)
}
