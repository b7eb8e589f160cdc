//! Every built-in persona must hold together; every other text must be refused politely.

use crate::{Attempt, Host, Persona, PersonaError};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use ukai_model::Timestamp;

const SECRET: [u8; 32] = [7; 32];

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_767_225_600)
}

fn each_host(check: impl Fn(&Host)) {
    for persona in Persona::built_in() {
        for last in [1, 9, 77] {
            check(&persona.host(address(last), SECRET));
        }
    }
}

#[test]
fn there_are_three_and_they_are_found_by_name() {
    for name in ["router-mips", "camera-arm", "server-debian"] {
        assert_eq!(Persona::named(name).map(|p| p.name.as_str()), Some(name));
    }
    assert_eq!(Persona::built_in().len(), 3);
}

#[test]
fn uname_and_proc_version_agree() {
    each_host(|host| {
        let version = host.fill(&host.persona.files["/proc/version"].content, now());
        let kernel = &host.persona.kernel;
        assert!(version.contains(&kernel.release) && version.contains(&kernel.version));
        assert!(version.starts_with("Linux version "), "{version}");
        assert_eq!(version.matches('(').count(), version.matches(')').count(), "{version}");
        let uname = host.uname_all();
        assert!(uname.contains(&host.hostname) && uname.contains(&host.persona.machine.uname));
    });
}

#[test]
fn applets_are_sorted_and_every_link_is_one() {
    for persona in Persona::built_in() {
        let Some(busybox) = &persona.busybox else { continue };
        let mut sorted = busybox.applets.clone();
        sorted.sort();
        assert_eq!(sorted, busybox.applets, "{}", persona.name);
        let linked: BTreeSet<&str> =
            busybox.links.values().flat_map(|names| names.split_whitespace()).collect();
        let applets: BTreeSet<&str> = busybox.applets.iter().map(String::as_str).collect();
        if !persona.is_gnu() {
            assert_eq!(linked, applets, "{}", persona.name);
        }
        assert!(persona.tree.programs.iter().any(|p| p.path == busybox.path));
    }
}

#[test]
fn every_path_has_its_folder_and_every_link_its_target() {
    for persona in Persona::built_in() {
        let links: BTreeMap<&str, &str> =
            persona.tree.links.iter().map(|l| (l.path.as_str(), l.target.as_str())).collect();
        let folders: BTreeSet<&str> =
            persona.tree.directories.iter().map(|d| d.path.as_str()).collect();
        let mut paths: Vec<&str> = folders.iter().copied().collect();
        paths.extend(links.keys());
        paths.extend(persona.tree.devices.iter().map(|d| d.path.as_str()));
        paths.extend(persona.tree.programs.iter().map(|p| p.path.as_str()));
        paths.extend(persona.files.keys().map(String::as_str));
        for path in paths {
            let (parent, _) = path.rsplit_once('/').expect("absolute paths");
            assert!(
                parent.is_empty() || folders.contains(parent),
                "{}: {path} lies in no folder",
                persona.name
            );
        }
        for folder in persona.tree.commands.keys() {
            assert!(folders.contains(folder.as_str()), "{}: {folder}", persona.name);
        }
    }
}

#[test]
fn users_processes_and_owners_exist() {
    for persona in Persona::built_in() {
        for process in &persona.processes {
            assert!(persona.user(process.user.as_bytes()).is_some(), "{}", process.user);
        }
        for user in persona.users() {
            let home_exists = user.home == "/"
                || persona.tree.directories.iter().any(|d| d.path == user.home)
                || user.uid != 0 && user.uid < 1000
                || user.name == "nobody";
            assert!(home_exists, "{}: {}", persona.name, user.home);
        }
        assert!(!persona.services.telnet.is_empty() && !persona.services.http.is_empty());
    }
}

#[test]
fn no_placeholder_is_left_in_files_or_dialogue() {
    each_host(|host| {
        for (path, file) in &host.persona.files {
            let text = host.fill(&file.content, now());
            let pieces: Vec<&str> = text.split('{').collect();
            let left = pieces.windows(2).find(|pair| {
                let name = pair[1].find('}').map_or("", |end| &pair[1][..end]);
                !pair[0].ends_with('$')
                    && !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            });
            assert_eq!(left, None, "{path}");
        }
        let telnet = host.persona.telnet.as_ref().expect("has Telnet");
        for text in [&telnet.banner, &telnet.login_prompt, &telnet.welcome] {
            assert!(!host.fill_fixed(text).contains('{'), "{text}");
        }
    });
}

#[test]
fn a_host_is_stable_and_its_neighbour_another() {
    for persona in Persona::built_in() {
        let [one, again, other] = [1, 1, 2].map(|last| persona.host(address(last), SECRET));
        let facts = |h: &Host| {
            (
                h.hostname.clone(),
                h.mac,
                h.serial.clone(),
                h.seed,
                h.uptime(now()),
                h.processes().to_vec(),
            )
        };
        assert_eq!(facts(&one), facts(&again));
        assert_ne!(one.mac, other.mac);
        assert_ne!(one.serial, other.serial);
        assert_ne!(one.uptime(now()), other.uptime(now()));
        let pids = |h: &Host| h.processes().iter().map(|p| p.pid).collect::<Vec<_>>();
        assert_ne!(pids(&one), pids(&other));
        assert_ne!(persona.host(address(1), [8; 32]).mac, one.mac);
    }
}

#[test]
fn numbers_move_and_stay_plausible() {
    each_host(|host| {
        let later = Timestamp::from_secs(now().secs() + 60);
        let restarted = host.uptime(later) < host.uptime(now());
        assert!(restarted || host.uptime(later).as_secs() - host.uptime(now()).as_secs() == 60);
        assert!(host.booted(now()) < host.clock(now()));
        for time in [now(), later] {
            let memory = host.memory(time);
            assert!(memory.free_kb + memory.buffers_kb + memory.cached_kb < memory.total_kb);
            assert!(memory.swap_free_kb <= memory.swap_total_kb);
        }
        let pids: Vec<u32> = host.processes().iter().map(|p| p.pid).collect();
        assert!(pids.windows(2).all(|w| w[0] < w[1]) && pids[0] == 1, "{pids:?}");
        assert!(*pids.last().expect("processes") < host.next_pid(now()));
    });
}

#[test]
fn access_is_by_list_or_by_a_chance_that_does_not_change() {
    each_host(|host| {
        let source = IpAddr::from([198, 51, 100, 4]);
        let accepts = |user: &[u8], password: &[u8]| {
            host.accepts(&Attempt { protocol: "telnet", user, password, source })
        };
        for pair in &host.persona.credentials.accepted {
            assert!(accepts(pair.user.as_bytes(), pair.password.as_bytes()));
        }
        assert!(!accepts(b"root", b""));
        assert!(!accepts(b"nosuchuser", b"x"));
        let tries = 4_000_u32;
        let accepted: Vec<u32> =
            (0..tries).filter(|n| accepts(b"root", format!("pw{n}").as_bytes())).collect();
        let expected = u64::from(tries) * host.persona.credentials.chance_per_mille / 1_000;
        let count = accepted.len() as u64;
        assert!(count > expected / 3 && count < expected * 3, "{count} of {tries}");
        assert!(accepted.iter().all(|n| accepts(b"root", format!("pw{n}").as_bytes())));
    });
}

#[test]
fn headers_of_programs_are_those_of_the_machine() {
    for persona in Persona::built_in() {
        let header = persona.machine.elf_header(100_000);
        assert_eq!(header.len(), if persona.cpu().is_64_bit() { 64 } else { 52 });
        let machine = [header[18], header[19]];
        let machine = if persona.cpu().little_endian() {
            u16::from_le_bytes(machine)
        } else {
            u16::from_be_bytes(machine)
        };
        assert_eq!(machine, persona.cpu().elf_machine());
    }
}

#[test]
fn errors_name_the_key_and_the_remedy() {
    let text = include_str!("../../../personas/router-mips.toml");
    let unknown = text.replace("uptime_days", "uptime_dayz");
    let error = Persona::parse(&unknown).expect_err("unknown key").to_string();
    assert!(error.contains("uptime_dayz") && error.contains("personas/"), "{error}");
    let stranger = text.replace("[\"root\", \"xc3511\"]", "[\"ghost\", \"x\"]");
    let error = Persona::parse(&stranger).expect_err("no such user");
    assert!(matches!(error, PersonaError::Contradiction { .. }), "{error}");
    assert!(error.to_string().contains("ghost"), "{error}");
    let mode = text.replace("\"0777 /tmp\"", "\"0999 /tmp\"");
    assert!(Persona::parse(&mode).expect_err("mode").to_string().contains("octal"));
}

proptest! {
    #[test]
    fn parsing_never_panics(text in ".{0,400}", at in 0_usize..20_000, with in ".{0,12}") {
        let _ = Persona::parse(&text);
        let mut whole = include_str!("../../../personas/router-mips.toml").to_owned();
        if whole.is_char_boundary(at) && at < whole.len() {
            whole.insert_str(at, &with);
        }
        if let Ok(persona) = Persona::parse(&whole) {
            let host = Arc::new(persona).host(address(3), SECRET);
            let _ = (host.processes(), host.memory(now()), host.uptime(now()));
        }
    }

    #[test]
    fn filling_never_panics(text in "[{}a-z\u{e9}]{0,80}") {
        let host = Persona::built_in()[0].host(address(1), SECRET);
        let _ = host.fill(&text, now());
    }
}
