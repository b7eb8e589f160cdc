//! Sets for nftables.
//!
//! `nft -f` applies a file as one transaction: the table and sets are made if they are
//! not there, emptied, and filled; packets see the old content or the new. The operator's
//! rules in the table stay.

use crate::limits::NFT_ELEMENTS_PER_COMMAND;
use crate::render::Body;
use std::net::IpAddr;
use ukai_model::Indicator;

const HEAD: &str = "\
# ukai: sets of addresses to block. Load with `nft -f`; loading again replaces them.
# A rule that uses them, once:
#   nft add chain inet ukai guard '{ type filter hook prerouting priority -150; }'
#   nft add rule inet ukai guard ip saddr @blocked_v4 counter drop
#   nft add rule inet ukai guard ip daddr @blocked_v4 counter drop
add table inet ukai
add set inet ukai blocked_v4 { type ipv4_addr; flags interval; }
add set inet ukai blocked_v6 { type ipv6_addr; flags interval; }
flush set inet ukai blocked_v4
flush set inet ukai blocked_v6
";

/// The sets `blocked_v4` and `blocked_v6` with each address once.
pub(crate) fn body(entries: &[&Indicator]) -> Body {
    let mut addresses: Vec<IpAddr> =
        entries.iter().filter_map(|entry| entry.observable.value.parse().ok()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let first_v6 = addresses.partition_point(IpAddr::is_ipv4);
    let mut body = Body { text: HEAD.to_owned(), entries: addresses.len(), ..Body::default() };
    add_elements(&mut body.text, "blocked_v4", &addresses[..first_v6]);
    add_elements(&mut body.text, "blocked_v6", &addresses[first_v6..]);
    body
}

fn add_elements(out: &mut String, set: &str, addresses: &[IpAddr]) {
    for chunk in addresses.chunks(NFT_ELEMENTS_PER_COMMAND) {
        out.push_str("add element inet ukai ");
        out.push_str(set);
        out.push_str(" {\n");
        for address in chunk {
            out.push_str(&address.to_string());
            out.push_str(",\n");
        }
        out.push_str("}\n");
    }
}
