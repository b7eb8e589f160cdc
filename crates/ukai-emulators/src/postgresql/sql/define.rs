//! Statements that make, change and drop objects.

use super::lexer::Kind;
use super::parser::{Parser, Read, Stop};
use super::syntax::{Object, RoleVerb, Statement};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Read<Statement> {
        self.take_words(&[b"or", b"replace"]);
        let _ = [&b"temporary"[..], b"temp", b"unlogged"].iter().any(|word| self.take_word(word));
        let Some(Kind::Word(what)) = self.peek().cloned() else { return Err(self.wrong()) };
        self.at += 1;
        let tag = match what.as_slice() {
            b"table" => return self.create_table(),
            b"function" => return self.create_function(),
            b"view" => return self.create_view("CREATE VIEW"),
            b"recursive" if self.take_word(b"view") => return self.create_view("CREATE VIEW"),
            b"materialized" if self.take_word(b"view") => {
                return self.create_view("CREATE MATERIALIZED VIEW");
            }
            b"unique" if self.take_word(b"index") => return self.create_index(),
            b"index" => return self.create_index(),
            b"extension" | b"language" => {
                self.take_words(&[b"if", b"not", b"exists"]);
                let name = self.identifier()?;
                self.skip_to_end();
                return Ok(Statement::CreateExtension(name));
            }
            b"user" | b"role" | b"group" => {
                let role = self.identifier()?;
                self.skip_to_end();
                return Ok(Statement::Role { verb: RoleVerb::Create, role, if_exists: false });
            }
            b"database" => return self.make(Object::Database),
            b"schema" => return self.make(Object::Schema),
            b"sequence" => return self.make(Object::Sequence),
            b"type" => return self.make(Object::Type),
            b"domain" => "CREATE DOMAIN",
            b"trigger" | b"constraint" => "CREATE TRIGGER",
            b"procedure" => "CREATE PROCEDURE",
            b"cast" => "CREATE CAST",
            b"operator" => "CREATE OPERATOR",
            b"aggregate" => "CREATE AGGREGATE",
            b"rule" => "CREATE RULE",
            b"server" => "CREATE SERVER",
            b"policy" => "CREATE POLICY",
            b"publication" => "CREATE PUBLICATION",
            b"tablespace" => "CREATE TABLESPACE",
            b"event" if self.take_word(b"trigger") => "CREATE EVENT TRIGGER",
            b"trusted" | b"procedural" | b"foreign" | b"subscription" => return Err(Stop::Beyond),
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        };
        if self.at_end() {
            return Err(self.wrong());
        }
        self.skip_to_end();
        Ok(Statement::Other(tag))
    }

    fn make(&mut self, object: Object) -> Read<Statement> {
        self.take_words(&[b"if", b"not", b"exists"]);
        let name = self.name()?.own;
        self.skip_to_end();
        Ok(Statement::Make(object, name))
    }

    /// A view; ours has no rows, but its query must be right.
    fn create_view(&mut self, tag: &'static str) -> Read<Statement> {
        self.take_words(&[b"if", b"not", b"exists"]);
        self.name()?;
        if self.is_mark(b"(") {
            self.skip_parentheses()?;
        }
        self.need_word(b"as")?;
        let mut query = self.unread();
        (query.tag, query.columns) = (tag, None);
        Ok(Statement::Unread(query))
    }

    fn create_index(&mut self) -> Read<Statement> {
        self.take_word(b"concurrently");
        self.take_words(&[b"if", b"not", b"exists"]);
        if !self.is_word(b"on") {
            self.identifier()?;
        }
        self.need_word(b"on")?;
        let table = self.name()?;
        self.skip_to_end();
        Ok(Statement::On(table, "CREATE INDEX"))
    }

    fn create_table(&mut self) -> Read<Statement> {
        let if_not_exists = self.take_words(&[b"if", b"not", b"exists"]);
        let table = self.name()?;
        if self.take_word(b"as") {
            if !self.take_word(b"select") {
                return Err(Stop::Beyond);
            }
            return Ok(Statement::CreateTableAs(table, self.select()?));
        }
        if self.take_words(&[b"partition", b"of"]) || self.take_word(b"of") {
            self.skip_to_end();
            return Ok(Statement::Other("CREATE TABLE"));
        }
        self.need_mark(b"(")?;
        let mut columns = Vec::new();
        while !self.is_mark(b")") {
            if !self.is_table_constraint() {
                let name = self.identifier()?;
                let (ty, _) = self.type_name(true)?;
                columns.push((name, ty));
            }
            // Constraints and defaults.
            let mut open = 0_usize;
            while open > 0 || !(self.is_mark(b",") || self.is_mark(b")")) {
                match self.peek() {
                    None => return Err(self.wrong()),
                    Some(Kind::Mark(mark)) if mark == b"(" => open += 1,
                    Some(Kind::Mark(mark)) if mark == b")" => open -= 1,
                    Some(_) => {}
                }
                self.at += 1;
            }
            if self.take_mark(b",") && self.is_mark(b")") {
                return Err(self.wrong());
            }
        }
        self.at += 1;
        self.skip_to_end();
        Ok(Statement::CreateTable { table, if_not_exists, columns })
    }

    /// One of the table's own constraints stands here, and no column.
    fn is_table_constraint(&self) -> bool {
        const FIRST: [&[u8]; 7] =
            [b"constraint", b"primary", b"unique", b"check", b"foreign", b"exclude", b"like"];
        FIRST.iter().any(|word| self.is_word(word))
    }

    fn create_function(&mut self) -> Read<Statement> {
        self.name()?;
        if !self.is_mark(b"(") {
            return Err(self.wrong());
        }
        let (mut language, mut sources) = (Vec::new(), Vec::new());
        while self.peek().is_some() && !self.is_mark(b";") {
            if self.take_word(b"language") {
                language = match self.peek() {
                    Some(Kind::Text(name)) => name.to_ascii_lowercase(),
                    Some(Kind::Word(name) | Kind::Quoted(name)) => name.clone(),
                    _ => return Err(self.wrong()),
                };
                self.at += 1;
            } else if self.take_word(b"as") {
                sources.push(self.text()?);
                if self.take_mark(b",") {
                    sources.push(self.text()?);
                }
            } else {
                self.at += 1;
            }
        }
        Ok(Statement::CreateFunction { language, sources })
    }

    pub(super) fn drop(&mut self) -> Read<Statement> {
        let Some(Kind::Word(what)) = self.peek().cloned() else { return Err(self.wrong()) };
        self.at += 1;
        let object = match what.as_slice() {
            b"table" => {
                let if_exists = self.if_exists();
                let tables = self.names()?;
                let _ = self.take_word(b"cascade") || self.take_word(b"restrict");
                return Ok(Statement::DropTable { tables, if_exists });
            }
            b"user" | b"role" | b"group" => {
                let if_exists = self.if_exists();
                let role = self.identifier()?;
                return Ok(Statement::Role { verb: RoleVerb::Drop, role, if_exists });
            }
            b"function" => return self.drop_named("DROP FUNCTION"),
            b"procedure" => return self.drop_named("DROP PROCEDURE"),
            b"trigger" => return self.drop_named("DROP TRIGGER"),
            b"owned" => return self.drop_named("DROP OWNED"),
            b"aggregate" => return self.drop_named("DROP AGGREGATE"),
            b"domain" => return self.drop_named("DROP DOMAIN"),
            b"rule" => return self.drop_named("DROP RULE"),
            b"server" => return self.drop_named("DROP SERVER"),
            b"database" => Object::Database,
            b"schema" => Object::Schema,
            b"extension" => Object::Extension,
            b"language" => Object::Language,
            b"view" => Object::View,
            b"materialized" if self.take_word(b"view") => Object::MaterializedView,
            b"index" => Object::Index,
            b"sequence" => Object::Sequence,
            b"type" => Object::Type,
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        };
        self.take_word(b"concurrently");
        let if_exists = self.if_exists();
        let names = self.names()?.into_iter().map(|name| name.own).collect();
        self.skip_to_end();
        Ok(Statement::Drop { object, names, if_exists })
    }

    fn if_exists(&mut self) -> bool {
        self.take_words(&[b"if", b"exists"])
    }

    /// What is dropped without a look whether it was there.
    fn drop_named(&mut self, tag: &'static str) -> Read<Statement> {
        self.if_exists();
        if self.at_end() {
            return Err(self.wrong());
        }
        self.skip_to_end();
        Ok(Statement::Other(tag))
    }

    pub(super) fn alter(&mut self) -> Read<Statement> {
        if self.take_word(b"user") || self.take_word(b"role") {
            let role = match self.peek() {
                Some(Kind::Word(word)) if word == b"current_user" => Vec::new(),
                _ => self.identifier()?,
            };
            if role.is_empty() {
                self.at += 1;
            }
            self.skip_to_end();
            return Ok(Statement::Role { verb: RoleVerb::Alter, role, if_exists: false });
        }
        if self.take_word(b"system") {
            self.skip_to_end();
            return Ok(Statement::Other("ALTER SYSTEM"));
        }
        let Some(Kind::Word(what)) = self.peek().cloned() else { return Err(self.wrong()) };
        self.at += 1;
        let tag = match what.as_slice() {
            b"table" | b"view" | b"index" | b"sequence" => {
                let tag = match what.as_slice() {
                    b"table" => "ALTER TABLE",
                    b"view" => "ALTER VIEW",
                    b"index" => "ALTER INDEX",
                    _ => "ALTER SEQUENCE",
                };
                self.if_exists();
                self.take_word(b"only");
                let table = self.name()?;
                if self.at_end() {
                    return Err(self.wrong());
                }
                self.skip_to_end();
                return Ok(Statement::On(table, tag));
            }
            b"database" => "ALTER DATABASE",
            b"function" => "ALTER FUNCTION",
            b"schema" => "ALTER SCHEMA",
            b"default" => "ALTER DEFAULT PRIVILEGES",
            b"extension" => "ALTER EXTENSION",
            b"type" => "ALTER TYPE",
            b"domain" => "ALTER DOMAIN",
            _ => {
                self.at -= 1;
                return Err(self.wrong());
            }
        };
        if self.at_end() {
            return Err(self.wrong());
        }
        self.skip_to_end();
        Ok(Statement::Other(tag))
    }
}
