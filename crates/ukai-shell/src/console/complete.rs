//! What a tab may stand for: commands, files, variables, users.

use super::quoting::{Unfinished, unfinished};
use crate::process::Process;
use std::collections::BTreeSet;

/// Names that bash knows without a program: keywords, then builtins.
const BASH_NAMES: &str = "if then else elif fi case esac for select while until do done in function \
    time { } ! [[ ]] coproc . : [ alias bg bind break builtin caller cd command compgen complete \
    compopt continue declare dirs disown echo enable eval exec exit export false fc fg getopts \
    hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray \
    readonly return set shift shopt source suspend test times trap true type typeset ulimit umask \
    unalias unset wait";

/// The builtins of BusyBox's ash that a tab finds.
const ASH_NAMES: &str = ". : [ [[ alias bg break cd chdir command continue echo eval exec exit \
    export false fg getopts hash help history jobs kill let local printf pwd read readonly return \
    set shift source test times trap true type ulimit umask unalias unset wait";

/// Something that a tab may stand for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    /// What is put in place of the word, not yet quoted.
    pub(super) text: Vec<u8>,
    /// Where in `text` the part begins that a list shows.
    pub(super) shown: usize,
    pub(super) directory: bool,
    /// It stands in the text with its quotes and dollars as they are.
    pub(super) plain: bool,
}

impl Match {
    fn new(text: Vec<u8>) -> Self {
        Self { text, shown: 0, directory: false, plain: false }
    }
}

/// What the word before the cursor may become.
#[derive(Debug, Default)]
pub(super) struct Completion {
    /// Where the word begins in the line, its open quote left out.
    pub(super) start: usize,
    /// The quote that is open in it.
    pub(super) quote: Option<u8>,
    /// Sorted.
    pub(super) matches: Vec<Match>,
}

impl Completion {
    /// What all matches begin with.
    pub(super) fn common(&self) -> Vec<u8> {
        let Some(first) = self.matches.first() else { return Vec::new() };
        let mut common = &first.text[..];
        for other in &self.matches {
            let pairs = common.iter().zip(&other.text);
            common = &common[..pairs.take_while(|(a, b)| a == b).count()];
        }
        common.to_vec()
    }
}

/// What `before`, the line up to the cursor, may go on with.
pub(super) fn complete(process: &Process, before: &[u8]) -> Completion {
    let Unfinished { start, quote, word, command, first } = unfinished(before, process.bash);
    let mut seeker = Seeker { process, found: BTreeSet::new() };
    if process.bash && word.first() == Some(&b'$') && quote != Some(b'\'') {
        seeker.variables(&word);
    } else if process.bash && word.first() == Some(&b'~') && !word.contains(&b'/') {
        seeker.users(&word);
    } else if command && !word.contains(&b'/') {
        if process.bash || !word.is_empty() {
            seeker.commands(&word);
        }
        if seeker.found.is_empty() && !word.is_empty() {
            seeker.files(&word, Wanted::Runs);
        }
    } else if command {
        seeker.files(&word, Wanted::Runs);
    } else if !process.bash && first == b"cd" {
        seeker.files(&word, Wanted::Directories);
    } else {
        seeker.files(&word, Wanted::All);
    }
    Completion { start, quote, matches: seeker.found.into_iter().collect() }
}

/// Which files fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Directories,
    /// Programs, and directories on the way to them.
    Runs,
}

struct Seeker<'a> {
    process: &'a Process,
    found: BTreeSet<Match>,
}

impl Seeker<'_> {
    /// Names in a directory that begin with `start`; what looking costs is counted.
    fn names(&self, directory: &[u8], start: &[u8]) -> Vec<Vec<u8>> {
        const NAMES_PER_STEP: u64 = 16;
        let view = self.process.view();
        let Ok(names) = self.process.fs().list(&view, directory) else { return Vec::new() };
        if self.process.session.step(1 + names.len() as u64 / NAMES_PER_STEP).is_err() {
            return Vec::new();
        }
        // Hidden ones are found by their dot; bash offers them all, but `.` and `..`.
        let hidden = |name: &[u8]| name.starts_with(b".") && start.is_empty() && !self.process.bash;
        names
            .iter()
            .filter(|n| n.starts_with(start) && !hidden(n) && &n[..] != b"." && &n[..] != b"..")
            .map(|n| n.to_vec())
            .collect()
    }

    /// Whether a path is a directory, and whether it can be run.
    fn kind(&self, path: &[u8]) -> (bool, bool) {
        let stat = self.process.fs().stat(&self.process.view(), path, true);
        stat.map_or((false, false), |s| (s.is_dir(), s.is_file() && s.mode & 0o111 != 0))
    }

    fn files(&mut self, word: &[u8], wanted: Wanted) {
        let split = word.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
        let (folder, start) = word.split_at(split);
        let place = match folder.strip_prefix(b"~/") {
            Some(rest) => {
                let home = self.process.variable(b"HOME").unwrap_or_default();
                [&home[..], b"/", rest].concat()
            }
            None if folder.is_empty() => self.process.directory.to_vec(),
            None => self.process.absolute(folder),
        };
        for name in self.names(&place, start) {
            let (directory, runs) = self.kind(&[&place[..], b"/", &name].concat());
            let fits = match wanted {
                Wanted::All => true,
                Wanted::Directories => directory,
                Wanted::Runs => directory || runs,
            };
            if fits {
                let text = [folder, &name].concat();
                self.found.insert(Match { text, shown: split, directory, plain: false });
            }
        }
    }

    fn commands(&mut self, word: &[u8]) {
        let process = self.process;
        let known = if process.bash { BASH_NAMES } else { ASH_NAMES };
        let aliases = process.aliases.keys().chain(process.functions.keys());
        let names = known.split_whitespace().map(str::as_bytes).chain(aliases.map(|n| &n[..]));
        // The BusyBox of old devices offers programs only.
        if process.bash || process.busybox_version() >= (1, 20) {
            for name in names.filter(|n| n.starts_with(word)) {
                self.found.insert(Match::new(name.to_vec()));
            }
        }
        let path = process.variable(b"PATH").unwrap_or_default();
        const FOLDERS: usize = 16;
        for folder in path.split(|b| *b == b':').take(FOLDERS) {
            let place = process.absolute(folder);
            for name in self.names(&place, word) {
                let (_, runs) = self.kind(&[&place[..], b"/", &name].concat());
                if runs {
                    self.found.insert(Match::new(name));
                }
            }
        }
    }

    fn variables(&mut self, word: &[u8]) {
        let braces = word.starts_with(b"${");
        let start = &word[if braces { 2 } else { 1 }..];
        for (name, _) in self.process.variables.iter().filter(|(n, _)| n.starts_with(start)) {
            let (before, after): (&[u8], &[u8]) = if braces { (b"${", b"}") } else { (b"$", b"") };
            let value = self.process.variable(name).unwrap_or_default();
            let directory = value.starts_with(b"/") && self.kind(&value).0;
            let text = [before, name, after].concat();
            self.found.insert(Match { text, shown: 0, directory, plain: true });
        }
    }

    fn users(&mut self, word: &[u8]) {
        let view = self.process.view();
        let accounts = self.process.fs().read(&view, b"/etc/passwd").unwrap_or_default();
        for line in accounts.split(|b| *b == b'\n') {
            let name = line.split(|b| *b == b':').next().unwrap_or_default();
            if !name.is_empty() && name.starts_with(&word[1..]) {
                let text = [b"~", name].concat();
                self.found.insert(Match { text, shown: 0, directory: true, plain: true });
            }
        }
    }
}
