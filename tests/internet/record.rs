//! What is kept of a run: events, packets with names and keys, a summary.

use super::client;
use crate::support::internet::VirtualInternet;
use crate::support::network::in_own_world;
use crate::support::program::binary;
use std::process::Command;

#[test]
fn packets_are_read_with_names_and_without_tls() {
    in_own_world("internet::record::packets_are_read_with_names_and_without_tls");
    let mut internet = VirtualInternet::start("");
    let ca = internet.ca();
    client(
        &internet,
        &format!("curl -sS -m 20 --http1.1 --cacert {ca} -A bot/1.0 https://c2.example.net/gate"),
    );
    client(&internet, "for n in $(seq 40); do nc -w 1 -z 198.51.100.$n 8291 & done; wait");
    let summary = internet.end();
    assert_eq!(summary["requests"]["GET c2.example.net/gate"]["count"], 1, "{summary}");
    assert!(
        summary["requests"]["GET c2.example.net/gate"]["user_agents"]
            .to_string()
            .contains("bot/1.0")
    );
    let destinations = summary["destinations"].as_object().expect("destinations");
    let named = destinations.values().find(|row| row["name"] == "c2.example.net").expect("a name");
    assert!(named["protocols"].to_string().contains("tls"), "{named}");
    assert!(destinations["tcp 198.51.100.7:8291"]["name"] == "", "an address known beforehand");
    assert_eq!(summary["names"]["c2.example.net"]["code"], "NOERROR");
    assert_eq!(summary["missed"], 0);

    let packets = "record/packets/*.pcapng";
    let requests = client(
        &internet,
        &format!(
            "tshark -r {packets} -Y http.request -T fields -e http.host -e http.request.uri 2>/dev/null"
        ),
    );
    assert!(requests.contains("c2.example.net\t/gate"), "{requests}");
    let names = client(&internet, &format!("tshark -r {packets} -q -z hosts 2>/dev/null"));
    assert!(names.contains("c2.example.net"), "{names}");

    let told = Command::new(binary())
        .args(["internet", "summary"])
        .arg(internet.record())
        .output()
        .expect("ukai runs");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.contains("GET c2.example.net/gate") && told.contains("(address known beforehand)"),
        "{told}"
    );
}
