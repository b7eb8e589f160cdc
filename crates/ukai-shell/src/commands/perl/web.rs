//! What Perl's modules for the web ask for: `HTTP::Tiny`, and `LWP` where it is.

use super::machine::{Done, Machine, Value, boolean};
use crate::commands::fetch::failure;
use bytes::Bytes;

/// Whether a class is one that asks others for something.
pub(super) fn is_client(class: &str) -> bool {
    matches!(
        class,
        "HTTP::Tiny"
            | "LWP::UserAgent"
            | "LWP::RobotUA"
            | "WWW::Mechanize"
            | "Mojo::UserAgent"
            | "LWP::Parallel::UserAgent"
            | "LWPx::ParanoidAgent"
            | "WWW::Curl::Easy"
            | "HTTP::Lite"
            | "Net::SFTP::Foreign"
            | "Furl"
            | "Net::FTP"
            | "IO::Select"
    )
}

impl Machine<'_> {
    /// Whether a hash is such a client.
    pub(super) fn is_client_at(&self, hash: usize) -> bool {
        is_client(&self.field(hash, b"class").shown())
    }

    /// A method of a client: the request is made, and gives an answer.
    pub(super) async fn asked(
        &mut self,
        client: &Value,
        name: &str,
        values: &[Value],
    ) -> Done<Value> {
        if let Value::Hash(client) = client
            && &self.field(*client, b"class").text()[..] == b"Net::FTP"
        {
            return self.transferred(*client, values).await;
        }
        let url = match values.first() {
            Some(Value::Hash(request)) => self.field(*request, b"url").text(),
            // `request('GET', $url)` of HTTP::Tiny.
            Some(_) if name == "request" => values.get(1).map(Value::text).unwrap_or_default(),
            // `request($method => $url)` of others has no more to it.
            first => first.map(Value::text).unwrap_or_default(),
        };
        let content = self.fetched(&url).await?;
        let good = content.is_some();
        let bytes = content.unwrap_or_default();
        // LWP's `get` saves where it is told to.
        let told = values.iter().position(|value| &value.text()[..] == b":content_file");
        let path = match (name, values) {
            ("mirror" | "getstore", [_, path, ..]) => Some(path),
            // `request($request, $file)` of LWP.
            ("request", [Value::Hash(_), path @ Value::Str(_), ..]) => Some(path),
            _ => told.and_then(|at| values.get(at + 1)),
        };
        if good && let Some(path) = path {
            let _ = self.process.keep_fetched(&path.text(), &bytes);
        }
        self.new_hash(vec![
            Value::str("content"),
            Value::Str(bytes),
            Value::str("success"),
            boolean(good),
            Value::str("status"),
            Value::Int(if good { 200 } else { 599 }),
        ])
    }

    /// A file that is got by FTP, into the folder where the program is.
    async fn transferred(&mut self, client: usize, values: &[Value]) -> Done<Value> {
        let host = self.field(client, b"host").shown();
        let folder = self.field(client, b"folder").shown();
        let user = self.field(client, b"user").shown();
        let user = if user.is_empty() || user == "anonymous" {
            String::new()
        } else {
            match self.field(client, b"password").shown().as_str() {
                "" => format!("{user}@"),
                password => format!("{user}:{password}@"),
            }
        };
        let remote = values.first().map(Value::shown).unwrap_or_default();
        let path =
            if remote.starts_with('/') { remote.clone() } else { format!("{folder}/{remote}") };
        let url = format!("ftp://{user}{host}/{}", path.trim_start_matches('/'));
        let Some(content) = self.fetched(url.as_bytes()).await? else { return Ok(Value::Undef) };
        let name = remote.rsplit('/').next().unwrap_or(&remote).to_owned();
        let local = values.get(1).map_or(name, Value::shown);
        let _ = self.process.keep_fetched(local.as_bytes(), &content);
        Ok(Value::str(local))
    }

    /// A method of an answer.
    pub(super) fn answer(&self, answer: usize, name: &str) -> Value {
        match name {
            "is_success" | "success" => self.field(answer, b"success"),
            "is_error" => boolean(!self.field(answer, b"success").truth()),
            "message" => Value::str("OK"),
            "code" => self.field(answer, b"status"),
            "status_line" => {
                let good = self.field(answer, b"success").truth();
                Value::str(if good { "200 OK" } else { "500 Can't connect" })
            }
            _ => self.field(answer, b"content"),
        }
    }

    /// A function of `LWP::Simple`.
    pub(super) async fn simple(&mut self, name: &str, values: &[Value]) -> Done<Value> {
        let url = values.first().map(Value::text).unwrap_or_default();
        let content = self.fetched(&url).await?;
        let status = Value::Int(if content.is_some() { 200 } else { 500 });
        Ok(match (name, content) {
            ("get", content) => content.map_or(Value::Undef, Value::Str),
            ("head", content) => boolean(content.is_some()),
            ("getprint", Some(content)) => {
                self.printed.extend_from_slice(&content);
                status
            }
            (_, Some(content)) => {
                if let Some(path) = values.get(1) {
                    let _ = self.process.keep_fetched(&path.text(), &content);
                }
                status
            }
            (_, None) => status,
        })
    }

    /// What a request gives; none if it fails.
    async fn fetched(&mut self, url: &[u8]) -> Done<Option<Bytes>> {
        let fetched = self.process.session.fetch(url, "perl").await?;
        Ok(fetched.filter(|it| failure(it).is_none()).map(|it| it.bytes))
    }
}
