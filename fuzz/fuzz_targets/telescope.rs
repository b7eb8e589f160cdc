//! Any bytes as a frame of any link, and as what an ICMP error quotes: every packet gets a
//! name without a panic, and names a victim exactly if it is backscatter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_telescope::seen::{Reading, Seen, quoted};
use ukai_telescope::{Link, Rules, classify};

fuzz_target!(|data: &[u8]| {
    let _ = quoted(data);
    for link in [Link::Ethernet, Link::Raw, Link::Loopback, Link::Cooked, Link::Cooked2] {
        let Ok(Some(packet)) = link.packet(data) else { continue };
        for cut in [false, true] {
            let how = Reading { checksums: false, tunnels: true };
            let Ok(seen) = Seen::read(packet, cut, how) else { continue };
            let verdict = classify(&seen, Rules { private_sources: true });
            assert_eq!(verdict.victim.is_some(), verdict.class.group() == "backscatter");
        }
    }
});
