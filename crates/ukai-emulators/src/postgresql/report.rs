//! What the server reports: errors and notices, with the fields of PostgreSQL 15.18's own
//! (the source file, line and routine that raise each are part of the protocol).

use super::out::Out;

/// One error or notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report(Box<Fields>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    severity: &'static str,
    code: &'static str,
    message: Vec<u8>,
    detail: Option<Vec<u8>>,
    hint: Option<&'static str>,
    /// Place in the query, in characters from 1.
    position: Option<usize>,
    context: Option<Vec<u8>>,
    source: Source,
    /// It comes of running, after the result's columns were told.
    at_run_time: bool,
}

/// File, line and routine.
pub(super) type Source = (&'static str, u32, &'static str);

impl Report {
    pub(super) fn error(code: &'static str, message: impl Into<Vec<u8>>, source: Source) -> Self {
        Self(Box::new(Fields {
            severity: "ERROR",
            code,
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
            context: None,
            source,
            at_run_time: false,
        }))
    }

    pub(super) fn fatal(code: &'static str, message: impl Into<Vec<u8>>, source: Source) -> Self {
        Self::error(code, message, source).with_severity("FATAL")
    }

    pub(super) fn with_severity(mut self, severity: &'static str) -> Self {
        self.0.severity = severity;
        self
    }

    pub(super) fn detail(mut self, detail: impl Into<Vec<u8>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.0.hint = Some(hint);
        self
    }

    pub(super) fn at(mut self, position: usize) -> Self {
        self.0.position = Some(position);
        self
    }

    pub(super) fn context(mut self, context: impl Into<Vec<u8>>) -> Self {
        self.0.context = Some(context.into());
        self
    }

    pub(super) fn at_run_time(mut self) -> Self {
        self.0.at_run_time = true;
        self
    }

    /// Whether the result's columns were told before.
    pub(super) const fn is_at_run_time(&self) -> bool {
        self.0.at_run_time
    }

    /// Writes it as `ErrorResponse` or `NoticeResponse`.
    pub(super) fn write(&self, out: &mut Out) {
        let fields = &*self.0;
        let mut body = Vec::new();
        let mut field = |name: u8, value: &[u8]| {
            body.push(name);
            body.extend_from_slice(value);
            body.push(0);
        };
        field(b'S', fields.severity.as_bytes());
        field(b'V', fields.severity.as_bytes());
        field(b'C', fields.code.as_bytes());
        field(b'M', &fields.message);
        if let Some(detail) = &fields.detail {
            field(b'D', detail);
        }
        if let Some(hint) = fields.hint {
            field(b'H', hint.as_bytes());
        }
        if let Some(position) = fields.position {
            field(b'P', position.to_string().as_bytes());
        }
        if let Some(context) = &fields.context {
            field(b'W', context);
        }
        let (file, line, routine) = fields.source;
        field(b'F', file.as_bytes());
        field(b'L', line.to_string().as_bytes());
        field(b'R', routine.as_bytes());
        body.push(0);
        let notice = matches!(fields.severity, "NOTICE" | "WARNING");
        out.message(if notice { b'N' } else { b'E' }, &body);
    }
}

/// `"name" does not exist` and the like: the text around a name.
pub(super) fn about(before: &str, name: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), name, after.as_bytes()].concat()
}

pub(super) fn protocol_violation(message: &'static str, source: Source) -> Report {
    Report::error("08P01", message, source)
}

pub(super) fn no_setting(name: &[u8]) -> Report {
    let message = about("unrecognized configuration parameter \"", name, "\"");
    Report::error("42704", message, ("guc.c", 5734, "find_option"))
}

pub(super) fn no_relation(name: &[u8]) -> Report {
    let message = about("relation \"", name, "\" does not exist");
    Report::error("42P01", message, ("namespace.c", 433, "RangeVarGetRelidExtended"))
}

/// What a server with too little memory says; for what is good SQL and beyond ours.
pub(super) fn out_of_memory() -> Report {
    Report::error("53200", "out of memory", ("mcxt.c", 1114, "MemoryContextAllocZeroAligned"))
        .detail("Failed on request of size 8192 in memory context \"MessageContext\".")
}
