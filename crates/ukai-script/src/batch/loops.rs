//! `for`: over words, numbers, lines of texts, of files and of what commands put out.

use super::Mode;
use super::exec::{Batch, Eval, Flow, Known};
use super::parser::For;
use crate::run::{Content, Turns};

impl Batch<'_, '_> {
    pub(super) fn for_loop(&mut self, each: &For) -> Eval<Known> {
        let set = self.expand_late(&each.set)?;
        let options = self.expand_late(&each.options)?;
        match each.kind {
            Some('l') => self.count(each, &set)?,
            Some('f') => self.over_lines(each, &options, &set)?,
            Some('r') => self.over_tree(each, options.trim(), &set)?,
            Some('d') => self.over_folders(each, &set)?,
            _ => {
                let mut turns = Turns::new(self.run);
                for word in words(&set) {
                    // Of what is not known to be there, the pattern stands for all.
                    for word in self.files_of(word)? {
                        self.turn(each, vec![(each.variable, word)])?;
                    }
                    if !turns.has_budget(self.run) {
                        break;
                    }
                    turns.again(self.run)?;
                }
            }
        }
        Ok(Some(true))
    }

    /// The files that a pattern means: those that the script has, else the pattern itself.
    fn files_of(&mut self, word: String) -> Eval<Vec<String>> {
        if !word.contains(['*', '?']) {
            return Ok(vec![word]);
        }
        let bare = word.trim_matches('"');
        let (folder, pattern) = bare.rsplit_once('\\').unwrap_or((&self.folder, bare));
        let known = self.run.files_below(folder)?;
        let start = folder.trim_end_matches('\\').len() + 1;
        let fitting = known.into_iter().filter(|it| {
            it.get(start..).is_some_and(|name| !name.contains('\\') && fits(name, pattern))
        });
        let files: Vec<String> = fitting.collect();
        Ok(if files.is_empty() { vec![word] } else { files })
    }

    /// `for /r FOLDER %%i in (SET)`: of each word, the files of that name below the folder; without
    /// wildcards, the name itself in it. Of what is not known to be there, the pattern stands for
    /// all.
    fn over_tree(&mut self, each: &For, folder: &str, set: &str) -> Eval<()> {
        let folder = match folder.trim_matches('"').trim_end_matches('\\') {
            "" | "." => self.folder.trim_end_matches('\\').to_owned(),
            folder if folder.contains(':') || folder.starts_with('\\') => folder.to_owned(),
            folder => format!("{}\\{folder}", self.folder.trim_end_matches('\\')),
        };
        let mut turns = Turns::new(self.run);
        for word in words(set) {
            let word = word.trim_matches('"').to_owned();
            let mut paths = Vec::new();
            if word.contains(['*', '?']) {
                let known = self.run.files_below(&folder)?;
                let name = |path: &String| path.rsplit('\\').next().unwrap_or(path).to_owned();
                paths.extend(known.into_iter().filter(|it| fits(&name(it), &word)));
            }
            if paths.is_empty() {
                paths.push(format!("{folder}\\{word}"));
            }
            for path in paths {
                self.turn(each, vec![(each.variable, path)])?;
                if !turns.again(self.run)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// `for /d %%i in (SET)`: folders; those that are there are not known, their pattern stands for
    /// them.
    fn over_folders(&mut self, each: &For, set: &str) -> Eval<()> {
        let mut turns = Turns::new(self.run);
        for word in words(set) {
            self.turn(each, vec![(each.variable, word)])?;
            if !turns.again(self.run)? {
                break;
            }
        }
        Ok(())
    }

    /// One turn, with the loop's variables set.
    fn turn(&mut self, each: &For, values: Vec<(char, String)>) -> Eval<()> {
        self.run.step()?;
        let before = self.loops.len();
        self.loops.extend(values);
        let done = self.node(&each.body);
        self.loops.truncate(before);
        done.map(|_| ())
    }

    fn count(&mut self, each: &For, set: &str) -> Eval<()> {
        let numbers: Vec<i64> =
            words(set).iter().map(|it| super::arithmetic::number(it).unwrap_or(0)).collect();
        let [first, step, last] = numbers.as_slice() else { return Ok(()) };
        let (mut value, step, last) = (*first, *step, *last);
        let mut turns = Turns::new(self.run);
        while (step >= 0 && value <= last) || (step < 0 && value >= last) {
            self.turn(each, vec![(each.variable, value.to_string())])?;
            if !turns.again(self.run)? {
                break;
            }
            value = value.saturating_add(step);
        }
        Ok(())
    }

    fn over_lines(&mut self, each: &For, options: &str, set: &str) -> Eval<()> {
        let options = Options::read(options.trim_matches('"'));
        let set = set.trim();
        let quote =
            |open: char| set.strip_prefix(open).map(|it| it.strip_suffix(open).unwrap_or(it));
        let (text, command) = if options.use_back_quotes {
            (quote('\''), quote('`'))
        } else {
            (quote('"'), quote('\''))
        };
        let source = if let Some(text) = text {
            Some(text.to_owned())
        } else if let Some(command) = command {
            Some(self.output_of(command)?)
        } else {
            let mut all = String::new();
            let mut is_known = true;
            for path in crate::command_line::split(set) {
                match self.run.file(&path) {
                    Some(Content::Own(bytes)) => all.push_str(&crate::run::decode(bytes)),
                    _ => is_known = false,
                }
            }
            Some(all).filter(|_| is_known)
        };
        let lines: Vec<String> = match source {
            Some(text) if !text.trim().is_empty() => {
                text.lines().skip(options.skip).map(str::to_owned).collect()
            }
            // What is not known acts as empty, and what is done with it is of interest.
            _ => {
                let values = options
                    .names(each.variable)
                    .into_iter()
                    .map(|it| (it, String::new()))
                    .collect();
                return self.turn(each, values);
            }
        };
        let mut turns = Turns::new(self.run);
        for line in lines {
            self.run.steps(1 + line.len() as u64 / 16)?;
            if line.is_empty() || options.eol.is_some_and(|it| line.starts_with(it)) {
                continue;
            }
            let Some(values) = options.tokens_of(&line, each.variable) else { continue };
            self.turn(each, values)?;
            if !turns.has_budget(self.run) {
                break;
            }
            turns.again(self.run)?;
        }
        Ok(())
    }

    /// What a command puts out: it runs in a process of its own.
    fn output_of(&mut self, command: &str) -> Eval<String> {
        let environment = self.run.copy_environment()?;
        if !self.run.enter() {
            return Ok(String::new());
        }
        let folder = self.folder.clone();
        let mut inner = Batch::new(self.run, command, Mode::Line, false);
        inner.folder = folder;
        let done = inner.output();
        self.run.restore_environment(environment);
        self.run.leave();
        done.map_err(Flow::from)
    }
}

/// Whether a file's name fits a pattern with `*` and `?`, in any case; `*.*` is every name.
fn fits(name: &str, pattern: &str) -> bool {
    if pattern == "*.*" {
        return true;
    }
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let (mut at, mut in_pattern) = (0, 0);
    // Where the last star stands, and from where on it was tried.
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(c) if *c == '?' || Some(c) == name.get(at) => {
                at += 1;
                in_pattern += 1;
            }
            _ => match star {
                Some((place, from)) => {
                    star = Some((place, from + 1));
                    (in_pattern, at) = (place + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(in_pattern).all(|it| *it == '*')
}

/// Words of a set: parted by blanks, commas, semicolons and equal signs.
fn words(set: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in set.chars() {
        quoted ^= c == '"';
        if !quoted && (c.is_whitespace() || matches!(c, ',' | ';' | '=')) {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Tokens that a line is taken apart into.
const TOKENS_MAX: usize = 31;

#[derive(Debug)]
struct Options {
    eol: Option<char>,
    skip: usize,
    delimiters: String,
    /// Numbers of tokens, in order.
    tokens: Vec<usize>,
    /// Whether the rest of the line is one more.
    rest: bool,
    use_back_quotes: bool,
}

impl Options {
    fn read(text: &str) -> Self {
        let mut options = Self {
            eol: Some(';'),
            skip: 0,
            delimiters: " \t".to_owned(),
            tokens: Vec::new(),
            rest: false,
            use_back_quotes: false,
        };
        let mut rest = text.trim_start();
        let mut has_tokens = false;
        while !rest.is_empty() {
            let lower = rest.to_ascii_lowercase();
            if lower.starts_with("usebackq") {
                options.use_back_quotes = true;
                rest = &rest[8..];
            } else if lower.starts_with("delims=") {
                // To the end where it is the last, else to a blank behind the first.
                let value = &rest[7..];
                let mut end = value.len();
                for word in ["tokens=", "eol=", "skip=", "usebackq", "delims="] {
                    if let Some(at) = value.to_ascii_lowercase().find(&format!(" {word}")) {
                        end = end.min(at);
                    }
                }
                value[..end].clone_into(&mut options.delimiters);
                rest = &value[end..];
            } else if lower.starts_with("eol=") {
                options.eol = rest[4..].chars().next();
                rest = &rest[4 + options.eol.map_or(0, char::len_utf8)..];
            } else if lower.starts_with("skip=") {
                let value = rest[5..].split(' ').next().unwrap_or_default();
                options.skip = super::arithmetic::number(value)
                    .and_then(|it| usize::try_from(it).ok())
                    .unwrap_or(0);
                rest = &rest[5 + value.len()..];
            } else if lower.starts_with("tokens=") {
                let value = rest[7..].split(' ').next().unwrap_or_default();
                has_tokens = true;
                options.read_tokens(value);
                rest = &rest[7 + value.len()..];
            } else {
                let mut chars = rest.chars();
                chars.next();
                rest = chars.as_str();
            }
            rest = rest.trim_start();
        }
        if !has_tokens {
            options.tokens.push(1);
        }
        options
    }

    /// `1,3-5*`
    fn read_tokens(&mut self, text: &str) {
        let bare = match text.strip_suffix('*') {
            Some(bare) => {
                self.rest = true;
                bare
            }
            None => text,
        };
        for part in bare.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) =
                (first.trim().parse::<usize>(), last.trim().parse::<usize>())
            {
                let last = last.min(first.saturating_add(TOKENS_MAX));
                self.tokens
                    .extend((first..=last).take(TOKENS_MAX.saturating_sub(self.tokens.len())));
            }
        }
        self.tokens.sort_unstable();
        self.tokens.dedup();
    }

    /// The variables that are set, from the loop's own on.
    fn names(&self, first: char) -> Vec<char> {
        let count = self.tokens.len() + usize::from(self.rest);
        let name = |at: usize| char::from_u32(u32::from(first) + at as u32);
        (0..count.max(1)).filter_map(name).collect()
    }

    /// A line's tokens by their variables; `None` where there is not even the first.
    fn tokens_of(&self, line: &str, first: char) -> Option<Vec<(char, String)>> {
        let is_delimiter = |c: char| self.delimiters.contains(c);
        let last = self.tokens.last().copied().unwrap_or(0);
        let mut found: Vec<&str> = Vec::new();
        let mut rest = line.trim_start_matches(is_delimiter);
        while found.len() < last && !rest.is_empty() {
            let end = rest.find(is_delimiter).unwrap_or(rest.len());
            found.push(&rest[..end]);
            let behind = &rest[end..];
            rest = behind.trim_start_matches(is_delimiter);
        }
        let mut values: Vec<String> = Vec::new();
        for token in &self.tokens {
            values.push(found.get(token.saturating_sub(1)).map_or("", |it| it).to_owned());
        }
        if self.rest {
            values.push(rest.to_owned());
        }
        let has_first = values.first().is_some_and(|it| !it.is_empty());
        has_first.then(|| self.names(first).into_iter().zip(values).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn lines_are_taken_apart() {
        let options = Options::read("tokens=1,3* delims=,");
        let values = options.tokens_of("a,b,c,d,e", 'i').unwrap_or_default();
        assert_eq!(values, [('i', "a".to_owned()), ('j', "c".to_owned()), ('k', "d,e".to_owned())]);
        let options = Options::read("delims=");
        assert_eq!(options.tokens_of(" a b", 'x').unwrap_or_default(), [('x', " a b".to_owned())]);
        let options = Options::read("usebackq skip=2 tokens=2-3");
        assert!(options.use_back_quotes && options.skip == 2 && options.tokens == [2, 3]);
    }
}
