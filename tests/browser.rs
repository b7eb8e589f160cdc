//! Walks every page of the UI in a real browser, in both languages, with live data.

use crate::circle::{distribution_server, infect};
use crate::support::bot::Bot;
use crate::support::program::Ukai;
use crate::support::specimen::Contacts;
use crate::support::wait_for;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn every_page_works_in_both_languages() {
    let ukai = Ukai::start();
    let server = distribution_server(&Contacts::unique("browser", 69));
    infect(&mut Bot::connect(ukai.service("telnet", "camera-arm")), &server);
    wait_for("indicators", Duration::from_secs(20), || {
        ukai.get_text("/feeds/domains.txt").contains("hidden-browser.example").then_some(())
    });

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/web");
    let screenshots = std::env::var_os("UKAI_SCREENSHOTS")
        .map_or_else(|| ukai.data().join("screenshots"), std::path::PathBuf::from);
    let output = Command::new("npm")
        .args(["test", "--silent"])
        .current_dir(folder)
        .env("UKAI_URL", ukai.url())
        .env("UKAI_TOKEN", ukai.token())
        .env("UKAI_SCREENSHOTS", screenshots)
        .output()
        .expect("npm runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{text}");
}
