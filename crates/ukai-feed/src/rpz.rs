//! A DNS response policy zone: listed names, and all below them, do not exist.
//!
//! Form: `draft-vixie-dnsop-dns-rpz-00`, as BIND 9 has it (ARM, "Response Policy Zone
//! Rewriting"): a `CNAME` to the root is the policy NXDOMAIN. Names are relative to the
//! zone's origin, whose name is the operator's choice; none of them ends with a dot.

use crate::limits::RPZ_NAME_BYTES_MAX;
use crate::render::Body;
use crate::spec::FeedSpec;
use std::fmt::Write;
use ukai_model::Indicator;

/// How long a resolver may keep an answer, in seconds: short, so that a withdrawn name
/// comes back soon.
const TTL_S: u32 = 300;

/// What stands before the entries.
pub(crate) fn head(feed: &FeedSpec, serial: u32) -> String {
    format!(
        "; ukai: {}\n$TTL {TTL_S}\n@ IN SOA localhost. hostmaster.localhost. {serial} 3600 600 604800 \
         {TTL_S}\n@ IN NS localhost.\n",
        feed.description
    )
}

/// Two records per name. Names that no policy zone can hold are left out with a note.
pub(crate) fn body(entries: &[&Indicator]) -> Body {
    let mut body = Body::default();
    let mut last = "";
    for entry in entries {
        let name = entry.observable.value.as_str();
        if name == last {
            continue;
        }
        last = name;
        if name.len() > RPZ_NAME_BYTES_MAX {
            body.note(format!("{name}: longer than {RPZ_NAME_BYTES_MAX} bytes, left out"));
        } else if is_trigger(name) {
            body.note(format!("{name}: would be another kind of trigger, left out"));
        } else {
            writeln!(body.text, "{name} IN CNAME .\n*.{name} IN CNAME .")
                .expect("writing to a string succeeds");
            body.entries += 1;
        }
    }
    body
}

/// Whether the name's last label makes it a trigger by address, name server or client.
fn is_trigger(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.starts_with("rpz-"))
}
