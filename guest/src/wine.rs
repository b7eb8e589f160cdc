//! Wine's own processes: the server that opens, makes and deletes files for all of Windows'
//! programs, and those that stand for Windows' services.
//!
//! They run before the sample does. What the server does is told of the program that it
//! does it for, as far as that is known: it hands each file that is read or written to its
//! program, which the kernel tells of.

use std::collections::HashMap;
use std::fs::{self, File};
use std::time::Instant;

use crate::limits::{SAVING_MAX, WINE_FILES_MAX};
use crate::sys;

/// Where Debian has Wine's programs.
const PROGRAMS: &str = "/usr/lib/wine/";
/// Where the image has the registry.
const REGISTRY: [&str; 2] = ["/home/daniel/.wine/system.reg", "/home/daniel/.wine/user.reg"];

#[derive(Default)]
pub struct Wine {
    /// The server's process; 0 where there is no Wine.
    pub server: u32,
    /// Processes with their threads.
    own: Vec<(u32, Vec<u32>)>,
    /// The registry's files as they were before the start.
    registry: Vec<(&'static str, Option<File>)>,
    /// Files that were made, by their number, until it is known for whom: when, where.
    made: HashMap<u64, (u64, Vec<u8>)>,
    /// Programs that have files for writing, by the file's number.
    writers: HashMap<u64, u32>,
}

impl Wine {
    /// Finds what runs of it.
    pub fn find(nest: u32) -> Self {
        let mut wine = Self::default();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            let program = fs::read_link(entry.path().join("exe")).unwrap_or_default();
            let program = program.to_string_lossy();
            let Some((_, program)) = program.split_once(PROGRAMS) else { continue };
            if program.starts_with("wineserver") {
                wine.server = pid;
            }
            let tasks = fs::read_dir(entry.path().join("task")).into_iter().flatten().flatten();
            let tasks = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok());
            wine.own.push((pid, tasks.collect()));
        }
        if wine.server != 0 {
            // The server writes new files in their place, so that these stay as they are.
            let open =
                |path: &'static str| (path, File::open(format!("/proc/{nest}/root{path}")).ok());
            wine.registry = REGISTRY.into_iter().map(open).collect();
        }
        wine
    }

    /// Processes with their threads.
    pub fn tasks(&self) -> &[(u32, Vec<u32>)] {
        &self.own
    }

    pub fn is_own(&self, pid: u32) -> bool {
        self.own.iter().any(|(own, _)| *own == pid)
    }

    pub fn is_server(&self, pid: u32) -> bool {
        self.server != 0 && pid == self.server
    }

    /// The server has made a file.
    pub fn made(&mut self, number: u64, at_ns: u64, path: Vec<u8>) {
        if self.made.len() < WINE_FILES_MAX {
            self.made.insert(number, (at_ns, path));
        }
    }

    /// A program has got a file. When it was made, and where, if it was made for it.
    pub fn received(&mut self, number: u64, pid: u32, written: bool) -> Option<(u64, Vec<u8>)> {
        if self.server == 0 {
            return None;
        }
        if written && self.writers.len() < WINE_FILES_MAX {
            self.writers.insert(number, pid);
        }
        self.made.remove(&number)
    }

    /// Files that were made and never handed over.
    pub fn left(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut left: Vec<_> = self.made.drain().map(|(_, made)| made).collect();
        left.sort();
        left
    }

    /// Who wrote a file that `pid` has closed; none: the server its own.
    pub fn writer(&self, pid: u32, number: u64) -> Option<u32> {
        if self.is_server(pid) { self.writers.get(&number).copied() } else { Some(pid) }
    }

    /// The registry's files: where they are, and what they were.
    pub fn registry(&mut self) -> Vec<(&'static str, Option<File>)> {
        std::mem::take(&mut self.registry)
    }

    /// Has the server write down the registry, which ends it; whether that is done.
    pub fn has_saved(&self, since: &mut Option<Instant>) -> bool {
        if self.server == 0 {
            return true;
        }
        let since = since.get_or_insert_with(|| {
            sys::kill(self.server, libc::SIGTERM);
            Instant::now()
        });
        // Its parent, the nest, takes what has ended away.
        !fs::exists(format!("/proc/{}", self.server)).unwrap_or(false)
            || since.elapsed() > SAVING_MAX
    }
}
