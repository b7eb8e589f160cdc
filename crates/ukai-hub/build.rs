//! Makes sure that there is a web UI to embed: where `web/` was not built, a page that
//! says so.

use std::path::Path;
use std::time::UNIX_EPOCH;
use std::{env, fs, io};

const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ukai</title>
<h1>UI not built: run <code>make web</code></h1>
<p>The API works without it: <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</html>
"#;

fn main() -> io::Result<()> {
    let dist =
        Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../web/dist");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(&index, PLACEHOLDER)?;
        // Older than any source of the UI, so that make does not take it for a built one.
        fs::File::options().write(true).open(index)?.set_modified(UNIX_EPOCH)?;
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", dist.display());
    Ok(())
}
