//! Changes to the text of a script before it runs.
//!
//! A call of `eval` sees the variables around it only if it is written as such and means the
//! engine's own function. So `eval(x)` becomes `ukai$v(ukai$a(),eval(ukai$l(x)))`: the first call
//! lets the next look at `eval` see the engine's own, the second tells the text and gives it back
//! rewritten. All other ways to `eval` see a function of ours, which runs text outside.

use regex::Regex;
use std::fmt::Write;

/// Before the arguments of `eval`.
const BEFORE: &str = "ukai$v(ukai$a(),eval(ukai$l(";

/// Beside the closing bracket after them.
const AFTER: &str = "))";

/// What stands for `import` as a function: the engine would look for a file.
const IMPORT: &str = "ukai$i";

/// Imports of a module as calls of `require`, exports as what they export.
pub(super) fn module(source: &str) -> String {
    let Ok(import) = Regex::new(
        r#"(^|[;\r\n}])([ \t]*)import\s*(?:([\w$*{}\s,]+?)\s*\bfrom\s*)?["']([^"'\r\n]{1,300})["']"#,
    ) else {
        return source.to_owned();
    };
    let out = import.replace_all(source, |found: &regex::Captures<'_>| {
        let part = |at: usize| found.get(at).map_or("", |it| it.as_str());
        let (plain, braces) = match part(3).split_once('{') {
            Some((plain, braces)) => (plain, braces.trim_end().trim_end_matches('}')),
            None => (part(3), ""),
        };
        let mut out = format!("{}{}", part(1), part(2));
        let loaded = format!("require({:?})", part(4));
        for name in plain.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let name = name.strip_prefix('*').map_or(name, str::trim_start);
            let name = name.strip_prefix("as ").unwrap_or(name);
            let _ = write!(out, "var {name} = {loaded}; ");
        }
        if braces.is_empty() {
            out.push_str(&loaded);
        } else {
            let _ = write!(out, "var {{{}}} = {loaded}", braces.replace(" as ", ": "));
        }
        out
    });
    match Regex::new(
        r"(^|[;\r\n}])[ \t]*export\s+(?:default\s+)?(async|function|class|const|let|var)\b",
    ) {
        Ok(export) => export.replace_all(&out, "$1 $2").into_owned(),
        Err(_) => out.into_owned(),
    }
}

/// JScript sets items of objects as they are asked for: `items("name") = value`. None where nothing
/// is written so.
pub(super) fn items(source: &str) -> Option<String> {
    let item =
        Regex::new(r#"([\w$\])])\(("[^"\r\n]{0,200}"|'[^'\r\n]{0,200}')\)(\s*=[^=])"#).ok()?;
    item.is_match(source).then(|| item.replace_all(source, "$1[$2]$3").into_owned())
}

/// Rewrites calls of `eval` and of `import`; the text itself if there are none, or if its brackets do not fit.
pub(super) fn evals(source: &str) -> String {
    if !source.contains("eval") && !source.contains("import") {
        return source.to_owned();
    }
    let mut scanner = Scanner::new(source);
    scanner.run();
    if scanner.brackets.contains(&Bracket::Eval) {
        return source.to_owned();
    }
    scanner.out
}

/// What is open.
#[derive(Clone, Copy, PartialEq)]
enum Bracket {
    /// Any bracket.
    Plain,
    /// The arguments of `eval`.
    Eval,
    /// `${` in a template.
    Template,
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    out: String,
    brackets: Vec<Bracket>,
    /// Whether a slash here divides; else it begins a regular expression.
    divides: bool,
    /// Whether the last word or sign makes the next `eval` something else.
    no_call: bool,
}

/// Words after which a slash begins a regular expression.
const BEFORE_REGEX: &[&str] = &[
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "instanceof",
    "yield",
    "await",
];

impl<'a> Scanner<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            at: 0,
            out: String::with_capacity(source.len() + 64),
            brackets: Vec::new(),
            divides: false,
            no_call: false,
        }
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Copies so many bytes.
    fn copy(&mut self, length: usize) {
        let piece = self.rest();
        let mut end = length.min(piece.len());
        while !piece.is_char_boundary(end) {
            end += 1;
        }
        self.out.push_str(&piece[..end]);
        self.at += end;
    }

    fn run(&mut self) {
        while let Some(first) = self.rest().chars().next() {
            match first {
                '"' | '\'' => {
                    self.string(first);
                    self.after_value();
                }
                '`' => {
                    self.copy(1);
                    self.template();
                }
                '/' => self.slash(),
                '(' | '[' | '{' => {
                    self.brackets.push(Bracket::Plain);
                    self.sign(false);
                }
                ')' | ']' | '}' => self.close(first),
                _ if first == '_' || first == '$' || first == '\\' || first.is_alphanumeric() => {
                    self.word();
                }
                _ if first.is_whitespace() => self.copy(first.len_utf8()),
                _ => {
                    let dot = first == '.';
                    self.copy(first.len_utf8());
                    self.divides = false;
                    self.no_call = dot;
                }
            }
        }
    }

    fn after_value(&mut self) {
        self.divides = true;
        self.no_call = false;
    }

    fn sign(&mut self, divides: bool) {
        self.copy(1);
        self.divides = divides;
        self.no_call = false;
    }

    fn close(&mut self, bracket: char) {
        let open = self.brackets.pop();
        // After a block a slash is a regular expression more often than a division.
        self.sign(bracket != '}');
        match open {
            Some(Bracket::Eval) => self.out.push_str(AFTER),
            Some(Bracket::Template) if bracket == '}' => self.template(),
            _ => {}
        }
    }

    fn string(&mut self, quote: char) {
        let mut escaped = false;
        let mut length = 1;
        for byte in self.rest().bytes().skip(1) {
            length += 1;
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'\n' => break,
                _ if char::from(byte) == quote => break,
                _ => {}
            }
        }
        self.copy(length);
    }

    /// The text of a template, up to its end or to a value in it.
    fn template(&mut self) {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut length = 0;
        while let Some(byte) = bytes.get(length) {
            match byte {
                b'\\' => length += 2,
                b'`' => {
                    self.copy(length + 1);
                    self.after_value();
                    return;
                }
                b'$' if bytes.get(length + 1) == Some(&b'{') => {
                    self.copy(length + 2);
                    self.brackets.push(Bracket::Template);
                    self.divides = false;
                    self.no_call = false;
                    return;
                }
                _ => length += 1,
            }
        }
        self.copy(rest.len());
    }

    fn slash(&mut self) {
        let rest = self.rest();
        if rest.starts_with("//") {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            self.copy(length);
        } else if rest.starts_with("/*") {
            let length = rest.get(2..).and_then(|it| it.find("*/")).map_or(rest.len(), |it| it + 4);
            self.copy(length);
        } else if self.divides {
            self.sign(false);
        } else {
            let length = regex_length(rest.as_bytes());
            self.copy(length);
            self.after_value();
        }
    }

    fn word(&mut self) {
        let rest = self.rest();
        let is_part = |it: char| it == '_' || it == '$' || it == '\\' || it.is_alphanumeric();
        let length = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let open = after.trim_start();
        let gap = after.len() - open.len();
        if word == "eval" && !self.no_call && open.starts_with('(') {
            self.out.push_str(BEFORE);
            self.at += length + gap + 1;
            self.brackets.push(Bracket::Eval);
            self.divides = false;
            self.no_call = false;
            return;
        }
        if word == "import" && !self.no_call && open.starts_with('(') {
            self.out.push_str(IMPORT);
            self.at += length;
            self.divides = false;
            return;
        }
        self.divides = !BEFORE_REGEX.contains(&word);
        self.no_call = word == "function" || word == "new";
        self.copy(length);
    }
}

/// How long a regular expression is, with its slashes.
fn regex_length(text: &[u8]) -> usize {
    let mut in_class = false;
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return at + 1,
            // Not one, after all.
            b'\n' | b'\r' => return 1,
            _ => {}
        }
        at += 1;
    }
    1
}

/// JScript's conditional compilation in comments, as JScript reads it: the first branch of each
/// `@if` is taken.
pub(super) fn conditional(source: &str) -> String {
    let is_bare = source.contains("@if") && source.contains("@end");
    // Others write comments so as well: `/*@__PURE__*/`.
    if !is_bare && !source.contains("@cc_on") && !source.contains("@set") {
        return source.to_owned();
    }
    let mut text = source.to_owned();
    for mark in ["/*@cc_on", "//@cc_on", "@cc_on"] {
        text = text.replace(mark, " ");
    }
    for mark in ["/*@", "//@", "@*/"] {
        text = text.replace(mark, if mark == "@*/" { " @*/" } else { " @" });
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut skips = false;
    // What a script sets is not kept: it may be anything.
    let has_set = source.contains("@set");
    // Whether a branch of the condition was taken.
    let mut taken = false;
    while let Some((before, after)) = rest.split_once('@') {
        if !skips {
            out.push_str(before);
        }
        let length = after.bytes().take_while(|it| it.is_ascii_alphabetic() || *it == b'_').count();
        let word = after.get(..length).unwrap_or_default();
        rest = after.get(length..).unwrap_or_default();
        match word {
            "if" | "elif" => {
                let tail = after_brackets(rest);
                let condition = &rest[..rest.len() - tail.len()];
                let before = taken && word == "elif";
                taken = before || has_set || holds(condition);
                skips = before || !taken;
                rest = tail;
            }
            "else" => skips = taken,
            "end" => skips = false,
            "set" => {
                let line = rest.find('\n').unwrap_or(rest.len());
                rest = rest.get(line..).unwrap_or_default();
            }
            "_jscript" | "_win32" | "_x86" if !skips => out.push_str(" true "),
            "_jscript_version" if !skips => out.push_str(" 5.8 "),
            "" if rest.starts_with("*/") => rest = rest.get(2..).unwrap_or_default(),
            "" => {}
            other if !skips => {
                out.push('@');
                out.push_str(other);
            }
            _ => {}
        }
    }
    if !skips {
        out.push_str(rest);
    }
    out
}

/// Whether a condition may hold: a variable that nobody set does not.
fn holds(condition: &str) -> bool {
    let mut names = condition.split('@').skip(1);
    names.all(|it| it.starts_with('_')) || condition.contains("_jscript")
}

/// What follows a condition in brackets.
fn after_brackets(text: &str) -> &str {
    let start = text.trim_start();
    if !start.starts_with('(') {
        return text;
    }
    let mut depth = 0_usize;
    for (at, byte) in start.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start.get(at + 1..).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{conditional, evals};

    #[test]
    fn calls_of_eval_pass_by() {
        let wrapped = |it: &str| format!("ukai$v(ukai$a(),eval(ukai$l({it})))");
        assert_eq!(evals("eval(a)"), wrapped("a"));
        assert_eq!(evals("x=eval (a+(b))/2"), format!("x={}/2", wrapped("a+(b)")));
        assert_eq!(
            evals("eval(f(eval('(' + \")\")))"),
            wrapped(&format!("f({})", wrapped("'(' + \")\"")))
        );
        assert_eq!(evals("a(`${eval(`)`)}`)"), format!("a(`${{{}}}`)", wrapped("`)`")));
        for same in [
            "var e = eval; e(x)",
            "window.eval(x)",
            "'eval(' + x",
            "/eval(/.test(x)",
            "// eval(x",
            "/* eval( */",
            "function eval(x) {}",
            "eval(x",
            "evaluate(x)",
        ] {
            assert_eq!(evals(same), same);
        }
        assert_eq!(evals("a = b / eval(c) / d"), format!("a = b / {} / d", wrapped("c")));
        assert_eq!(
            evals("if (/[/(]/.test(s)) eval(s)"),
            format!("if (/[/(]/.test(s)) {}", wrapped("s"))
        );
    }

    #[test]
    fn conditional_compilation_is_taken() {
        assert_eq!(conditional("/*@cc_on a(); @*/ b()").trim(), "a();   b()");
        assert_eq!(
            conditional("/*@cc_on @if (@_win32 && (1)) a @else b @end @*/ c").replace(' ', ""),
            "ac"
        );
        assert_eq!(conditional("x = 'me@host'"), "x = 'me@host'");
    }
}
