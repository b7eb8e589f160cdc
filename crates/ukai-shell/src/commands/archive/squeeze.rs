//! `gzip` (1.12), `bzip2` (1.0.8), `xz` (5.4.1) and their other names; BusyBox's.

use super::{Packing, steps};
use crate::commands::reading::read_file;
use crate::commands::{Arguments, Options, Outcome};
use crate::fs::{Attributes, FsError, Origin};
use crate::process::Process;
use bytes::Bytes;

/// What is to be done, by name and options.
struct Task {
    name: String,
    packing: Packing,
    unpacks: bool,
    to_output: bool,
    keeps: bool,
    forces: bool,
    tests: bool,
    lists: bool,
    talks: bool,
    gnu: bool,
}

pub(super) fn run(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "cdfktvnNqlrhVLzsS:T:0123456789eF:",
        &[
            "decompress",
            "uncompress",
            "stdout",
            "to-stdout",
            "force",
            "keep",
            "test",
            "verbose",
            "quiet",
            "list",
            "fast",
            "best",
            "no-name",
            "name",
            "compress",
            "suffix:",
            "threads:",
            "recursive",
            "extreme",
            "format:",
        ],
    );
    let name = arguments.name().into_owned();
    let has = |names: &[&str]| names.iter().any(|n| options.has(n));
    let packing = match name.as_str() {
        "bzip2" | "bunzip2" | "bzcat" => Packing::Bzip2,
        "xz" | "unxz" | "xzcat" => Packing::Xz,
        "lzma" | "unlzma" | "lzcat" => Packing::Lzma,
        _ => Packing::Gzip,
    };
    let cats = name.ends_with("cat");
    let unpacks =
        cats || name.starts_with("un") || name.starts_with("gun") || name.starts_with("bun");
    // Debian's `gunzip` and `zcat` are scripts around `gzip`.
    let name = if arguments.gnu && packing == Packing::Gzip { "gzip".to_owned() } else { name };
    let task = Task {
        packing,
        unpacks: (unpacks || has(&["d", "decompress", "uncompress"])) && !has(&["z", "compress"]),
        to_output: cats || has(&["c", "stdout", "to-stdout"]),
        keeps: has(&["k", "keep"]),
        forces: has(&["f", "force"]),
        tests: has(&["t", "test"]),
        lists: has(&["l", "list"]) && packing != Packing::Bzip2,
        talks: has(&["v", "verbose"]),
        gnu: arguments.gnu,
        name,
    };
    if let Some(bad) = &options.bad {
        return Ok(bad_option(process, &task, bad)?);
    }
    let mut status = 0;
    let input = [b"-".to_vec()];
    let operands = if options.operands.is_empty() { &input[..] } else { &options.operands[..] };
    for path in operands {
        let one = if path == b"-" { stream(process, &task)? } else { file(process, &task, path)? };
        status = status.max(one);
    }
    Ok(status)
}

fn bad_option(process: &mut Process, task: &Task, bad: &str) -> Result<i32, crate::system::Stop> {
    let name = &task.name;
    let what = if bad.starts_with("--") {
        format!("unrecognized option '{bad}'")
    } else {
        format!("invalid option -- '{bad}'")
    };
    match task.packing {
        Packing::Gzip => {
            process.error(&format!("{name}: {what}\nTry `{name} --help' for more information."))?;
        }
        Packing::Bzip2 => process.error(&format!(
            "{name}: Bad flag `{}'",
            if bad.starts_with('-') { bad.to_owned() } else { format!("-{bad}") }
        ))?,
        _ => process
            .error(&format!("{name}: {what}\n{name}: Try '{name} --help' for more information."))?,
    }
    Ok(1)
}

fn stream(process: &mut Process, task: &Task) -> Result<i32, crate::commands::Leave> {
    let name = &task.name;
    if !task.unpacks && process.fds.at(1).is_some_and(|open| open.is_terminal()) && !task.forces {
        let text = match task.packing {
            Packing::Gzip => format!(
                "{name}: compressed data not written to a terminal. Use -f to force compression.\nFor help, type: {name} -h"
            ),
            Packing::Bzip2 => format!(
                "{name}: I won't write compressed data to a terminal.\n{name}: For help, type: `{name} --help'."
            ),
            _ => format!(
                "{name}: Compressed data cannot be written to a terminal\n{name}: Try '{name} --help' for more information."
            ),
        };
        process.error(&text)?;
        return Ok(1);
    }
    let input = process.input()?;
    process.session.step(steps(input.len()))?;
    if !task.unpacks {
        let out = task.packing.pack(&input, b"", 0).unwrap_or_default();
        process.print(&out)?;
        return Ok(0);
    }
    let Some(out) = task.packing.unpack(&input) else {
        return not_packed(process, task, None, &input);
    };
    process.session.step(steps(out.len()))?;
    if !task.tests {
        process.print(&out)?;
    }
    Ok(0)
}

/// What is said to a file that is not packed that way.
fn not_packed(
    process: &mut Process,
    task: &Task,
    path: Option<&str>,
    bytes: &[u8],
) -> Result<i32, crate::commands::Leave> {
    let name = &task.name;
    let fits = Packing::of(bytes) == Some(task.packing);
    let text = match (task.packing, path) {
        _ if !task.gnu && !fits => format!("{name}: invalid magic"),
        _ if !task.gnu => format!("{name}: corrupted data"),
        (Packing::Gzip, None) if fits => format!("\n{name}: stdin: unexpected end of file"),
        (Packing::Gzip, Some(path)) if fits => format!("\n{name}: {path}: unexpected end of file"),
        (Packing::Gzip, None) if bytes.is_empty() => {
            format!("\n{name}: stdin: unexpected end of file")
        }
        (Packing::Gzip, Some(path)) if bytes.is_empty() => {
            format!("\n{name}: {path}: unexpected end of file")
        }
        (Packing::Gzip, None) => format!("\n{name}: stdin: not in gzip format"),
        (Packing::Gzip, Some(path)) => format!("\n{name}: {path}: not in gzip format"),
        (Packing::Bzip2, None) => format!("{name}: (stdin) is not a bzip2 file."),
        (Packing::Bzip2, Some(path)) => format!("{name}: {path} is not a bzip2 file."),
        (_, path) => {
            let path = path.unwrap_or("(stdin)");
            let what = if fits { "Unexpected end of input" } else { "File format not recognized" };
            format!("{name}: {path}: {what}")
        }
    };
    process.error(&text)?;
    Ok(if task.packing == Packing::Bzip2 { 2 } else { 1 })
}

fn cannot_open(
    process: &mut Process,
    task: &Task,
    path: &str,
    error: FsError,
) -> Result<i32, crate::system::Stop> {
    let name = &task.name;
    let text = match task.packing {
        Packing::Bzip2 if task.gnu && error != FsError::IsDirectory => {
            format!("{name}: Can't open input file {path}: {}.", error.text())
        }
        Packing::Bzip2 if task.gnu => format!("{name}: Input file {path} is a directory."),
        Packing::Gzip if task.gnu && error == FsError::IsDirectory => {
            process.error(&format!("{name}: {path} is a directory -- ignored"))?;
            return Ok(2);
        }
        Packing::Xz | Packing::Lzma if task.gnu && error == FsError::IsDirectory => {
            format!("{name}: {path}: Is a directory, skipping")
        }
        _ => format!("{name}: {path}: {}", error.text()),
    };
    process.error(&text)?;
    Ok(if task.packing == Packing::Xz && error == FsError::IsDirectory { 2 } else { 1 })
}

/// Endings that are taken off, and what stands in their place.
fn unpacked_name(task: &Task, path: &[u8]) -> Option<Vec<u8>> {
    let endings: &[(&[u8], &[u8])] = match task.packing {
        Packing::Gzip => &[
            (b".gz", b""),
            (b"-gz", b""),
            (b".z", b""),
            (b".tgz", b".tar"),
            (b".taz", b".tar"),
            (b".Z", b""),
        ],
        Packing::Bzip2 => &[(b".bz2", b""), (b".bz", b""), (b".tbz2", b".tar"), (b".tbz", b".tar")],
        Packing::Xz | Packing::Lzma => {
            &[(b".xz", b""), (b".txz", b".tar"), (b".lzma", b""), (b".tlz", b".tar")]
        }
    };
    endings.iter().find_map(|(end, with)| {
        path.strip_suffix(*end).filter(|p| !p.is_empty()).map(|p| [p, with].concat())
    })
}

fn file(process: &mut Process, task: &Task, path: &[u8]) -> Result<i32, crate::commands::Leave> {
    let name = &task.name;
    let shown = String::from_utf8_lossy(path).into_owned();
    let view = process.view();
    let full = process.absolute(path);
    let mut path = path.to_vec();
    let stat = match process.fs().stat(&view, &full, true) {
        Ok(stat) if stat.is_dir() => {
            return Ok(cannot_open(process, task, &shown, FsError::IsDirectory)?);
        }
        Ok(stat) => stat,
        // `gunzip x` means `x.gz` where there is no `x`.
        Err(error) => {
            let with = [&full[..], task.packing.suffix().as_bytes()].concat();
            match process.fs().stat(&view, &with, true) {
                Ok(stat) if task.unpacks && task.packing == Packing::Gzip => {
                    path.extend_from_slice(task.packing.suffix().as_bytes());
                    stat
                }
                _ => {
                    let text = if task.unpacks
                        && task.packing == Packing::Gzip
                        && task.gnu
                        && unpacked_name(task, &path).is_none()
                    {
                        format!("{shown}.gz")
                    } else {
                        shown
                    };
                    return Ok(cannot_open(process, task, &text, error)?);
                }
            }
        }
    };
    let shown = String::from_utf8_lossy(&path).into_owned();
    let target = if task.unpacks { unpacked_name(task, &path) } else { None };
    let writes = !task.to_output && !task.tests && !task.lists;
    if task.unpacks && target.is_none() && writes && (task.packing != Packing::Bzip2 || !task.gnu) {
        // xz looks at the contents first.
        if matches!(task.packing, Packing::Xz | Packing::Lzma) && task.gnu {
            let bytes = read_file(process, &path)?.unwrap_or_default();
            if Packing::of(&bytes) != Some(task.packing) {
                return not_packed(process, task, Some(&shown), &bytes);
            }
        }
        let text = match task.packing {
            Packing::Gzip if task.gnu => format!("{name}: {shown}: unknown suffix -- ignored"),
            Packing::Xz | Packing::Lzma if task.gnu => {
                format!("{name}: {shown}: Filename has an unknown suffix, skipping")
            }
            _ => format!("{name}: {shown}: unknown suffix - ignored"),
        };
        process.error(&text)?;
        return Ok(if task.gnu { 2 } else { 1 });
    }
    let suffix = task.packing.suffix().as_bytes();
    let packs = !task.unpacks && !task.tests && !task.lists;
    if packs && path.ends_with(suffix) && !task.forces && task.gnu {
        let suffix = task.packing.suffix();
        let text = match task.packing {
            Packing::Gzip => format!("{name}: {shown} already has {suffix} suffix -- unchanged"),
            Packing::Bzip2 => format!("{name}: Input file {shown} already has {suffix} suffix."),
            _ => format!("{name}: {shown}: File already has '{suffix}' suffix, skipping"),
        };
        process.error(&text)?;
        return Ok(match task.packing {
            Packing::Gzip => 0,
            Packing::Bzip2 => 1,
            _ => 2,
        });
    }
    let bytes = match read_file(process, &path)? {
        Ok(bytes) => bytes,
        Err(error) => return Ok(cannot_open(process, task, &shown, error)?),
    };
    process.session.step(steps(bytes.len()))?;
    let out = if task.unpacks || task.tests || task.lists {
        match task.packing.unpack(&bytes) {
            Some(out) => out,
            None => return not_packed(process, task, Some(&shown), &bytes),
        }
    } else {
        let base = crate::eval::base_name(&path);
        let named = task.gnu && task.packing == Packing::Gzip && !task.to_output;
        let (base, time) = if named { (base, stat.mtime as u32) } else { (&b""[..], 0) };
        task.packing.pack(&bytes, base, time).unwrap_or_default()
    };
    process.session.step(steps(out.len()))?;
    if task.lists {
        return list(process, &path, bytes.len(), out.len());
    }
    if task.tests {
        if task.talks {
            let text = if task.packing == Packing::Gzip {
                format!("{shown}:\t OK")
            } else {
                format!("  {shown}: ok")
            };
            process.error(&text)?;
        }
        return Ok(0);
    }
    if task.to_output {
        process.print(&out)?;
        return Ok(0);
    }
    let target = match target {
        Some(target) => target,
        None if task.unpacks => {
            let target = [&path[..], b".out"].concat();
            let out = String::from_utf8_lossy(&target).into_owned();
            process
                .error(&format!("{name}: Can't guess original name for {shown} -- using {out}"))?;
            target
        }
        None => [&path[..], suffix].concat(),
    };
    let to = process.absolute(&target);
    let target_shown = String::from_utf8_lossy(&target).into_owned();
    if process.fs().stat(&view, &to, false).is_ok() && !task.forces {
        let text = match task.packing {
            _ if !task.gnu => format!("{name}: can't open '{target_shown}': File exists"),
            Packing::Gzip => format!("{name}: {target_shown} already exists;\tnot overwritten"),
            Packing::Bzip2 => format!("{name}: Output file {target_shown} already exists."),
            _ => format!("{name}: {target_shown}: File exists"),
        };
        process.error(&text)?;
        return Ok(if task.packing == Packing::Gzip && task.gnu { 2 } else { 1 });
    }
    let (before, after) = (bytes.len(), out.len());
    if let Err(error) = process.fs().store(&view, &to, Bytes::from(out), Origin::Written, stat.mode)
    {
        process.error(&format!("{name}: {target_shown}: {}", error.text()))?;
        return Ok(1);
    }
    let change = Attributes { mtime: Some(stat.mtime), ..Attributes::default() };
    let _ = process.fs().set_attributes(&view, &to, &change);
    if !task.keeps {
        let gone = process.absolute(&path);
        let _ = process.fs().unlink(&view, &gone);
    }
    if task.talks && task.packing == Packing::Gzip {
        let (small, large) = if task.unpacks { (before, after) } else { (after, before) };
        let how = if task.keeps { "created" } else { "replaced with" };
        process.error(&format!("{shown}:\t{:>5} -- {how} {target_shown}", ratio(small, large)))?;
    }
    Ok(0)
}

/// How much smaller something got, as gzip tells it.
fn ratio(small: usize, large: usize) -> String {
    // The header and the trailer do not count.
    const AROUND: f64 = 18.0;
    if large == 0 {
        return "0.0%".to_owned();
    }
    let saved = (large as f64 - (small as f64 - AROUND).max(0.0)) * 100.0 / large as f64;
    format!("{saved:.1}%")
}

fn list(
    process: &mut Process,
    path: &[u8],
    packed: usize,
    unpacked: usize,
) -> Result<i32, crate::commands::Leave> {
    let name = path.strip_suffix(b".gz").unwrap_or(path);
    let shown = String::from_utf8_lossy(name).into_owned();
    process.print(format!(
        "         compressed        uncompressed  ratio uncompressed_name\n{packed:>19} {unpacked:>19} {:>6} {shown}\n",
        ratio(packed, unpacked)
    ))?;
    Ok(0)
}
