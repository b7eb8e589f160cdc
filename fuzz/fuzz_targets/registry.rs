//! Windows' registry as a guest hands it over: any bytes before, any bytes after.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ukai_sandbox::windows::{Registry, differences};

fuzz_target!(|files: (&[u8], &[u8])| {
    let (before, after) = (Registry::parse(files.0), Registry::parse(files.1));
    assert!(differences(&before, &before).is_empty());
    for change in differences(&before, &after) {
        let now = after.value(&change.key, &change.name);
        match change.data {
            Some(data) if !data.is_empty() => assert_eq!(now, Some(&data[..])),
            Some(_) => assert!(now.is_none_or(<[u8]>::is_empty)),
            None => assert_eq!(now, None),
        }
    }
});
