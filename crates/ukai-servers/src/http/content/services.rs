//! Sites whose interfaces programs know by heart: where code, texts and files are kept,
//! where messages are left, where one searches.

use super::updates::is_of;
use super::{by_extension, html, media_type};
use crate::http::answer::Answer;
use crate::http::core::iso_date;
use crate::http::request::Request;
use crate::http::text::{self, json};
use std::borrow::Cow;

/// The answer of such a site.
pub(crate) fn answer(request: &Request<'_>) -> Option<Answer> {
    let host = &*request.host;
    let path = request.decoded_path();
    match host {
        "api.telegram.org" => telegram(request, &path),
        "discord.com" | "discordapp.com" | "ptb.discord.com" | "canary.discord.com" => {
            discord(request, &path)
        }
        "hooks.slack.com" => Some(Answer::of("text/html", "ok")),
        "slack.com" if path.starts_with("/api/") => {
            Some(Answer::json("{\"ok\":true,\"ts\":\"1700000000.000100\"}".to_owned()))
        }
        "api.github.com" => github(request, &path),
        "raw.githubusercontent.com"
        | "gist.githubusercontent.com"
        | "objects.githubusercontent.com"
        | "raw.github.com" => Some(raw(request)),
        "github.com" if path.contains("/raw/") || path.contains("/releases/download/") => {
            Some(raw(request))
        }
        "pastebin.com" => match &*path {
            "/api/api_post.php" => Some(Answer::of(
                "text/html; charset=UTF-8",
                format!("https://pastebin.com/{}", name_of(request, 8)),
            )),
            "/api/api_login.php" => Some(Answer::of(
                "text/html; charset=UTF-8",
                format!("{:032x}", u128::from(number(request))),
            )),
            _ if path.starts_with("/raw") || path.starts_with("/dl/") => Some(paste(request)),
            _ => None,
        },
        "paste.ee" | "hastebin.com" | "rentry.co" | "rentry.org" | "controlc.com"
        | "ghostbin.com" | "dpaste.com" | "dpaste.org" | "paste.rs" | "termbin.com" | "ix.io"
        | "sprunge.us" | "nopaste.net" | "pastie.io" | "textbin.net" => match request.method {
            "GET" | "HEAD" if path.contains("/raw") || host != "paste.ee" => Some(paste(request)),
            "POST" | "PUT" if path == "/documents" => {
                Some(Answer::json(format!("{{\"key\":\"{}\"}}", name_of(request, 10))))
            }
            "POST" | "PUT" => {
                Some(Answer::text(format!("https://{host}/{}\n", name_of(request, 8))))
            }
            _ => None,
        },
        "transfer.sh"
        | "0x0.st"
        | "bashupload.com"
        | "oshi.at"
        | "temp.sh"
        | "free.keep.sh"
        | "litterbox.catbox.moe"
        | "catbox.moe"
        | "uguu.se"
            if matches!(request.method, "PUT" | "POST") =>
        {
            let name = request.file_name();
            let name = if name.is_empty() { "file.bin" } else { &name };
            let link = format!("https://{host}/{}/{name}\n", name_of(request, 8));
            Some(Answer::text(link))
        }
        "file.io" | "api.anonfiles.com" | "store1.gofile.io" | "api.gofile.io"
        | "pixeldrain.com" | "upload.gofile.io" | "api.bayfiles.com" => {
            Some(file_store(request, host, &path))
        }
        _ if is_of(host, "gofile.io") => Some(file_store(request, host, &path)),
        _ => search(request, host, &path),
    }
}

fn number(request: &Request<'_>) -> u64 {
    text::number(request.body) ^ text::number(request.path).rotate_left(17) ^ request.now.secs()
}

/// A name as such sites give them to what they keep.
fn name_of(request: &Request<'_>, length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = number(request);
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            LETTERS[(state >> 58) as usize % LETTERS.len()] as char
        })
        .collect()
}

/// A file as it lies in a repository: text, if nothing says otherwise.
fn raw(request: &Request<'_>) -> Answer {
    let name = request.file_name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let made = by_extension(extension, request)
        .or_else(|| super::programs::by_name(&name))
        .unwrap_or_else(|| Answer::file("text/plain", html::plain(request)));
    let is_text = media_type(extension).is_none_or(|kind| kind.starts_with("text/"));
    let content_type =
        if is_text { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    Answer { content_type: content_type.into(), ..made }
        .with("X-Content-Type-Options", "nosniff")
        .with("Access-Control-Allow-Origin", "*")
}

fn paste(request: &Request<'_>) -> Answer {
    Answer::text(html::plain(request))
}

fn file_store(request: &Request<'_>, host: &str, path: &str) -> Answer {
    let name = name_of(request, 10);
    let link = format!("https://{host}/d/{name}");
    Answer::json(if path.ends_with("getServer") || path.ends_with("/servers") {
        "{\"status\":\"ok\",\"data\":{\"server\":\"store1\",\"servers\":[{\"name\":\"store1\",\
         \"zone\":\"na\"}]}}"
            .to_owned()
    } else {
        format!(
            "{{\"success\":true,\"status\":\"ok\",\"id\":\"{name}\",\"key\":\"{name}\",\"link\":\"{link}\",\
             \"data\":{{\"downloadPage\":\"{link}\",\"code\":\"{name}\",\"file\":{{\"url\":\
             {{\"full\":\"{link}\",\"short\":\"{link}\"}}}}}}}}"
        )
    })
}

/// The Bot API: what a bot says is taken, and nobody talks to it.
fn telegram(request: &Request<'_>, path: &str) -> Option<Answer> {
    let (token, method) = path.strip_prefix("/bot")?.split_once('/')?;
    let id: u64 = token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(6_112_233_445);
    let bot = format!(
        "\"id\":{id},\"is_bot\":true,\"first_name\":\"helper\",\"username\":\"helper_{}_bot\"",
        id % 10_000
    );
    let asked = |name: &str| {
        request.parameter(name).or_else(|| text::parameter(request.body, name)).map(Cow::into_owned)
    };
    let result = match method.to_ascii_lowercase().as_str() {
        "getme" => format!(
            "{{{bot},\"can_join_groups\":true,\"can_read_all_group_messages\":false,\
             \"supports_inline_queries\":false}}"
        ),
        "getupdates" | "getmycommands" => "[]".to_owned(),
        "getwebhookinfo" => {
            "{\"url\":\"\",\"has_custom_certificate\":false,\"pending_update_count\":0}".to_owned()
        }
        "getfile" => "{\"file_id\":\"BQACAgI\",\"file_unique_id\":\"AgADxQ\",\"file_size\":4096,\
             \"file_path\":\"documents/file_1.bin\"}"
            .to_owned(),
        send if send.starts_with("send") || send.starts_with("edit") || send == "copymessage" => {
            let chat =
                asked("chat_id").and_then(|chat| chat.parse::<i64>().ok()).unwrap_or(1_234_567_890);
            let kind = if chat < 0 { "supergroup" } else { "private" };
            let text =
                asked("text").map_or(String::new(), |text| format!(",\"text\":{}", json(&text)));
            format!(
                "{{\"message_id\":{},\"from\":{{{bot}}},\"chat\":{{\"id\":{chat},\"type\":\"{kind}\"}},\
                 \"date\":{}{text}}}",
                number(request) % 100_000,
                request.now.secs()
            )
        }
        _ => "true".to_owned(),
    };
    Some(Answer::json(format!("{{\"ok\":true,\"result\":{result}}}")))
}

fn discord(request: &Request<'_>, path: &str) -> Option<Answer> {
    let rest = path.strip_prefix("/api")?;
    let rest = match rest.strip_prefix("/v") {
        Some(version) => &version[version.find('/')?..],
        None => rest,
    };
    let words: Vec<&str> = rest.split('/').filter(|word| !word.is_empty()).collect();
    let id = 1_100_000_000_000_000_000 + number(request) % 100_000_000_000_000_000;
    let json = |text: String| Some(Answer::json(text));
    match words.as_slice() {
        ["webhooks", hook, token] => match request.method {
            "GET" => json(format!(
                "{{\"type\":1,\"id\":\"{hook}\",\"name\":\"Captain Hook\",\"avatar\":null,\
                 \"channel_id\":\"{id}\",\"guild_id\":\"{}\",\"token\":{}}}",
                id - 4_096,
                text::json(token)
            )),
            _ if request.parameter("wait").as_deref() == Some("true") => {
                json(message(request, id, hook))
            }
            _ => Some(Answer::empty(204)),
        },
        ["gateway"] => json("{\"url\":\"wss://gateway.discord.gg\"}".to_owned()),
        ["gateway", "bot"] => json(
            "{\"url\":\"wss://gateway.discord.gg\",\"shards\":1,\"session_start_limit\":\
             {\"total\":1000,\"remaining\":999,\"reset_after\":14400000,\"max_concurrency\":1}}"
                .to_owned(),
        ),
        ["users", _, "guilds" | "channels" | "connections"] => json("[]".to_owned()),
        ["users", ..] => json(format!(
            "{{\"id\":\"{id}\",\"username\":\"jordan.w\",\"discriminator\":\"0\",\"global_name\":\"Jordan\",\
             \"avatar\":null,\"email\":\"jordan.w@example.com\",\"verified\":true,\"mfa_enabled\":false,\
             \"locale\":\"en-US\",\"phone\":null,\"premium_type\":0}}"
        )),
        ["channels", channel, "messages"] if request.method == "POST" => {
            json(message(request, id, channel))
        }
        ["channels", _, "messages", ..] => json("[]".to_owned()),
        _ => json("{}".to_owned()),
    }
}

fn message(request: &Request<'_>, id: u64, channel: &str) -> String {
    let date = iso_date(request.now);
    format!(
        "{{\"id\":\"{id}\",\"type\":0,\"content\":\"\",\"channel_id\":{},\"author\":{{\"id\":\"{}\",\
         \"username\":\"Captain Hook\",\"bot\":true}},\"attachments\":[],\"embeds\":[],\"mentions\":[],\
         \"pinned\":false,\"tts\":false,\"timestamp\":\"{date}.000000+00:00\"}}",
        json(channel),
        id - 512
    )
}

fn github(request: &Request<'_>, path: &str) -> Option<Answer> {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let id = 10_000 + number(request) % 90_000_000;
    let body = match words.as_slice() {
        ["repos", owner, name, "releases", rest @ ..] => {
            let base = format!("https://github.com/{owner}/{name}/releases");
            let release = format!(
                "{{\"id\":{id},\"tag_name\":\"v1.4.2\",\"name\":\"v1.4.2\",\"draft\":false,\
                 \"prerelease\":false,\"html_url\":{},\"assets\":[{{\"id\":{},\"name\":{},\
                 \"content_type\":\"application/zip\",\"size\":4096,\"browser_download_url\":{}}}],\
                 \"body\":\"Bug fixes.\"}}",
                json(&format!("{base}/tag/v1.4.2")),
                id + 1,
                json(&format!("{name}.zip")),
                json(&format!("{base}/download/v1.4.2/{name}.zip"))
            );
            if rest.is_empty() { format!("[{release}]") } else { release }
        }
        ["repos", owner, name, "contents", rest @ ..] if !rest.is_empty() => {
            use base64::Engine as _;
            let text = html::plain(request);
            let file = rest.join("/");
            format!(
                "{{\"type\":\"file\",\"encoding\":\"base64\",\"size\":{},\"name\":{},\"path\":{},\
                 \"content\":\"{}\",\"download_url\":{}}}",
                text.len(),
                json(rest.last().copied().unwrap_or_default()),
                json(&file),
                base64::engine::general_purpose::STANDARD.encode(&text),
                json(&format!("https://raw.githubusercontent.com/{owner}/{name}/main/{file}"))
            )
        }
        ["repos", owner, name, ..] => format!(
            "{{\"id\":{id},\"name\":{},\"full_name\":{},\"private\":false,\"default_branch\":\"main\",\
             \"html_url\":{}}}",
            json(name),
            json(&format!("{owner}/{name}")),
            json(&format!("https://github.com/{owner}/{name}"))
        ),
        ["users", name, ..] => format!(
            "{{\"login\":{},\"id\":{id},\"type\":\"User\",\"public_repos\":8,\"followers\":12}}",
            json(name)
        ),
        ["user"] => format!("{{\"login\":\"jordan-w\",\"id\":{id},\"type\":\"User\"}}"),
        ["gists", ..] => format!(
            "{{\"id\":\"{}\",\"public\":true,\"files\":{{\"config.txt\":{{\"filename\":\"config.txt\",\
             \"type\":\"text/plain\",\"content\":{}}}}}}}",
            name_of(request, 20).to_ascii_lowercase(),
            json(&html::plain(request))
        ),
        ["zen"] => return Some(Answer::text("Keep it logically awesome.")),
        ["meta"] | [] => "{\"current_user_url\":\"https://api.github.com/user\"}".to_owned(),
        _ => return None,
    };
    let status = if request.method == "POST" { 201 } else { 200 };
    Some(
        Answer::of("application/json; charset=utf-8", body)
            .status(status)
            .with("X-GitHub-Media-Type", "github.v3; format=json")
            .with("X-RateLimit-Limit", "60")
            .with("X-RateLimit-Remaining", "58"),
    )
}

fn search(request: &Request<'_>, host: &str, path: &str) -> Option<Answer> {
    let parts: Vec<&str> = host.split('.').collect();
    let (engine, parameter) = match parts.as_slice() {
        ["www", "google", ..] | ["google", ..] if path == "/search" => ("Google Search", "q"),
        ["www" | "cn", "bing", ..] | ["bing", ..] if path == "/search" => ("Bing", "q"),
        ["search", "yahoo", ..] => ("Yahoo Search", "p"),
        ["duckduckgo", "com"] | ["html" | "lite", "duckduckgo", "com"] => ("DuckDuckGo", "q"),
        ["yandex", ..] | ["www", "yandex", ..] if path.starts_with("/search") => ("Yandex", "text"),
        ["www", "baidu", "com"] if path == "/s" => ("Baidu", "wd"),
        _ => return None,
    };
    let words = request.parameter(parameter)?;
    Some(html::results(request, engine, &words))
}
