//! Debian's package tools: `dpkg`, `dpkg-query`, `apt`, `apt-get`, `apt-cache`,
//! `apt-mark`. What is installed stands in dpkg's database on the disk; from the archive
//! nothing more can be had (Debian 12: apt 2.6.1, dpkg 1.21.22).

use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::fmt::Write as _;
use ukai_model::Duration;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("dpkg", dpkg),
    Command::at_once("dpkg-query", dpkg),
    Command::waiting("apt", apt),
    Command::waiting("apt-get", apt),
    Command::waiting("aptitude", apt),
    Command::at_once("apt-cache", apt_cache),
    Command::at_once("apt-mark", apt_mark),
];

/// A package in dpkg's database.
struct Package {
    name: String,
    version: String,
    architecture: String,
    summary: String,
    /// Its paragraph as it stands.
    text: String,
    /// Bytes that it takes, in KiB.
    size_kib: u64,
}

impl Package {
    /// Its name as dpkg lists it: with the architecture where several may stand
    /// together.
    fn listed(&self) -> String {
        if self.text.contains("\nMulti-Arch: same\n") {
            format!("{}:{}", self.name, self.architecture)
        } else {
            self.name.clone()
        }
    }
}

fn installed(process: &Process) -> Result<Vec<Package>, Stop> {
    let view = process.view();
    let text = process.fs().read(&view, b"/var/lib/dpkg/status").unwrap_or_default();
    process.session.step(text.len() as u64 / 4_096 + 1)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(text.split("\n\n").filter_map(package).collect())
}

fn package(paragraph: &str) -> Option<Package> {
    let field =
        |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Package {
        name: field("Package")?.to_owned(),
        version: field("Version").unwrap_or("").to_owned(),
        architecture: field("Architecture").unwrap_or("amd64").to_owned(),
        summary: field("Description").unwrap_or("").to_owned(),
        size_kib: field("Installed-Size").and_then(|s| s.parse().ok()).unwrap_or(0),
        text: paragraph.trim().to_owned(),
    })
}

/// Whether a name fits a pattern with `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern = regex::escape(pattern).replace("\\*", ".*").replace("\\?", ".");
    regex::Regex::new(&format!("^{pattern}$")).is_ok_and(|r| r.is_match(name))
}

fn dpkg(process: &mut Process, arguments: &Arguments) -> Outcome {
    const ARCHITECTURE: &str = "amd64\n";
    let query = arguments.name() == "dpkg-query";
    let options = Options::read(
        arguments,
        "ilsLSrPWCEf:",
        &[
            "list",
            "status",
            "listfiles",
            "search",
            "install",
            "remove",
            "purge",
            "configure",
            "print-architecture",
            "get-selections",
            "show",
            "showformat:",
            "audit",
            "unpack",
            "version",
            "force-all",
            "add-architecture",
            "print-foreign-architectures",
            "verify",
        ],
    );
    let has = |short: &str, long: &str| options.has(short) || options.has(long);
    let names: Vec<String> =
        options.operands.iter().map(|o| String::from_utf8_lossy(o).into_owned()).collect();
    if options.has("print-architecture") {
        process.print(ARCHITECTURE)?;
        return Ok(0);
    }
    let all = installed(process)?;
    if has("l", "list") {
        return list(process, &all, &names);
    }
    if has("s", "status") {
        return status(process, &all, &names);
    }
    if has("W", "show") && query {
        return show(process, &all, &names, options.value("f").or(options.value("showformat")));
    }
    if options.has("get-selections") {
        let mut out = String::new();
        for package in &all {
            let tabs = "\t".repeat(6_usize.saturating_sub(package.listed().len() / 8).max(1));
            let _ = writeln!(out, "{}{tabs}install", package.listed());
        }
        process.print(out)?;
        return Ok(0);
    }
    if has("L", "listfiles") {
        return files(process, &all, &names);
    }
    if has("S", "search") {
        return search(process, &all, &names);
    }
    if has("i", "install") || options.has("unpack") {
        return install(process, &names);
    }
    if has("r", "remove") || has("P", "purge") {
        if process.uid != 0 {
            process.error("dpkg: error: requested operation requires superuser privilege")?;
            return Ok(2);
        }
        for name in &names {
            if all.iter().any(|p| p.name == *name) {
                process.error(&format!("dpkg: dependency problems prevent removal of {name}:\n\ndpkg: error processing package {name} (--remove):\n dependency problems - not removing\nErrors were encountered while processing:\n {name}"))?;
                return Ok(1);
            }
            process.error(&format!(
                "dpkg: warning: ignoring request to remove {name} which isn't installed"
            ))?;
        }
        return Ok(0);
    }
    if options.has("configure")
        || options.has("audit")
        || options.has("C")
        || options.has("force-all")
    {
        return Ok(0);
    }
    process.error("dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\nType dpkg -Dhelp for a list of dpkg debug flag values;\nType dpkg --force-help for a list of forcing options;\nType dpkg-deb --help for help about manipulating *.deb files;\n\nOptions marked [*] produce a lot of output - pipe it through 'less' or 'more' !")?;
    Ok(2)
}

fn list(process: &mut Process, all: &[Package], names: &[String]) -> Outcome {
    let chosen: Vec<&Package> =
        all.iter().filter(|p| names.is_empty() || names.iter().any(|n| fits(n, &p.name))).collect();
    let missing: Vec<&String> =
        names.iter().filter(|n| !all.iter().any(|p| fits(n, &p.name))).collect();
    if !chosen.is_empty() {
        let terminal = process.fds.at(1).is_some_and(|o| o.is_terminal());
        let columns = process.session.terminal().map(|t| usize::from(t.columns));
        let columns = columns.filter(|_| terminal);
        let widest = |least: usize, of: &dyn Fn(&Package) -> usize| {
            chosen.iter().map(|p| of(p)).max().unwrap_or(0).max(least)
        };
        // dpkg widens the columns to what is in them, and cuts the last to the screen.
        let name = widest(14, &|p| p.listed().len());
        let version = widest(12, &|p| p.version.len());
        let architecture = widest(12, &|p| p.architecture.len());
        let used = 4 + name + 1 + version + 1 + architecture + 1;
        let last = match columns {
            Some(columns) => columns.saturating_sub(used).max(5),
            None => widest(33, &|p| p.summary.chars().count()),
        };
        let mut out = String::from(
            "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n",
        );
        let _ = writeln!(
            out,
            "||/ {:<name$} {:<version$} {:<architecture$} Description",
            "Name", "Version", "Architecture"
        );
        let _ = writeln!(
            out,
            "+++-{}-{}-{}-{}",
            "=".repeat(name),
            "=".repeat(version),
            "=".repeat(architecture),
            "=".repeat(last)
        );
        for package in &chosen {
            let summary: String = package.summary.chars().take(last).collect();
            let _ = writeln!(
                out,
                "ii  {:<name$} {:<version$} {:<architecture$} {summary}",
                package.listed(),
                package.version,
                package.architecture
            );
        }
        process.print(out)?;
    }
    for name in &missing {
        process.error(&format!("dpkg-query: no packages found matching {name}"))?;
    }
    Ok(i32::from(!missing.is_empty()))
}

fn status(process: &mut Process, all: &[Package], names: &[String]) -> Outcome {
    let mut status = 0;
    for name in names {
        if let Some(package) = all.iter().find(|p| p.name == *name || p.listed() == *name) {
            process.print(format!("{}\n", package.text))?;
            if names.len() > 1 {
                process.print("\n")?;
            }
        } else {
            process.error(&format!(
                "dpkg-query: package '{name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files."
            ))?;
            status = 1;
        }
    }
    Ok(status)
}

/// `dpkg-query -W`
fn show(process: &mut Process, all: &[Package], names: &[String], form: Option<&[u8]>) -> Outcome {
    let form = form.map_or_else(
        || "${binary:Package}\t${Version}\n".to_owned(),
        |f| String::from_utf8_lossy(f).replace("\\n", "\n").replace("\\t", "\t"),
    );
    let mut status = 0;
    let mut out = String::new();
    for package in all {
        if names.is_empty() || names.iter().any(|n| fits(n, &package.name)) {
            let line = form
                .replace("${binary:Package}", &package.listed())
                .replace("${Package}", &package.name)
                .replace("${Version}", &package.version)
                .replace("${Architecture}", &package.architecture)
                .replace("${Installed-Size}", &package.size_kib.to_string())
                .replace("${db:Status-Status}", "installed")
                .replace("${Status}", "install ok installed")
                .replace("${binary:Summary}", &package.summary);
            out.push_str(&line);
        }
    }
    process.print(out)?;
    for name in names.iter().filter(|n| !all.iter().any(|p| fits(n, &p.name))) {
        process.error(&format!("dpkg-query: no packages found matching {name}"))?;
        status = 1;
    }
    Ok(status)
}

/// Files of a package, as far as they are on the disk: programs of its name.
fn files(process: &mut Process, all: &[Package], names: &[String]) -> Outcome {
    let mut status = 0;
    for name in names {
        if !all.iter().any(|p| p.name == *name) {
            process.error(&format!(
                "dpkg-query: package '{name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents."
            ))?;
            status = 1;
            continue;
        }
        let mut out = String::from("/.\n/usr\n");
        let view = process.view();
        for folder in ["/usr/bin", "/usr/sbin"] {
            let path = format!("{folder}/{name}");
            if process.fs().stat(&view, path.as_bytes(), false).is_ok() {
                let _ = write!(out, "{folder}\n{path}\n");
            }
        }
        let _ = write!(
            out,
            "/usr/share\n/usr/share/doc\n/usr/share/doc/{name}\n/usr/share/doc/{name}/changelog.Debian.gz\n/usr/share/doc/{name}/copyright\n"
        );
        process.print(out)?;
    }
    Ok(status)
}

fn search(process: &mut Process, all: &[Package], names: &[String]) -> Outcome {
    let mut status = 0;
    for name in names {
        let base = name.rsplit('/').next().unwrap_or(name);
        let view = process.view();
        let there = process.fs().stat(&view, name.as_bytes(), true).is_ok();
        match all.iter().find(|p| p.name == base) {
            Some(package) if there => {
                process.print(format!("{}: {name}\n", package.listed()))?;
            }
            _ => {
                process.error(&format!("dpkg-query: no path found matching pattern {name}"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn install(process: &mut Process, names: &[String]) -> Outcome {
    if names.is_empty() {
        process.error("dpkg: error: --install needs at least one package archive file argument\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\nType dpkg -Dhelp for a list of dpkg debug flag values;\nType dpkg --force-help for a list of forcing options;\nType dpkg-deb --help for help about manipulating *.deb files;\n\nOptions marked [*] produce a lot of output - pipe it through 'less' or 'more' !")?;
        return Ok(2);
    }
    if process.uid != 0 {
        process.error("dpkg: error: requested operation requires superuser privilege")?;
        return Ok(2);
    }
    if let Some(name) = names.iter().next() {
        let full = process.absolute(name.as_bytes());
        let view = process.view();
        match process.fs().read(&view, &full) {
            Err(error) => {
                process.error(&format!(
                    "dpkg: error: cannot access archive '{name}': {}",
                    error.text()
                ))?;
                return Ok(2);
            }
            Ok(bytes) => {
                process.report_executed(
                    &full,
                    &[b"dpkg".to_vec(), b"-i".to_vec(), name.clone().into_bytes()],
                    &bytes,
                );
                let text = if bytes.starts_with(b"!<arch>\n") {
                    "archive is damaged: unexpected end of file or stream"
                } else {
                    "is not a Debian format archive"
                };
                process.error(&format!(
                    "dpkg-deb: error: '{name}' {text}\ndpkg: error processing archive {name} (--install):\n dpkg-deb --control subprocess returned error exit status 2\nErrors were encountered while processing:\n {name}"
                ))?;
                return Ok(1);
            }
        }
    }
    Ok(0)
}

const READING: &str =
    "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

/// On a terminal the lines end with `Done`.
fn reading(process: &Process) -> String {
    if process.fds.at(1).is_some_and(|o| o.is_terminal()) {
        READING.replace("...\n", "... Done\n")
    } else {
        READING.to_owned()
    }
}

fn apt(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        const NO_ROOT: i32 = 100;
        let apt = arguments.name() == "apt";
        let options = Options::read(
            &arguments,
            "yqfmdsuVbt:o:c:h",
            &[
                "yes",
                "assume-yes",
                "quiet",
                "force-yes",
                "no-install-recommends",
                "fix-broken",
                "fix-missing",
                "allow-unauthenticated",
                "purge",
                "reinstall",
                "installed",
                "upgradable",
                "allow-downgrades",
                "only-upgrade",
                "simulate",
                "download-only",
                "option:",
                "no-upgrade",
                "allow-insecure-repositories",
                "assume-no",
                "all-versions",
            ],
        );
        let words: Vec<String> =
            options.operands.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let verb = words.first().map_or("", String::as_str);
        let terminal = process.fds.at(1).is_some_and(|o| o.is_terminal());
        if apt && !terminal && !matches!(verb, "" | "help" | "moo") {
            process.error("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n")?;
        }
        let changes = matches!(
            verb,
            "install"
                | "remove"
                | "purge"
                | "upgrade"
                | "dist-upgrade"
                | "full-upgrade"
                | "autoremove"
                | "autoclean"
                | "clean"
                | "build-dep"
                | "reinstall"
        );
        if process.uid != 0 && !options.has("s") && !options.has("simulate") {
            if verb == "update" {
                process.print("Reading package lists...\n")?;
                process.error("E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/")?;
                return Ok(NO_ROOT);
            }
            if changes {
                process.error("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?")?;
                return Ok(NO_ROOT);
            }
        }
        match verb {
            "update" => update(process, apt, terminal).await,
            "install" | "reinstall" => install_by_name(process, &words[1..]),
            "remove" | "purge" => remove(process, &words[1..]),
            "upgrade" | "dist-upgrade" | "full-upgrade" | "autoremove" => {
                let text = reading(process);
                let middle = if verb == "autoremove" {
                    ""
                } else if terminal {
                    "Calculating upgrade... Done\n"
                } else {
                    "Calculating upgrade...\n"
                };
                process.print(format!("{text}{middle}{NOTHING}"))?;
                Ok(0)
            }
            "clean" | "autoclean" => Ok(0),
            "list" => list_by_name(process, &words[1..], options.has("upgradable")),
            "show" | "policy" | "search" => {
                let rest = words.iter().map(|w| w.clone().into_bytes());
                let words = std::iter::once(b"apt-cache".to_vec()).chain(rest).collect();
                apt_cache(process, &Arguments::new(words, true)).or_else(super::Leave::stop)
            }
            "" | "help" => {
                let text = super::answers::answer(if apt { "apt" } else { "apt-get" }, "");
                process.print(text.map_or("", |t| t.output))?;
                Ok(0)
            }
            other => {
                process.error(&format!("E: Invalid operation {other}"))?;
                Ok(NO_ROOT)
            }
        }
    })
}

const NOTHING: &str = "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n";

/// Hosts of the sources that are configured.
fn sources(process: &Process) -> Vec<(String, String)> {
    let view = process.view();
    let text = process.fs().read(&view, b"/etc/apt/sources.list").unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut all = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() != Some("deb") {
            continue;
        }
        let mut words = words.skip_while(|w| w.starts_with('['));
        if let (Some(url), Some(suite)) = (words.next(), words.next()) {
            all.push((url.trim_end_matches('/').to_owned(), suite.to_owned()));
        }
    }
    const SOURCES_MAX: usize = 8;
    all.truncate(SOURCES_MAX);
    all
}

async fn update(process: &mut Process, apt: bool, terminal: bool) -> Result<i32, Stop> {
    const TRIES_MS: u64 = 1_500;
    let sources = sources(process);
    process.session.sleep(Duration::from_millis(TRIES_MS)).await?;
    let host = |url: &str| url.split('/').nth(2).unwrap_or("").to_owned();
    let mut out = String::new();
    for (at, (url, suite)) in sources.iter().enumerate() {
        let number = at + 1;
        let _ = writeln!(out, "Ign:{number} {url} {suite} InRelease");
    }
    for (at, (url, suite)) in sources.iter().enumerate() {
        let number = at + 1;
        let _ = writeln!(
            out,
            "Err:{number} {url} {suite} InRelease\n  Temporary failure resolving '{}'",
            host(url)
        );
    }
    out.push_str(if terminal {
        "Reading package lists... Done\n"
    } else {
        "Reading package lists...\n"
    });
    if apt {
        out.push_str(if terminal {
            "Building dependency tree... Done\nReading state information... Done\n"
        } else {
            "Building dependency tree...\nReading state information...\n"
        });
        out.push_str("All packages are up to date.\n");
    }
    process.print(out)?;
    let mut errors = String::new();
    for (url, suite) in &sources {
        let _ = writeln!(
            errors,
            "W: Failed to fetch {url}/dists/{suite}/InRelease  Temporary failure resolving '{}'",
            host(url)
        );
    }
    errors.push_str("W: Some index files failed to download. They have been ignored, or old ones used instead.\n");
    process.error_bytes(errors.as_bytes())?;
    Ok(0)
}

fn install_by_name(process: &mut Process, names: &[String]) -> Result<i32, Stop> {
    const FAILED: i32 = 100;
    let all = installed(process)?;
    let mut out = reading(process);
    let mut missing = Vec::new();
    for name in names {
        if name.contains('/') {
            let full = process.absolute(name.as_bytes());
            let view = process.view();
            if process.fs().stat(&view, &full, true).is_err() {
                missing.push(format!("E: Unsupported file {name} given on commandline"));
                continue;
            }
            missing.push(format!("E: Sub-process Popen returned an error code (2)\nE: Encountered an error in processing {name}"));
            continue;
        }
        let plain = name.split([':', '=']).next().unwrap_or(name);
        match all.iter().find(|p| p.name == plain) {
            Some(package) => {
                let _ =
                    writeln!(out, "{plain} is already the newest version ({}).", package.version);
            }
            None => missing.push(format!("E: Unable to locate package {name}")),
        }
    }
    if missing.is_empty() {
        out.push_str(NOTHING);
    }
    process.print(out)?;
    for line in &missing {
        process.error(line)?;
    }
    Ok(if missing.is_empty() { 0 } else { FAILED })
}

fn remove(process: &mut Process, names: &[String]) -> Result<i32, Stop> {
    const FAILED: i32 = 100;
    let all = installed(process)?;
    let mut out = reading(process);
    let unknown: Vec<&String> =
        names.iter().filter(|n| !all.iter().any(|p| p.name == **n)).collect();
    if let Some(first) = unknown.first() {
        process.print(out)?;
        process.error(&format!("E: Unable to locate package {first}"))?;
        return Ok(FAILED);
    }
    let size: u64 = all.iter().filter(|p| names.contains(&p.name)).map(|p| p.size_kib).sum();
    if names.is_empty() {
        out.push_str(NOTHING);
        process.print(out)?;
        return Ok(0);
    }
    let count = names.len();
    let _ = write!(
        out,
        "The following packages will be REMOVED:\n  {}\n0 upgraded, 0 newly installed, {count} to remove and 0 not upgraded.\nAfter this operation, {size} kB disk space will be freed.\n",
        names.join(" ")
    );
    process.print(out)?;
    process.error("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)\nN: Be aware that removing the lock file is not a solution and may break your system.\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?")?;
    Ok(FAILED)
}

fn list_by_name(process: &mut Process, names: &[String], upgradable: bool) -> Result<i32, Stop> {
    let terminal = process.fds.at(1).is_some_and(|o| o.is_terminal());
    let mut out = String::from(if terminal { "Listing... Done\n" } else { "Listing...\n" });
    if !upgradable {
        for package in installed(process)? {
            if names.is_empty() || names.iter().any(|n| fits(n, &package.name)) {
                let _ = writeln!(
                    out,
                    "{}/stable,now {} {} [installed]",
                    package.name, package.version, package.architecture
                );
            }
        }
    }
    process.print(out)?;
    Ok(0)
}

fn apt_cache(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words = arguments.operand_texts();
    let Some((verb, names)) = words.split_first() else {
        let text = super::answers::answer("apt-cache", "");
        process.print(text.map_or("", |t| t.output))?;
        return Ok(0);
    };
    let all = installed(process)?;
    let mut status = 0;
    match verb.as_str() {
        "policy" => {
            for name in names {
                if let Some(package) = all.iter().find(|p| p.name == *name) {
                    process.print(format!(
                        "{name}:\n  Installed: {0}\n  Candidate: {0}\n  Version table:\n *** {0} 100\n        100 /var/lib/dpkg/status\n",
                        package.version
                    ))?;
                }
            }
        }
        "show" | "showpkg" => {
            for name in names {
                if let Some(package) = all.iter().find(|p| p.name == *name) {
                    process.print(format!("{}\n\n", package.text))?;
                } else {
                    process.error("N: Unable to locate package ".to_owned().as_str().trim_end())?;
                    process.error(&format!("E: No packages found: {name}"))?;
                    status = 100;
                }
            }
        }
        "search" => {
            for package in &all {
                let found = names.iter().all(|n| {
                    package.name.contains(n.as_str()) || package.summary.contains(n.as_str())
                });
                if found {
                    process.print(format!("{} - {}\n", package.name, package.summary))?;
                }
            }
        }
        "pkgnames" => {
            for package in &all {
                process.print(format!("{}\n", package.name))?;
            }
        }
        "stats" | "dump" | "depends" | "rdepends" | "madison" | "gencaches" => {}
        other => {
            process.error(&format!("E: Invalid operation {other}"))?;
            status = 100;
        }
    }
    Ok(status)
}

fn apt_mark(process: &mut Process, arguments: &Arguments) -> Outcome {
    let words: Vec<String> =
        arguments.rest().iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    let Some((verb, names)) = words.split_first() else { return Ok(0) };
    let all = installed(process)?;
    match verb.as_str() {
        "showmanual" | "showauto" if verb == "showmanual" => {
            for package in &all {
                process.print(format!("{}\n", package.name))?;
            }
        }
        "hold" | "unhold" | "manual" | "auto" => {
            for name in names {
                let text = match (all.iter().any(|p| p.name == *name), verb.as_str()) {
                    (false, _) => {
                        process.error(&format!(
                            "E: Unable to locate package {name}\nE: No packages found"
                        ))?;
                        return Ok(100);
                    }
                    (true, "hold") => format!("{name} set on hold.\n"),
                    (true, "unhold") => format!("Canceled hold on {name}.\n"),
                    (true, "manual") => format!("{name} set to manually installed.\n"),
                    (true, _) => format!("{name} set to automatically installed.\n"),
                };
                process.print(text)?;
            }
        }
        _ => {}
    }
    Ok(0)
}
