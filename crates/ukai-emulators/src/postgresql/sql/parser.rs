//! A place in a query's words, and the names that stand there.

use super::lexer::{Kind, Token, position, syntax_error};
use super::syntax::Name;
use crate::postgresql::report::Report;

/// What ends the reading of a statement.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is wrong, as the real server sees it.
    Wrong(Report),
    /// It is right for all we know, and beyond ours.
    Beyond,
}

impl From<Report> for Stop {
    fn from(report: Report) -> Self {
        Self::Wrong(report)
    }
}

pub(super) type Read<T> = Result<T, Stop>;

/// Words that are no names and no columns.
const RESERVED: &str = "all and any as asc both case cast check collate column constraint create default desc \
     distinct do else end except false fetch for foreign from grant group having in initially \
     intersect into lateral leading limit not null offset on only or order placing primary \
     references returning select some table then to trailing true union unique using variadic \
     when where window with";

/// Good SQL from here on, and not ours.
const BEYOND: &str = "union intersect except group having window join left right inner full cross natural \
     array exists similar collate at over returning";

fn is_in(list: &str, word: &[u8]) -> bool {
    list.split(' ').any(|known| known.as_bytes() == word)
}

pub(super) fn is_reserved(word: &[u8]) -> bool {
    is_in(RESERVED, word)
}

pub(super) fn is_beyond(word: &[u8]) -> bool {
    is_in(BEYOND, word)
}

/// A place in a query.
pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) operators: usize,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(super) fn place(&self) -> usize {
        let here = self.tokens.get(self.at).map(|token| token.place);
        here.unwrap_or_else(|| position(self.text, self.text.len()))
    }

    pub(super) fn is_word(&self, word: &[u8]) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found == word)
    }

    pub(super) fn is_mark(&self, mark: &[u8]) -> bool {
        matches!(self.peek(), Some(Kind::Mark(found)) if found == mark)
    }

    pub(super) fn take_word(&mut self, word: &[u8]) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_words(&mut self, words: &[&[u8]]) -> bool {
        let from = self.at;
        let all = words.iter().all(|word| self.take_word(word));
        if !all {
            self.at = from;
        }
        all
    }

    pub(super) fn take_mark(&mut self, mark: &[u8]) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    pub(super) fn need_word(&mut self, word: &[u8]) -> Read<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn need_mark(&mut self, mark: &[u8]) -> Read<()> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.wrong()) }
    }

    /// A syntax error here, unless what stands here is good and beyond ours.
    pub(super) fn wrong(&self) -> Stop {
        match (self.tokens.get(self.at), self.peek()) {
            (_, Some(Kind::Word(word))) if is_beyond(word) => Stop::Beyond,
            (Some(token), _) => {
                let word = Some((token.start, token.end));
                Stop::Wrong(syntax_error(self.text, "syntax error", word))
            }
            (None, _) => Stop::Wrong(syntax_error(self.text, "syntax error", None)),
        }
    }

    pub(super) fn at_end(&self) -> bool {
        self.peek().is_none() || self.is_mark(b";")
    }

    pub(super) fn skip_to_end(&mut self) {
        while !self.at_end() {
            self.at += 1;
        }
    }

    /// A name, quoted or not reserved.
    pub(super) fn identifier(&mut self) -> Read<Vec<u8>> {
        let name = match self.peek() {
            Some(Kind::Word(word)) if !is_reserved(word) => word.clone(),
            Some(Kind::Quoted(word)) => word.clone(),
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(name.get(..name.len().min(63)).unwrap_or_default().to_vec())
    }

    pub(super) fn name(&mut self) -> Read<Name> {
        let at = self.place();
        let mut name = Name { schema: None, own: self.identifier()?, at };
        while self.take_mark(b".") {
            let inner = self.identifier()?;
            name.schema = Some(std::mem::replace(&mut name.own, inner));
        }
        Ok(name)
    }

    pub(super) fn text(&mut self) -> Read<Vec<u8>> {
        let Some(Kind::Text(text)) = self.peek() else { return Err(self.wrong()) };
        let text = text.clone();
        self.at += 1;
        Ok(text)
    }

    pub(super) fn names(&mut self) -> Read<Vec<Name>> {
        let mut all = vec![self.name()?];
        while self.take_mark(b",") {
            all.push(self.name()?);
        }
        Ok(all)
    }

    /// What stands in parentheses, up to the one that closes.
    pub(super) fn skip_parentheses(&mut self) -> Read<()> {
        self.need_mark(b"(")?;
        let mut open = 1_usize;
        while open > 0 {
            match self.peek() {
                None => return Err(self.wrong()),
                Some(Kind::Mark(mark)) if mark == b"(" => open += 1,
                Some(Kind::Mark(mark)) if mark == b")" => open -= 1,
                Some(_) => {}
            }
            self.at += 1;
        }
        Ok(())
    }
}
