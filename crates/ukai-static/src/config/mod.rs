//! Configurations of known families of bots, read out of their tables.
//!
//! To add a family (docs/bots.md): a file here with an [`Extractor`], an entry in [`EXTRACTORS`], and a
//! test over made-up programs (`tests/bots/` makes them for every processor). An extractor
//! gets the file cut into C strings and the constants that its code loads, and returns
//! nothing unless several independent parts fit: a wrong configuration blocks an innocent.

mod code;
mod gafgyt;
mod mirai;
mod program;

use crate::observables::{Finds, Source, scan_text};
use program::Program;
use ukai_model::{BotConfiguration, ElfInfo, StringEncoding};

/// Reads the configuration of one family.
trait Extractor: Sync {
    /// The configuration, if the program is of the family.
    fn extract(&self, program: &Program<'_>) -> Option<BotConfiguration>;
}

static EXTRACTORS: &[&dyn Extractor] = &[&mirai::Mirai, &gafgyt::Gafgyt];

/// Makes the tables of the extractors.
pub(crate) fn prepare() {
    mirai::prepare();
}

/// All configurations in a program. What they contact goes to `finds`.
pub(crate) fn extract(
    bytes: &[u8],
    elf: &ElfInfo,
    layer: Option<u32>,
    finds: &mut Finds,
) -> Vec<BotConfiguration> {
    let program = Program::new(bytes, elf);
    let mut found = Vec::new();
    for extractor in EXTRACTORS {
        let Some(mut configuration) = extractor.extract(&program) else { continue };
        configuration.layer = layer;
        let key = configuration.table_key.as_deref();
        let key = key.and_then(|key| u8::from_str_radix(key, 16).ok());
        let source = Source {
            offset: 0,
            stride: 0,
            encoding: key.map_or(StringEncoding::Plain, |key| StringEncoding::Xor { key }),
            method: "configuration",
            language: None,
        };
        for place in configuration.servers.iter().chain(&configuration.reports) {
            scan_text(place.as_bytes(), &source, finds);
        }
        found.push(configuration);
    }
    found
}
