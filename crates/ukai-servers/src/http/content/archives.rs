//! Archives with one short text in them.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Cursor, Write as _};
use std::sync::OnceLock;
use time::{Date, Month, PrimitiveDateTime, Time};
use zip::write::SimpleFileOptions;

/// What lies in each archive.
const README: &[u8] = b"Version 1.4.2\r\n\r\nSee the web site for documentation.\r\n";
const NAME: &str = "README.txt";

/// An archive of 7-Zip without files (7zFormat.txt of its SDK).
pub(super) const SEVEN_ZIP: &[u8] =
    b"7z\xbc\xaf\x27\x1c\0\x04\x8d\x9b\xd5\x0f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// An archive of RAR 4 without files: mark, main head, end.
pub(super) const RAR: &[u8] =
    b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d\0\0\0\0\0\0\0\xc4\x3d\x7b\0\x40\x07\0";

const IN_MEMORY: &str = "writing to memory does not fail";

/// A ZIP archive of such files.
pub(super) fn zip_of(files: &[(&str, &[u8])]) -> Bytes {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in files {
        writer.start_file(*name, SimpleFileOptions::default()).expect(IN_MEMORY);
        writer.write_all(contents).expect(IN_MEMORY);
    }
    writer.finish().expect(IN_MEMORY).into_inner().into()
}

pub(super) fn zip() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    MADE.get_or_init(|| zip_of(&[(NAME, README)])).clone()
}

fn gzipped(bytes: &[u8]) -> Bytes {
    let mut writer = GzEncoder::new(Vec::new(), Compression::default());
    writer.write_all(bytes).expect(IN_MEMORY);
    writer.finish().expect(IN_MEMORY).into()
}

pub(super) fn gz() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    MADE.get_or_init(|| gzipped(README)).clone()
}

pub(super) fn tar() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let mut header = tar::Header::new_ustar();
        header.set_size(README.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_700_000_000);
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_data(&mut header, NAME, README).expect(IN_MEMORY);
        builder.into_inner().expect(IN_MEMORY).into()
    };
    MADE.get_or_init(make).clone()
}

pub(super) fn tgz() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    MADE.get_or_init(|| gzipped(&tar())).clone()
}

pub(super) fn bz2() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        writer.write_all(README).expect(IN_MEMORY);
        writer.finish().expect(IN_MEMORY).into()
    };
    MADE.get_or_init(make).clone()
}

pub(super) fn cab() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let mut builder = cab::CabinetBuilder::new();
        let date = Date::from_calendar_date(2023, Month::November, 14).expect("a date");
        let file = builder.add_folder(cab::CompressionType::MsZip).add_file(NAME);
        // Otherwise it would be the clock's.
        file.set_datetime(PrimitiveDateTime::new(date, Time::MIDNIGHT));
        let mut writer = builder.build(Cursor::new(Vec::new())).expect(IN_MEMORY);
        while let Some(mut file) = writer.next_file().expect(IN_MEMORY) {
            file.write_all(README).expect(IN_MEMORY);
        }
        writer.finish().expect(IN_MEMORY).into_inner().into()
    };
    MADE.get_or_init(make).clone()
}
