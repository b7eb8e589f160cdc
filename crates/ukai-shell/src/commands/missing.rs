//! Programs that no persona has, where it is of interest what a script would do with them: what
//! fetches is fetched, and what is given to others is told.

use super::fetch::fetch_mentioned;
use crate::process::Process;
use crate::system::Stop;

/// Programs that fetch the URLs that they are given.
const FETCHING: &[&str] = &[
    "lynx",
    "links",
    "links2",
    "elinks",
    "w3m",
    "fetch",
    "GET",
    "lwp-request",
    "lwp-download",
    "lwp-mirror",
    "aria2c",
    "axel",
    "http",
    "https",
    "xh",
    "lftp",
    "lftpget",
    "ncftpget",
    "git",
    "pip",
    "pip2",
    "pip3",
    "npm",
    "gem",
    "wget2",
    "curlie",
    "httpie",
    "snarf",
    "puf",
    "prozilla",
    "mget",
    "get",
    "rclone",
    "svn",
    "hg",
    "uwget",
    "tnftp",
];

/// Interpreters whose programs may stand on the command line.
const INTERPRETERS: &[&str] = &["ruby", "lua", "node", "nodejs", "php", "tclsh", "gawk"];

/// A program that is not there; whether it is taken for one that did what it should.
pub(crate) async fn missing(process: &mut Process, words: &[Vec<u8>]) -> Result<bool, Stop> {
    let Some((name, rest)) = words.split_first() else { return Ok(false) };
    if process.session.may_pass_over() == 0 || rest.is_empty() {
        return Ok(false);
    }
    let base = String::from_utf8_lossy(crate::eval::base_name(name)).into_owned();
    if FETCHING.contains(&base.as_str()) {
        let mut found = false;
        for word in rest {
            // `lftp -c "get1 http://..."`
            let url = word.windows(3).any(|w| w == b"://");
            let alone = url && !word.iter().any(u8::is_ascii_whitespace) && !word.starts_with(b"-");
            if alone {
                process.session.fetch(word, "curl").await?;
            } else if url {
                fetch_mentioned(process, word, "curl").await?;
            }
            found |= url;
        }
        return Ok(found);
    }
    if INTERPRETERS.contains(&base.as_str()) {
        for word in rest {
            contacts(process, word).await?;
        }
        return Ok(true);
    }
    if rest.iter().any(|word| is_place(word)) {
        process.session.started(words, "sh");
    }
    Ok(false)
}

/// What a program in a language that nobody runs here would connect to, and fetch.
pub(super) async fn contacts(process: &mut Process, program: &[u8]) -> Result<(), Stop> {
    const CALLS: &str = r#"(?:fsockopen|pfsockopen|TCPSocket\.(?:open|new)|connect|createConnection|socket)\s*\(?\s*(?:(?P<first>\d{1,5})\s*,\s*)?['"](?:tcp://|ssl://|udp://)?(?P<host>[A-Za-z0-9._-]+)['"]?(?:\s*,\s*|:)['"]?(?P<port>\d{1,5})?"#;
    const CALLS_MAX: usize = 8;
    process.session.step(program.len() as u64 / 256 + 1)?;
    let Ok(calls) = regex::bytes::Regex::new(CALLS) else { return Ok(()) };
    let found: Vec<(String, u16)> = calls
        .captures_iter(program)
        .filter_map(|found| {
            let text = |name| {
                found.name(name).map(|part| String::from_utf8_lossy(part.as_bytes()).into_owned())
            };
            let port = text("port").or_else(|| text("first"))?;
            Some((text("host")?, port.parse().ok()?))
        })
        .take(CALLS_MAX)
        .collect();
    for (host, port) in found {
        super::netcat::reach(process, &host, port, "nc").await?;
    }
    fetch_mentioned(process, program, "curl").await
}

/// Whether a word names a place in a network: a URL, an address, a host and a port.
fn is_place(word: &[u8]) -> bool {
    if word.windows(3).any(|w| w == b"://") {
        return true;
    }
    let text = String::from_utf8_lossy(word);
    let host = text.rsplit('=').next().unwrap_or_default();
    let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let address = host.parse::<std::net::Ipv4Addr>().is_ok();
    address || host.contains('.') && port.parse::<u16>().is_ok_and(|port| port > 0)
}
