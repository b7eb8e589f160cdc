//! `wget`: BusyBox's, and GNU's where the persona has it.

use super::fetch::{Failure, Url, failure, reason};
use super::list::{date, human_size};
use super::{Arguments, Command, Options};
use crate::Fetched;
use crate::process::Process;
use crate::system::{Fut, Stop};
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[Command::waiting("wget", wget)];

/// Long options; those that end with `:` take a value.
const LONG: &[&str] = &[
    "spider",
    "header:",
    "post-data:",
    "post-file:",
    "body-data:",
    "body-file:",
    "no-check-certificate",
    "quiet",
    "output-document:",
    "output-file:",
    "append-output:",
    "user-agent:",
    "timeout:",
    "dns-timeout:",
    "tries:",
    "continue",
    "start-pos:",
    "no-proxy",
    "directory-prefix:",
    "no-verbose",
    "verbose",
    "background",
    "no-cache",
    "no-dns-cache",
    "no-cookies",
    "load-cookies:",
    "save-cookies:",
    "keep-session-cookies",
    "referer:",
    "no-hsts",
    "hsts-file:",
    "user:",
    "password:",
    "ask-password",
    "http-user:",
    "http-password:",
    "http-passwd:",
    "ftp-user:",
    "ftp-password:",
    "no-passive-ftp",
    "proxy:",
    "proxy-user:",
    "proxy-password:",
    "method:",
    "connect-timeout:",
    "read-timeout:",
    "waitretry:",
    "wait:",
    "random-wait",
    "retry-connrefused",
    "retry-on-host-error",
    "retry-on-http-error:",
    "show-progress",
    "progress:",
    "input-file:",
    "base:",
    "force-html",
    "content-disposition",
    "content-on-error",
    "trust-server-names",
    "execute:",
    "no-clobber",
    "timestamping",
    "server-response",
    "limit-rate:",
    "quota:",
    "bind-address:",
    "prefer-family:",
    "inet4-only",
    "inet6-only",
    "restrict-file-names:",
    "local-encoding:",
    "remote-encoding:",
    "max-redirect:",
    "no-http-keep-alive",
    "ignore-length",
    "save-headers",
    "default-page:",
    "adjust-extension",
    "auth-no-challenge",
    "compression:",
    "secure-protocol:",
    "https-only",
    "ca-certificate:",
    "ca-directory:",
    "certificate:",
    "certificate-type:",
    "private-key:",
    "private-key-type:",
    "crl-file:",
    "pinnedpubkey:",
    "random-file:",
    "egd-file:",
    "ciphers:",
    "recursive",
    "level:",
    "delete-after",
    "convert-links",
    "backup-converted",
    "backups:",
    "mirror",
    "page-requisites",
    "strict-comments",
    "accept:",
    "reject:",
    "accept-regex:",
    "reject-regex:",
    "domains:",
    "exclude-domains:",
    "follow-ftp",
    "follow-tags:",
    "ignore-tags:",
    "span-hosts",
    "relative",
    "include-directories:",
    "exclude-directories:",
    "no-parent",
    "no-directories",
    "force-directories",
    "no-host-directories",
    "cut-dirs:",
    "protocol-directories",
    "no-glob",
    "no-config",
    "config:",
    "unlink",
    "xattr",
    "version",
    "help",
    "debug",
    "no-iri",
];

fn wget(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "cqSO:o:P:U:Y:T:t:bndNrl:pkKHEe:i:a:vxA:R:D:QwZ46B:FhILmVX:",
            LONG,
        );
        if let Some(bad) = &options.bad {
            let text = format!("wget: unrecognized option '{bad}'");
            process.error(&text)?;
            return Ok(if arguments.gnu { 2 } else { 1 });
        }
        let mut urls = options.operands.clone();
        if let Some(list) = options.value("i").or(options.value("input-file")) {
            urls.extend(listed(process, list, options.value("B").or(options.value("base"))).await?);
        }
        if urls.is_empty() {
            if arguments.gnu {
                process.error(
                    "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.",
                )?;
            } else {
                process
                    .busybox_usage("wget [-csq] [-O FILE] [-Y on/off] [-P DIR] [-U AGENT] URL\n")?;
            }
            return Ok(1);
        }
        let mut status = 0;
        for url in &urls {
            status = one(process, &arguments, &options, url).await?;
            if status != 0 && !arguments.gnu {
                break;
            }
        }
        Ok(status)
    })
}

/// The URLs of a file, a line each; those that are parts only belong to another one.
async fn listed(
    process: &mut Process,
    path: &[u8],
    base: Option<&[u8]>,
) -> Result<Vec<Vec<u8>>, Stop> {
    const URLS_MAX: usize = 64;
    let text = if path == b"-" {
        process.all_input().await?
    } else {
        let view = process.view();
        let full = process.absolute(path);
        process.fs().read(&view, &full).unwrap_or_default()
    };
    process.session.step(text.len() as u64 / 1_024 + 1)?;
    let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    Ok(lines
        .take(URLS_MAX)
        .map(|line| match base {
            Some(base) if !line.windows(3).any(|w| w == b"://") => {
                let end = base.iter().rposition(|b| *b == b'/').map_or(base.len(), |at| at + 1);
                [&base[..end], line].concat()
            }
            _ => line.to_vec(),
        })
        .collect())
}

/// Where a download goes.
fn output_name(options: &Options, url: &Url) -> Vec<u8> {
    if let Some(name) = options.value("O").or(options.value("output-document")) {
        return name.to_vec();
    }
    let name = match url.file_name() {
        b"" => b"index.html".to_vec(),
        name => name.to_vec(),
    };
    match options.value("P").or(options.value("directory-prefix")) {
        Some(folder) => [folder, b"/", &name].concat(),
        None => name,
    }
}

async fn one(
    process: &mut Process,
    arguments: &Arguments,
    options: &Options,
    text: &[u8],
) -> Result<i32, Stop> {
    let url = Url::parse(text);
    let quiet = options.has("q") || options.has("quiet");
    let name = output_name(options, &url);
    if !arguments.gnu && !matches!(url.scheme.as_str(), "http" | "ftp" | "https") {
        let shown = String::from_utf8_lossy(text).into_owned();
        process.error(&format!("wget: not an http or ftp url: {shown}"))?;
        return Ok(1);
    }
    let mut asked = text.to_vec();
    if !text.windows(3).any(|w| w == b"://") {
        asked = [b"http://", text].concat();
    }
    if arguments.gnu && !quiet {
        let now =
            date(process.session.host.clock(process.session.now()).secs(), "%Y-%m-%d %H:%M:%S");
        let shown = String::from_utf8_lossy(&asked).into_owned();
        process.error(&format!("--{now}--  {shown}"))?;
    }
    let fetched = process.session.fetch(&asked, "wget").await?;
    let Some(fetched) = fetched else {
        process.error(&format!(
            "wget: can't connect to remote host ({}): Connection timed out",
            url.host
        ))?;
        return Ok(1);
    };
    let spider = options.has("spider");
    if arguments.gnu {
        return gnu(process, &url, &name, &fetched, quiet, spider);
    }
    busybox(process, &url, &name, &fetched, quiet, spider)
}

fn busybox(
    process: &mut Process,
    url: &Url,
    name: &[u8],
    fetched: &Fetched,
    quiet: bool,
    spider: bool,
) -> Result<i32, Stop> {
    let address = url.address(fetched);
    let failure = failure(fetched);
    if failure == Some(Failure::Name) {
        process.error(&format!("wget: bad address '{}'", url.host))?;
        return Ok(1);
    }
    if !quiet {
        let port = url.port.map_or(String::new(), |p| format!(":{p}"));
        process.error(&format!(
            "Connecting to {}{port} ({address}:{})",
            url.host,
            url.port_or_default()
        ))?;
    }
    let reason_text = match failure {
        Some(Failure::Refused) => {
            format!("wget: can't connect to remote host ({address}): Connection refused")
        }
        Some(Failure::TimedOut | Failure::Name) => {
            format!("wget: can't connect to remote host ({address}): Connection timed out")
        }
        Some(Failure::Status(status)) => {
            let status = status.unwrap_or(404);
            format!("wget: server returned error: HTTP/1.1 {status} {}", reason(status))
        }
        None => String::new(),
    };
    if failure.is_some() {
        process.error(&reason_text)?;
        return Ok(1);
    }
    if spider {
        return Ok(0);
    }
    // Newer ones say where the file goes (1.31).
    let talks = !quiet && process.busybox_version() >= (1, 31);
    let shown = String::from_utf8_lossy(name).into_owned();
    if name == b"-" {
        if talks {
            process.error("writing to stdout")?;
        }
        if !process.print(&fetched.bytes)? {
            process.error("wget: write error: No space left on device")?;
            return Ok(1);
        }
        if !quiet {
            progress(process, b"-", fetched.bytes.len())?;
        }
        if talks {
            process.error("written to stdout")?;
        }
        return Ok(0);
    }
    if talks {
        process.error(&format!("saving to '{shown}'"))?;
    }
    if let Err(error) = process.keep_fetched(name, &fetched.bytes) {
        process.error(&format!("wget: can't open '{shown}': {}", error.text()))?;
        return Ok(1);
    }
    if !quiet {
        progress(process, crate::eval::base_name(name), fetched.bytes.len())?;
    }
    if talks {
        process.error(&format!("'{shown}' saved"))?;
    }
    Ok(0)
}

/// BusyBox's progress bar when all has come.
pub(super) fn progress(process: &mut Process, name: &[u8], length: usize) -> Result<(), Stop> {
    const NAME_COLUMNS: usize = 20;
    const OTHER_COLUMNS: usize = 48;
    let width = process.session.terminal().map_or(80, |t| usize::from(t.columns).clamp(40, 200));
    let stars = "*".repeat(width.saturating_sub(OTHER_COLUMNS).max(1));
    let shown: String = String::from_utf8_lossy(name).chars().take(NAME_COLUMNS).collect();
    let (mut size, mut unit) = (length, ' ');
    for next in ['k', 'M', 'G'] {
        if size < 100_000 {
            break;
        }
        size >>= 10;
        unit = next;
    }
    let back = if process.fds.at(2).is_some_and(|o| o.is_terminal()) { "\r" } else { "" };
    process.error(&format!("{back}{shown:<20} 100% |{stars}|{size:>6}{unit} 0:00:00 ETA"))
}

fn gnu(
    process: &mut Process,
    url: &Url,
    name: &[u8],
    fetched: &Fetched,
    quiet: bool,
    spider: bool,
) -> Result<i32, Stop> {
    let failure = failure(fetched);
    let port = url.port_or_default();
    let address = url.address(fetched);
    let mut text = String::new();
    let numeric = url.host.parse::<std::net::IpAddr>().is_ok();
    if !numeric {
        let _ = write!(text, "Resolving {0} ({0})... ", url.host);
        if failure == Some(Failure::Name) {
            let _ = writeln!(
                text,
                "failed: Name or service not known.\nwget: unable to resolve host address ‘{}’",
                url.host
            );
            if !quiet {
                process.error_bytes(text.as_bytes())?;
            }
            return Ok(4);
        }
        let _ = writeln!(text, "{address}");
    }
    let place = if numeric {
        format!("{address}:{port}")
    } else {
        format!("{0} ({0})|{address}|:{port}", url.host)
    };
    let _ = write!(text, "Connecting to {place}... ");
    match failure {
        Some(Failure::Refused) => text.push_str("failed: Connection refused.\n"),
        Some(Failure::TimedOut | Failure::Name) => {
            text.push_str("failed: Connection timed out.\nGiving up.\n\n");
        }
        Some(Failure::Status(status)) => {
            let status = status.unwrap_or(404);
            let now =
                date(process.session.host.clock(process.session.now()).secs(), "%Y-%m-%d %H:%M:%S");
            let _ = write!(
                text,
                "connected.\nHTTP request sent, awaiting response... {status} {0}\n{now} ERROR {status}: {0}.\n\n",
                reason(status)
            );
        }
        None => text.push_str("connected.\nHTTP request sent, awaiting response... 200 OK\n"),
    }
    if let Some(failure) = failure {
        if !quiet {
            process.error_bytes(text.as_bytes())?;
        }
        return Ok(if matches!(failure, Failure::Status(_)) { 8 } else { 4 });
    }
    let length = fetched.bytes.len();
    let kind = fetched.content_type.as_deref().unwrap_or("application/octet-stream");
    let human =
        if length >= 1_024 { format!(" ({})", human_size(length as u64)) } else { String::new() };
    let _ = writeln!(text, "Length: {length}{human} [{kind}]");
    if spider {
        text.push_str("Remote file exists.\n\n");
    }
    let shown = String::from_utf8_lossy(name).into_owned();
    let saved = if spider {
        Ok(())
    } else if name == b"-" {
        text.push_str("Saving to: ‘STDOUT’\n\n");
        process.print(&fetched.bytes)?;
        Ok(())
    } else {
        let result = process.keep_fetched(name, &fetched.bytes);
        if result.is_ok() {
            let _ = write!(text, "Saving to: ‘{shown}’\n\n");
        }
        result
    };
    if let Err(error) = saved {
        process.error(&format!("{shown}: {}", error.text()))?;
        return Ok(3);
    }
    if !quiet {
        if !spider {
            let now =
                date(process.session.host.clock(process.session.now()).secs(), "%Y-%m-%d %H:%M:%S");
            let base: String = shown.chars().take(19).collect();
            let bar = "=".repeat(19);
            let _ = write!(
                text,
                "\r{base:<20}100%[{bar}>] {:>7}  --.-KB/s    in 0s      \n\n{now} (1.21 MB/s) - ‘{shown}’ saved [{length}/{length}]\n\n",
                human_size(length as u64)
            );
        }
        process.error_bytes(text.as_bytes())?;
    }
    Ok(0)
}
