//! Pages as sites have them: small, plausible, and different from site to site.

use crate::http::answer::Answer;
use crate::http::request::Request;
use crate::http::text::{self, escaped};
use std::fmt::Write as _;

/// The style sheet of all pages.
pub(super) const CSS: &str = "*{box-sizing:border-box}\nbody{margin:0;font:16px/1.6 system-ui,\
    -apple-system,\"Segoe UI\",Roboto,sans-serif;color:#222;background:#fafafa}\n\
    header,main,footer{max-width:60rem;margin:0 auto;padding:1rem}\n\
    nav a{margin-right:1rem;color:#2463a8;text-decoration:none}\n\
    nav a:hover{text-decoration:underline}\nh1{font-size:1.8rem;margin:.5rem 0}\n\
    footer{color:#777;font-size:.85rem;border-top:1px solid #ddd}\n";

/// The script of all pages.
pub(super) const JS: &str = "(function () {\n  \"use strict\";\n  \
    document.addEventListener(\"DOMContentLoaded\", function () {\n    \
    document.documentElement.className += \" js\";\n  });\n})();\n";

/// A document of XML.
pub(crate) const XML: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<response><status>ok</status></response>\n";

const TOPICS: [(&str, &str, [&str; 3]); 8] = [
    (
        "News",
        "Local stories, weather and sport, updated through the day.",
        ["Latest", "Politics", "Sport"],
    ),
    (
        "Shop",
        "Order today and have it delivered within three working days.",
        ["Products", "Offers", "Delivery"],
    ),
    (
        "Software",
        "Downloads, release notes and support for all current versions.",
        ["Download", "Documentation", "Support"],
    ),
    (
        "Consulting",
        "We help small and medium businesses to plan and run their projects.",
        ["Services", "Team", "References"],
    ),
    ("Blog", "Notes on travel, cooking and photography.", ["Archive", "Tags", "About"]),
    (
        "Community",
        "Join the discussion: questions, answers and regular meetings.",
        ["Forum", "Members", "Events"],
    ),
    (
        "Hosting",
        "Fast servers, daily backups and friendly people on the phone.",
        ["Plans", "Status", "Contact"],
    ),
    ("Studio", "Design, print and web from one house.", ["Work", "Prices", "Contact"]),
];

/// The name of a site by its host: `www.some-shop.example` is `Some Shop`.
fn site_name(host: &str) -> String {
    if host.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':')) {
        return "Welcome".to_owned();
    }
    let labels: Vec<&str> = host.split('.').collect();
    let main = match labels.as_slice() {
        [.., second, "co" | "com" | "org" | "net" | "ac", country] if country.len() == 2 => second,
        [.., second, _] => second,
        [one] => one,
        [] => "",
    };
    let mut name = String::with_capacity(main.len());
    for word in main.split(['-', '_']).filter(|word| !word.is_empty()) {
        if !name.is_empty() {
            name.push(' ');
        }
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    name
}

/// A page of HTML.
pub(crate) fn page(request: &Request<'_>) -> Answer {
    let number = text::number(request.host.as_bytes());
    let (topic, line, links) = TOPICS[number as usize % TOPICS.len()];
    let name = site_name(&request.host);
    let name = escaped(&name);
    let path = request.decoded_path();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default();
    let heading = if stem.is_empty() || matches!(stem, "index" | "default") {
        format!("Welcome to {name}")
    } else {
        escaped(&stem.replace(['-', '_'], " ")).into_owned()
    };
    let [first, second, third] = links;
    let since = 1998 + number / 7 % 22;
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{heading} - {name} {topic}</title>\n\
         <meta name=\"description\" content=\"{line}\">\n\
         <link rel=\"icon\" href=\"/favicon.ico\">\n\
         <link rel=\"stylesheet\" href=\"/assets/site.css\">\n\
         <script src=\"/assets/site.js\" defer></script>\n</head>\n<body>\n\
         <header><img src=\"/assets/logo.svg\" alt=\"{name}\" width=\"48\" height=\"48\">\n\
         <nav><a href=\"/\">Home</a><a href=\"/{first_path}/\">{first}</a>\
         <a href=\"/{second_path}/\">{second}</a><a href=\"/{third_path}/\">{third}</a></nav></header>\n\
         <main>\n<h1>{heading}</h1>\n<p>{line}</p>\n\
         <p><img src=\"/assets/picture.jpg\" alt=\"\" width=\"96\" height=\"64\"></p>\n\
         <form action=\"/search\" method=\"get\"><input type=\"search\" name=\"q\">\
         <button>Search</button></form>\n</main>\n\
         <footer>&copy; {since}-2026 {name} &middot; <a href=\"/privacy\">Privacy</a></footer>\n\
         </body>\n</html>\n",
        first_path = first.to_ascii_lowercase(),
        second_path = second.to_ascii_lowercase(),
        third_path = third.to_ascii_lowercase(),
    );
    Answer::html(body)
}

/// What an interface of programs says when all is well.
pub(crate) fn json(request: &Request<'_>) -> Answer {
    let number = text::number(request.path);
    Answer::json(format!(
        "{{\"status\":\"ok\",\"success\":true,\"id\":\"{number:016x}\",\"timestamp\":{},\"data\":{{}}}}",
        request.now.secs()
    ))
}

/// A text of some lines.
pub(super) fn plain(request: &Request<'_>) -> String {
    let number = text::number(request.path);
    format!(
        "version=1.4.{}\nstatus=ok\nupdated={}\n",
        number % 20,
        request.now.secs() / 86_400 * 86_400
    )
}

/// A logo by the host's name.
pub(super) fn svg(request: &Request<'_>) -> String {
    let number = text::number(request.host.as_bytes());
    let name = site_name(&request.host);
    let letter = name.chars().next().filter(char::is_ascii_alphanumeric).unwrap_or('W');
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"48\" height=\"48\" viewBox=\"0 0 48 48\">\
         <rect width=\"48\" height=\"48\" rx=\"8\" fill=\"hsl({},60%,40%)\"/>\
         <text x=\"24\" y=\"33\" font-family=\"sans-serif\" font-size=\"26\" fill=\"#fff\" \
         text-anchor=\"middle\">{letter}</text></svg>\n",
        number % 360
    )
}

/// A feed with one entry.
pub(super) fn feed(request: &Request<'_>) -> String {
    let (name, host) = (site_name(&request.host), escaped(&request.host));
    let name = escaped(&name);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>\
         <title>{name}</title><link>http://{host}/</link><description>{name}</description>\
         <item><title>Welcome</title><link>http://{host}/welcome</link>\
         <guid>http://{host}/welcome</guid></item></channel></rss>\n"
    )
}

/// Results of a search engine.
pub(super) fn results(request: &Request<'_>, engine: &str, words: &str) -> Answer {
    let words = escaped(words);
    let slug: String =
        words.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let slug = slug.trim_matches('-').to_ascii_lowercase();
    let number = text::number(request.query);
    let mut body = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{words} - {engine}\
         </title></head><body><form action=\"{}\"><input name=\"q\" value=\"{words}\"></form>\
         <div id=\"result-stats\">About {} results</div><div id=\"search\">",
        escaped(&request.decoded_path()),
        10_000 + number % 9_000_000
    );
    for (index, place) in [
        "en.wikipedia.org/wiki",
        "www.reddit.com/r",
        "stackoverflow.com/questions",
        "medium.com/@notes",
        "github.com/topics",
    ]
    .iter()
    .enumerate()
    {
        let _ = write!(
            body,
            "<div class=\"g\"><a href=\"https://{place}/{slug}\"><h3>{words} ({})</h3></a>\
             <span>What there is to know about {words}.</span></div>",
            index + 1
        );
    }
    body.push_str("</div></body></html>\n");
    Answer { chunked: true, ..Answer::html(body) }
}
