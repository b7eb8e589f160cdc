//! `df`, `du`, `mount`, `umount`, `fdisk`, `free`.

use super::list::{gnu_size, human_size};
use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("df", df),
    Command::at_once("du", du),
    Command::at_once("mount", mount),
    Command::at_once("umount", umount),
    Command::at_once("free", free),
    Command::at_once("fdisk", |_, _| Ok(0)),
    Command::at_once("swapon", |_, _| Ok(0)),
    Command::at_once("swapoff", |_, _| Ok(0)),
];

/// A file system as `df` shows it.
struct Listed {
    device: String,
    kind: String,
    size_kb: u64,
    used_kb: u64,
    free_kb: u64,
    point: String,
}

impl Listed {
    fn of(process: &Process, mount: &ukai_persona::Mount) -> Self {
        // What the attacker wrote is on the disk that holds most of the tree.
        let written = if mount.point == "/" || mount.point == "/tmp" || mount.point == "/var" {
            process.fs().used_bytes() / 1_024
        } else {
            0
        };
        let used_kb = (mount.used_kb + written).min(mount.size_kb);
        // ext4 keeps a twentieth for root.
        let kept = if mount.kind.starts_with("ext") { mount.size_kb / 20 } else { 0 };
        Self {
            device: mount.device.clone(),
            kind: mount.kind.clone(),
            size_kb: mount.size_kb,
            used_kb,
            free_kb: (mount.size_kb - used_kb).saturating_sub(kept),
            point: mount.point.clone(),
        }
    }

    /// Used of what users may have, rounded up.
    fn percent(&self) -> String {
        let all = self.used_kb + self.free_kb;
        if all == 0 { "-".to_owned() } else { format!("{}%", (self.used_kb * 100).div_ceil(all)) }
    }
}

fn df(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "hHkmTaiPlt:x:B:",
        &[
            "human-readable",
            "si",
            "print-type",
            "all",
            "inodes",
            "portability",
            "local",
            "type:",
            "exclude-type:",
            "total",
            "block-size:",
        ],
    );
    let has = |short: &str, long: &str| options.has(short) || options.has(long);
    let human = has("h", "human-readable") || has("H", "si");
    let host = std::sync::Arc::clone(&process.session.host);
    let mounts = &host.persona.mounts;
    let mut listed: Vec<Listed> = Vec::new();
    let mut status = 0;
    if options.operands.is_empty() {
        let all = has("a", "all");
        listed
            .extend(mounts.iter().filter(|m| all || m.size_kb > 0).map(|m| Listed::of(process, m)));
    }
    for operand in &options.operands {
        let full = process.absolute(operand);
        let shown = String::from_utf8_lossy(operand).into_owned();
        let real = match process.fs().real_path(&process.view(), &full) {
            Ok(real) => real,
            Err(error) => {
                process.error(&format!("df: {shown}: {}", error.text()))?;
                status = 1;
                continue;
            }
        };
        let below = |point: &str| {
            let point = point.trim_end_matches('/').as_bytes();
            real.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let by_device =
            mounts.iter().find(|m| m.device.as_bytes() == operand && m.device.starts_with('/'));
        let holds = mounts.iter().enumerate().filter(|(_, m)| below(&m.point));
        let holds = holds.max_by_key(|(place, m)| (m.point.len(), *place)).map(|(_, m)| m);
        if let Some(mount) = by_device.or(holds) {
            listed.push(Listed::of(process, mount));
        }
    }
    let wanted = options.value("t").or(options.value("type"));
    let unwanted = options.value("x").or(options.value("exclude-type"));
    listed.retain(|l| {
        wanted.is_none_or(|kind| l.kind.as_bytes() == kind)
            && unwanted.is_none_or(|kind| l.kind.as_bytes() != kind)
    });
    if listed.is_empty() {
        if status == 0 {
            process.error("df: no file systems processed")?;
        }
        return Ok(1);
    }
    if options.has("total") {
        let sum = |of: fn(&Listed) -> u64| listed.iter().map(of).sum();
        listed.push(Listed {
            device: "total".to_owned(),
            kind: "-".to_owned(),
            size_kb: sum(|l| l.size_kb),
            used_kb: sum(|l| l.used_kb),
            free_kb: sum(|l| l.free_kb),
            point: "-".to_owned(),
        });
    }
    let show = |kb: u64| {
        if human && arguments.gnu {
            gnu_size(kb * 1_024)
        } else if human {
            human_size(kb * 1_024)
        } else if options.has("m") {
            kb.div_ceil(1_024).to_string()
        } else {
            kb.to_string()
        }
    };
    let heading = match (human, options.has("m"), options.has("P")) {
        (true, ..) => "Size",
        (_, true, _) => "1M-blocks",
        (_, _, true) => "1024-blocks",
        _ => "1K-blocks",
    };
    let inodes = has("i", "inodes");
    let rows: Vec<[String; 7]> = listed
        .iter()
        .map(|l| {
            if inodes {
                // One for 16 KiB, as mke2fs makes them; other kinds have as many as fit.
                let all = l.size_kb / if l.kind.starts_with("ext") { 16 } else { 4 };
                let used = (l.used_kb / 38 + 1).min(all);
                let percent = (used * 100).div_ceil(all.max(1));
                return [
                    l.device.clone(),
                    l.kind.clone(),
                    all.to_string(),
                    used.to_string(),
                    (all - used).to_string(),
                    format!("{percent}%"),
                    l.point.clone(),
                ];
            }
            [
                l.device.clone(),
                l.kind.clone(),
                show(l.size_kb),
                show(l.used_kb),
                show(l.free_kb),
                l.percent(),
                l.point.clone(),
            ]
        })
        .collect();
    let mut text = String::new();
    let kind = has("T", "print-type");
    if arguments.gnu {
        let available = if human { "Avail" } else { "Available" };
        let headings: [&str; 7] = if inodes {
            ["Filesystem", "Type", "Inodes", "IUsed", "IFree", "IUse%", "Mounted on"]
        } else {
            let capacity = if options.has("P") { "Capacity" } else { "Use%" };
            ["Filesystem", "Type", heading, "Used", available, capacity, "Mounted on"]
        };
        gnu_table(&headings, &rows, kind, &mut text);
    } else {
        let first = if human { "Size" } else { heading };
        let _ =
            writeln!(text, "Filesystem           {first:>9}      Used Available Use% Mounted on");
        for [device, _, size, used, free, percent, point] in &rows {
            let _ =
                writeln!(text, "{device:<20} {size:>9} {used:>9} {free:>9} {percent:>4} {point}");
        }
    }
    process.print(&text)?;
    Ok(status)
}

/// As coreutils 9.1 lays its table out: columns as wide as their widest cell, but no
/// narrower than they always were.
fn gnu_table(headings: &[&str; 7], rows: &[[String; 7]], kind: bool, text: &mut String) {
    const LEAST: [usize; 7] = [14, 4, 5, 5, 5, 4, 0];
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(headings[column].len()).max(LEAST[column])
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let heading: [String; 7] = headings.map(str::to_owned);
    for row in std::iter::once(&heading).chain(rows) {
        let _ = write!(text, "{:<1$}", row[0], widths[0]);
        if kind {
            let _ = write!(text, " {:<1$}", row[1], widths[1]);
        }
        for column in 2..6 {
            let _ = write!(text, " {:>1$}", row[column], widths[column]);
        }
        let _ = writeln!(text, " {}", row[6]);
    }
}

fn du(process: &mut Process, arguments: &Arguments) -> Outcome {
    const TREE_DEPTH: u32 = 32;
    let options = Options::read(arguments, "shakmcxd:", &["max-depth:"]);
    let operands =
        if options.operands.is_empty() { vec![b".".to_vec()] } else { options.operands.clone() };
    let view = process.view();
    let mut status = 0;
    for root in operands {
        let full = process.absolute(&root);
        if let Err(error) = process.fs().stat(&view, &full, false) {
            let shown = String::from_utf8_lossy(&root).into_owned();
            process.error(&if arguments.gnu {
                format!("du: cannot access '{shown}': {}", error.text())
            } else {
                format!("du: {shown}: {}", error.text())
            })?;
            status = 1;
            continue;
        }
        // Directories in the order in which they end, with what is below them.
        let mut sizes: Vec<(Vec<u8>, u64)> = Vec::new();
        let mut open: Vec<(Vec<u8>, u32, bool)> = vec![(root.clone(), 0, false)];
        while let Some((path, depth, done)) = open.pop() {
            process.session.step(1)?;
            let full = process.absolute(&path);
            let Ok(stat) = process.fs().stat(&view, &full, false) else { continue };
            let own = stat.size.div_ceil(4_096) * 4;
            if !stat.is_dir() {
                sizes.push((path, own));
                continue;
            }
            if done {
                let below: u64 = sizes
                    .iter()
                    .filter(|(p, _)| {
                        p.len() > path.len()
                            && p.starts_with(&path)
                            && p[path.len()..].iter().skip(1).all(|b| *b != b'/')
                    })
                    .map(|(_, s)| s)
                    .sum();
                sizes.push((path, below + own));
                process.session.step(sizes.len() as u64 / 8)?;
                continue;
            }
            open.push((path.clone(), depth, true));
            if depth < TREE_DEPTH {
                for name in process.fs().list(&view, &full).unwrap_or_default() {
                    let base = path.strip_suffix(b"/").unwrap_or(&path);
                    open.push(([base, b"/", &name].concat(), depth + 1, false));
                }
            }
        }
        let human = options.has("h");
        let mut text = Vec::new();
        for (path, size) in &sizes {
            let is_dir =
                process.fs().stat(&view, &process.absolute(path), false).is_ok_and(|s| s.is_dir());
            let shown = *path == root || (!options.has("s") && (is_dir || options.has("a")));
            if shown {
                let size = match (human, arguments.gnu) {
                    (true, true) => gnu_size(size * 1_024),
                    (true, false) => human_size(size * 1_024),
                    _ => size.to_string(),
                };
                text.extend_from_slice(format!("{size}\t").as_bytes());
                text.extend_from_slice(path);
                text.push(b'\n');
            }
        }
        process.print(&text)?;
    }
    Ok(status)
}

fn mount(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "t:o:arwnvfB", &["bind"]);
    if options.operands.is_empty() && !options.has("a") {
        let host = std::sync::Arc::clone(&process.session.host);
        let mut text = String::new();
        for m in &host.persona.mounts {
            let _ = writeln!(text, "{} on {} type {} ({})", m.device, m.point, m.kind, m.options);
        }
        process.print(&text)?;
        return Ok(0);
    }
    if process.uid != 0 {
        process.error("mount: permission denied (are you root?)")?;
        return Ok(1);
    }
    let wanted =
        options.value("o").map(|o| String::from_utf8_lossy(o).into_owned()).unwrap_or_default();
    let flags: Vec<&str> = wanted.split(',').collect();
    let point = options.operands.last().cloned().unwrap_or_default();
    if flags.contains(&"remount") {
        // A squashfs cannot be made writable, and other mounts are what they are.
        let host = std::sync::Arc::clone(&process.session.host);
        let kind = host
            .persona
            .mounts
            .iter()
            .rev()
            .find(|m| m.point.as_bytes() == point)
            .map(|m| m.kind.as_str());
        let fixed = matches!(kind, Some("squashfs" | "cramfs"));
        if fixed && flags.contains(&"rw") {
            let shown = String::from_utf8_lossy(&point).into_owned();
            process
                .error(&format!("mount: cannot remount {shown} read-write, is write-protected"))?;
            return Ok(1);
        }
        process.fs().remount(&point, flags.contains(&"rw"));
    }
    Ok(0)
}

fn umount(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "flarnvd", &[]);
    let host = std::sync::Arc::clone(&process.session.host);
    let mut status = 0;
    for point in &options.operands {
        let known = host.persona.mounts.iter().any(|m| m.point.as_bytes() == *point);
        let text = if known { "Device or resource busy" } else { "Invalid argument" };
        let shown = String::from_utf8_lossy(point).into_owned();
        if !(known && options.has("l")) {
            process.error(&if arguments.gnu && !known {
                format!("umount: {shown}: not mounted.")
            } else {
                format!("umount: can't umount {shown}: {text}")
            })?;
            status = 1;
        }
    }
    Ok(status)
}

fn free(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "bkmghtlw", &["human", "mega", "giga"]);
    let m = process.session.host.memory(process.session.now());
    let human = options.has("h") || options.has("human");
    let show = |kb: u64| {
        if human {
            let mib = kb as f64 / 1_024.0;
            if kb == 0 {
                "0B".to_owned()
            } else if mib < 10.0 {
                format!("{mib:.1}Mi")
            } else if mib < 1_024.0 {
                format!("{mib:.0}Mi")
            } else {
                format!("{:.1}Gi", mib / 1_024.0)
            }
        } else if options.has("m") {
            (kb / 1_024).to_string()
        } else if options.has("g") {
            (kb / 1_048_576).to_string()
        } else if options.has("b") {
            (kb * 1_024).to_string()
        } else {
            kb.to_string()
        }
    };
    let swap_used = m.swap_total_kb - m.swap_free_kb;
    let cache = m.buffers_kb + m.cached_kb + m.reclaimable_kb;
    let text = if arguments.gnu || process.busybox_version() >= (1, 25) {
        let used = m.total_kb.saturating_sub(m.available_kb);
        format!(
            "               total        used        free      shared  buff/cache   available\nMem:    {:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\nSwap:   {:>12}{:>12}{:>12}\n",
            show(m.total_kb),
            show(used),
            show(m.free_kb),
            show(m.shared_kb),
            show(cache),
            show(m.available_kb),
            show(m.swap_total_kb),
            show(swap_used),
            show(m.swap_free_kb),
        )
    } else {
        let used = m.total_kb - m.free_kb;
        format!(
            "              total         used         free       shared      buffers\n  Mem: {:>12} {:>12} {:>12} {:>12} {:>12}\n Swap: {:>12} {:>12} {:>12}\nTotal: {:>12} {:>12} {:>12}\n",
            m.total_kb,
            used,
            m.free_kb,
            0,
            m.buffers_kb,
            m.swap_total_kb,
            swap_used,
            m.swap_free_kb,
            m.total_kb + m.swap_total_kb,
            used + swap_used,
            m.free_kb + m.swap_free_kb,
        )
    };
    process.print(&text)?;
    Ok(0)
}
