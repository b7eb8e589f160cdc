//! Queries of one relation at most; those with more are [`super::unread`].

use super::lexer::Kind;
use super::parser::{Parser, Read, Stop, is_beyond, is_reserved};
use super::syntax::{Item, Select};

impl Parser<'_> {
    pub(super) fn select(&mut self) -> Read<Select> {
        let distinct = self.take_word(b"distinct");
        if distinct && self.is_word(b"on") {
            return Err(Stop::Beyond);
        }
        let _ = distinct || self.take_word(b"all");
        let mut select = Select { distinct, ..Select::default() };
        let empty = match self.peek() {
            None => true,
            Some(Kind::Mark(mark)) => mark == b";" || mark == b")",
            Some(Kind::Word(word)) => word == b"from" || word == b"where",
            Some(_) => false,
        };
        if !empty {
            select.items.push(self.item()?);
            while self.take_mark(b",") {
                select.items.push(self.item()?);
            }
        }
        if self.is_word(b"into") {
            return Err(Stop::Beyond);
        }
        if self.take_word(b"from") {
            self.source(&mut select)?;
        }
        if self.take_word(b"where") {
            select.filter = Some(self.expression()?);
        }
        if self.take_words(&[b"order", b"by"]) {
            loop {
                let key = self.expression()?;
                let descends = self.take_word(b"desc");
                let _ = descends || self.take_word(b"asc");
                if self.take_word(b"nulls") {
                    return Err(Stop::Beyond);
                }
                select.order.push((key, descends));
                if !self.take_mark(b",") {
                    break;
                }
            }
        }
        self.bounds(&mut select)?;
        Ok(select)
    }

    /// The relation that is read.
    fn source(&mut self, select: &mut Select) -> Read<()> {
        let _ = self.take_word(b"only");
        if self.is_mark(b"(") || self.is_word(b"lateral") {
            return Err(Stop::Beyond);
        }
        let from = self.at;
        let name = self.name()?;
        if self.is_mark(b"(") {
            self.at = from;
            select.call = Some(self.expression()?);
        } else {
            select.from = Some(name);
        }
        if self.is_mark(b",") || self.is_mark(b"*") {
            return Err(Stop::Beyond);
        }
        if self.take_word(b"as") || self.can_be_label() {
            select.alias = Some(self.identifier()?);
        }
        if self.is_mark(b"(") || self.is_mark(b",") || self.is_word(b"tablesample") {
            return Err(Stop::Beyond);
        }
        Ok(())
    }

    /// `LIMIT`, `OFFSET` and `FETCH`, and what is to be locked.
    fn bounds(&mut self, select: &mut Select) -> Read<()> {
        loop {
            if self.take_word(b"limit") {
                select.limit = self.bound()?;
            } else if self.take_word(b"offset") {
                select.offset = self.bound()?.unwrap_or_default();
                let _ = self.take_word(b"rows") || self.take_word(b"row");
            } else if self.take_word(b"fetch") {
                if !self.take_word(b"first") {
                    self.need_word(b"next")?;
                }
                let one = self.is_word(b"row") || self.is_word(b"rows");
                select.limit = if one { Some(1) } else { self.bound()? };
                if !self.take_word(b"rows") {
                    self.need_word(b"row")?;
                }
                self.need_word(b"only")?;
            } else if self.take_word(b"for") {
                // Nobody else is there to be kept out.
                if !self.take_words(&[b"no", b"key", b"update"])
                    && !self.take_words(&[b"key", b"share"])
                    && !self.take_word(b"share")
                {
                    self.need_word(b"update")?;
                }
                let _ = self.take_word(b"nowait") || self.take_words(&[b"skip", b"locked"]);
            } else {
                return Ok(());
            }
        }
    }

    fn bound(&mut self) -> Read<Option<u64>> {
        let bound = match self.peek() {
            Some(Kind::Number(digits)) => {
                Some(String::from_utf8_lossy(digits).parse().unwrap_or(u64::MAX))
            }
            Some(Kind::Word(word)) if word == b"all" || word == b"null" => None,
            Some(Kind::Parameter(_)) => return Err(Stop::Beyond),
            Some(Kind::Mark(mark)) if mark == b"(" => return Err(Stop::Beyond),
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        Ok(bound)
    }

    pub(super) fn item(&mut self) -> Read<Item> {
        if self.take_mark(b"*") {
            return Ok(Item::All);
        }
        let expression = self.expression()?;
        let named = self.take_word(b"as");
        let label = match self.peek() {
            // Behind AS, any word will do.
            Some(Kind::Word(word)) if named => Some(word.clone()),
            Some(Kind::Quoted(word)) => Some(word.clone()),
            Some(Kind::Word(word)) if self.can_be_label() => Some(word.clone()),
            _ if named => return Err(self.wrong()),
            _ => None,
        };
        self.at += usize::from(label.is_some());
        Ok(Item::One(expression, label))
    }

    fn can_be_label(&self) -> bool {
        match self.peek() {
            Some(Kind::Word(word)) => {
                let word = word.as_slice();
                !is_reserved(word) && !is_beyond(word)
            }
            Some(Kind::Quoted(_)) => true,
            _ => false,
        }
    }

    /// `VALUES` with one row, which is a query like others.
    pub(super) fn values(&mut self) -> Read<Select> {
        self.need_mark(b"(")?;
        let row = self.list()?;
        self.need_mark(b")")?;
        if self.is_mark(b",") {
            return Err(Stop::Beyond);
        }
        let label = |number| Some(format!("column{number}").into_bytes());
        let items = row.into_iter().zip(1..).map(|(value, number)| Item::One(value, label(number)));
        Ok(Select { items: items.collect(), ..Select::default() })
    }
}
