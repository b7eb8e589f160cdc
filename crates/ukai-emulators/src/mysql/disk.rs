//! What SQL does to the disk: files that it reads and writes with the server's rights, and
//! functions that it loads from them. This is how databases are taken over: a shared object
//! is written into the folder of plug-ins, made a function, and called with a shell line.

use super::column::{ANY, BINARY, Column, Done, LONG_BLOB, LONGLONG, Reply, Value};
use super::expression::Cell;
use super::lexer::Sql;
use super::packet::Fault;
use super::state::{Brought, Talk, no_database};
use crate::injected::Injected;
use crate::limits::{INJECTED_LINES, MYSQL_FUNCTIONS, MYSQL_VALUE_BYTES, UPLOADS};
use crate::{Capture, Context, Effect};
use bytes::Bytes;
use ukai_model::{CaptureHow, EventKind, FileOperation, PeerText};
use ukai_shell::Files;

/// The server's account as the persona of Debian has it.
const MYSQL_UID: u32 = 103;
const MYSQL_GID: u32 = 111;

const DATA: &[u8] = b"/var/lib/mysql";
const PLUGINS: &[u8] = b"/usr/lib/mysql/plugin";

/// Where a result goes instead of to the client.
#[derive(Clone, Debug)]
pub(super) enum Into {
    /// As it is, one row.
    Dump(Vec<u8>),
    /// As lines of fields.
    Lines(Vec<u8>, Box<Format>),
    Variables(Vec<Vec<u8>>),
}

/// How fields and lines are written (`SELECT ... INTO OUTFILE`).
#[derive(Clone, Debug)]
pub(super) struct Format {
    fields_end: Vec<u8>,
    enclosed: Vec<u8>,
    escaped: Vec<u8>,
    lines_start: Vec<u8>,
    lines_end: Vec<u8>,
}

impl Format {
    /// What is next, behind the file's name.
    pub(super) fn read(sql: &mut Sql<'_>) -> Result<Self, Fault> {
        let mut format = Self {
            fields_end: b"\t".to_vec(),
            enclosed: Vec::new(),
            escaped: b"\\".to_vec(),
            lines_start: Vec::new(),
            lines_end: b"\n".to_vec(),
        };
        if sql.take("character set") {
            sql.name()?;
        }
        if sql.take("fields") || sql.take("columns") {
            loop {
                if sql.take("terminated by") {
                    format.fields_end = sql.string()?;
                } else if sql.take("optionally enclosed by") || sql.take("enclosed by") {
                    format.enclosed = sql.string()?;
                } else if sql.take("escaped by") {
                    format.escaped = sql.string()?;
                } else {
                    break;
                }
            }
        }
        if sql.take("lines") {
            loop {
                if sql.take("starting by") {
                    format.lines_start = sql.string()?;
                } else if sql.take("terminated by") {
                    format.lines_end = sql.string()?;
                } else {
                    break;
                }
            }
        }
        Ok(format)
    }

    fn write(&self, rows: &[Vec<Value>]) -> Vec<u8> {
        let mut out = Vec::new();
        for row in rows {
            out.extend_from_slice(&self.lines_start);
            for (n, value) in row.iter().enumerate() {
                if n > 0 {
                    out.extend_from_slice(&self.fields_end);
                }
                self.field(&mut out, value);
            }
            out.extend_from_slice(&self.lines_end);
            if out.len() > MYSQL_VALUE_BYTES {
                break;
            }
        }
        out
    }

    fn field(&self, out: &mut Vec<u8>, value: &Value) {
        if value.is_null() {
            out.extend_from_slice(&self.escaped);
            out.push(b'N');
            return;
        }
        out.extend_from_slice(&self.enclosed);
        for byte in value.bytes() {
            let special = byte == 0
                || self.escaped.first() == Some(&byte)
                || self.lines_end.first() == Some(&byte)
                || match self.enclosed.first() {
                    Some(quote) => *quote == byte,
                    None => self.fields_end.first() == Some(&byte),
                };
            if special {
                out.extend_from_slice(&self.escaped);
            }
            out.push(if byte == 0 && !self.escaped.is_empty() { b'0' } else { byte });
        }
        out.extend_from_slice(&self.enclosed);
    }
}

impl Talk {
    fn files(&self, cx: &Context<'_>) -> Files {
        let mut files = Files::new(self.open.fs.clone(), MYSQL_UID, MYSQL_GID);
        files.at(cx.now);
        files
    }

    /// The server's own folders, which are made when they are first needed.
    fn make_own_folder(&self, cx: &Context<'_>, folder: &[u8]) {
        let mut files = Files::new(self.open.fs.clone(), 0, 0);
        files.at(cx.now);
        let mut at = 0;
        while let Some(next) = memchr::memchr(b'/', &folder[at + 1..]) {
            at += 1 + next;
            // It may be there.
            let _ = files.make_directory(&folder[..at], 0o755);
        }
        let _ = files.make_directory(folder, 0o755);
    }

    fn path(&self, name: &[u8]) -> Vec<u8> {
        match &self.database {
            _ if name.starts_with(b"/") => name.to_vec(),
            Some(database) => [DATA, b"/", database, b"/", name].concat(),
            None => [DATA, b"/", name].concat(),
        }
    }

    /// A file that everybody may read, as `LOAD_FILE` wants it.
    pub(super) fn load_file(&self, cx: &mut Context<'_>, name: &[u8]) -> Option<Vec<u8>> {
        let path = self.path(name);
        let files = self.files(cx);
        let info = files.info(&path, true).ok()?;
        if !info.is_file() || info.st_mode() & 0o4 == 0 {
            return None;
        }
        let bytes = files.read(&path).ok()?;
        cx.record(EventKind::FileTransfer {
            protocol: "mysql".to_owned(),
            operation: FileOperation::Download,
            path: PeerText::truncated(&path, 1_024),
            size: bytes.len() as u64,
            success: true,
            served: None,
        });
        (bytes.len() <= MYSQL_VALUE_BYTES).then(|| bytes.to_vec())
    }

    /// Whether the server could not open its log there.
    pub(super) fn refuses_log(path: &str) -> bool {
        let folder = path.rfind('/').map_or("", |end| &path[..end]);
        !folder.is_empty() && !folder.starts_with("/var/lib/mysql") && folder != "/tmp"
    }

    /// A result goes into a file or into variables.
    pub(super) fn put(
        &mut self,
        cx: &mut Context<'_>,
        into: &Into,
        rows: Vec<Vec<Value>>,
        whole: &[u8],
    ) -> Result<Done, Fault> {
        let count = rows.len() as u64;
        let (name, bytes) = match into {
            Into::Variables(names) => {
                if count > 1 {
                    return Err(Fault::new(1172, "42000", "Result consisted of more than one row"));
                }
                if let Some(row) = rows.into_iter().next() {
                    for (name, value) in names.iter().zip(row) {
                        self.set_variable(name, value);
                    }
                }
                return Ok(Done { affected: count, ..Done::default() });
            }
            Into::Dump(name) => {
                (name, rows.iter().take(1).flatten().flat_map(Value::bytes).collect())
            }
            Into::Lines(name, format) => (name, format.write(&rows)),
        };
        Self::attack(cx, "mysql-into-file", whole);
        let result = self.write(cx, name, bytes);
        if result.is_ok() && matches!(into, Into::Dump(_)) && count > 1 {
            return Err(Fault::new(1172, "42000", "Result consisted of more than one row"));
        }
        result.map(|()| Done { affected: count, ..Done::default() })
    }

    /// Writes a new file with the server's rights. What it would hold is kept, whether or
    /// not it may be written.
    fn write(&mut self, cx: &mut Context<'_>, name: &[u8], bytes: Vec<u8>) -> Result<(), Fault> {
        let path = self.path(name);
        let folder_end = memchr::memrchr(b'/', &path).unwrap_or(0).max(1);
        let folder = &path[..folder_end];
        let bytes = Bytes::from(bytes);
        self.uploads += 1;
        if self.uploads <= UPLOADS && !bytes.is_empty() {
            cx.effects.push(Effect::Capture(Capture {
                bytes: bytes.clone(),
                how: CaptureHow::Uploaded,
                name: Some(PeerText::truncated(name, 1_024)),
                url: None,
            }));
        }
        let plugins = folder == PLUGINS;
        if plugins || folder.starts_with(DATA) {
            self.make_own_folder(cx, folder);
        }
        let files = self.files(cx);
        let denied = || {
            let text =
                [b"Can't create/write to file '", name, b"' (Errcode: 13 \"Permission denied\")"];
            Fault::new(1, "HY000", text.concat())
        };
        let exists = || Fault::new(1086, "HY000", [b"File '", name, b"' already exists"].concat());
        let result = if name.is_empty() {
            Err(exists())
        } else if files.info(folder, true).is_err() {
            Err(Fault::new(
                1290,
                "HY000",
                "The MariaDB server is running with the --secure-file-priv option so it cannot \
                 execute this statement",
            ))
        } else if files.info(&path, true).is_ok() {
            Err(exists())
        } else if plugins && !self.spec().plugin_folder_writable || self.uploads > UPLOADS {
            Err(denied())
        } else {
            let mut own = Files::new(self.open.fs.clone(), 0, 0);
            own.at(cx.now);
            let files = if plugins || folder.starts_with(DATA) { &own } else { &files };
            files.store(&path, bytes.clone(), 0o644).map_err(|_| denied())
        };
        cx.record(EventKind::FileTransfer {
            protocol: "mysql".to_owned(),
            operation: FileOperation::Upload,
            path: PeerText::truncated(&path, 1_024),
            size: bytes.len() as u64,
            success: result.is_ok(),
            served: None,
        });
        result
    }

    /// `CREATE [AGGREGATE] FUNCTION`, behind that word.
    pub(super) fn create_function(
        &mut self,
        cx: &mut Context<'_>,
        sql: &mut Sql<'_>,
        aggregate: bool,
    ) -> Result<Reply, Fault> {
        let _ = sql.take("if not exists");
        let name = sql.name()?;
        if sql.is_mark("(") {
            // A stored one, which is taken and forgotten.
            sql.skip_statement();
            self.database.as_ref().ok_or_else(no_database)?;
            return Ok(Reply::Done(Done::default()));
        }
        sql.need("returns")?;
        let returns = if sql.take("string") || sql.take("char") {
            0
        } else if sql.take("real") {
            1
        } else if sql.take("integer") || sql.take("int") {
            2
        } else if sql.take("decimal") {
            4
        } else {
            return Err(sql.wrong());
        };
        sql.need("soname")?;
        let object = sql.string()?;
        sql.need_end()?;
        Self::attack(cx, "mysql-udf", sql.text);
        let name = String::from_utf8_lossy(&name[..name.len().min(64)]).to_ascii_lowercase();
        self.load(cx, &object, Some(name.as_bytes()))?;
        if self.functions.iter().any(|known| known.name == name) {
            let text = format!("Function '{name}' already exists");
            return Err(Fault::new(1125, "HY000", text));
        }
        if self.functions.len() < MYSQL_FUNCTIONS {
            let object = object[..object.len().min(256)].to_vec();
            self.functions.push(Brought { name, object, returns, aggregate });
        }
        Ok(Reply::Done(Done::default()))
    }

    /// Loads a shared object, as `dlopen` and `dlsym` would.
    pub(super) fn load(
        &self,
        cx: &Context<'_>,
        object: &[u8],
        symbol: Option<&[u8]>,
    ) -> Result<(), Fault> {
        if object.contains(&b'/') {
            return Err(Fault::new(1124, "HY000", "No paths allowed for shared library"));
        }
        let refused = |number: u8, why: &str| {
            let full = if symbol.is_none() { [PLUGINS, b"/"].concat() } else { Vec::new() };
            let why = format!("' (errno: {number}, {why})");
            let text = [b"Can't open shared library '", &full[..], object, why.as_bytes()];
            Fault::new(1126, "HY000", text.concat())
        };
        if object.is_empty() {
            return Err(refused(21, "cannot read file data: Is a directory"));
        }
        let path = [PLUGINS, b"/", object].concat();
        let mut files = Files::new(self.open.fs.clone(), 0, 0);
        files.at(cx.now);
        let Ok(bytes) = files.read(&path) else {
            return Err(refused(2, "cannot open shared object file: No such file or directory"));
        };
        if bytes.len() < 64 {
            return Err(refused(11, "file too short"));
        }
        if !bytes.starts_with(b"\x7fELF") {
            return Err(refused(11, "invalid ELF header"));
        }
        if bytes[4] != 2 {
            return Err(refused(11, "wrong ELF class: ELFCLASS32"));
        }
        if let Some(symbol) = symbol
            && memchr::memmem::find(&bytes, symbol).is_none()
        {
            let text = [b"Can't find symbol '", symbol, b"' in library"].concat();
            return Err(Fault::new(1127, "HY000", text));
        }
        Ok(())
    }

    /// Calls a function that was brought, as those of `lib_mysqludf_sys` and its kin
    /// behave: their argument is a line for the shell.
    pub(super) fn brought(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        arguments: &[Cell],
    ) -> Option<Cell> {
        let function = self.functions.iter().find(|known| known.name == name)?.clone();
        let line = arguments.first().map(|cell| cell.value.bytes()).unwrap_or_default();
        Self::attack(cx, "mysql-udf-call", &[name.as_bytes(), b" ", &line].concat());
        let mut output = Vec::new();
        self.lines_run += 1;
        if !line.is_empty() && self.lines_run <= INJECTED_LINES {
            let timer = self.line_timer();
            let open = self.open.clone();
            let running = Injected::start(cx, &open, "mysql", &line, &mut self.next_fetch, timer);
            output = running.output().to_vec();
            self.lines.push(running);
        }
        Some(if function.returns == 0 {
            output.truncate(MYSQL_VALUE_BYTES);
            let value = if output.is_empty() { Value::Null } else { Value::Text(output) };
            Cell::new(value, Column::of(LONG_BLOB, 1 << 24, BINARY, ANY))
        } else {
            Cell::new(Value::Int(0), Column::of(LONGLONG, 21, BINARY, 0))
        })
    }
}
