//! Small programs of Debian 12 that tell of the system or have nothing to do here:
//! `lsb_release`, `getconf`, `locale`, `hostnamectl`, `timedatectl`, `openssl`, `gcc`,
//! `make`, `git`, `screen`, `tmux`, `at`.

use super::list::date;
use super::reading::read_file;
use super::{Arguments, Command, Options, Outcome, answers};
use crate::fs::Origin;
use crate::limits;
use crate::process::Process;
use crate::system::{Fut, Stop};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::Rng as _;
use sha2::Digest as _;
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("lsb_release", lsb_release),
    Command::at_once("getconf", getconf),
    Command::at_once("locale", locale),
    Command::at_once("hostnamectl", hostnamectl),
    Command::at_once("timedatectl", timedatectl),
    Command::at_once("openssl", openssl),
    Command::at_once("gcc", gcc),
    Command::at_once("cc", gcc),
    Command::at_once("gcc-12", gcc),
    Command::at_once("x86_64-linux-gnu-gcc-12", gcc),
    Command::at_once("make", make),
    Command::waiting("git", git),
    Command::waiting("screen", screen),
    Command::waiting("tmux", tmux),
];

fn lsb_release(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "vidrcash",
        &["version", "id", "description", "release", "codename", "all", "short"],
    );
    let any = |short: &str, long: &str| options.has(short) || options.has(long);
    let all = any("a", "all");
    let short = any("s", "short");
    let facts = [
        ("i", "id", "Distributor ID", "Debian"),
        ("d", "description", "Description", "Debian GNU/Linux 12 (bookworm)"),
        ("r", "release", "Release", "12"),
        ("c", "codename", "Codename", "bookworm"),
    ];
    let mut told = false;
    for (letter, name, title, value) in facts {
        if all || any(letter, name) {
            told = true;
            process.print(if short {
                format!("{value}\n")
            } else {
                format!("{title}:\t{value}\n")
            })?;
        }
    }
    if !told || all || any("v", "version") {
        process.error("No LSB modules are available.")?;
    }
    Ok(0)
}

fn getconf(process: &mut Process, arguments: &Arguments) -> Outcome {
    const USAGE: &str =
        "Usage: getconf [-v specification] variable_name [pathname]\n       getconf -a [pathname]";
    let Some(name) = arguments.rest().iter().find(|w| !w.starts_with(b"-")) else {
        process.error(USAGE)?;
        return Ok(2);
    };
    let persona = &process.session.host.persona;
    let name = String::from_utf8_lossy(name).into_owned();
    let value = match name.as_str() {
        "LONG_BIT" | "WORD_BIT" if persona.cpu().is_64_bit() && name == "LONG_BIT" => {
            "64".to_owned()
        }
        "LONG_BIT" | "WORD_BIT" => "32".to_owned(),
        "_NPROCESSORS_ONLN" | "_NPROCESSORS_CONF" | "NPROCESSORS_ONLN_" => {
            persona.machine.processors.to_string()
        }
        "PAGE_SIZE" | "PAGESIZE" | "PATH_MAX" => "4096".to_owned(),
        "CLK_TCK" => "100".to_owned(),
        "OPEN_MAX" => "1024".to_owned(),
        "ARG_MAX" => "2097152".to_owned(),
        "NAME_MAX" => "255".to_owned(),
        "GNU_LIBC_VERSION" => "glibc 2.36".to_owned(),
        "GNU_LIBPTHREAD_VERSION" => "NPTL 2.36".to_owned(),
        "PATH" => "/bin:/usr/bin".to_owned(),
        "_PHYS_PAGES" => (persona.memory.total_kb / 4).to_string(),
        _ => {
            process.error(&format!("getconf: Unrecognized variable `{name}'"))?;
            return Ok(2);
        }
    };
    process.print(format!("{value}\n"))?;
    Ok(0)
}

fn locale(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(arguments, "amckv", &["all-locales", "charmaps"]);
    if options.has("a") || options.has("all-locales") {
        process.print("C\nC.utf8\nen_US.utf8\nPOSIX\n")?;
        return Ok(0);
    }
    let value = |process: &Process, name: &str| {
        process.variable(name.as_bytes()).map(|v| String::from_utf8_lossy(&v).into_owned())
    };
    let language = value(process, "LANG").unwrap_or_default();
    let all = value(process, "LC_ALL").unwrap_or_default();
    let usual = if !all.is_empty() {
        all.clone()
    } else if language.is_empty() {
        "POSIX".to_owned()
    } else {
        language.clone()
    };
    if options.operands.first().is_some_and(|o| o == b"charmap") {
        let text =
            if usual.to_lowercase().contains("utf") { "UTF-8\n" } else { "ANSI_X3.4-1968\n" };
        process.print(text)?;
        return Ok(0);
    }
    let mut out =
        format!("LANG={language}\nLANGUAGE={}\n", value(process, "LANGUAGE").unwrap_or_default());
    for name in [
        "CTYPE",
        "NUMERIC",
        "TIME",
        "COLLATE",
        "MONETARY",
        "MESSAGES",
        "PAPER",
        "NAME",
        "ADDRESS",
        "TELEPHONE",
        "MEASUREMENT",
        "IDENTIFICATION",
    ] {
        let name = format!("LC_{name}");
        match value(process, &name).filter(|v| !v.is_empty() && all.is_empty()) {
            Some(own) => drop(writeln!(out, "{name}={own}")),
            None => drop(writeln!(out, "{name}=\"{usual}\"")),
        }
    }
    let _ = writeln!(out, "LC_ALL={all}");
    process.print(out)?;
    Ok(0)
}

fn hostnamectl(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.rest();
    let name = process.fs().hostname();
    match words.first().map(Vec::as_slice) {
        Some(b"set-hostname") => {
            if let Some(new) = words.get(1) {
                let new = String::from_utf8_lossy(new).into_owned();
                process.fs().set_hostname(&new);
            }
            return Ok(0);
        }
        Some(b"hostname") => {
            match words.get(1) {
                Some(new) => {
                    let new = String::from_utf8_lossy(new).into_owned();
                    process.fs().set_hostname(&new);
                }
                None => drop(process.print(format!("{name}\n"))?),
            }
            return Ok(0);
        }
        _ => {}
    }
    let view = process.view();
    let id = process.fs().read(&view, b"/etc/machine-id").unwrap_or_default();
    let id = String::from_utf8_lossy(&id).trim().to_owned();
    let boot = process.fs().read(&view, b"/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let boot = String::from_utf8_lossy(&boot).trim().replace('-', "");
    let persona = &process.session.host.persona;
    let release = persona.kernel.release.clone();
    process.print(format!(
        " Static hostname: {name}\n       Icon name: computer-vm\n         Chassis: vm 🖴\n      Machine ID: {id}\n         Boot ID: {boot}\n  Virtualization: kvm\nOperating System: Debian GNU/Linux 12 (bookworm)\n          Kernel: Linux {release}\n    Architecture: x86-64\n Hardware Vendor: QEMU\n  Hardware Model: Standard PC _i440FX + PIIX, 1996_\nFirmware Version: 1.16.2-1\n"
    ))?;
    Ok(0)
}

fn timedatectl(process: &mut Process, arguments: &Arguments) -> Outcome {
    let verb = arguments.rest().iter().find(|w| !w.starts_with(b"-"));
    if verb.is_some_and(|v| v != b"status" && v != b"show") {
        return Ok(0);
    }
    let now = process.session.host.clock(process.session.now()).secs();
    let text = date(now, "%a %Y-%m-%d %H:%M:%S UTC");
    process.print(format!(
        "               Local time: {text}\n           Universal time: {text}\n                 RTC time: {}\n                Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no\n",
        text.trim_end_matches(" UTC")
    ))?;
    Ok(0)
}

fn openssl(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.rest();
    let verb = words.first().map_or("", |w| std::str::from_utf8(w).unwrap_or(""));
    // Options of one dash and more letters: `-salt x -base64`.
    let flag = |name: &str| words.iter().any(|w| w == name.as_bytes());
    let value = |name: &str| {
        let at = words.iter().position(|w| w == name.as_bytes())?;
        words.get(at + 1).cloned()
    };
    match verb {
        "version" => {
            process.print("OpenSSL 3.0.16 11 Feb 2025 (Library: OpenSSL 3.0.16 11 Feb 2025)\n")?;
            Ok(0)
        }
        "passwd" => openssl_passwd(process, words),
        "rand" => {
            let count =
                words.last().and_then(|w| std::str::from_utf8(w).ok()?.parse::<usize>().ok());
            let mut bytes = vec![0; count.unwrap_or(0).min(limits::PIPE_BYTES / 4)];
            process.session.copied(0, bytes.len())?;
            process.session.system().rng.fill(&mut bytes[..]);
            if flag("-hex") {
                let text: String = bytes
                    .iter()
                    .map(|b| {
                        char::from_digit(u32::from(b >> 4), 16)
                            .into_iter()
                            .chain(char::from_digit(u32::from(b & 15), 16))
                            .collect::<String>()
                    })
                    .collect();
                process.print(format!("{text}\n"))?;
            } else if flag("-base64") {
                process.print(wrapped(&bytes))?;
            } else {
                process.print(&bytes)?;
            }
            Ok(0)
        }
        "base64" | "enc" if verb == "base64" || flag("-base64") || flag("-a") => {
            let bytes = match value("-in") {
                Some(path) => match read_file(process, &path)? {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        let shown = String::from_utf8_lossy(&path).into_owned();
                        process.error(&format!(
                            "Can't open \"{shown}\" for reading, {}",
                            error.text()
                        ))?;
                        return Ok(1);
                    }
                },
                None => process.input()?,
            };
            let out = if flag("-d") {
                let digits: Vec<u8> =
                    bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
                STANDARD.decode(&digits).unwrap_or_default()
            } else if flag("-A") {
                STANDARD.encode(&bytes).into_bytes()
            } else {
                wrapped(&bytes).into_bytes()
            };
            match value("-out") {
                Some(path) => {
                    let view = process.view();
                    let full = process.absolute(&path);
                    let _ = process.fs().store(&view, &full, out.into(), Origin::Written, 0o644);
                }
                None => drop(process.print(&out)?),
            }
            Ok(0)
        }
        "md5" | "sha1" | "sha256" | "sha512" | "dgst" => openssl_digest(process, verb, words),
        "s_client" => {
            let target = value("-connect").unwrap_or_default();
            let target = String::from_utf8_lossy(&target).into_owned();
            let (host, port) = target.split_once(':').unwrap_or((&target, "4433"));
            process.session.connect(host.as_bytes(), port.parse().unwrap_or(443), "openssl");
            process.error("connect:errno=111")?;
            Ok(1)
        }
        "" => Ok(0),
        "genrsa" | "req" | "x509" | "rsa" | "enc" | "genpkey" | "ec" | "pkey" => {
            process.error("Error: unable to allocate memory")?;
            Ok(1)
        }
        other => {
            process.error(&format!("Invalid command '{other}'; type \"help\" for a list."))?;
            Ok(1)
        }
    }
}

/// Base64 in lines of 64 digits.
fn wrapped(bytes: &[u8]) -> String {
    const DIGITS: usize = 64;
    let text = STANDARD.encode(bytes);
    let mut out = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(DIGITS));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

fn openssl_passwd(process: &mut Process, words: &[Vec<u8>]) -> Outcome {
    const LETTERS: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut kind = "1";
    let mut salt = None;
    let mut passwords = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        match &word[..] {
            b"-1" => kind = "1",
            b"-5" => kind = "5",
            b"-6" => kind = "6",
            b"-salt" => salt = rest.next().cloned(),
            b"-stdin" => {
                let input = process.input()?;
                passwords.extend(
                    input.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(<[u8]>::to_vec),
                );
            }
            option if option.starts_with(b"-") => {}
            password => passwords.push(password.to_vec()),
        }
    }
    let salt = salt.unwrap_or_else(|| {
        let count = if kind == "1" { 8 } else { 16 };
        let mut system = process.session.system();
        (0..count).map(|_| LETTERS[system.rng.random_range(0..LETTERS.len())]).collect()
    });
    let salt = String::from_utf8_lossy(&salt).into_owned();
    for password in passwords {
        // A hash takes as long as thousands of small steps.
        const STEPS: u64 = 400;
        process.session.step(STEPS)?;
        let made = pwhash::unix::crypt(&password[..], &format!("${kind}${salt}"));
        process.print(format!("{}\n", made.unwrap_or_default()))?;
    }
    Ok(0)
}

fn openssl_digest(process: &mut Process, verb: &str, words: &[Vec<u8>]) -> Outcome {
    let named = words.iter().find_map(|w| {
        let name = std::str::from_utf8(w).ok()?.strip_prefix('-')?;
        ["md5", "sha1", "sha256", "sha512"].into_iter().find(|known| *known == name)
    });
    let kind = if verb == "dgst" { named.unwrap_or("sha256") } else { verb };
    let files: Vec<&Vec<u8>> = words.iter().skip(1).filter(|w| !w.starts_with(b"-")).collect();
    let title = match kind {
        "md5" => "MD5",
        "sha1" => "SHA1",
        "sha512" => "SHA2-512",
        _ => "SHA2-256",
    };
    let hex = |bytes: &[u8]| match kind {
        "md5" => format!("{:x}", md5::Md5::digest(bytes)),
        "sha1" => format!("{:x}", sha1::Sha1::digest(bytes)),
        "sha512" => format!("{:x}", sha2::Sha512::digest(bytes)),
        _ => format!("{:x}", sha2::Sha256::digest(bytes)),
    };
    if files.is_empty() {
        let input = process.input()?;
        process.print(format!("{title}(stdin)= {}\n", hex(&input)))?;
        return Ok(0);
    }
    let mut status = 0;
    for path in files {
        let shown = String::from_utf8_lossy(path).into_owned();
        match read_file(process, path)? {
            Ok(bytes) => drop(process.print(format!("{title}({shown})= {}\n", hex(&bytes)))?),
            Err(error) => {
                process.error(&format!("{shown}: {}", error.text()))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

/// A compiler without its libraries' headers: what it is given does not compile.
fn gcc(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options = Options::read(
        arguments,
        "o:cgSEvwI:L:l:D:O:W:f:m:s:p:x:U:i:n:",
        &["version", "static", "shared", "help"],
    );
    let words = arguments.rest();
    if options.has("version") {
        let text = answers::answer("gcc", "--version").map_or("", |a| a.output);
        process.print(text)?;
        return Ok(0);
    }
    if words.iter().any(|w| w == b"-dumpmachine") {
        process.print("x86_64-linux-gnu\n")?;
        return Ok(0);
    }
    if words.iter().any(|w| w == b"-dumpversion") {
        process.print("12\n")?;
        return Ok(0);
    }
    if options.operands.is_empty() {
        process.error("gcc: fatal error: no input files\ncompilation terminated.")?;
        return Ok(1);
    }
    for path in options.operands.clone() {
        let shown = String::from_utf8_lossy(&path).into_owned();
        let Ok(text) = read_file(process, &path)? else {
            let text = if path.ends_with(b".c") {
                format!(
                    "cc1: fatal error: {shown}: No such file or directory\ncompilation terminated."
                )
            } else {
                format!(
                    "gcc: error: {shown}: No such file or directory\ngcc: fatal error: no input files\ncompilation terminated."
                )
            };
            process.error(&text)?;
            return Ok(1);
        };
        // The host has the compiler and not the C library's headers (libc6-dev).
        for (at, line) in text.split(|b| *b == b'\n').enumerate() {
            let Some(rest) = line.trim_ascii_start().strip_prefix(b"#") else { continue };
            let rest = rest.trim_ascii_start();
            let Some(header) = rest.strip_prefix(b"include").map(<[u8]>::trim_ascii) else {
                continue;
            };
            let header = String::from_utf8_lossy(header).into_owned();
            let name = header.trim_matches(['<', '>', '"']).to_owned();
            let source = String::from_utf8_lossy(line).trim_end().to_owned();
            let column = source.find(['<', '"']).unwrap_or(0) + 1;
            let number = at + 1;
            let marks = "~".repeat(header.len().saturating_sub(1));
            process.error(&format!(
                "{shown}:{number}:{column}: fatal error: {name}: No such file or directory\n{number:>5} | {source}\n      | {}^{marks}\ncompilation terminated.",
                " ".repeat(column - 1)
            ))?;
            return Ok(1);
        }
    }
    process.error("/usr/bin/ld: cannot find Scrt1.o: No such file or directory\n/usr/bin/ld: cannot find crti.o: No such file or directory\n/usr/bin/ld: cannot find -lc: No such file or directory\ncollect2: error: ld returned 1 exit status")?;
    Ok(1)
}

fn make(process: &mut Process, arguments: &Arguments) -> Outcome {
    let options =
        Options::read(arguments, "f:C:j:knsivBe", &["version", "silent", "directory:", "file:"]);
    let folder = options.value("C").or(options.value("directory"));
    if let Some(folder) = folder {
        let view = process.view();
        let full = process.absolute(folder);
        if process.fs().stat(&view, &full, true).is_err() {
            let shown = String::from_utf8_lossy(folder).into_owned();
            process.error(&format!("make: *** {shown}: No such file or directory.  Stop."))?;
            return Ok(2);
        }
    }
    let prefix = folder.map(|f| [f, b"/"].concat()).unwrap_or_default();
    let view = process.view();
    let found = ["GNUmakefile", "makefile", "Makefile"].iter().find(|name| {
        let full = process.absolute(&[&prefix[..], name.as_bytes()].concat());
        process.fs().stat(&view, &full, true).is_ok()
    });
    match (found, options.operands.first()) {
        (None, None) => {
            process.error("make: *** No targets specified and no makefile found.  Stop.")?;
        }
        (None, Some(target)) => {
            let target = String::from_utf8_lossy(target).into_owned();
            process.error(&format!("make: *** No rule to make target '{target}'.  Stop."))?;
        }
        (Some(name), _) => {
            // What it compiles fails at the first header.
            process.error(&format!("make: *** [{name}:1: all] Error 1"))?;
        }
    }
    Ok(2)
}

fn git(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const FAILED: i32 = 128;
        let words = arguments.rest();
        let verb = words.iter().find(|w| !w.starts_with(b"-")).map(Vec::as_slice);
        match verb {
            Some(b"clone") => {
                let rest: Vec<&Vec<u8>> =
                    words.iter().filter(|w| !w.starts_with(b"-")).skip(1).collect();
                let Some(url) = rest.first() else {
                    process.error("fatal: You must specify a repository to clone.\n\nusage: git clone [<options>] [--] <repo> [<dir>]")?;
                    return Ok(129);
                };
                let text = String::from_utf8_lossy(url).into_owned();
                let name = rest.get(1).map_or_else(
                    || {
                        let base = text.trim_end_matches('/').rsplit('/').next().unwrap_or("");
                        base.trim_end_matches(".git").to_owned()
                    },
                    |n| String::from_utf8_lossy(n).into_owned(),
                );
                process.error(&format!("Cloning into '{name}'..."))?;
                let parts = super::fetch::Url::parse(url);
                let asked =
                    format!("{}/info/refs?service=git-upload-pack", text.trim_end_matches('/'));
                if matches!(parts.scheme.as_str(), "http" | "https") {
                    process.session.fetch(asked.as_bytes(), "git").await?;
                }
                let host = parts.host;
                process.error(&format!(
                    "fatal: unable to access '{}/': Could not resolve host: {host}",
                    text.trim_end_matches('/')
                ))?;
                Ok(FAILED)
            }
            Some(b"init" | b"config" | b"help" | b"version") => Ok(0),
            None => {
                if words.iter().any(|w| w == b"--version" || w == b"-v") {
                    process.print("git version 2.39.5\n")?;
                    return Ok(0);
                }
                process.print(answers::answer("git", "").map_or("", |a| a.output))?;
                Ok(1)
            }
            Some(
                b"status" | b"pull" | b"fetch" | b"push" | b"log" | b"add" | b"commit"
                | b"checkout" | b"branch" | b"diff" | b"remote" | b"reset" | b"stash" | b"tag"
                | b"show",
            ) => {
                process.error(
                    "fatal: not a git repository (or any of the parent directories): .git",
                )?;
                Ok(FAILED)
            }
            Some(other) => {
                let shown = String::from_utf8_lossy(other).into_owned();
                process
                    .error(&format!("git: '{shown}' is not a git command. See 'git --help'."))?;
                Ok(1)
            }
        }
    })
}

/// `screen -dmS name command` runs in the background; attached it is a shell.
fn screen(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "+aAc:dDe:fh:ilLmOp:qrRs:S:t:T:UvwxX",
            &["ls", "list", "wipe"],
        );
        let words = arguments.rest();
        let user = process.session.login.user.clone();
        if words.iter().any(|w| matches!(&w[..], b"-ls" | b"-list" | b"-wipe")) {
            process.print(format!("No Sockets found in /run/screen/S-{user}.\n\r\n"))?;
            return Ok(1);
        }
        if words.iter().any(|w| w == b"-v" || w == b"--version") {
            process.print("Screen version 4.09.00 (GNU) 30-Jan-22\n")?;
            return Ok(1);
        }
        if options.has("r") || options.has("x") || options.has("X") {
            let text = if options.has("X") {
                "No screen session found."
            } else {
                "There is no screen to be resumed."
            };
            process.print(format!("{text}\n"))?;
            return Ok(1);
        }
        let detached = options.has("d") || options.has("D");
        if !detached && !process.fds.at(0).is_some_and(|open| open.is_terminal()) {
            process.print("Must be connected to a terminal.\n")?;
            return Ok(1);
        }
        in_background(process, options.operands, detached).await
    })
}

fn tmux(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let words = arguments.rest();
        let verb = words.iter().find(|w| !w.starts_with(b"-")).map_or(&b"new-session"[..], |w| w);
        let place = format!("/tmp/tmux-{}/default", process.uid);
        match verb {
            b"new" | b"new-session" => {}
            _ => {
                process
                    .error(&format!("error connecting to {place} (No such file or directory)"))?;
                return Ok(1);
            }
        }
        if words.iter().any(|w| w == b"-V") {
            process.print("tmux 3.3a\n")?;
            return Ok(0);
        }
        let detached = words.iter().any(|w| w == b"-d");
        if !detached && !process.fds.at(0).is_some_and(|open| open.is_terminal()) {
            process.error("open terminal failed: not a terminal")?;
            return Ok(1);
        }
        let inner = Arguments::new(
            words
                .iter()
                .skip(usize::from(words.first().is_some_and(|w| !w.starts_with(b"-"))))
                .fold(vec![b"tmux".to_vec()], |mut all, w| {
                    all.push(w.clone());
                    all
                }),
            true,
        );
        let options = Options::read(&inner, "+AdDEPXc:e:f:F:n:s:t:x:y:", &[]);
        in_background(process, options.operands, detached).await
    })
}

/// Runs a command (of one word: by the shell) where nobody sees what it prints.
async fn in_background(
    process: &mut Process,
    words: Vec<Vec<u8>>,
    detached: bool,
) -> Result<i32, Stop> {
    if words.is_empty() {
        if detached {
            return Ok(0);
        }
        let shell = process.variable(b"SHELL").unwrap_or_default();
        return process.program(vec![shell.to_vec()]).await;
    }
    let words = match &words[..] {
        [one] if one.contains(&b' ') => vec![b"sh".to_vec(), b"-c".to_vec(), one.clone()],
        _ => words,
    };
    if !detached {
        return process.program(words).await;
    }
    let mut child = process.fork();
    for fd in 0..3 {
        child.fds.set(fd, Some(std::sync::Arc::new(crate::io::Open::Null)));
    }
    process.enter()?;
    child.depth = process.depth;
    let text: bytes::Bytes = words.join(&b' ').into();
    let pid = process.session.system().next_pid();
    child.pid = pid;
    process.depth -= 1;
    let future: Fut<'static, i32> = Box::pin(async move {
        let result = child.program(words).await;
        child.ended(result).await.unwrap_or(130)
    });
    let mut system = process.session.system();
    system.jobs_started += 1;
    if system.jobs_started > limits::JOBS_PER_INPUT || system.jobs.len() >= limits::JOBS {
        system.limit("processes", "too many background jobs");
        return Ok(1);
    }
    // Nobody's job: it belongs to the program that keeps the terminal.
    system.jobs.add(pid, pid, text, crate::job::JobState::Running, future);
    Ok(0)
}
