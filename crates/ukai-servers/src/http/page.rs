//! What is found at an address of the web.

use super::answer::Answer;
use super::request::Request;
use super::sites::Sites;
use super::{content, forms, text};
use std::net::IpAddr;

/// The answer to a request: the user's own, that of a site which programs know by name,
/// or one by path and by what the client takes. It depends on nothing but its arguments.
pub fn page(request: &Request<'_>, sites: &Sites) -> Answer {
    let public = sites.public.address(request.peer.ip());
    sites
        .rules
        .iter()
        .find_map(|rule| rule.answer(request, public))
        .or_else(|| tracker(request))
        .or_else(|| content::methods::answer(request))
        .or_else(|| forms::answer(request))
        .or_else(|| content::checks::answer(request))
        .or_else(|| content::whoami::answer(request, sites))
        .or_else(|| content::updates::answer(request))
        .or_else(|| content::services::answer(request))
        .or_else(|| content::paths::answer(request))
        .unwrap_or_else(|| by_path(request))
}

/// BitTorrent's tracker, whatever its host.
fn tracker(request: &Request<'_>) -> Option<Answer> {
    let body = crate::tracker(request.target, request.peer)?;
    Some(Answer::of("text/plain", body))
}

fn by_path(request: &Request<'_>) -> Answer {
    let name = request.file_name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if let Some(answer) = content::by_extension(extension, request) {
        return answer;
    }
    let dynamic = matches!(extension, "php" | "asp" | "aspx" | "jsp" | "cgi" | "do" | "pl");
    if extension.is_empty()
        && let Some(program) = content::programs::by_name(&name)
    {
        return program;
    }
    if request.accepts("text/event-stream") {
        // A stream of events on which nothing happens yet.
        return Answer::of("text/event-stream", "retry: 15000\n\n");
    }
    if request.header_has("content-type", "application/grpc") {
        // What servers of gRPC say to calls that they do not know.
        return Answer::of("application/grpc", "")
            .with("grpc-status", "12")
            .with("grpc-message", "unknown service");
    }
    let sends_json = request.header_has("content-type", "json");
    let api = sends_json
        || request.path.windows(5).any(|window| window == b"/api/")
        || request.host.starts_with("api.");
    if request.accepts("text/html") {
        content::html::page(request)
    } else if request.accepts("json") || api {
        content::html::json(request)
    } else if request.accepts("image/") {
        content::by_extension("png", request).unwrap_or_default()
    } else if request.accepts("text/plain") {
        Answer::text("OK\n")
    } else if request.accepts("/xml") {
        Answer::of("application/xml", content::html::XML)
    } else if request.method == "POST" && dynamic && !request.accepts("html") {
        Answer::of("text/html; charset=utf-8", "OK")
    } else {
        content::html::page(request)
    }
}

/// The name by which a site's server goes.
pub(super) fn server_of(host: &str) -> &'static str {
    const SERVERS: [&str; 8] = [
        "nginx",
        "Apache",
        "nginx/1.24.0 (Ubuntu)",
        "Apache/2.4.58 (Ubuntu)",
        "nginx/1.22.1",
        "Apache/2.4.62 (Debian)",
        "LiteSpeed",
        "Microsoft-IIS/10.0",
    ];
    if host.parse::<IpAddr>().is_ok() {
        return "nginx";
    }
    SERVERS[(text::number(host.as_bytes()) >> 32) as usize % SERVERS.len()]
}
