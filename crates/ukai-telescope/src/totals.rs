//! Packets by what they are: exact, whatever the tables forget.

use crate::class::{CLASSES, Class};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use ukai_model::Timestamp;

/// Packets by what they are.
#[derive(Clone, Debug, Serialize)]
pub struct Totals {
    /// Packets that were named.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first.
    pub first: Option<Timestamp>,
    /// The last.
    pub last: Option<Timestamp>,
    /// Frames that carry something other than IP.
    pub not_ip: u64,
    /// Frames of which not even the addresses can be read.
    pub unreadable: u64,
    /// Packets that are not for the telescope.
    pub elsewhere: u64,
    /// Packets of conversations with honeypots: see [`crate::Settings::answered`].
    pub conversations: u64,
    /// How many there are of each class.
    pub classes: Classes,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            packets: 0,
            bytes: 0,
            first: None,
            last: None,
            not_ip: 0,
            unreadable: 0,
            elsewhere: 0,
            conversations: 0,
            classes: Classes { counts: vec![(None, 0); CLASSES] },
        }
    }
}

impl Totals {
    #[inline]
    pub(crate) fn count(&mut self, class: Class, time: Timestamp, bytes: u32) {
        self.packets += 1;
        self.bytes += u64::from(bytes);
        if self.first.is_none_or(|first| time < first) {
            self.first = Some(time);
        }
        if self.last.is_none_or(|last| time > last) {
            self.last = Some(time);
        }
        if let Some(count) = self.classes.counts.get_mut(usize::from(class.number())) {
            count.0 = Some(class);
            count.1 += 1;
        }
    }
}

/// How many packets there are of each class.
#[derive(Clone, Debug)]
pub struct Classes {
    counts: Vec<(Option<Class>, u64)>,
}

impl Classes {
    /// Each class that was met, with its packets; the most frequent first.
    pub fn sorted(&self) -> Vec<(Class, u64)> {
        let met = self.counts.iter().filter_map(|(class, count)| Some(((*class)?, *count)));
        let mut met: Vec<_> = met.collect();
        met.sort_by_key(|(class, count)| (std::cmp::Reverse(*count), *class));
        met
    }
}

impl Serialize for Classes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row {
            group: &'static str,
            kind: &'static str,
            packets: u64,
        }
        let rows = self.sorted();
        let mut list = serializer.serialize_seq(Some(rows.len()))?;
        for (class, packets) in rows {
            list.serialize_element(&Row { group: class.group(), kind: class.kind(), packets })?;
        }
        list.end()
    }
}
