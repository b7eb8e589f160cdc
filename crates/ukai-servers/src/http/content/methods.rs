//! Methods that are answered whatever the address: WebDAV (RFC 4918) and what browsers
//! ask before they ask.

use crate::http::answer::Answer;
use crate::http::core::http_date;
use crate::http::request::Request;
use crate::http::text::{self, escaped};

/// An answer by method alone.
pub(crate) fn answer(request: &Request<'_>) -> Option<Answer> {
    const ALLOW: &str = "OPTIONS, GET, HEAD, POST, PUT, DELETE, PROPFIND, PROPPATCH, MKCOL, COPY, \
                         MOVE, LOCK, UNLOCK";
    Some(match request.method {
        "OPTIONS" if request.header("access-control-request-method").is_some() => {
            preflight(request)
        }
        "OPTIONS" => {
            Answer::empty(200).with("Allow", ALLOW).with("DAV", "1, 2").with("MS-Author-Via", "DAV")
        }
        "PUT" if takes_files(&request.host) => return None,
        "DELETE" | "UNLOCK" => Answer::empty(204),
        "PATCH" => Answer::json("{\"status\":\"ok\",\"success\":true}".to_owned()),
        "PUT" | "MKCOL" | "COPY" | "MOVE" => Answer::error(201),
        "PROPFIND" => multi_status(request, &properties(request)),
        "PROPPATCH" => multi_status(
            request,
            "<D:propstat><D:prop/><D:status>HTTP/1.1 200 OK</D:status></D:propstat>",
        ),
        "LOCK" => lock(request),
        "TRACE" | "TRACK" => Answer::error(405),
        _ => return None,
    })
}

/// Hosts that answer a file that is put there with where it lies now.
fn takes_files(host: &str) -> bool {
    matches!(host, "transfer.sh" | "bashupload.com" | "oshi.at" | "temp.sh" | "free.keep.sh")
}

fn preflight(request: &Request<'_>) -> Answer {
    let text = |name, default: &str| {
        let value = request.header(name).map(String::from_utf8_lossy);
        let value = value.unwrap_or(default.into());
        value.chars().filter(|c| !c.is_control()).collect::<String>()
    };
    Answer::empty(204)
        .with("Access-Control-Allow-Origin", text("origin", "*"))
        .with("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        .with("Access-Control-Allow-Headers", text("access-control-request-headers", "*"))
        .with("Access-Control-Max-Age", "86400")
}

fn xml(status: u16, body: String) -> Answer {
    Answer::of("application/xml; charset=utf-8", body).status(status)
}

fn multi_status(request: &Request<'_>, inside: &str) -> Answer {
    let path = String::from_utf8_lossy(request.path);
    let path = escaped(&path);
    xml(
        207,
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\
             <D:response><D:href>{path}</D:href>{inside}</D:response></D:multistatus>\n"
        ),
    )
}

fn properties(request: &Request<'_>) -> String {
    let path = request.decoded_path();
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = escaped(name);
    let is_file = !path.ends_with('/') && name.contains('.');
    let kind = if is_file {
        "<D:resourcetype/><D:getcontentlength>4096</D:getcontentlength>"
    } else {
        "<D:resourcetype><D:collection/></D:resourcetype>"
    };
    let day = ukai_model::Timestamp::from_secs(request.now.secs() / 86_400 * 86_400);
    format!(
        "<D:propstat><D:prop><D:displayname>{name}</D:displayname>{kind}\
         <D:creationdate>2024-03-11T08:12:45Z</D:creationdate>\
         <D:getlastmodified>{}</D:getlastmodified>\
         <D:supportedlock><D:lockentry><D:lockscope><D:exclusive/></D:lockscope>\
         <D:locktype><D:write/></D:locktype></D:lockentry></D:supportedlock></D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat>",
        http_date(day)
    )
}

fn lock(request: &Request<'_>) -> Answer {
    let number = text::number(request.path);
    let token = format!("opaquelocktoken:{:08x}-4f1b-11ee-be56-0242ac120002", number as u32);
    let path = String::from_utf8_lossy(request.path);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\"><D:lockdiscovery>\
         <D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:exclusive/></D:lockscope>\
         <D:depth>infinity</D:depth><D:timeout>Second-3600</D:timeout><D:locktoken><D:href>{token}\
         </D:href></D:locktoken><D:lockroot><D:href>{}</D:href></D:lockroot></D:activelock>\
         </D:lockdiscovery></D:prop>\n",
        escaped(&path)
    );
    xml(200, body).with("Lock-Token", format!("<{token}>"))
}
