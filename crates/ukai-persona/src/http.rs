//! What a device's web server says.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Web server of a persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSpec {
    /// How it reads requests.
    #[serde(default)]
    pub dialect: HttpDialect,
    /// How answers are put together.
    pub shape: ResponseShape,
    /// Realm of Basic authentication.
    #[serde(default)]
    pub realm: String,
    /// Accounts of the web interface, besides the system's.
    #[serde(default)]
    pub accounts: Vec<crate::Credential>,
    /// Status → page of that error. 400, 401, 404, 405, 411, 413, 501 and 505 are used;
    /// those missing fall back on `default_error`.
    pub errors: BTreeMap<String, ErrorPage>,
    /// Page of errors not listed, with `{status}` and `{reason}`.
    pub default_error: ErrorPage,
    /// Methods that the server knows; others get 501 (or 405).
    pub methods: Vec<String>,
    /// Status for a method that the server does not know.
    #[serde(default = "not_implemented")]
    pub unknown_method_status: u16,
    /// Answer to `OPTIONS`: the `Allow` header, if the server answers it.
    #[serde(default)]
    pub allow: Option<String>,
    /// Whether an HTTP/1.1 request without `Host` is refused (400).
    #[serde(default)]
    pub requires_host: bool,
    /// Whose rights injected lines have.
    #[serde(default = "root")]
    pub runs_as: String,
    /// Time during which an idle connection stays open, in seconds; 0 closes after
    /// each answer.
    #[serde(default)]
    pub keep_alive_s: u64,
    /// The pages.
    pub pages: Vec<Page>,
    /// Log-in forms.
    #[serde(default)]
    pub forms: Vec<LoginForm>,
}

/// How a web server reads requests, and judges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpDialect {
    /// As small devices' servers do: takes much, has neither ranges nor conditions.
    #[default]
    Lenient,
    /// As nginx 1.22 does.
    Nginx,
}

/// How the server puts an answer together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponseShape {
    /// Version in the status line: `HTTP/1.0` or `HTTP/1.1`.
    pub version: String,
    /// Header lines in order, with `{date}` (RFC 9110), `{asctime}`, `{type}`, `{length}`,
    /// `{connection}`, `{modified}`, `{etag}`, `{ranges}`, `{range}`, `{encoding}`, `{transfer}`
    /// and the host's placeholders; a line whose placeholder is empty is left out. `{extra}` stands where a page's own headers go.
    pub headers: Vec<String>,
    /// Whether errors have the same headers; otherwise their own.
    #[serde(default)]
    pub error_headers: Option<Vec<String>>,
    /// Reason phrases that differ from the standard's: status → phrase.
    #[serde(default)]
    pub reasons: BTreeMap<String, String>,
}

/// An error page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorPage {
    /// Content type.
    #[serde(default = "html")]
    pub content_type: String,
    /// Body, with `{status}`, `{reason}`, `{target}` and the host's placeholders.
    pub body: String,
    /// Further header lines.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The status that is sent instead, where the server confuses them.
    #[serde(default)]
    pub status: Option<u16>,
}

/// A page, or a program behind a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Path without query; a `*` at the end takes any rest.
    pub path: String,
    /// Further paths of it, exactly.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Methods that the page answers besides `HEAD`.
    #[serde(default = "get")]
    pub methods: Vec<String>,
    /// Status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Content type.
    #[serde(default = "html")]
    pub content_type: String,
    /// Further header lines.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Body, with placeholders; `{output}` is what an injected line printed.
    #[serde(default)]
    pub body: String,
    /// Whether it is a plain file: with time of last change, entity tag and ranges.
    #[serde(default)]
    pub static_file: bool,
    /// Whether a log-in is needed (Basic).
    #[serde(default)]
    pub auth: bool,
    /// Its vulnerability: a parameter that reaches a shell.
    #[serde(default)]
    pub injection: Option<Injection>,
}

/// Where in a request the injectable text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InjectionPoint {
    /// A field of the query or of a form.
    Field,
    /// An XML element's text in the body (SOAP).
    Element,
    /// A string in a JSON body.
    Json,
    /// A header's value.
    Header,
    /// The whole query.
    Query,
    /// What follows the page's fixed path.
    Path,
}

/// A parameter that reaches a shell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// Where.
    pub point: InjectionPoint,
    /// Names of the field, element, key or header, in lower case.
    pub names: Vec<String>,
    /// The shell line in which the value stands as `{value}`: `ping -c 4 {value}`.
    pub line: String,
    /// CVE or advisory, for the record.
    #[serde(default)]
    pub reference: String,
    /// Whether the vulnerable program is reached without a log-in even if the page
    /// wants one.
    #[serde(default)]
    pub skips_auth: bool,
}

/// A log-in form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    /// Where it is sent.
    pub path: String,
    /// Field names that hold the user name.
    pub user_fields: Vec<String>,
    /// Field names that hold the password.
    pub password_fields: Vec<String>,
    /// The user if the form has no field for it.
    #[serde(default)]
    pub default_user: String,
    /// Answer to a right pair.
    pub success: FormAnswer,
    /// Answer to a wrong pair.
    pub failure: FormAnswer,
}

/// What a log-in form answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormAnswer {
    /// Status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Content type.
    #[serde(default = "html")]
    pub content_type: String,
    /// Further header lines, with `{session}` for a fresh session number.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Body.
    #[serde(default)]
    pub body: String,
}

fn html() -> String {
    "text/html".to_owned()
}
fn get() -> Vec<String> {
    vec!["GET".to_owned()]
}
fn root() -> String {
    "root".to_owned()
}
const fn ok() -> u16 {
    200
}
const fn not_implemented() -> u16 {
    501
}
