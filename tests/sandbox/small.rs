//! A few specimens, on three processors: what `make test` runs.

use super::guest::{ARM, MIPS, X86_64, compile, specimens};
use super::specimens as done;
use crate::support::network::in_own_network;
use std::process::{Command, Stdio};
use tempfile::TempDir;

#[test]
fn a_second_stage_that_is_fetched() {
    done::fetch(X86_64, "v4");
}

#[test]
fn a_beacon_whose_sleeping_is_cut_short() {
    done::beacon(X86_64);
}

#[test]
fn a_scan() {
    done::scan(X86_64);
}

#[test]
fn a_sample_that_deletes_itself() {
    done::delete(X86_64);
}

#[test]
fn a_sleep_until_a_time_of_another_clock() {
    done::sleep(X86_64, "monotonic");
}

#[test]
fn a_dropped_file_on_arm() {
    done::drop(ARM);
}

#[test]
fn a_second_stage_over_ipv6_on_mips() {
    done::fetch(MIPS, "v6");
}

/// On this machine none of them starts. Should one, it reaches nothing.
#[test]
fn specimens_refuse_to_start_elsewhere() {
    in_own_network("sandbox::small::specimens_refuse_to_start_elsewhere");
    let folder = TempDir::new().expect("a folder");
    let all = specimens();
    assert!(all.len() >= 15, "{all:?}");
    for name in all {
        let file = compile(&name, X86_64, folder.path());
        let status = Command::new(&file).stdin(Stdio::null()).status().expect("it is a program");
        assert_eq!(status.code(), Some(97), "{name}");
    }
}
