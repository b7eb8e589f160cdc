//! How a fetch looks to the server: like the tool that the attacker called.

/// What a tool sends beside the request itself.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) user_agent: &'static str,
    /// The `Connection` field, if it sends one.
    pub(crate) connection: Option<&'static str>,
}

const WGET: Tool = Tool { user_agent: "Wget/1.21.3", connection: Some("Keep-Alive") };
const BUSYBOX: Tool = Tool { user_agent: "Wget", connection: Some("close") };
const CURL: Tool = Tool { user_agent: "curl/7.88.1", connection: None };

/// The tool of that name; GNU wget for names that we do not know.
pub(crate) fn tool(name: &str) -> &'static Tool {
    match name {
        "curl" => &CURL,
        "busybox" | "busybox-wget" | "busybox wget" => &BUSYBOX,
        _ => &WGET,
    }
}
