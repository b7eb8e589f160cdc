//! Packets and sources by country and by autonomous system. Packets are exact. Sources are
//! exact while there are few, then estimated by HyperLogLog; memory is bounded by how many
//! countries and systems there are, however many sources come.

use super::index::{Group, Index};
use crate::estimator::Estimator;
use serde::Serialize;

/// What came from a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountrySeen {
    /// The country (ISO 3166-1, two letters); none for sources of which it is not known.
    pub country: Option<String>,
    /// Packets.
    pub packets: u64,
    /// Different sources: exact up to 128, then to 3.3 % (one standard deviation).
    pub sources: u64,
}

/// What came from an autonomous system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SystemSeen {
    /// The autonomous system; none for sources of which it is not known.
    pub asn: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Packets.
    pub packets: u64,
    /// Different sources: exact up to 32, then to 6.5 % (one standard deviation).
    pub sources: u64,
}

#[derive(Clone, Default)]
struct Cell<const P: u32> {
    packets: u64,
    sources: Estimator<P>,
}

/// Counts by the numbers of an [`Index`].
#[derive(Default)]
pub(crate) struct Counts {
    countries: Vec<Cell<10>>,
    systems: Vec<Cell<8>>,
}

impl Counts {
    /// Counts packets of one source; counting it again makes no other of it.
    #[inline]
    pub(crate) fn add(&mut self, group: Group, packets: u64, source_hash: u64) {
        let country = cell(&mut self.countries, group.country());
        country.packets += packets;
        country.sources.insert_hash(source_hash);
        let system = cell(&mut self.systems, group.system());
        system.packets += packets;
        system.sources.insert_hash(source_hash);
    }

    /// Counts what others have counted, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        merge(&mut self.countries, &other.countries);
        merge(&mut self.systems, &other.systems);
    }

    /// The countries of the most sources, those first.
    pub(crate) fn countries(&self, index: &Index, most: usize) -> Vec<CountrySeen> {
        let seen = top(&self.countries, most).into_iter();
        seen.map(|(number, packets, sources)| {
            let country = index.country(number).map(str::to_owned);
            CountrySeen { country, packets, sources }
        })
        .collect()
    }

    /// The systems of the most sources, those first.
    pub(crate) fn systems(&self, index: &Index, most: usize) -> Vec<SystemSeen> {
        let seen = top(&self.systems, most).into_iter();
        seen.map(|(number, packets, sources)| {
            let system = index.system(number);
            let name = system.and_then(|(_, name)| name).map(str::to_owned);
            SystemSeen { asn: system.map(|(asn, _)| asn), name, packets, sources }
        })
        .collect()
    }
}

#[inline]
fn cell<const P: u32>(cells: &mut Vec<Cell<P>>, number: usize) -> &mut Cell<P> {
    if number >= cells.len() {
        cells.resize_with(number + 1, Cell::default);
    }
    &mut cells[number]
}

fn merge<const P: u32>(cells: &mut Vec<Cell<P>>, others: &[Cell<P>]) {
    for (number, other) in others.iter().enumerate().filter(|(_, other)| other.packets > 0) {
        let one = cell(cells, number);
        one.packets += other.packets;
        one.sources.merge(&other.sources);
    }
}

/// Numbers with packets and sources, those of the most sources first.
fn top<const P: u32>(cells: &[Cell<P>], most: usize) -> Vec<(usize, u64, u64)> {
    let met = cells.iter().enumerate().filter(|(_, cell)| cell.packets > 0);
    let mut met: Vec<_> =
        met.map(|(number, cell)| (number, cell.packets, cell.sources.estimate())).collect();
    met.sort_by_key(|(number, packets, sources)| {
        (std::cmp::Reverse((*sources, *packets)), *number)
    });
    met.truncate(most);
    met
}
