//! `nft` loads the sets, in a network namespace of its own.

use crate::{indicator, succeed};
use std::fs;
use std::path::Path;
use ukai_feed::{feed, render};
use ukai_model::{Indicator, ObservableKind, Role};

fn write(path: &Path, entries: &[Indicator]) {
    let rendered = render(feed("nftables.nft").expect("a feed"), entries, None);
    fs::write(path, rendered.bytes).expect("writes");
}

fn address(value: &str) -> Indicator {
    indicator(ObservableKind::Ip, value, Role::C2)
}

/// Runs shell lines in a fresh network namespace, in `folder`.
fn in_namespace(folder: &Path, script: &str) -> String {
    let script = format!("cd '{}' && {script}", folder.display());
    if is_root() {
        succeed("unshare", &["--net", "sh", "-ec", &script])
    } else {
        succeed("unshare", &["--map-root-user", "--net", "sh", "-ec", &script])
    }
}

fn is_root() -> bool {
    succeed("id", &["-u"]).trim() == "0"
}

#[test]
fn the_sets_are_loaded_and_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("empty.nft"), &[]);
    write(
        &folder.path().join("first.nft"),
        &[address("203.0.113.1"), address("203.0.113.2"), address("2001:db8::1")],
    );
    write(&folder.path().join("second.nft"), &[address("203.0.113.2"), address("2001:db8::2")]);
    let printed = in_namespace(
        folder.path(),
        "nft -f empty.nft; nft -f first.nft; nft -f first.nft; \
         nft add chain inet ukai own; nft add rule inet ukai own ip saddr @blocked_v4 drop; \
         nft list set inet ukai blocked_v4; nft list set inet ukai blocked_v6; echo ===; \
         nft -f second.nft; nft list table inet ukai; echo ===; \
         nft -f empty.nft; nft list table inet ukai",
    );
    let parts: Vec<_> = printed.split("===").collect();
    for value in ["203.0.113.1", "203.0.113.2", "2001:db8::1"] {
        assert!(parts[0].contains(value), "{value} is missing: {printed}");
    }
    assert!(!parts[1].contains("203.0.113.1"), "{printed}");
    assert!(parts[1].contains("203.0.113.2") && parts[1].contains("2001:db8::2"), "{printed}");
    assert!(parts[1].contains("@blocked_v4 drop"), "the operator's rule is gone: {printed}");
    assert!(!parts[2].contains("203.0.113"), "{printed}");
}

#[test]
fn a_file_that_cannot_be_loaded_whole_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken.nft");
    write(&folder.path().join("first.nft"), &[address("203.0.113.1")]);
    write(&broken, &[address("203.0.113.2")]);
    let mut bytes = fs::read(&broken).expect("reads");
    bytes.extend_from_slice(b"add element inet ukai nothing { 203.0.113.3 }\n");
    fs::write(&broken, bytes).expect("writes");
    let printed = in_namespace(
        folder.path(),
        "nft -f first.nft; if nft -f broken.nft 2>/dev/null; then exit 1; fi; \
         nft list set inet ukai blocked_v4",
    );
    assert!(printed.contains("203.0.113.1") && !printed.contains("203.0.113.2"), "{printed}");
}

#[test]
fn many_addresses_are_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    // The kernel lets only root send a transaction of megabytes.
    let count = if is_root() { 20_000_u32 } else { 1_000 };
    let entries: Vec<_> = (0..count)
        .map(|n| address(&std::net::Ipv4Addr::from_bits(0xc612_0000 + n).to_string()))
        .collect();
    write(&folder.path().join("many.nft"), &entries);
    let printed = in_namespace(
        folder.path(),
        "nft -f many.nft; nft -f many.nft; \
         nft get element inet ukai blocked_v4 '{ 198.18.0.0, 198.18.3.231 }'",
    );
    assert!(printed.contains("198.18.3.231"), "{printed}");
}
