//! Every specimen on every processor: `make test-sandbox`.

use super::containment;
use super::guest::{ARM, MIPS, MIPSEL, X86_64};
use super::specimens as done;

macro_rules! on_every_processor {
    ($($name:ident: |$on:ident| $run:expr;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            #[ignore = "make test-sandbox"]
            fn x86_64() {
                let $on = X86_64;
                $run;
            }

            #[test]
            #[ignore = "make test-sandbox"]
            fn arm() {
                let $on = ARM;
                $run;
            }

            #[test]
            #[ignore = "make test-sandbox"]
            fn mips() {
                let $on = MIPS;
                $run;
            }

            #[test]
            #[ignore = "make test-sandbox"]
            fn mipsel() {
                let $on = MIPSEL;
                $run;
            }
        }
    )* };
}

on_every_processor! {
    fetch_v4: |on| done::fetch(on, "v4");
    fetch_v6: |on| done::fetch(on, "v6");
    irc: |on| done::irc(on);
    beacon: |on| done::beacon(on);
    https: |on| done::https(on);
    datagrams_v4: |on| done::datagrams(on, "v4");
    datagrams_v6: |on| done::datagrams(on, "v6");
    scan: |on| done::scan(on);
    flood_v4: |on| done::flood(on, "v4");
    flood_v6: |on| done::flood(on, "v6");
    flood_forged: |on| done::flood(on, "syn");
    drop: |on| done::drop(on);
    cron: |on| done::cron(on);
    delete: |on| done::delete(on);
    rename: |on| done::rename(on);
    sleep: |on| done::sleep(on, "sleep");
    sleep_until_realtime: |on| done::sleep(on, "realtime");
    sleep_until_monotonic: |on| done::sleep(on, "monotonic");
    sleep_until_boottime: |on| done::sleep(on, "boottime");
    sleep_in_steps: |on| done::sleep(on, "steps");
    sleep_by_poll: |on| done::sleep(on, "poll");
    sleep_by_select: |on| done::sleep(on, "select");
    look: |on| done::look(on);
    children: |on| done::children(on);
    memory: |on| done::memory(on);
    disk: |on| done::disk(on);
    print: |on| done::print(on);
    channel: |on| done::channel(on);
    halt_by_panic: |on| done::halt(on, "panic");
    halt_by_restart: |on| done::halt(on, "restart");
    halt_of_its_world: |on| done::halt(on, "reboot");
    hang: |on| done::halt(on, "hang");
    escape: |on| {
        let processor = on.name.replace('-', "_");
        containment::escape(&format!("sandbox::matrix::escape::{processor}"), on);
    };
}
