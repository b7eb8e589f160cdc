//! `curl`.

use super::fetch::{Failure, Url, failure, reason};
use super::{Arguments, Command, Options};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[Command::waiting("curl", curl)];

/// Long options; those that end with `:` take a value.
const LONG: &[&str] = &[
    "output:",
    "remote-name",
    "remote-name-all",
    "silent",
    "location",
    "location-trusted",
    "insecure",
    "fail",
    "fail-early",
    "fail-with-body",
    "user-agent:",
    "header:",
    "data:",
    "data-raw:",
    "data-ascii:",
    "data-urlencode:",
    "data-binary:",
    "json:",
    "request:",
    "max-time:",
    "connect-timeout:",
    "retry:",
    "retry-delay:",
    "retry-max-time:",
    "retry-connrefused",
    "retry-all-errors",
    "user:",
    "proxy:",
    "proxy-user:",
    "proxy-insecure",
    "noproxy:",
    "preproxy:",
    "socks4:",
    "socks4a:",
    "socks5:",
    "socks5-hostname:",
    "referer:",
    "compressed",
    "progress-bar",
    "no-progress-meter",
    "create-dirs",
    "output-dir:",
    "show-error",
    "head",
    "include",
    "url:",
    "http1.0",
    "http1.1",
    "http2",
    "http2-prior-knowledge",
    "http3",
    "tlsv1",
    "tlsv1.0",
    "tlsv1.1",
    "tlsv1.2",
    "tlsv1.3",
    "tls-max:",
    "ssl",
    "ssl-reqd",
    "ssl-no-revoke",
    "ciphers:",
    "cacert:",
    "capath:",
    "cert:",
    "cert-type:",
    "key:",
    "key-type:",
    "pass:",
    "pinnedpubkey:",
    "ipv4",
    "ipv6",
    "interface:",
    "resolve:",
    "connect-to:",
    "dns-servers:",
    "doh-url:",
    "doh-insecure",
    "speed-time:",
    "speed-limit:",
    "limit-rate:",
    "max-filesize:",
    "max-redirs:",
    "no-buffer",
    "no-keepalive",
    "keepalive-time:",
    "version",
    "verbose",
    "trace:",
    "trace-ascii:",
    "stderr:",
    "remote-header-name",
    "remote-time",
    "write-out:",
    "dump-header:",
    "post301",
    "post302",
    "post303",
    "get",
    "globoff",
    "form:",
    "form-string:",
    "upload-file:",
    "append",
    "range:",
    "continue-at:",
    "time-cond:",
    "cookie:",
    "cookie-jar:",
    "junk-session-cookies",
    "config:",
    "disable",
    "next",
    "parallel",
    "parallel-max:",
    "proto:",
    "proto-default:",
    "proto-redir:",
    "anyauth",
    "basic",
    "digest",
    "ntlm",
    "negotiate",
    "oauth2-bearer:",
    "netrc",
    "netrc-file:",
    "netrc-optional",
    "ftp-pasv",
    "ftp-port:",
    "ftp-create-dirs",
    "ftp-method:",
    "ftp-ssl-reqd",
    "disable-epsv",
    "quote:",
    "path-as-is",
    "raw",
    "tcp-fastopen",
    "tcp-nodelay",
    "tftp-blksize:",
    "telnet-option:",
    "unix-socket:",
    "local-port:",
    "haproxy-protocol",
    "happy-eyeballs-timeout-ms:",
    "expect100-timeout:",
    "suppress-connect-headers",
    "tr-encoding",
    "use-ascii",
    "styled-output",
    "no-sessionid",
    "no-alpn",
    "no-npn",
    "help",
    "manual",
    "false-start",
    "crlf",
    "list-only",
    "max-filesize:",
    "service-name:",
    "alt-svc:",
    "hsts:",
    "etag-save:",
    "etag-compare:",
    "rate:",
    "variable:",
];

fn curl(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "o:OsSLkfiIvA:H:d:X:m:u:x:e:b:c:F:T:r:C:z:K:E:RNgG#q46nJ0Zlpw:y:Y:jVaBD:hMP:Q:t:U:",
            LONG,
        );
        if options.has("V") || options.has("version") {
            process.print(
                "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13\n",
            )?;
            return Ok(0);
        }
        if let Some(bad) = &options.bad {
            let shown = if bad.starts_with("--") { bad.clone() } else { format!("-{bad}") };
            process.error(&format!(
                "curl: option {shown}: is unknown\ncurl: try 'curl --help' for more information"
            ))?;
            return Ok(2);
        }
        let mut urls: Vec<Vec<u8>> = options.operands.clone();
        urls.extend(options.values("url").map(<[u8]>::to_vec));
        if let Some(path) = options.value("K").or(options.value("config")) {
            urls.extend(configured(process, path).await?);
        }
        if !options.has("g") && !options.has("globoff") {
            urls = urls.iter().flat_map(|url| globbed(url)).collect();
        }
        if urls.is_empty() {
            process.error("curl: try 'curl --help' or 'curl --manual' for more information")?;
            return Ok(2);
        }
        let outputs: Vec<Vec<u8>> =
            options.values("o").chain(options.values("output")).map(<[u8]>::to_vec).collect();
        let mut status = 0;
        for (index, url) in urls.iter().enumerate() {
            status = one(
                process,
                &options,
                url,
                outputs.get(index).or(outputs.first()).filter(|_| index < outputs.len()),
            )
            .await?;
        }
        Ok(status)
    })
}

/// The URLs that a file of options names; `-` is the input.
async fn configured(process: &mut Process, path: &[u8]) -> Result<Vec<Vec<u8>>, Stop> {
    const URLS_MAX: usize = 64;
    let text = if path == b"-" {
        process.all_input().await?
    } else {
        let view = process.view();
        let full = process.absolute(path);
        process.fs().read(&view, &full).unwrap_or_default()
    };
    process.session.step(text.len() as u64 / 1_024 + 1)?;
    let urls = text.split(|b| *b == b'\n').filter_map(|line| {
        let line = line.trim_ascii();
        let line = line.strip_prefix(b"--").unwrap_or(line);
        let rest = line.strip_prefix(b"url")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"=").or(rest.strip_prefix(b":")).unwrap_or(rest);
        let url = rest.trim_ascii();
        let url = url
            .strip_prefix(b"\"")
            .map_or(url, |url| url.split(|b| *b == b'"').next().unwrap_or_default());
        (!url.is_empty()).then(|| url.to_vec())
    });
    Ok(urls.take(URLS_MAX).collect())
}

/// `{a,b}` and `[1-3]` of a URL, as curl takes them apart.
fn globbed(url: &[u8]) -> Vec<Vec<u8>> {
    const URLS_MAX: usize = 64;
    let mut done = Vec::new();
    let mut open = vec![url.to_vec()];
    while let Some(url) = open.pop() {
        if done.len() + open.len() >= URLS_MAX {
            break;
        }
        // An address of IPv6 has its own brackets.
        let begin = url.iter().position(|b| matches!(b, b'{' | b'[')).filter(|at| {
            url[*at] == b'{' || !url[..*at].ends_with(b"//") && !url[..*at].ends_with(b"@")
        });
        let choices = begin.and_then(|begin| {
            let close = if url[begin] == b'{' { b'}' } else { b']' };
            let end = begin + url[begin..].iter().position(|b| *b == close)?;
            let inner = &url[begin + 1..end];
            let all = if close == b'}' {
                inner.split(|b| *b == b',').map(<[u8]>::to_vec).collect()
            } else {
                range(inner)?
            };
            Some((begin, end, all))
        });
        match choices {
            Some((begin, end, all)) => {
                for choice in all.iter().rev() {
                    open.push([&url[..begin], choice, &url[end + 1..]].concat());
                }
            }
            None => done.push(url),
        }
    }
    done
}

/// `1-3`, `01-10:2`, `a-c`
fn range(inner: &[u8]) -> Option<Vec<Vec<u8>>> {
    const VALUES_MAX: usize = 64;
    let text = std::str::from_utf8(inner).ok()?;
    let (span, step) = text.split_once(':').unwrap_or((text, "1"));
    let step = step.parse::<usize>().ok().filter(|step| *step > 0)?;
    let (first, last) = span.split_once('-')?;
    if let (Ok(from), Ok(to)) = (first.parse::<u32>(), last.parse::<u32>()) {
        let width = if first.starts_with('0') { first.len().min(16) } else { 0 };
        let all = (from..=to).step_by(step).take(VALUES_MAX);
        return Some(all.map(|n| format!("{n:0width$}").into_bytes()).collect());
    }
    let ([from], [to]) = (first.as_bytes(), last.as_bytes()) else { return None };
    let letters = from.is_ascii_alphabetic() && to.is_ascii_alphabetic();
    letters.then(|| (*from..=*to).step_by(step).map(|b| vec![b]).collect())
}

async fn one(
    process: &mut Process,
    options: &Options,
    text: &[u8],
    output: Option<&Vec<u8>>,
) -> Result<i32, Stop> {
    let url = Url::parse(text);
    let quiet = options.has("s") || options.has("silent");
    let speaks = !quiet || options.has("S") || options.has("show-error");
    let mut asked = text.to_vec();
    if !text.windows(3).any(|w| w == b"://") {
        asked = [b"http://", text].concat();
    }
    if let Some(user) = options.value("u").or(options.value("user"))
        && let Some(rest) = asked.strip_prefix(b"ftp://")
        && !rest.contains(&b'@')
    {
        asked = [b"ftp://", user, b"@", rest].concat();
    }
    let remote = options.has("O") || options.has("remote-name") || options.has("remote-name-all");
    if remote && output.is_none() && url.file_name().is_empty() {
        process.error("curl: Remote file name has no length!\ncurl: (23) Failure writing output to destination")?;
        return Ok(23);
    }
    let fetched = process.session.fetch(&asked, "curl").await?;
    let problem = match &fetched {
        Some(fetched) => failure(fetched),
        None => Some(Failure::TimedOut),
    };
    let port = url.port_or_default();
    let (code, message) = match problem {
        Some(Failure::Name) => (6, format!("Could not resolve host: {}", url.host)),
        Some(Failure::Refused) => (
            7,
            format!(
                "Failed to connect to {} port {port} after 38 ms: Couldn't connect to server",
                url.host
            ),
        ),
        Some(Failure::TimedOut) => (
            28,
            format!(
                "Failed to connect to {} port {port} after 130412 ms: Couldn't connect to server",
                url.host
            ),
        ),
        Some(Failure::Status(status)) if options.has("f") || options.has("fail") => {
            (22, format!("The requested URL returned error: {}", status.unwrap_or(404)))
        }
        _ => (0, String::new()),
    };
    let file =
        output.cloned().or_else(|| remote.then(|| url.file_name().to_vec())).filter(|f| f != b"-");
    if code != 0 {
        if !quiet && file.is_some() {
            meter(process, 0, false)?;
        }
        if speaks {
            process.error(&format!("curl: ({code}) {message}"))?;
        }
        return Ok(code);
    }
    let Some(fetched) = fetched else { return Ok(28) };
    let mut body = fetched.bytes.clone();
    if let Some(Failure::Status(status)) = problem
        && body.is_empty()
    {
        let status = status.unwrap_or(404);
        body = format!(
            "<html><head><title>{status} {0}</title></head><body><h1>{0}</h1></body></html>\n",
            reason(status)
        )
        .into();
    }
    let head = options.has("I") || options.has("head");
    if head || options.has("i") || options.has("include") {
        let status = fetched.status.unwrap_or(200);
        let phrase = if status == 200 { "OK" } else { reason(status) };
        let kind = fetched.content_type.as_deref().unwrap_or("application/octet-stream");
        let text = format!(
            "HTTP/1.1 {status} {phrase}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        process.print(&text)?;
        if head {
            return Ok(0);
        }
    }
    match file {
        None => {
            if !quiet && !process.fds.at(1).is_some_and(|o| o.is_terminal()) {
                meter(process, body.len(), true)?;
            }
            process.print(&body)?;
        }
        Some(path) => {
            if let Err(error) = process.keep_fetched(&path, &body) {
                let shown = String::from_utf8_lossy(&path).into_owned();
                if speaks {
                    process.error(&format!(
                        "Warning: Failed to open the file {shown}: {}",
                        error.text()
                    ))?;
                    process.error("curl: (23) Failure writing output to destination")?;
                }
                return Ok(23);
            }
            if !quiet {
                meter(process, body.len(), true)?;
            }
        }
    }
    Ok(0)
}

/// The progress meter of a finished (or failed) transfer.
fn meter(process: &mut Process, length: usize, whole: bool) -> Result<(), Stop> {
    let size = if length < 100_000 { length.to_string() } else { format!("{}k", length >> 10) };
    let percent = if whole && length > 0 { 100 } else { 0 };
    let rate = if length == 0 { "0".to_owned() } else { format!("{}k", (length >> 10) * 3 + 1) };
    process.error_bytes(
        format!(
            "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n\
             \x20                                Dload  Upload   Total   Spent    Left  Speed\n\
             \r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\
             \r{percent:>3} {size:>5}  {percent:>3} {size:>5}    0     0  {rate:>5}      0 --:--:-- --:--:-- --:--:-- {rate:>5}\n"
        )
        .as_bytes(),
    )
}
