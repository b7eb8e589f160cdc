//! PowerShell, JavaScript, batch, shell and Perl by their shape, where no mark of a language tells.

/// Verbs that names of commands begin with.
const VERBS: &[&str] = &[
    "add",
    "clear",
    "compare",
    "convert",
    "convertfrom",
    "convertto",
    "copy",
    "disable",
    "enable",
    "enter",
    "expand",
    "export",
    "foreach",
    "format",
    "get",
    "group",
    "import",
    "install",
    "invoke",
    "join",
    "measure",
    "move",
    "new",
    "out",
    "read",
    "receive",
    "register",
    "remove",
    "rename",
    "resolve",
    "select",
    "send",
    "set",
    "sort",
    "split",
    "start",
    "stop",
    "tee",
    "test",
    "update",
    "wait",
    "where",
    "write",
];
/// What their nouns end with, of those that come with Windows.
const NOUNS: &[&str] = &[
    "object",
    "item",
    "content",
    "property",
    "propertyvalue",
    "request",
    "restmethod",
    "expression",
    "command",
    "process",
    "service",
    "variable",
    "alias",
    "host",
    "output",
    "null",
    "string",
    "file",
    "json",
    "xml",
    "csv",
    "stringdata",
    "path",
    "location",
    "date",
    "random",
    "sleep",
    "job",
    "module",
    "type",
    "member",
    "wmiobject",
    "ciminstance",
    "cimmethod",
    "wmimethod",
    "task",
    "taskaction",
    "tasktrigger",
    "connection",
    "netconnection",
    "dnsname",
    "transfer",
    "archive",
    "securestring",
    "preference",
    "policy",
    "event",
    "eventlog",
    "session",
    "pssession",
    "message",
    "mailmessage",
    "clipboard",
    "table",
    "list",
    "error",
    "warning",
    "verbose",
];
/// Aliases that statements begin with.
const ALIASES: &[&str] = &["irm ", "iwr ", "iex ", "iex(", "saps ", "sal ", "gci ", "sajb "];
/// What else is written so.
const SIGNS: &[&str] = &[
    " -eq ",
    " -ne ",
    " -like ",
    " -match ",
    " -in ",
    " -gt ",
    " -lt ",
    " -replace",
    " -f ",
    "@{",
    "@(",
    "@'",
    "@\"",
    "$(",
    "param(",
    "param (",
    "[string]",
    "[int]",
    "[xml]",
    "[uri]",
    "[char",
    "[void]",
    "[byte",
    "[array]",
    "[ordered]",
    "[pscustomobject]",
    "| foreach",
    "| where",
    "| %",
    "| out-",
    "$true",
    "$false",
    "$args",
    "$this",
    "$null",
    "$_",
    "foreach (",
    "elseif",
    "]::",
    "-join",
    "-split",
    "-uri ",
    "-name ",
    "-path ",
    "-port ",
    "-computername ",
    "-erroraction ",
    "[datetime]",
    "[math]",
    "`n",
    "&(",
    ".(",
];

/// Whether a text, in lower case, is written as PowerShell is.
pub(super) fn is_powershell(lower: &str) -> bool {
    if is_prose(lower) {
        return false;
    }
    let (mut sets, mut lines, mut closed, mut aliases) = (0, 0, 0, 0);
    for line in lower.lines().map(str::trim).filter(|it| !it.is_empty()).take(2000) {
        lines += 1;
        closed += usize::from(line.ends_with(';'));
        for statement in line.split([';', '|', '{']).map(str::trim_start) {
            sets += usize::from(sets_variable(statement));
            aliases += usize::from(ALIASES.iter().any(|it| statement.starts_with(it)));
        }
    }
    let commands = commands(lower);
    // PHP and Perl set variables so as well, and end each line with a semicolon.
    let is_closed = lines > 2 && closed * 3 > lines * 2;
    // Grave accents within words, where they mean nothing.
    let is_letter = |it: Option<&u8>| it.is_some_and(u8::is_ascii_lowercase);
    let bytes = lower.as_bytes();
    let ticks = lower.match_indices('`').take(1000).filter(|(at, _)| {
        is_letter(at.checked_sub(1).and_then(|it| bytes.get(it))) && is_letter(bytes.get(at + 1))
    });
    // A text of signs alone takes its letters from how tables name themselves.
    if ticks.count() >= 6 || (lower.contains("$(@{})") && lower.contains("${")) {
        return true;
    }
    let formats = [r#"}"-f"#, r#"}" -f"#, "}'-f", "}' -f"].iter().any(|it| lower.contains(it));
    if commands + aliases == 0 && !formats && (is_closed || sets == 0) {
        return false;
    }
    let signs = SIGNS.iter().filter(|it| lower.contains(**it)).count();
    3 * (commands.min(3) + aliases.min(2) + usize::from(formats)) + 2 * sets.min(2) + signs.min(6)
        >= 4
}

/// Words that lines of batch begin with.
const BATCH_WORDS: &[&str] = &[
    "set ",
    "@set ",
    "set/a",
    "if ",
    "for ",
    "call ",
    "goto ",
    "start ",
    "echo ",
    "@echo",
    "curl ",
    "certutil ",
    "bitsadmin ",
    "powershell",
    "cmd ",
    "cmd.exe",
    "copy ",
    "del ",
    "move ",
    "reg ",
    "schtasks ",
    "timeout ",
    "ping ",
    "mshta ",
    "rundll32 ",
    "regsvr32 ",
    "ftp ",
    "setlocal",
    "exit",
    "cscript ",
    "wscript ",
    "cd ",
    "md ",
    "mkdir ",
    ":",
    "(",
    ")",
    "rem ",
    "title ",
    "msiexec",
    ">",
    "chcp ",
    "type ",
    "pushd",
    "popd",
    "cls",
    "net ",
    "wmic ",
    "color ",
    "mode ",
    "attrib ",
    "taskkill ",
    "xcopy ",
    "pause",
    "shift",
    "ren ",
    "rmdir ",
    "rd ",
    "forfiles",
    "pcalua",
    "installutil",
    "cmstp",
    "wget ",
    "tar ",
    "expand ",
    "sc ",
    "finger ",
    "explorer ",
    "ver",
    "vol",
    "erase ",
    "prompt ",
    "@%",
];

/// Whether a text, in lower case, is written as batch is: each line begins with one of its words,
/// and variables stand between signs of percent.
pub(super) fn is_batch(lower: &str) -> bool {
    let mut lines = lower.lines().map(str::trim).filter(|it| !it.is_empty()).take(500).peekable();
    if lines.peek().is_none() || lower.contains("$(") {
        return false;
    }
    let begins = |line: &str| {
        let bare: String = line.chars().filter(|it| !matches!(it, '^' | '@')).take(80).collect();
        // A command that stands in variables.
        (bare.starts_with('%') && has_variable(&bare))
            || BATCH_WORDS.iter().any(|it| bare.starts_with(it.trim_start_matches('@')))
    };
    let is_ftp = lower.contains("ftp -") && lower.contains("-s:");
    lines.all(begins) && (has_variable(lower) || is_ftp)
}

/// `%name%`, `%name:~1,2%`, `%~1`, `%%a`
fn has_variable(text: &str) -> bool {
    text.match_indices('%').take(200).any(|(at, _)| {
        let rest = &text[at + 1..];
        let name = rest
            .bytes()
            .take_while(|it| it.is_ascii_alphanumeric() || *it == b'_' || !it.is_ascii());
        let name = name.count();
        let after = rest.as_bytes().get(name);
        (name > 0 && matches!(after, Some(b'%' | b':'))) || rest.starts_with(['~', '%'])
    })
}

/// Whether somebody speaks to a reader, or to a compiler of C.
fn is_prose(lower: &str) -> bool {
    lower.matches(" the ").take(2).count() == 2
        || lower.contains("#include")
        || lower.contains("#define")
}

/// Names and operators of JavaScript alone.
const SCRIPT_WORDS: &[&str] = &[
    "window",
    "document",
    "location",
    "navigator",
    "jquery.",
    "$.",
    "import(",
    "activexobject",
    "= getobject('winmgmts",
    "= getobject(\"winmgmts",
    "fromcharcode",
    "fetch(",
    "===",
    "!==",
];
/// And some that others have too.
const SCRIPT_SIGNS: &[&str] = &[
    "=>",
    "function(",
    "function (",
    "typeof ",
    "new ",
    "const ",
    "var ",
    "let ",
    "this.",
    ".join(",
    ".split(",
    ".replace(",
    ".push(",
    ".tostring(",
    "await ",
    "return ",
    "]['",
    "'](",
    "\\x6",
    "\\x7",
    "\\u00",
    "![]",
    "void 0",
    "self.",
    "top.",
    "0x",
];

/// Whether a text, in lower case, is written as JavaScript is: calls and ends of statements, with
/// several of its signs.
pub(super) fn is_javascript(lower: &str) -> bool {
    let calls = [");", "](", ")(", "})"].iter().any(|it| lower.contains(it));
    let others = ["$(", "then\n", "@echo", "<?", "sub ", "dim ", "def ", "->"];
    let is_other = others.iter().any(|it| lower.contains(it)) && !lower.contains("jquery");
    let signs = SCRIPT_SIGNS.iter().filter(|it| lower.contains(**it)).count();
    let escapes = lower.matches("\\x").take(16).count() + lower.matches("\\u00").take(16).count();
    let words = SCRIPT_WORDS.iter().filter(|it| lower.contains(**it)).count();
    let (mut lines, mut closed) = (0, 0);
    for line in lower.lines().map(str::trim_end).filter(|it| !it.is_empty()).take(2000) {
        lines += 1;
        closed += usize::from(line.ends_with([';', '{', '}', ')', ',', '(']));
    }
    let is_own = (words > 0 || escapes >= 8) && closed * 4 >= lines * 3 && !is_prose(lower);
    calls && is_own && !is_other && signs + 2 * words + 2 * usize::from(escapes >= 8) >= 3
}

/// What only shells write so.
const SHELL_WORDS: &[&str] = &[
    "| bash",
    "|bash",
    "| sh",
    "|sh",
    "|b\\",
    "<<<",
    "base64 -d",
    "base64 --decode",
    "/dev/tcp/",
    "/dev/null",
    "${*}",
    "${@}",
    "$@",
    "\"$(",
    "| rev",
    "|rev",
    "xxd -r",
    "2>&1",
    "${ifs}",
    "bash -c",
    "sh -c",
    "bash /",
    "sh /tmp",
    "chmod ",
    "printf '%s'",
    "printf %s",
    "| tr ",
    "|tr ",
    "source <(",
    "bash <(",
    "busybox ",
    "socat ",
    "-e sh",
    "-e /bin/",
    ":1}",
    "gunzip -c",
    "| gunzip",
    "/tmp/.",
    "awk 'begin",
    "exec 3<>",
    "| xargs",
];
/// And what others have as well.
const SHELL_SIGNS: &[&str] = &[
    "$(", "${", "; do", ";do ", "done", "fi\n", "echo ", "printf ", "export ", "rm -", "eval ",
    "+='", "+=\"", "=(", "curl ", "wget ", "/tmp/", "nohup ", "&& ", "|| ", "| ", "$\"",
];

/// Whether a text, in lower case, is written as a shell's script is.
pub(super) fn is_shell(lower: &str) -> bool {
    // PowerShell, PHP and Perl set variables with their mark.
    let is_other = lower.lines().take(200).any(|it| sets_variable(it.trim_start()))
        || ["<?", "%%", "@echo", "function(", "=>", "def ", "import "]
            .iter()
            .any(|it| lower.contains(it));
    if is_other || is_prose(lower) {
        return false;
    }
    let words = SHELL_WORDS.iter().filter(|it| lower.contains(**it)).count();
    let signs = SHELL_SIGNS.iter().filter(|it| lower.contains(**it)).count();
    words > 0 && 2 * words.min(4) + signs >= 4
}

/// What Perl writes so, and few others.
const PERL_WORDS: &[&str] = &[
    "(?{",
    "use re ",
    "'=~(",
    "\"=~(",
    "pack('h*'",
    "pack(\"h*\"",
    "pack 'h*'",
    "pack(q",
    "unpack('u'",
    "unpack(\"u\"",
    "unpack 'u'",
    "unpack u",
    "unpack(q",
    "scalar(reverse",
    "scalar reverse",
    "reverse(split",
    "map { chr",
    "map{chr",
    "chr($_",
    "chr ord",
    "$_ ^",
    "=~ tr/",
    "=~ s/",
    "=~tr/",
    "=~s/",
    "=~y/",
    "qw(",
    "qq{",
    "@_",
    "shift;",
    "my $",
    "my @",
    "my %",
    "our $",
    "use socket",
    "use io",
    "use lwp",
    "decode_base64(",
    "->new(",
    "system(qq",
    "<data>",
    "__end__",
    "__data__",
    "s/./",
    "/gee",
    "/ee;",
    "local $",
    "eval{",
    "eval {",
    "eval(pack",
    "eval unpack",
    "eval pack",
    "eval(unpack",
    "join('',",
    "join(\"\",",
    "join '',",
    "join q",
];

/// Whether a text, in lower case, is written as Perl is.
pub(super) fn is_perl(lower: &str) -> bool {
    let is_other = ["<?", "function", "def ", "import ", "var ", "let ", "const ", "dim ", "@echo"]
        .iter()
        .any(|it| lower.contains(it));
    if is_other || is_prose(lower) {
        return false;
    }
    let words = PERL_WORDS.iter().filter(|it| lower.contains(**it)).count();
    let ends = lower.lines().any(|it| it.trim_end().ends_with([';', '}']));
    words >= 2 && ends
}

/// `$name =`, `$name += `, `[type]$name =`, `$a, $b =`
fn sets_variable(statement: &str) -> bool {
    let statement = match statement.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |it| it.1),
        None => statement,
    };
    let Some(rest) = statement.strip_prefix('$') else { return false };
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '{' | '}' | '.');
    let after = rest.trim_start_matches(name).trim_start();
    let after = after.strip_prefix(['+', '-', '*']).unwrap_or(after);
    rest.starts_with(name) && after.starts_with('=') && !after.starts_with("==")
}

/// How many names of commands there are, each once.
fn commands(lower: &str) -> usize {
    let mut seen = Vec::new();
    let bytes = lower.as_bytes();
    let word = |c: char| c.is_ascii_alphanumeric();
    for (at, _) in lower.match_indices('-') {
        let before = &lower[..at];
        let verb = &before[before.trim_end_matches(word).len()..];
        let after = &lower[at + 1..];
        let noun = &after[..after.len() - after.trim_start_matches(word).len()];
        let start = at - verb.len();
        let outside = |it: Option<&u8>| it.is_none_or(|it| !b"-_./\\$".contains(it));
        if outside(start.checked_sub(1).and_then(|it| bytes.get(it)))
            && outside(bytes.get(at + 1 + noun.len()).filter(|it| **it != b'.'))
            && VERBS.contains(&verb)
            && NOUNS.iter().any(|it| noun.ends_with(it))
            && !seen.contains(&(verb, noun))
        {
            seen.push((verb, noun));
            if seen.len() > 8 {
                break;
            }
        }
    }
    seen.len()
}

#[cfg(test)]
mod tests {
    use super::{is_batch, is_javascript, is_powershell};

    #[test]
    fn short_scripts_are_known_and_other_texts_are_not() {
        for yes in [
            "function f { irm ($args[0] + $args[1]) }\nf 'http://a.example' '/b'",
            "$c = '{\"u\":1}' | convertfrom-json\nirm $c.u",
            "[xml]$x = '<c/>'\n$u = $x.c\nirm $u",
            "if ((test-netconnection -computername a.example -port 443).tcptestsucceeded) { 'ok' }",
            "$script:base = 'http://a.example'\nfunction a { $script:p = '/ss' }\na\nirm \"$script:base$p\"",
        ] {
            assert!(is_powershell(yes), "{yes}");
        }
        for no in [
            "window['location']['href'] = 'x'",
            "get-started with our out-of-the-box set-up and read-only mode",
            "$x = 5;\n$y = $x + 1;\nprint $y;\n$z = 1;\n",
            "x=1\necho \"$x\" | grep -e foo\n",
            "",
            "we iterate: a-b - c -eq d",
        ] {
            assert!(!is_powershell(no), "{no}");
        }
    }

    #[test]
    fn short_javascript_is_known() {
        for yes in [
            "window['loc' + 'ation']['hr' + 'ef'] = f('x');",
            "import('x').then(m => m.default());",
            "const p = new urlsearchparams({ x: 1 }); fetch(`x?${p}`);",
            "a['\\x61\\x62\\x63\\x64\\x65\\x66\\x67\\x68'](0x1);",
        ] {
            assert!(is_javascript(yes), "{yes}");
        }
        for no in ["new things (and old ones); we let it be", "x = $(ls); echo $x", ""] {
            assert!(!is_javascript(no), "{no}");
        }
    }

    #[test]
    fn short_batch_is_known() {
        assert!(is_batch("set u=hxxp\r\nset u=%u:xx=tt%\r\ncurl -o x %u%\r\n"));
        assert!(is_batch(
            "set n=0\n:l\nset /a n+=1\ncurl http://a.example/%n%\nif %n% lss 2 goto l"
        ));
        assert!(!is_batch("echo $(date +%y%m)\n"));
        assert!(!is_batch("set your goals\nif you can\n"));
        assert!(!is_batch("set x=1\nthen 50% of it\n"));
    }
}
