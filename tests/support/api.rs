//! The hub's API, asked by `curl` as an operator would.

use super::program::Ukai;
use serde_json::Value;
use std::process::Command;

impl Ukai {
    /// The body of a GET on the hub, with the token.
    pub(crate) fn get_text(&self, path: &str) -> String {
        let output = Command::new("curl")
            .args(["-sS", "--fail-with-body", "-H"])
            .arg(format!("Authorization: Bearer {}", self.token()))
            .arg(format!("{}{path}", self.url()))
            .output()
            .expect("curl runs");
        let body = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "GET {path}: {} {body}",
            String::from_utf8_lossy(&output.stderr)
        );
        body
    }

    /// The JSON of a GET on the hub, with the token.
    pub(crate) fn get(&self, path: &str) -> Value {
        let body = self.get_text(path);
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("GET {path}: {error} in {body}"))
    }
}
