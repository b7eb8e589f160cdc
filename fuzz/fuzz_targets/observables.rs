//! Text of attackers that becomes values which are published: canonical, printable,
//! stable, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_indicator::observables::{FetchUrl, HostOf, parse};

fuzz_target!(|text: &str| {
    if let Ok(found) = parse(text) {
        assert!(found.value.bytes().all(|b| b.is_ascii_graphic()));
        assert_eq!(parse(&found.value).as_ref(), Ok(&found));
        let _ = HostOf::of(&found);
    }
    if let Some((base, reference)) = text.split_once(' ')
        && let Ok(base) = FetchUrl::parse(base)
        && let Ok(next) = base.join(reference)
    {
        assert_eq!(FetchUrl::parse(next.as_str()).as_ref(), Ok(&next));
    }
});
