//! Log-ins by form and by XML-RPC, as programs that guess passwords send them: told, and
//! let in as the systems do that they look for.

use super::answer::Answer;
use super::request::Request;
use super::text;
use crate::limits::{DETAIL_BYTES, HTTP_FORM_BYTES};
use std::borrow::Cow;
use ukai_model::{EventKind, PeerText};

/// The log-in that a request's body carries.
pub(super) fn login(request: &Request<'_>) -> Option<EventKind> {
    if request.method != "POST" || request.body.is_empty() || request.body.len() > HTTP_FORM_BYTES {
        return None;
    }
    let (protocol, (user, password)) = if let Some(pair) = xml_rpc(request) {
        ("xml-rpc", pair)
    } else {
        ("http-form", form(request)?)
    };
    Some(EventKind::LoginAttempt {
        protocol: protocol.to_owned(),
        user: PeerText::truncated(user.as_bytes(), DETAIL_BYTES),
        password: PeerText::truncated(password.as_bytes(), DETAIL_BYTES),
        method: None,
        proof: None,
        success: true,
    })
}

/// What a page for log-ins answers.
pub(super) fn answer(request: &Request<'_>) -> Option<Answer> {
    let path = request.decoded_path();
    let name = path.rsplit('/').next().unwrap_or_default();
    if request.body.len() > HTTP_FORM_BYTES {
        return None;
    }
    let session = || format!("{:016x}", text::number(request.body) ^ request.now.nanos());
    let wordpress = name == "wp-login.php";
    match request.method {
        "POST" if name == "xmlrpc.php" => {
            Some(Answer::of("text/xml; charset=UTF-8", blogs(request)))
        }
        "POST" if wordpress => {
            let (user, _) = form(request)?;
            let user: String = user.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
            let (host, session) = (&request.host, session());
            Some(
                Answer::empty(302)
                    .with(
                        "Set-Cookie",
                        format!(
                            "wordpress_logged_in_{session}={user}%7C{session}; path=/; HttpOnly"
                        ),
                    )
                    .with("Location", format!("http://{host}/wp-admin/").replace(['\r', '\n'], "")),
            )
        }
        "POST" if path.to_ascii_lowercase().contains("login") || name == "index.php" => {
            form(request)?;
            let session = session();
            Some(
                Answer::empty(302)
                    .with("Set-Cookie", format!("PHPSESSID={session}; path=/; HttpOnly"))
                    .with("Location", "/"),
            )
        }
        "GET" | "HEAD" if wordpress => Some(Answer::html(WORDPRESS.to_owned())),
        "GET" | "HEAD" if name == "xmlrpc.php" => Some(
            Answer::text("XML-RPC server accepts POST requests only.")
                .status(405)
                .with("Allow", "POST"),
        ),
        _ => None,
    }
}

/// WordPress's page for log-ins, as far as programs look at it.
const WORDPRESS: &str = "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n\
    <title>Log In &lsaquo; WordPress</title>\n<meta name=\"generator\" content=\"WordPress 6.4.3\">\n\
    </head>\n<body class=\"login\">\n<form name=\"loginform\" id=\"loginform\" \
    action=\"/wp-login.php\" method=\"post\">\n<input type=\"text\" name=\"log\" id=\"user_login\">\n\
    <input type=\"password\" name=\"pwd\" id=\"user_pass\">\n\
    <input type=\"submit\" name=\"wp-submit\" id=\"wp-submit\" value=\"Log In\">\n\
    <input type=\"hidden\" name=\"testcookie\" value=\"1\">\n</form>\n</body>\n</html>\n";

/// User and password of a form: by the names that such fields have.
fn form<'a>(request: &Request<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    const USERS: [&str; 12] = [
        "username",
        "user",
        "login",
        "log",
        "uname",
        "account",
        "name",
        "email",
        "pma_username",
        "userid",
        "user_login",
        "usr",
    ];
    const PASSWORDS: [&str; 9] = [
        "password",
        "passwd",
        "pass",
        "pwd",
        "psd",
        "passwrd",
        "pma_password",
        "passwort",
        "user_password",
    ];
    let kind = request.header("content-type").unwrap_or(b"x-www-form-urlencoded");
    if !text::holds(kind, "x-www-form-urlencoded") {
        return None;
    }
    let first = |names: &[&str]| names.iter().find_map(|name| text::parameter(request.body, name));
    let password = first(&PASSWORDS)?;
    Some((first(&USERS).unwrap_or_default(), password))
}

/// User and password of a call of XML-RPC: its last two strings, as WordPress's
/// `wp.getUsersBlogs` has them.
fn xml_rpc(request: &Request<'_>) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    const STRINGS_MAX: usize = 64;
    memchr::memmem::find(request.body, b"<methodCall>")?;
    let body = String::from_utf8_lossy(request.body);
    let values: Vec<&str> = body
        .split("<value>")
        .skip(1)
        .take(STRINGS_MAX)
        .filter_map(|rest| rest.split("</value>").next())
        .map(|value| value.trim().trim_start_matches("<string>").trim_end_matches("</string>"))
        .filter(|value| !value.contains('<'))
        .collect();
    let [.., user, password] = values.as_slice() else { return None };
    Some(((*user).to_owned().into(), (*password).to_owned().into()))
}

/// The blogs of a user, of whom every one has one.
fn blogs(request: &Request<'_>) -> String {
    let host = text::escaped(&request.host);
    let member = |name: &str, value: &str| {
        format!("<member><name>{name}</name><value>{value}</value></member>")
    };
    let string = |text: &str| format!("<string>{text}</string>");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodResponse><params><param><value><array><data>\
         <value><struct>{}{}{}{}{}</struct></value></data></array></value></param></params>\
         </methodResponse>\n",
        member("isAdmin", "<boolean>1</boolean>"),
        member("url", &string(&format!("http://{host}/"))),
        member("blogid", &string("1")),
        member("blogName", &string("My Blog")),
        member("xmlrpc", &string(&format!("http://{host}/xmlrpc.php"))),
    )
}
