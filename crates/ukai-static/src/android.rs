//! What Android's packages and byte code say: the binary manifest and Dalvik's header
//! (source.android.com, "Dalvik executable format").

use crate::limits::{
    ANDROID_ACTIONS_MAX, ANDROID_ITEMS_MAX, ANDROID_NESTING_MAX, DEX_NAMES_MAX, MANIFEST_BYTES_MAX,
    PE_TEXT_BYTES_MAX,
};
use apk_info_axml::AXML;
use ukai_model::{AndroidComponent, AndroidInfo, DexInfo, PeerText};

/// What a binary manifest says; `None` where it is none.
pub(crate) fn manifest(bytes: &[u8]) -> Option<AndroidInfo> {
    // What is nested deeply would end the process when it is put away.
    if !bytes.starts_with(&[3, 0])
        || bytes.len() > MANIFEST_BYTES_MAX
        || nesting(bytes) > ANDROID_NESTING_MAX
    {
        return None;
    }
    let read = AXML::new(&mut &*bytes, None).ok()?;
    let root = &read.root;
    if root.name() != "manifest" {
        return None;
    }
    let text = |value: &str| PeerText::truncated(value.as_bytes(), PE_TEXT_BYTES_MAX);
    let sdk = |name: &str| {
        let uses = root.childrens().find(|it| it.name() == "uses-sdk");
        uses.and_then(|it| it.attr(name)).map(text)
    };
    let asks = |tag: &str| matches!(tag, "uses-permission" | "uses-permission-sdk-23");
    let permissions = root.childrens().filter(|it| asks(it.name()));
    let permissions = permissions.filter_map(|it| it.attr("name")).map(text);
    let applications = root.childrens().filter(|it| it.name() == "application");
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the type's crate is not ours")]
    let parts = applications.flat_map(|application| application.childrens());
    let components = parts.filter_map(|part| {
        let kind = match part.name() {
            "activity" | "activity-alias" => "activity",
            kind @ ("service" | "receiver" | "provider") => kind,
            _ => return None,
        };
        let actions = part.descendants().filter(|it| it.name() == "action");
        let actions = actions.filter_map(|it| it.attr("name")).map(text);
        Some(AndroidComponent {
            kind: kind.to_owned(),
            name: text(part.attr("name").unwrap_or_default()),
            actions: actions.take(ANDROID_ACTIONS_MAX).collect(),
        })
    });
    Some(AndroidInfo {
        layer: None,
        package: text(root.attr("package").unwrap_or_default()),
        version: root.attr("versionName").map(text),
        sdk_min: sdk("minSdkVersion"),
        sdk_target: sdk("targetSdkVersion"),
        permissions: permissions.take(ANDROID_ITEMS_MAX).collect(),
        components: components.take(ANDROID_ITEMS_MAX).collect(),
        anomalies: u32::try_from(read.anomalies().len()).unwrap_or(u32::MAX),
    })
}

/// The most elements inside each other that a manifest can have: as many as begin before one ends.
fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut at) = (0usize, 0usize, 8usize);
    while let (Some(kind), Some(size)) = (word(bytes, at), word(bytes, at.saturating_add(4))) {
        match kind & 0xffff {
            0x0102 => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            0x0103 => depth = depth.saturating_sub(1),
            _ => {}
        }
        // What says nothing of its length is passed word by word.
        at = at.saturating_add((size as usize).max(4));
    }
    deepest
}

/// What the header of byte code says; `None` where there is none.
pub(crate) fn dex(bytes: &[u8]) -> Option<DexInfo> {
    if !bytes.starts_with(b"dex\n") {
        return None;
    }
    let version = bytes.get(4..7)?;
    let classes = word(bytes, 96)?;
    let first = word(bytes, 100)? as usize;
    let count = (classes as usize).min(DEX_NAMES_MAX);
    let names = (0..count).map_while(|index| name(bytes, first.checked_add(32 * index)?));
    Some(DexInfo {
        layer: None,
        version: PeerText::from(version),
        intact: bytes.get(12..).map(adler32) == word(bytes, 8),
        strings: word(bytes, 56)?,
        methods: word(bytes, 88)?,
        classes,
        names: names.collect(),
    })
}

/// The name of the class whose definition stands at `at`: `Lcom/example/Main;` with dots.
fn name(bytes: &[u8], at: usize) -> Option<PeerText> {
    let entry = |table: usize, index: u32| {
        let from = word(bytes, table)? as usize;
        word(bytes, from.checked_add((index as usize).checked_mul(4)?)?)
    };
    let descriptor = entry(68, word(bytes, at)?)?;
    let text = bytes.get(entry(60, descriptor)? as usize..)?;
    // Its length in UTF-16 stands before it, seven bits in a byte.
    let length = text.iter().take(5).position(|byte| *byte < 0x80)? + 1;
    let text = text.get(length..)?;
    let text = text.get(..memchr::memchr(0, &text[..text.len().min(PE_TEXT_BYTES_MAX)])?)?;
    let inner = text.strip_prefix(b"L").and_then(|it| it.strip_suffix(b";")).unwrap_or(text);
    let dotted: Vec<u8> =
        inner.iter().map(|byte| if *byte == b'/' { b'.' } else { *byte }).collect();
    Some(PeerText::from(dotted.as_slice()))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

/// RFC 1950, section 9. As many bytes at once as cannot overflow.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1u32, 0u32);
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            low += u32::from(*byte);
            high += low;
        }
        low %= 65_521;
        high %= 65_521;
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::{adler32, dex, manifest};
    use crate::specimen_programs::{android_manifest, dalvik};
    use proptest::prelude::*;

    #[test]
    fn a_manifest_tells_package_permissions_and_what_starts_it() {
        let info = manifest(&android_manifest()).expect("a manifest");
        let text = |it: &ukai_model::PeerText| it.to_string();
        assert_eq!(text(&info.package), "com.example.stealer");
        assert_eq!(info.version.as_ref().map(text).as_deref(), Some("1.2"));
        let permissions: Vec<_> = info.permissions.iter().map(text).collect();
        assert_eq!(permissions, ["android.permission.READ_SMS"]);
        let [receiver] = &info.components[..] else { panic!("one: {info:?}") };
        assert_eq!((receiver.kind.as_str(), text(&receiver.name).as_str()), ("receiver", ".Boot"));
        let actions: Vec<_> = receiver.actions.iter().map(text).collect();
        assert_eq!(actions, ["android.intent.action.BOOT_COMPLETED"]);
    }

    #[test]
    fn byte_code_tells_its_classes() {
        let file = dalvik(&["Lcom/example/Main;", "Lcom/example/Sms;"]);
        let info = dex(&file).expect("a header");
        assert!(info.intact);
        let names: Vec<_> = info.names.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["com.example.Main", "com.example.Sms"]);
        assert_eq!((info.classes, info.version.as_bytes()), (2, &b"035"[..]));
        let mut altered = file;
        *altered.last_mut().expect("bytes") ^= 1;
        assert!(!dex(&altered).expect("a header").intact);
        // RFC 1950's function over a text whose sum is well known.
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn what_is_nested_too_deeply_is_left_out() {
        let mut file = android_manifest();
        let start = [2u8, 1, 16, 0, 36, 0, 0, 0];
        for _ in 0..10_000 {
            file.extend(start);
            file.extend([0xff; 16]);
            file.extend([0, 0, 0, 0, 20, 0, 20, 0, 0, 0, 0, 0]);
        }
        assert_eq!(manifest(&file), None);
    }

    proptest! {
        #[test]
        fn broken_ones_are_read_in_peace(at: usize, value: u8, cut: usize, noise: Vec<u8>) {
            let mut file = android_manifest();
            let length = file.len();
            file[at % length] = value;
            manifest(&file);
            manifest(&file[..cut % length]);
            manifest(&[&[3, 0, 8, 0], noise.as_slice()].concat());
            let mut file = dalvik(&["La/B;"]);
            let length = file.len();
            file[at % length] = value;
            dex(&file);
            dex(&file[..cut % length]);
            dex(&[b"dex\n035\0", noise.as_slice()].concat());
        }
    }
}
