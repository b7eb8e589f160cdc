//! `zip` and `unzip` (Info-ZIP 3.0 and 6.00), and BusyBox's `unzip`.

use super::steps;
use crate::commands::list::date;
use crate::commands::reading::read_file;
use crate::commands::{Arguments, Options, Outcome};
use crate::fs::Origin;
use crate::limits;
use crate::process::Process;
use std::io::{Cursor, Read as _, Write as _};

/// Most members of an archive.
const MEMBERS_MAX: usize = 4_096;

pub(super) fn unzip(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "+lod:npqcjvtP:x:", &[]);
    let mut operands = options.operands.iter();
    let Some(file) = operands.next() else {
        process.error("UnZip 6.00 of 20 April 2009, by Debian. Original by Info-ZIP.\n\nUsage: unzip [-Z] [-opts[modifiers]] file[.zip] [list] [-x xlist] [-d exdir]")?;
        return Ok(10);
    };
    // Options may follow the archive's name.
    let rest = Arguments::new(
        std::iter::once(b"unzip".to_vec()).chain(operands.cloned()).collect(),
        arguments.gnu,
    );
    let more = Options::read(&rest, "d:oqx:", &[]);
    let shown = String::from_utf8_lossy(file).into_owned();
    let mut bytes = read_file(process, file)?;
    let mut called = shown.clone();
    if bytes.is_err() {
        for suffix in [".zip", ".ZIP"] {
            if let Ok(found) = read_file(process, &[file, suffix.as_bytes()].concat())? {
                called = format!("{shown}{suffix}");
                bytes = Ok(found);
                break;
            }
        }
    }
    let Ok(bytes) = bytes else {
        let text = if arguments.gnu {
            format!("unzip:  cannot find or open {shown}, {shown}.zip or {shown}.ZIP.")
        } else {
            format!("unzip: can't open {shown}[.zip]")
        };
        process.error(&text)?;
        return Ok(if arguments.gnu { 9 } else { 1 });
    };
    process.session.step(steps(bytes.len()))?;
    let quiet = options.has("q") || more.has("q");
    let pipes = options.has("p") || options.has("c");
    if !quiet && !pipes {
        process.print(format!("Archive:  {called}\n"))?;
    }
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&bytes[..])) else {
        process.error(&format!(
            "  End-of-central-directory signature not found.  Either this file is not\n  a zipfile, or it constitutes one disk of a multi-part archive.  In the\n  latter case the central directory and zipfile comment will be found on\n  the last disk(s) of this archive.\nunzip:  cannot find zipfile directory in one of {called} or\n        {called}.zip, and cannot find {called}.ZIP, period."
        ))?;
        return Ok(9);
    };
    let lists = options.has("l");
    if lists {
        process
            .print("  Length      Date    Time    Name\n---------  ---------- -----   ----\n")?;
    }
    let folder = options.value("d").or(more.value("d")).map(<[u8]>::to_vec);
    let (mut total, mut count) = (0_u64, 0_u32);
    let mut unpacked = 0_usize;
    for index in 0..archive.len().min(MEMBERS_MAX) {
        process.session.step(4)?;
        let Ok(mut member) = archive.by_index(index) else { continue };
        let name = member.name_raw().to_vec();
        let text = String::from_utf8_lossy(&name).into_owned();
        if !more.operands.is_empty() && !more.operands.contains(&name) {
            continue;
        }
        if lists {
            let time = member.last_modified().map_or_else(
                || "1980-01-01 00:00".to_owned(),
                |t| {
                    format!(
                        "{:04}-{:02}-{:02} {:02}:{:02}",
                        t.year(),
                        t.month(),
                        t.day(),
                        t.hour(),
                        t.minute()
                    )
                },
            );
            process.print(format!("{:>9}  {time}   {text}\n", member.size()))?;
            total += member.size();
            count += 1;
            continue;
        }
        let stored = member.compression() == zip::CompressionMethod::Stored;
        let directory = member.is_dir();
        let mode = member.unix_mode().map(|m| m as u16 & 0o777);
        let mut contents = Vec::new();
        let room = limits::UNPACKED_BYTES.saturating_sub(unpacked) as u64;
        if !directory && member.by_ref().take(room).read_to_end(&mut contents).is_err() {
            process
                .error(&format!("   skipping: {text}                   unable to get password"))?;
            continue;
        }
        unpacked += contents.len();
        process.session.step(steps(contents.len()))?;
        if pipes {
            process.print(&contents)?;
            continue;
        }
        let relative = name.strip_prefix(b"/").unwrap_or(&name);
        if relative.split(|b| *b == b'/').any(|part| part == b"..") {
            continue;
        }
        let path = match &folder {
            Some(folder) => [folder.strip_suffix(b"/").unwrap_or(folder), b"/", relative].concat(),
            None => relative.to_vec(),
        };
        let shown = String::from_utf8_lossy(&path).into_owned();
        let full = process.absolute(&path);
        let view = process.view();
        let start = full.len().saturating_sub(path.len());
        for (at, _) in full.iter().enumerate().skip(start).filter(|(_, b)| **b == b'/') {
            process.session.step(1)?;
            if at > 0 {
                let _ = process.fs().mkdir(&view, &full[..at], 0o755);
            }
        }
        if directory {
            let _ = process.fs().mkdir(&view, &full, mode.unwrap_or(0o755));
            if !quiet {
                process.print(format!("   creating: {shown}\n"))?;
            }
            continue;
        }
        process.capture_before_loss(&full);
        if !quiet {
            let verb = if stored { " extracting" } else { "  inflating" };
            process.print(format!("{verb}: {shown:<23} \n"))?;
        }
        let mode = mode.unwrap_or(0o644);
        if let Err(error) = process.fs().store(&view, &full, contents.into(), Origin::Written, mode)
        {
            process.error(&format!("error:  cannot create {shown}\n        {}", error.text()))?;
            return Ok(50);
        }
    }
    if lists {
        let plural = if count == 1 { "" } else { "s" };
        process.print(format!("---------                     -------\n{total:>9}                     {count} file{plural}\n"))?;
    }
    Ok(0)
}

pub(super) fn zip(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "rqjmuyeP:x:i:T0123456789", &["password:"]);
    let Some((file, operands)) = options.operands.split_first() else {
        process.print(
            "Copyright (c) 1990-2008 Info-ZIP - Type 'zip \"-L\"' for software license.\n",
        )?;
        return Ok(0);
    };
    let mut target = file.clone();
    if !crate::eval::base_name(&target).contains(&b'.') {
        target.extend_from_slice(b".zip");
    }
    let quiet = options.has("q");
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut added = 0;
    for operand in operands {
        let full = process.absolute(operand);
        let mut open = vec![(operand.clone(), full)];
        while let Some((name, full)) = open.pop() {
            process.session.step(2)?;
            let view = process.view();
            let Ok(stat) = process.fs().stat(&view, &full, true) else {
                let shown = String::from_utf8_lossy(&name).into_owned();
                process.print(format!("\tzip warning: name not matched: {shown}\n"))?;
                continue;
            };
            let relative = name.strip_prefix(b"/").unwrap_or(&name).to_vec();
            let shown = String::from_utf8_lossy(&relative).into_owned();
            let clock = date(stat.mtime, "%Y %m %d %H %M %S");
            let mut parts = clock.split(' ').map(|p| p.parse::<u16>().unwrap_or(0));
            let mut next = || parts.next().unwrap_or(0);
            let time = zip::DateTime::from_date_and_time(
                next(),
                next() as u8,
                next() as u8,
                next() as u8,
                next() as u8,
                next() as u8,
            );
            let how = zip::write::SimpleFileOptions::default()
                .last_modified_time(time.unwrap_or_default())
                .unix_permissions(stat.mode.into());
            if stat.is_dir() {
                let with = format!("{}/", shown.trim_end_matches('/'));
                let _ = writer.add_directory(with.as_str(), how);
                added += 1;
                if !quiet {
                    process.print(format!("  adding: {with} (stored 0%)\n"))?;
                }
                if options.has("r") {
                    for child in process.fs().list(&view, &full).unwrap_or_default().iter().rev() {
                        let joined =
                            |at: &[u8]| [at.strip_suffix(b"/").unwrap_or(at), b"/", child].concat();
                        open.push((joined(&name), joined(&full)));
                    }
                }
                continue;
            }
            let bytes = process.fs().read(&view, &full).unwrap_or_default();
            process.session.step(steps(bytes.len()))?;
            let mut packed =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            let packed =
                packed.write_all(&bytes).and_then(|()| packed.finish()).unwrap_or_default();
            let smaller = packed.len() < bytes.len();
            let method = if smaller {
                zip::CompressionMethod::Deflated
            } else {
                zip::CompressionMethod::Stored
            };
            let saved = if smaller {
                100 - (packed.len() * 100 + bytes.len() / 2) / bytes.len()
            } else {
                0
            };
            let started = writer.start_file(shown.as_str(), how.compression_method(method));
            if started.is_ok() {
                let _ = writer.write_all(&bytes);
                added += 1;
            }
            if !quiet {
                let verb = if smaller { "deflated" } else { "stored" };
                process.print(format!("  adding: {shown} ({verb} {saved}%)\n"))?;
            }
        }
    }
    let shown = String::from_utf8_lossy(&target).into_owned();
    if added == 0 {
        process.print(format!("\nzip error: Nothing to do! ({shown})\n"))?;
        return Ok(12);
    }
    let bytes = writer.finish().map(Cursor::into_inner).unwrap_or_default();
    let view = process.view();
    let full = process.absolute(&target);
    if let Err(error) = process.fs().store(&view, &full, bytes.into(), Origin::Written, 0o644) {
        process.error(&format!(
            "zip I/O error: {}\nzip error: Could not create output file ({shown})",
            error.text()
        ))?;
        return Ok(15);
    }
    if options.has("m") {
        for operand in operands {
            let full = process.absolute(operand);
            let _ = process.fs().unlink(&view, &full);
        }
    }
    Ok(0)
}
