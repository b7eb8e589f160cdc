//! Files that are compressed, known by their first bytes.

use crate::limits::ZSTD_WINDOW_LOG_MAX;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Chain, Cursor, Read};

/// A file from its beginning, though some of it was read.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// A file's content, whether or not it is compressed.
pub(super) enum Input<R: Read> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Whole<R>>>>),
}

impl<R: Read> Input<R> {
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        let mut magic = Vec::new();
        input.by_ref().take(4).read_to_end(&mut magic)?;
        let (gzip, zstd) =
            (magic.starts_with(&[0x1f, 0x8b]), magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
        let whole = Cursor::new(magic).chain(input);
        Ok(if gzip {
            Self::Gzip(Box::new(MultiGzDecoder::new(whole)))
        } else if zstd {
            let mut decoder = zstd::stream::read::Decoder::new(whole)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Self::Zstd(Box::new(decoder))
        } else {
            Self::Plain(whole)
        })
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(input) => input.read(buffer),
            Self::Zstd(input) => input.read(buffer),
        }
    }
}
