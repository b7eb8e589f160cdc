//! Programs of Windows that fetch, and those that change what the system starts: what a command
//! line of theirs does. Facts are from the programs' own help and from the LOLBAS project.

use crate::com::decode_hex;
use crate::command_line::{BASE64, find_ascii, program, split};
use crate::run::{Content, Run, Stop};
use base64::Engine as _;

/// Tells what a program does that is known; `false` for others, which are just started.
pub(crate) fn known(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    let Some((first, rest)) = words.split_first() else { return Ok(false) };
    Ok(match program(first).as_str() {
        "certutil" => certutil(run, rest)?,
        "bitsadmin" => bitsadmin(run, rest),
        "curl" => curl(run, rest),
        "wget" => wget(run, rest),
        "reg" => reg(run, rest),
        "schtasks" => schtasks(run, rest)?,
        "sc" => service(run, rest),
        "wmic" => wmic(run, rest)?,
        "ping" | "nslookup" | "tracert" | "telnet" | "nc" | "ncat" => dial(run, rest),
        "net" | "net1" => net(run, rest),
        "finger" => finger(run, rest),
        "tftp" => tftp(run, rest),
        "ftp" => ftp(run, rest),
        "timeout" | "sleep" | "waitfor" => {
            run.wait();
            true
        }
        _ => false,
    })
}

/// What a program asks for that is started: URLs in its words, shares of others.
pub(crate) fn on_start(run: &mut Run<'_>, words: &[String]) -> Result<(), Stop> {
    let Some((first, rest)) = words.split_first() else { return Ok(()) };
    match program(first).as_str() {
        "mshta"
        | "regsvr32"
        | "msiexec"
        | "rundll32"
        | "explorer"
        | "hh"
        | "cmstp"
        | "odbcconf"
        | "msedge"
        | "chrome"
        | "iexplore"
        | "firefox"
        | "desktopimgdownldr"
        | "msxsl"
        | "start"
        | "presentationhost"
        | "installutil"
        | "ieexec"
        | "certoc"
        | "squirrel"
        | "winget"
        | "appinstaller"
        | "configsecuritypolicy"
        | "mpcmdrun" => {
            // What a script in the line asks for is told where that is run.
            if rest.iter().any(|it| is_script(it)) {
                return Ok(());
            }
            for url in rest.iter().filter_map(|it| url_in(it)) {
                run.step()?;
                run.fetch(url, None);
            }
        }
        _ => {}
    }
    for host in words.iter().filter_map(|it| share_host(it)) {
        run.connect(host, Some(445));
    }
    Ok(())
}

/// Whether a word is a script in a URL: `javascript:...`.
fn is_script(word: &str) -> bool {
    ["javascript:", "vbscript:", "about:"].iter().any(|it| find_ascii(word, it) == Some(0))
}

/// The URL within a word, to its end.
pub(crate) fn url_in(word: &str) -> Option<&str> {
    let at =
        ["https://", "http://", "ftp://"].iter().filter_map(|it| find_ascii(word, it)).min()?;
    let url = word.get(at..)?;
    let end = url.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
    let url = url.get(..end.unwrap_or(url.len()))?;
    // What `cmd` runs next is no part of it.
    Some(url.split_once("&&").map_or(url, |it| it.0))
}

/// The host of `\\host\share`.
pub(crate) fn share_host(word: &str) -> Option<&str> {
    let word = word
        .split_once(':')
        .map_or(word, |it| if it.0.starts_with(['/', '-']) { it.1 } else { word });
    let rest = word.trim_matches('"').strip_prefix(r"\\")?;
    let (host, path) = rest.split_once('\\')?;
    let host = host.split('@').next().unwrap_or(host);
    let is_name = host.len() > 1
        && host.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b'_'));
    (is_name && !path.is_empty()).then_some(host)
}

fn is_switch(word: &str, name: &str) -> bool {
    word.strip_prefix(['-', '/']).is_some_and(|it| it.eq_ignore_ascii_case(name))
}

/// The word behind a switch.
fn after<'w>(words: &'w [String], names: &[&str]) -> Option<&'w str> {
    let at = words.iter().position(|word| names.iter().any(|name| is_switch(word, name)))?;
    words.get(at + 1).map(String::as_str)
}

/// The name that a URL's answer gets.
pub(crate) fn name_of_url(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.rsplit('/').next().unwrap_or(path)
}

fn certutil(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    let has = |name: &str| words.iter().any(|it| is_switch(it, name));
    let plain: Vec<&String> = words.iter().filter(|it| !it.starts_with(['-', '/'])).collect();
    if has("urlcache") || has("verifyctl") || has("url") {
        let Some(at) = plain.iter().position(|it| url_in(it).is_some()) else { return Ok(false) };
        let Some(url) = url_in(plain[at]) else { return Ok(false) };
        let to = plain.get(at + 1).map(|it| it.as_str());
        // Without a name it goes by the URL's.
        run.fetch(url, to.or(Some(name_of_url(url)).filter(|it| !it.is_empty())));
        return Ok(true);
    }
    let (is_base64, is_hex) = (has("decode"), has("decodehex"));
    if !is_base64 && !is_hex {
        return Ok(false);
    }
    let [from, to, ..] = plain.as_slice() else { return Ok(false) };
    match run.file(from) {
        Some(Content::Own(bytes)) => {
            let decoded =
                if is_hex { decode_hex(&String::from_utf8_lossy(bytes)) } else { from_pem(bytes) };
            run.steps(decoded.len() as u64 / 16)?;
            run.write(to, &decoded, false)?;
            Ok(true)
        }
        Some(Content::Answer(_)) => {
            run.copy(from, to);
            Ok(false)
        }
        None => Ok(false),
    }
}

/// Base64, with or without lines of a certificate around it.
fn from_pem(bytes: &[u8]) -> Vec<u8> {
    let mut bare = Vec::with_capacity(bytes.len());
    for line in bytes.split(|it| *it == b'\n') {
        let line = line.trim_ascii();
        if !line.starts_with(b"-----") {
            bare.extend(line.iter().filter(|it| !it.is_ascii_whitespace()));
        }
    }
    BASE64.decode(&bare).unwrap_or_default()
}

fn bitsadmin(run: &mut Run<'_>, words: &[String]) -> bool {
    let mut is_known = false;
    for (at, word) in words.iter().enumerate() {
        if let Some(url) = url_in(word) {
            let to = words.get(at + 1).filter(|it| !it.starts_with('/') && url_in(it).is_none());
            run.fetch(url, to.map(String::as_str));
            is_known = true;
        } else if is_switch(word, "setnotifycmdline")
            && let Some(rest) = words.get(at + 2..)
        {
            run.set("bitsadmin notify", &rest.join(" "));
            is_known = true;
        }
    }
    is_known
}

/// Letters of curl's short flags that are followed by a value.
const CURL_VALUES: &str = "oXHdFuAebcCDEKmPQrtTUwxyYz";

fn curl(run: &mut Run<'_>, words: &[String]) -> bool {
    let (mut urls, mut to, mut remote) = (Vec::new(), None, false);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            match long {
                "output" => to = words.next(),
                "url" => urls.extend(words.next()),
                "remote-name" => remote = true,
                "referer" | "user-agent" => {
                    if let Some(value) = words.next() {
                        run.beside(value);
                    }
                }
                "request" | "header" | "data" | "user" | "form" | "data-binary" | "data-raw"
                | "cookie" | "proxy" | "max-time" | "retry" | "connect-timeout" | "upload-file"
                | "output-dir" => {
                    words.next();
                }
                _ => {}
            }
        } else if let Some(short) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
            let letters = short.char_indices();
            for (at, letter) in letters {
                remote |= letter == 'O';
                if CURL_VALUES.contains(letter) {
                    let glued = short.get(at + letter.len_utf8()..).filter(|it| !it.is_empty());
                    let value = glued.or_else(|| words.next());
                    match (letter, value) {
                        ('o', _) => to = value,
                        ('e' | 'A', Some(value)) => run.beside(value),
                        _ => {}
                    }
                    break;
                }
            }
        } else {
            urls.push(word);
        }
    }
    urls.retain(|it| it.contains('.') || it.contains("://"));
    for url in &urls {
        let name = Some(name_of_url(url)).filter(|it| remote && !it.is_empty());
        run.fetch(url, to.or(name));
    }
    !urls.is_empty()
}

fn wget(run: &mut Run<'_>, words: &[String]) -> bool {
    let mut to = after(words, &["O", "-output-document"]);
    to = to.or_else(|| words.iter().find_map(|it| it.strip_prefix("--output-document=")));
    let url = words.iter().filter(|it| !it.starts_with('-') && to != Some(it.as_str()));
    let urls: Vec<&String> = url.filter(|it| it.contains('.')).collect();
    for url in &urls {
        run.fetch(url, to.or(Some(name_of_url(url)).filter(|it| !it.is_empty())));
    }
    !urls.is_empty()
}

fn reg(run: &mut Run<'_>, words: &[String]) -> bool {
    let Some((verb, rest)) = words.split_first() else { return false };
    let Some(key) = rest.first() else { return false };
    match verb.to_ascii_lowercase().as_str() {
        "add" => {
            let what = match after(rest, &["v"]) {
                Some(name) => format!("{key}\\{name}"),
                None => key.clone(),
            };
            run.set(&what, after(rest, &["d"]).unwrap_or_default());
            true
        }
        "delete" => {
            let what = match after(rest, &["v"]) {
                Some(name) => format!("{key}\\{name}"),
                None => key.clone(),
            };
            run.set(&what, "deleted");
            true
        }
        _ => false,
    }
}

fn schtasks(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    if !words.iter().any(|it| is_switch(it, "create") || is_switch(it, "change")) {
        return Ok(false);
    }
    let name = after(words, &["tn"]).unwrap_or("without a name");
    let command = after(words, &["tr", "xml"]).unwrap_or_default().to_owned();
    run.set(&format!("task {name}"), &command);
    carried(run, &command)?;
    Ok(true)
}

/// The script in a command line that is started later.
pub(crate) fn carried(run: &mut Run<'_>, line: &str) -> Result<(), Stop> {
    let words = split(line);
    on_start_of_later(run, &words);
    match crate::command_line::nested(line) {
        Some(nested) => run.evaluate(nested.dialect, &nested.text),
        None => Ok(()),
    }
}

fn on_start_of_later(run: &mut Run<'_>, words: &[String]) {
    if words
        .first()
        .is_some_and(|it| matches!(program(it).as_str(), "mshta" | "regsvr32" | "msiexec"))
    {
        for url in words.iter().filter_map(|it| url_in(it)) {
            run.fetch(url, None);
        }
    }
}

fn service(run: &mut Run<'_>, words: &[String]) -> bool {
    let Some([verb, name]) = words.get(..2) else { return false };
    if !matches!(verb.to_ascii_lowercase().as_str(), "create" | "config") {
        return false;
    }
    let value = words.iter().enumerate().find_map(|(at, word)| {
        let lower = word.to_ascii_lowercase();
        let rest = lower.strip_prefix("binpath=")?;
        Some(if rest.is_empty() { words.get(at + 1)?.clone() } else { word.get(8..)?.to_owned() })
    });
    run.set(&format!("service {name}"), value.as_deref().unwrap_or_default());
    true
}

fn wmic(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    let lower: Vec<String> = words.iter().map(|it| it.to_ascii_lowercase()).collect();
    if let Some(url) = words
        .iter()
        .find(|it| it.to_ascii_lowercase().starts_with("/format:"))
        .and_then(|it| url_in(it))
    {
        run.fetch(url, None);
    }
    if let Some(node) = lower.iter().find_map(|it| it.strip_prefix("/node:")) {
        run.connect(node.trim_matches(['"', '\'']), Some(135));
    }
    let Some(at) = lower.iter().position(|it| it == "create") else { return Ok(false) };
    if !lower.iter().any(|it| it == "process") {
        return Ok(false);
    }
    let line = words.get(at + 1..).unwrap_or_default().join(" ");
    let line = line.trim_matches(['"', '\'']);
    run.start(line)?;
    Ok(!line.is_empty())
}

/// `ping`, `nslookup` and the like: the names that they ask for.
fn dial(run: &mut Run<'_>, words: &[String]) -> bool {
    let mut is_value = false;
    for word in words {
        if word.starts_with(['-', '/']) {
            is_value = ["n", "w", "l", "i", "v", "r", "s", "j", "k", "p"]
                .iter()
                .any(|it| is_switch(word, it));
        } else if std::mem::take(&mut is_value) || word.starts_with('>') {
        } else {
            run.connect(word, None);
            break;
        }
    }
    // A ping of the machine itself is how batch waits.
    run.wait();
    true
}

fn net(run: &mut Run<'_>, words: &[String]) -> bool {
    let verb = words.first().map(|it| it.to_ascii_lowercase());
    match verb.as_deref() {
        Some("use") => {
            let hosts: Vec<&str> = words.iter().filter_map(|it| share_host(it)).collect();
            for host in &hosts {
                run.connect(host, Some(445));
            }
            !hosts.is_empty()
        }
        Some("user") if words.iter().any(|it| is_switch(it, "add")) => {
            run.set("user", words.get(1).map_or("", String::as_str));
            true
        }
        _ => false,
    }
}

fn finger(run: &mut Run<'_>, words: &[String]) -> bool {
    let host = words.iter().find_map(|it| it.split_once('@')).map(|it| it.1);
    host.inspect(|it| run.connect(it, Some(79))).is_some()
}

fn tftp(run: &mut Run<'_>, words: &[String]) -> bool {
    let plain: Vec<&String> = words.iter().filter(|it| !it.starts_with('-')).collect();
    let [host, verb, file, to @ ..] = plain.as_slice() else { return false };
    if verb.eq_ignore_ascii_case("get") {
        let to = to.first().map_or(file.as_str(), |it| it.as_str());
        run.fetch(&format!("tftp://{host}/{file}"), Some(to));
    } else {
        run.connect(host, Some(69));
    }
    true
}

/// `ftp -s:FILE`: the commands in the file that the script wrote.
fn ftp(run: &mut Run<'_>, words: &[String]) -> bool {
    let script = words.iter().find_map(|it| it.strip_prefix("-s:"));
    let mut host = words.iter().find(|it| !it.starts_with('-')).cloned();
    if let Some(Content::Own(bytes)) = script.and_then(|it| run.file(it)) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match (words.next().map(str::to_ascii_lowercase).as_deref(), words.next()) {
                (Some("open"), Some(name)) => host = Some(name.to_owned()),
                (Some("get" | "recv" | "mget"), Some(file)) => {
                    let url = format!("ftp://{}/{file}", host.as_deref().unwrap_or_default());
                    run.fetch(&url, Some(words.next().unwrap_or(file)));
                }
                _ => {}
            }
        }
        return true;
    }
    host.inspect(|it| run.connect(it, Some(21))).is_some()
}
