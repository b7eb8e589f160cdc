//! `curl`.

use super::fetch::{Failure, Url, failure, reason};
use super::{Arguments, Command, Options};
use crate::process::Process;
use crate::system::{Fut, Stop};

pub(super) const COMMANDS: &[Command] = &[Command::waiting("curl", curl)];

fn curl(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let options = Options::read(
            &arguments,
            "o:OsSLkfiIvA:H:d:X:m:u:x:e:b:c:F:T:r:C:z:K:E:RNgG#q46nJ0Zlpw:y:Y:jV",
            &[
                "output:",
                "remote-name",
                "silent",
                "location",
                "insecure",
                "fail",
                "user-agent:",
                "header:",
                "data:",
                "request:",
                "max-time:",
                "connect-timeout:",
                "retry:",
                "user:",
                "proxy:",
                "referer:",
                "compressed",
                "progress-bar",
                "create-dirs",
                "data-binary:",
                "show-error",
                "head",
                "include",
                "url:",
                "http1.1",
                "tlsv1.2",
                "ipv4",
                "ipv6",
                "retry-delay:",
                "speed-time:",
                "speed-limit:",
                "no-buffer",
                "version",
                "verbose",
                "remote-header-name",
                "socks5:",
                "write-out:",
                "post301",
            ],
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
    let remote = options.has("O") || options.has("remote-name");
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
