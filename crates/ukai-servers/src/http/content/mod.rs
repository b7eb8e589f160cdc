//! What sites have: by what is known of some of them, by path, and by extension. All of it
//! is made here, and harmless.

mod archives;
pub(super) mod checks;
mod documents;
pub(super) mod html;
pub(super) mod methods;
pub(super) mod paths;
pub(super) mod programs;
mod scripts;
pub(super) mod services;
pub(super) mod updates;
pub(super) mod whoami;

use super::answer::Answer;
use super::request::{Request, Version};
use super::text;
use bytes::Bytes;
use std::net::SocketAddr;
use ukai_model::Timestamp;

/// The media type of files with this extension, as far as such files can be made.
pub(super) fn media_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "html" | "htm" | "shtml" => "text/html; charset=utf-8",
        "css" => "text/css",
        "js" | "mjs" => "application/javascript",
        "json" | "map" => "application/json",
        "xml" | "xsl" | "rss" | "atom" => "application/xml",
        "txt" | "text" | "log" | "md" | "ini" | "cfg" | "conf" | "list" | "lst" => {
            "text/plain; charset=utf-8"
        }
        "csv" => "text/csv",
        "gif" => "image/gif",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "ico" => "image/x-icon",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "wav" => "audio/x-wav",
        "zip" => "application/zip",
        "jar" => "application/java-archive",
        "apk" => "application/vnd.android.package-archive",
        "gz" => "application/gzip",
        "tgz" => "application/x-compressed-tar",
        "tar" => "application/x-tar",
        "bz2" => "application/x-bzip2",
        "7z" => "application/x-7z-compressed",
        "rar" => "application/vnd.rar",
        "cab" => "application/vnd.ms-cab-compressed",
        "exe" | "scr" | "com" | "cpl" | "dll" | "ocx" | "sys" | "pif" => "application/x-msdownload",
        "sh" | "bash" => "application/x-sh",
        "ps1" | "psm1" | "bat" | "cmd" | "vbs" | "vbe" | "jse" | "wsf" | "hta" | "py" | "rb" => {
            scripts::media_type(extension)
        }
        "pdf" => "application/pdf",
        "doc" | "dot" | "rtf" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pac" => "application/x-ns-proxy-autoconfig",
        "bin" | "dat" | "raw" | "img" | "iso" | "dmg" | "enc" | "db" | "elf" | "so" | "out"
        | "run" | "o" => "application/octet-stream",
        _ => return programs::machine(extension).map(|_| "application/octet-stream"),
    })
}

/// A file with this extension.
pub(super) fn by_extension(extension: &str, request: &Request<'_>) -> Option<Answer> {
    let media_type = media_type(extension)?;
    let body: Bytes = match extension {
        "html" | "htm" | "shtml" => return Some(html::page(request)),
        "css" => html::CSS.into(),
        "js" | "mjs" => html::JS.into(),
        "json" | "map" => return Some(html::json(request)),
        "xml" | "xsl" => html::XML.into(),
        "rss" | "atom" => html::feed(request).into(),
        "csv" => "id,name,value\r\n1,alpha,10\r\n2,beta,20\r\n3,gamma,30\r\n".into(),
        "gif" => Bytes::from_static(include_bytes!("../../../assets/picture.gif")),
        "png" => Bytes::from_static(include_bytes!("../../../assets/picture.png")),
        "jpg" | "jpeg" => Bytes::from_static(include_bytes!("../../../assets/picture.jpg")),
        "ico" => Bytes::from_static(include_bytes!("../../../assets/favicon.ico")),
        "webp" => Bytes::from_static(include_bytes!("../../../assets/picture.webp")),
        "svg" => html::svg(request).into(),
        "wav" => documents::wav(),
        "zip" | "jar" | "apk" => archives::zip(),
        "gz" if request.file_name().ends_with(".tar.gz") => archives::tgz(),
        "gz" => archives::gz(),
        "tgz" => archives::tgz(),
        "tar" => archives::tar(),
        "bz2" => archives::bz2(),
        "7z" => archives::SEVEN_ZIP.into(),
        "rar" => archives::RAR.into(),
        "cab" => archives::cab(),
        "exe" | "scr" | "com" | "cpl" | "dll" | "ocx" | "sys" | "pif" => {
            programs::windows(extension, request)
        }
        "pdf" => documents::pdf(request).into(),
        "doc" | "dot" | "rtf" => documents::RTF.into(),
        "docx" => documents::docx(),
        "xlsx" => documents::xlsx(),
        "pac" => paths::PROXY_CONFIGURATION.into(),
        "bin" | "dat" | "raw" | "img" | "iso" | "dmg" | "enc" | "db" => {
            noise(text::number(request.path))
        }
        "elf" | "so" | "out" | "run" | "o" => {
            let machine = programs::machine_of(&request.file_name());
            programs::linux(machine.unwrap_or(programs::Machine::X86_64))
        }
        "txt" | "text" | "log" | "md" | "ini" | "cfg" | "conf" | "list" | "lst" => {
            return Some(Answer::file(media_type, html::plain(request)));
        }
        _ => match scripts::script(extension) {
            Some(script) => script.into(),
            None => programs::linux(programs::machine(extension)?),
        },
    };
    Some(Answer::file(media_type, body))
}

/// A file of that name where no request says what is wanted, as over FTP and TFTP: by its
/// extension, else by the machine that the name speaks of, else something unreadable.
pub fn file_named(name: &str, local: SocketAddr, now: Timestamp) -> Bytes {
    let path = format!("/{name}");
    let request = Request {
        method: "GET",
        target: path.as_bytes(),
        version: Version::Http10,
        secure: false,
        host: local.ip().to_string().into(),
        path: path.as_bytes(),
        query: b"",
        headers: &[],
        head: b"",
        body: b"",
        body_size: 0,
        peer: local,
        local,
        now,
    };
    let name = request.file_name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    by_extension(extension, &request)
        .or_else(|| programs::by_name(&name))
        .map_or_else(|| noise(text::number(request.path)), |answer| answer.body)
}

/// Bytes that look like something packed or encrypted; the same for the same number.
fn noise(number: u64) -> Bytes {
    const NOISE_BYTES: usize = 4_096;
    let mut state = number | 1;
    let mut out = Vec::with_capacity(NOISE_BYTES);
    while out.len() < NOISE_BYTES {
        // Xorshift (Marsaglia, 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.into()
}
