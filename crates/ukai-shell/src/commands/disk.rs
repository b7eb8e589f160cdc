//! `df`, `du`, `mount`, `umount`, `fdisk`, `free`.

use super::list::human_size;
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

fn df(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "hkmTaiP", &["human-readable"]);
    let human = options.has("h") || options.has("human-readable");
    let host = std::sync::Arc::clone(&process.session.host);
    let mut text = if human {
        if arguments.gnu {
            "Filesystem      Size  Used Avail Use% Mounted on\n"
        } else {
            "Filesystem                Size      Used Available Use% Mounted on\n"
        }
    } else if arguments.gnu {
        "Filesystem     1K-blocks    Used Available Use% Mounted on\n"
    } else {
        "Filesystem           1K-blocks      Used Available Use% Mounted on\n"
    }
    .to_owned();
    for mount in host.persona.mounts.iter().filter(|m| m.size_kb > 0) {
        let extra = if mount.point == "/tmp" || mount.point == "/var" {
            process.fs().used_bytes() / 1_024
        } else {
            0
        };
        let used = (mount.used_kb + extra).min(mount.size_kb);
        let free = mount.size_kb - used;
        let percent = (used * 100).div_ceil(mount.size_kb);
        let show = |kb: u64| if human { human_size(kb * 1_024) } else { kb.to_string() };
        let row = if arguments.gnu {
            format!(
                "{:<14} {:>9} {:>7} {:>9} {percent:>3}% {}\n",
                mount.device,
                show(mount.size_kb),
                show(used),
                show(free),
                mount.point
            )
        } else {
            format!(
                "{:<20} {:>9} {:>9} {:>9} {percent:>3}% {}\n",
                mount.device,
                show(mount.size_kb),
                show(used),
                show(free),
                mount.point
            )
        };
        text.push_str(&row);
    }
    process.print(&text)?;
    Ok(0)
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
                let size = if human { human_size(size * 1_024) } else { size.to_string() };
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
            if mib < 10.0 {
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
    let cache = m.buffers_kb + m.cached_kb;
    let text = if arguments.gnu || process.busybox_version() >= (1, 25) {
        let used = m.total_kb.saturating_sub(m.free_kb + cache);
        format!(
            "               total        used        free      shared  buff/cache   available\nMem:    {:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\nSwap:   {:>12}{:>12}{:>12}\n",
            show(m.total_kb),
            show(used),
            show(m.free_kb),
            show(m.shared_kb),
            show(cache),
            show(m.free_kb + cache * 3 / 4),
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
