//! Programs of Windows that fetch, and those that change what the system starts: what a command
//! line of theirs does. Facts are from the programs' own help and from the LOLBAS project.

use crate::com::{decode_hex, task_line};
use crate::command_line::{BASE64, find_ascii, program, split};
use crate::dialers;
use crate::run::{Content, Run, Stop, decode};
use base64::Engine as _;
use std::borrow::Cow;

/// Tells what a program does that is known; `false` for others, which are just started.
pub(crate) fn known(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    let Some((first, rest)) = words.split_first() else { return Ok(false) };
    Ok(match program(first).as_str() {
        "certutil" => certutil(run, rest)?,
        "bitsadmin" => bitsadmin(run, rest)?,
        "curl" => curl(run, rest),
        "wget" => wget(run, rest),
        "reg" => reg(run, rest),
        "schtasks" => schtasks(run, rest)?,
        "sc" => service(run, rest),
        "wmic" => wmic(run, rest)?,
        name @ ("ping" | "nslookup" | "tracert" | "pathping") => dial(run, name, rest),
        "net" | "net1" => net(run, rest),
        "finger" => finger(run, rest),
        "tftp" => tftp(run, rest),
        "ftp" => ftp(run, rest),
        "timeout" | "sleep" | "waitfor" => {
            run.wait();
            true
        }
        name => dialers::known(run, name, rest)?,
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
    dialers::shares(run, words);
    Ok(())
}

/// Starts the command line that stands in a word.
pub(crate) fn start_words(run: &mut Run<'_>, line: &str) -> Result<(), Stop> {
    run.start(line.trim().trim_matches('"'))
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

/// The host of `\\host\share`, and the port by which it is asked: that of SMB, or of a server of
/// the web: `\\host@SSL@8443\folder`. The share may stand behind another part of the word:
/// `location:\\host\share`, `file://host/share`.
pub(crate) fn share_of(word: &str) -> Option<(&str, u16)> {
    let start = word.find(r"\\").map(|at| (at, '\\'));
    let file = || find_ascii(word, "file://").map(|at| (at + 5, '/'));
    let (at, slash) = start.filter(|it| opens_share(&word[..it.0])).or_else(file)?;
    let rest = word.get(at + 2..)?;
    let (host, path) = rest.split_once([slash, '\\'])?;
    let mut parts = host.split('@');
    let host = parts.next().unwrap_or(host);
    let mut port = None;
    for part in parts {
        port =
            if part.eq_ignore_ascii_case("ssl") { Some(443) } else { part.parse().ok().or(port) };
    }
    let is_name = host.len() > 1
        && host != "localhost"
        && host.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'-' | b'_'))
        && host.bytes().any(|it| it.is_ascii_alphanumeric());
    (is_name && !path.is_empty()).then_some((host, port.unwrap_or(445)))
}

/// Whether two backslashes behind this begin a share: not those within a path.
fn opens_share(before: &str) -> bool {
    match before.trim_end_matches(['"', '\'']).chars().next_back() {
        None | Some('=' | ',' | ' ' | '(' | ';') => true,
        // A switch's value, not a drive: `/i:\\host`, `location:\\host`.
        Some(':') => before.len() > 2,
        Some(_) => false,
    }
}

pub(crate) fn is_switch(word: &str, name: &str) -> bool {
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
    let is_begin = |line: &[u8]| line.trim_ascii().starts_with(b"-----BEGIN");
    let lines = || bytes.split(|it| *it == b'\n');
    // A script may carry the certificate behind its own lines.
    let begin = lines().position(is_begin);
    let mut is_over = false;
    for line in lines().skip(begin.map_or(0, |it| it + 1)) {
        let line = line.trim_ascii();
        is_over |= begin.is_some() && line.starts_with(b"-----END");
        if is_over {
            break;
        }
        if !line.starts_with(b"-----") {
            bare.extend(line.iter().filter(|it| !it.is_ascii_whitespace()));
        }
    }
    BASE64.decode(&bare).unwrap_or_default()
}

fn bitsadmin(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    let mut is_known = false;
    for (at, word) in words.iter().enumerate() {
        if let Some(url) = url_in(word) {
            let to = words.get(at + 1).filter(|it| !it.starts_with('/') && url_in(it).is_none());
            run.fetch(url, to.map(String::as_str));
            is_known = true;
        } else if is_switch(word, "setnotifycmdline")
            && let Some(rest) = words.get(at + 2..)
        {
            let line = rest.join(" ");
            run.set("bitsadmin notify", &line);
            carried(run, &line)?;
            is_known = true;
        }
    }
    Ok(is_known)
}

/// Letters of curl's short flags that are followed by a value.
const CURL_VALUES: &str = "oXHdFuAebcCDEKmPQrtTUwxyYz";

/// The words of a file of options that the script wrote for curl: `url = "..."`.
fn curl_options(run: &Run<'_>, words: &[String]) -> Vec<String> {
    let glued = words.iter().find_map(|it| it.strip_prefix("--config="));
    let Some(path) = glued.or_else(|| {
        let at = words.iter().position(|it| it == "-K" || it == "--config")?;
        words.get(at + 1).map(String::as_str)
    }) else {
        return Vec::new();
    };
    let Some(Content::Own(bytes)) = run.file(path) else { return Vec::new() };
    let text = decode(bytes);
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    let words = lines.take(256).flat_map(|line| {
        let (name, value) = line.split_once(['=', ' ', ':']).unwrap_or((line, ""));
        let value = value.trim().trim_start_matches('=').trim().trim_matches('"');
        let name = name.trim();
        let name = if name.starts_with('-') { name.to_owned() } else { format!("--{name}") };
        [name, value.to_owned()].into_iter().filter(|it| !it.is_empty())
    });
    words.collect()
}

fn curl(run: &mut Run<'_>, words: &[String]) -> bool {
    let options = curl_options(run, words);
    let words = if options.is_empty() {
        Cow::Borrowed(words)
    } else {
        Cow::Owned([words, options.as_slice()].concat())
    };
    let (mut urls, mut to, mut remote) = (Vec::new(), None, false);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let (long, glued) = match long.split_once('=') {
                Some((long, value)) => (long, Some(value)),
                None => (long, None),
            };
            let mut value = || glued.or_else(|| words.next());
            match long {
                "output" => to = value(),
                "url" => urls.extend(value()),
                "remote-name" => remote = true,
                "referer" | "user-agent" => {
                    if let Some(value) = value() {
                        run.beside(value);
                    }
                }
                "request" | "header" | "data" | "user" | "form" | "form-string" | "data-binary"
                | "data-raw" | "data-urlencode" | "data-ascii" | "json" | "cookie"
                | "cookie-jar" | "proxy" | "proxy-user" | "max-time" | "retry" | "retry-delay"
                | "retry-max-time" | "connect-timeout" | "upload-file" | "output-dir"
                | "resolve" | "cacert" | "cert" | "key" | "limit-rate" | "range" | "max-redirs"
                | "write-out" | "config" | "interface" | "oauth2-bearer" | "speed-limit"
                | "speed-time" | "stderr" | "dump-header" | "continue-at" | "max-filesize"
                | "proto" | "proto-default" | "ciphers" | "time-cond" => {
                    value();
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
    urls.retain(|it| is_place(it));
    for url in &urls {
        let url = with_scheme(url);
        let name = Some(name_of_url(&url)).filter(|it| remote && !it.is_empty());
        run.fetch(&url, to.or(name));
    }
    !urls.is_empty()
}

/// Whether a word is a URL, or a host with or without a path.
fn is_place(word: &str) -> bool {
    let word = word.trim_matches('\'');
    let host = word.split(['/', ':', '?']).next().unwrap_or(word);
    let is_host = host.contains('.')
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && host.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_[]".contains(&it));
    word.contains("://") || is_host
}

/// A URL as programs complete it that take `host/path` for one, without quotes that are left.
fn with_scheme(url: &str) -> String {
    let url = url.trim_matches('\'');
    if url.contains("://") { url.to_owned() } else { format!("http://{url}") }
}

/// Flags of wget that are followed by a value.
const WGET_VALUES: &[&str] = &[
    "-O",
    "-o",
    "-P",
    "-U",
    "-t",
    "-T",
    "-a",
    "-e",
    "-w",
    "-Q",
    "-A",
    "-R",
    "-D",
    "-i",
    "--user-agent",
    "--header",
    "--referer",
    "--tries",
    "--timeout",
    "--user",
    "--password",
    "--post-data",
    "--directory-prefix",
    "--output-file",
];

fn wget(run: &mut Run<'_>, words: &[String]) -> bool {
    let (mut urls, mut to) = (Vec::new(), None);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(path) = word.strip_prefix("--output-document") {
            to = path.strip_prefix('=').or_else(|| words.next());
        } else if let Some(agent) =
            ["--user-agent=", "--referer="].iter().find_map(|it| word.strip_prefix(it))
        {
            run.beside(agent);
        } else if WGET_VALUES.contains(&word) {
            let value = words.next();
            if word == "-O" {
                to = value;
            }
        } else if word.starts_with('-') {
            // `-qO a.exe`, `-Oa.exe`
            let letters = word.trim_start_matches('-');
            if let (false, Some(at)) = (word.starts_with("--"), letters.find('O')) {
                to = Some(&letters[at + 1..]).filter(|it| !it.is_empty()).or_else(|| words.next());
            }
        } else if is_place(word) {
            urls.push(word);
        }
    }
    let to = to.filter(|it| *it != "-");
    for url in &urls {
        let url = with_scheme(url);
        run.fetch(&url, to.or(Some(name_of_url(&url)).filter(|it| !it.is_empty())));
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

/// What `reg query` shows of what the script itself set.
pub(crate) fn reg_query(run: &Run<'_>, words: &[String]) -> String {
    let Some(key) = words.first() else { return String::new() };
    let shown = |name: &str, value: &str| format!("    {name}    REG_SZ    {value}\r\n");
    let listed: String = match after(words, &["v"]) {
        Some(name) => {
            run.setting(&format!("{key}\\{name}")).map(|it| shown(name, it)).unwrap_or_default()
        }
        None if words.iter().any(|it| is_switch(it, "ve")) => {
            run.setting(key).map(|it| shown("(Default)", it)).unwrap_or_default()
        }
        None => run.settings_of(key).iter().map(|(name, value)| shown(name, value)).collect(),
    };
    if listed.is_empty() { listed } else { format!("\r\n{key}\r\n{listed}\r\n") }
}

fn schtasks(run: &mut Run<'_>, words: &[String]) -> Result<bool, Stop> {
    if !words.iter().any(|it| is_switch(it, "create") || is_switch(it, "change")) {
        return Ok(false);
    }
    let name = after(words, &["tn"]).unwrap_or("without a name");
    let definition = after(words, &["xml"]).and_then(|it| match run.file(it) {
        Some(Content::Own(bytes)) => task_line(&decode(bytes)),
        _ => None,
    });
    let command =
        definition.unwrap_or_else(|| after(words, &["tr", "xml"]).unwrap_or_default().to_owned());
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
fn dial(run: &mut Run<'_>, name: &str, words: &[String]) -> bool {
    let (mut is_value, mut is_asked) = (false, false);
    for word in words {
        if word.starts_with(['-', '/']) {
            is_value = ["n", "w", "l", "i", "v", "r", "s", "j", "k", "p"]
                .iter()
                .any(|it| is_switch(word, it));
        } else if std::mem::take(&mut is_value) || word.starts_with('>') {
        } else if !is_asked {
            run.connect(word, None);
            is_asked = true;
        } else {
            // `nslookup NAME SERVER`
            if name == "nslookup" {
                run.connect(word, Some(53));
            }
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
        Some("use" | "view") => dialers::net_use(run, words),
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
    let script = words.iter().find_map(|it| {
        let (name, file) = it.split_once(':')?;
        is_switch(name, "s").then(|| file.trim_matches('"'))
    });
    let mut plain = words.iter().filter(|it| !it.starts_with('-'));
    let mut place = plain.next().map(|host| ftp_place(host, plain.next().map(String::as_str)));
    let Some(Content::Own(bytes)) = script.and_then(|it| run.file(it)) else {
        return match place {
            Some(place) => {
                let (host, port) = place.split_once(':').unwrap_or((&place, "21"));
                run.connect(host, port.parse().ok());
                true
            }
            None => false,
        };
    };
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut folder = String::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().map(str::to_ascii_lowercase);
        match (verb.as_deref(), words.next()) {
            (Some("open"), Some(name)) => {
                place = Some(ftp_place(name, words.next()));
                folder.clear();
            }
            (Some("cd"), Some(path)) if folder.len() + path.len() < 4096 => {
                if path.starts_with('/') {
                    folder.clear();
                }
                folder.push_str(path.trim_matches(['/', '"']));
                folder.push('/');
            }
            (Some("get" | "recv" | "mget"), Some(file)) => {
                let host = place.as_deref().unwrap_or_default();
                let path = if file.starts_with('/') {
                    file.trim_start_matches('/').to_owned()
                } else {
                    format!("{}{file}", folder.trim_start_matches('/'))
                };
                run.fetch(&format!("ftp://{host}/{path}"), Some(words.next().unwrap_or(file)));
            }
            (Some("put" | "send" | "mput"), Some(_)) => {
                let place = place.as_deref().unwrap_or_default();
                let (host, port) = place.split_once(':').unwrap_or((place, "21"));
                run.connect(host, port.parse().ok());
            }
            _ => {}
        }
    }
    true
}

/// `host` or `host:port`, without the port that is meant anyway.
fn ftp_place(host: &str, port: Option<&str>) -> String {
    match port.and_then(|it| it.parse::<u16>().ok()).filter(|it| *it != 21) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
