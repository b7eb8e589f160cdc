//! Messages to the client (PostgreSQL 15 manual, 55.7).

use super::sql::value::Ty;

/// A result's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Vec<u8>,
    pub(super) ty: Ty,
    /// The table's number and the column's in it, or zeros.
    pub(super) origin: (u32, u16),
}

/// Messages that are being written.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
}

impl Out {
    pub(super) fn message(&mut self, kind: u8, body: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&length(body.len() + 4));
        self.bytes.extend_from_slice(body);
    }

    pub(super) fn authentication(&mut self, code: u32, data: &[u8]) {
        self.message(b'R', &[&code.to_be_bytes(), data].concat());
    }

    pub(super) fn parameter(&mut self, name: &str, value: &[u8]) {
        self.message(b'S', &[name.as_bytes(), b"\0", value, b"\0"].concat());
    }

    pub(super) fn ready(&mut self, status: u8) {
        self.message(b'Z', &[status]);
    }

    pub(super) fn complete(&mut self, tag: &str) {
        self.message(b'C', &[tag.as_bytes(), b"\0"].concat());
    }

    /// `RowDescription`; `formats` as `Bind` asked for.
    pub(super) fn columns(&mut self, columns: &[Column], formats: &[u16]) {
        let mut body = count(columns.len()).to_vec();
        for (number, column) in columns.iter().enumerate() {
            body.extend_from_slice(&column.name);
            body.push(0);
            body.extend_from_slice(&column.origin.0.to_be_bytes());
            body.extend_from_slice(&column.origin.1.to_be_bytes());
            body.extend_from_slice(&column.ty.oid().to_be_bytes());
            body.extend_from_slice(&column.ty.size().to_be_bytes());
            body.extend_from_slice(&(-1_i32).to_be_bytes());
            body.extend_from_slice(&format(formats, number).to_be_bytes());
        }
        self.message(b'T', &body);
    }

    /// `DataRow`.
    pub(super) fn row(&mut self, columns: &[Column], row: &[Option<Vec<u8>>], formats: &[u16]) {
        let mut body = count(row.len()).to_vec();
        for (number, value) in row.iter().enumerate() {
            let Some(text) = value else {
                body.extend_from_slice(&(-1_i32).to_be_bytes());
                continue;
            };
            let ty = columns.get(number).map_or(Ty::Text, |column| column.ty);
            let binary = (format(formats, number) == 1).then(|| ty.binary(text)).flatten();
            let value = binary.as_deref().unwrap_or(text);
            body.extend_from_slice(&length(value.len()));
            body.extend_from_slice(value);
        }
        self.message(b'D', &body);
    }
}

/// The format of a column: one for all, or one for each; text if none.
fn format(formats: &[u16], number: usize) -> u16 {
    match formats {
        [] => 0,
        [all] => *all,
        each => each.get(number).copied().unwrap_or_default(),
    }
}

/// Bounded far below by what is kept of queries and tables.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

fn count(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes()
}
