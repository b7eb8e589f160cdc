//! ext2, ext3 and ext4, with their journal. Links are not followed.

use crate::limits::{DEPTH_MAX, ENTRIES_MAX};
use crate::listing::{Entry, Kind, Listing, first_bytes};
use crate::window::Window;
use ext4_view::{Ext4, Ext4Error, Ext4Read, Timestamp};
use std::error::Error;

impl Ext4Read for Window {
    fn read(
        &mut self,
        start_byte: u64,
        dst: &mut [u8],
    ) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        Ok(self.read_exact_at(start_byte, dst)?)
    }
}

/// An open file system.
pub(crate) struct Ext(Ext4);

impl Ext {
    pub(crate) fn open(window: &Window) -> Result<Self, Ext4Error> {
        Ext4::load(Box::new(window.clone())).map(Self)
    }

    /// All files. What cannot be read is left out with what is below it.
    pub(crate) fn list(&self) -> Listing {
        let mut listing = Listing::default();
        let mut folders = vec![(b"/".to_vec(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let Ok(inside) = self.0.read_dir(&folder[..]) else { continue };
            for found in inside.flatten() {
                let name = found.file_name();
                if matches!(name.as_ref(), b"." | b"..") {
                    continue;
                }
                if listing.entries.len() >= ENTRIES_MAX {
                    listing.cut = true;
                    return listing;
                }
                let path = found.path();
                // Of a link, itself.
                let Ok(metadata) = self.0.symlink_metadata(&path) else { continue };
                let path = path.as_path().as_ref().to_vec();
                let kind = match metadata.file_type() {
                    kind if kind.is_regular_file() => Kind::File,
                    kind if kind.is_dir() => Kind::Folder,
                    _ => Kind::Other,
                };
                if kind == Kind::Folder && depth < DEPTH_MAX {
                    folders.push((path.clone(), depth + 1));
                }
                let created = metadata.created().map(nanoseconds).unwrap_or_default();
                let entry = Entry {
                    kind,
                    size: metadata.len(),
                    modified_ns: nanoseconds(metadata.modified()),
                    mark: (created as u64) ^ u64::from(metadata.mode()),
                    number: 0,
                    sequence: 0,
                };
                listing.entries.insert(path, entry);
            }
        }
        listing
    }

    /// A file's first bytes.
    pub(crate) fn read(&self, path: &[u8], most: u64) -> Option<Vec<u8>> {
        let mut file = self.0.open(path).ok()?;
        first_bytes(most, |piece| file.read_bytes(piece).ok())
    }
}

fn nanoseconds(time: Timestamp) -> i128 {
    i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanoseconds())
}
