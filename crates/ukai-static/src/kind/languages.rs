//! Kinds of text, and what tells them: how they begin, and marks in them.

use super::text::Language;

/// Kinds of text: name, media type, words, language.
pub(super) type Known = (&'static str, &'static str, &'static str, Language);

pub(super) const SHELL: Known =
    ("shell-script", "text/x-shellscript", "POSIX shell script", Language::Shell);
pub(super) const PYTHON: Known =
    ("python", "text/x-script.python", "Python script", Language::Code);
pub(super) const PERL: Known = ("perl", "text/x-perl", "Perl script", Language::Code);
const RUBY: Known = ("ruby", "text/x-ruby", "Ruby script", Language::Code);
const PHP: Known = ("php", "text/x-php", "PHP script", Language::Code);
const LUA: Known = ("lua", "text/x-lua", "Lua script", Language::Code);
const AWK: Known = ("awk", "text/x-awk", "awk script", Language::Code);
const SED: Known = ("sed", "text/x-sed", "sed script", Language::Code);
const TCL: Known = ("tcl", "text/x-tcl", "Tcl script", Language::Code);
const EXPECT: Known = ("expect", "text/x-expect", "expect script", Language::Code);
const MAKE: Known = ("makefile", "text/x-makefile", "makefile script", Language::Code);
const APPLESCRIPT: Known = ("applescript", "text/x-applescript", "AppleScript", Language::Code);
pub(super) const JAVASCRIPT: Known =
    ("javascript", "application/javascript", "JavaScript source", Language::Code);
const ENCODED: Known = (
    "script-encoded",
    "application/x-encoded-script",
    "encoded VBScript or JScript",
    Language::Code,
);
pub(super) const ENCODED_VBSCRIPT: Known =
    ("vbe", "application/x-encoded-script", "encoded VBScript", Language::Code);
pub(super) const ENCODED_JSCRIPT: Known =
    ("jse", "application/x-encoded-script", "encoded JScript", Language::Code);
pub(super) const POWERSHELL: Known =
    ("powershell", "text/x-powershell", "PowerShell script", Language::Code);
pub(super) const VBSCRIPT: Known = ("vbscript", "text/vbscript", "VBScript source", Language::Code);
const VBA: Known = ("vba", "text/x-vba", "Visual Basic source", Language::Code);
const AUTOIT: Known = ("autoit", "text/x-autoit", "AutoIt script", Language::Code);
const AUTOHOTKEY: Known = ("autohotkey", "text/x-autohotkey", "AutoHotkey script", Language::Code);
pub(super) const BATCH: Known = ("batch", "text/x-msdos-batch", "DOS batch file", Language::Shell);
const ASP: Known = ("asp", "text/x-asp", "Active Server Page", Language::Code);
const JSP: Known = ("jsp", "text/x-jsp", "Java Server Page", Language::Code);
const C: Known = ("c-source", "text/x-c", "C source", Language::Code);
const GO: Known = ("go-source", "text/x-go", "Go source", Language::Code);
const RUST: Known = ("rust-source", "text/x-rust", "Rust source", Language::Code);
const JAVA: Known = ("java-source", "text/x-java", "Java source", Language::Code);
const CSHARP: Known = ("csharp-source", "text/x-csharp", "C# source", Language::Code);
const SQL: Known = ("sql", "text/x-sql", "SQL statements", Language::Code);
const CSS: Known = ("css", "text/css", "cascading style sheet", Language::Code);
const DIFF: Known = ("diff", "text/x-diff", "unified diff output", Language::Code);
const DOCKERFILE: Known = ("dockerfile", "text/x-dockerfile", "Dockerfile", Language::Shell);
const LATEX: Known = ("latex", "text/x-tex", "LaTeX document", Language::Prose);
const TROFF: Known = ("troff", "text/troff", "troff or preprocessor input", Language::Prose);
const HTML: Known = ("html", "text/html", "HTML document", Language::Code);
const HTA: Known = ("hta", "application/hta", "HTML application", Language::Code);
const XML: Known = ("xml", "text/xml", "XML document", Language::Code);
const SVG: Known = ("svg", "image/svg+xml", "SVG Scalable Vector Graphics image", Language::Code);
const PLIST: Known = ("plist", "text/xml", "XML property list", Language::Code);
const WSF: Known = ("wsf", "text/x-wsf", "Windows Script File", Language::Code);
const SCT: Known = ("sct", "text/scriptlet", "Windows scriptlet", Language::Code);
const XSL: Known = ("xsl", "text/xsl", "XSL style sheet", Language::Code);
const WORD_XML: Known =
    ("word-xml", "application/msword", "Microsoft Word 2003 XML", Language::Code);
const EXCEL_XML: Known =
    ("excel-xml", "application/vnd.ms-excel", "Microsoft Excel 2003 XML", Language::Code);
const RSS: Known = ("rss", "application/rss+xml", "RSS or Atom feed", Language::Code);
const SETTINGCONTENT: Known =
    ("settingcontent-ms", "text/xml", "Windows setting content", Language::Code);
pub(super) const JSON: Known = ("json", "application/json", "JSON data", Language::Prose);
const YAML: Known = ("yaml", "text/x-yaml", "YAML document", Language::Code);
pub(super) const MAIL: Known = ("mail", "message/rfc822", "mail message", Language::Prose);
pub(super) const MBOX: Known = ("mbox", "application/mbox", "mail folder", Language::Prose);
pub(super) const MHTML: Known = ("mhtml", "message/rfc822", "saved web page", Language::Prose);
const VCARD: Known = ("vcard", "text/vcard", "vCard visiting card", Language::Prose);
const ICALENDAR: Known = ("icalendar", "text/calendar", "vCalendar calendar file", Language::Prose);
const PEM: Known = ("pem", "application/x-pem-file", "PEM data", Language::Prose);
const CERTIFICATE: Known =
    ("certificate", "application/x-pem-file", "PEM certificate", Language::Prose);
const PRIVATE_KEY: Known =
    ("private-key", "application/x-pem-file", "private key", Language::Prose);
const PUBLIC_KEY: Known = ("ssh-public-key", "text/plain", "OpenSSH public key", Language::Prose);
const PGP: Known = ("pgp-armor", "application/pgp", "PGP message or key", Language::Prose);
const REG: Known = ("reg", "text/x-ms-regedit", "Windows Registry text", Language::Code);
const URL: Known =
    ("url-shortcut", "application/x-mswinurl", "MS Windows Internet shortcut", Language::Prose);
const DESKTOP: Known = ("desktop-entry", "application/x-desktop", "desktop entry", Language::Shell);
const SYSTEMD: Known = ("systemd-unit", "text/x-systemd-unit", "systemd unit", Language::Shell);
const INF: Known =
    ("inf", "application/x-setupscript", "Windows setup INFormation", Language::Prose);
const SCF: Known = ("scf", "text/plain", "Windows Explorer command", Language::Prose);
const IQY: Known = ("iqy", "text/plain", "Excel web query", Language::Prose);
const SLK: Known = ("slk", "application/x-sylk", "SYLK spreadsheet", Language::Prose);
const M3U: Known = ("m3u", "audio/x-mpegurl", "M3U playlist", Language::Prose);
const UUENCODED: Known = ("uuencoded", "text/x-uuencode", "uuencoded text", Language::Prose);
const YENC: Known = ("yenc", "text/x-yenc", "yEnc text", Language::Prose);
const INTEL_HEX: Known = ("intel-hex", "text/plain", "Intel hexadecimal records", Language::Prose);
const S_RECORD: Known = ("s-record", "text/plain", "Motorola S-Record", Language::Prose);
const PO: Known = ("po", "text/x-po", "GNU gettext message catalogue", Language::Prose);
const CONTROL: Known = ("deb-control", "text/plain", "Debian control data", Language::Prose);
pub(super) const SCRIPT: Known = ("script", "text/x-script", "script", Language::Code);
pub(super) const TEXT: Known = ("text", "text/plain", "", Language::Prose);

/// Interpreters in a `#!` line, by the beginning of their name.
pub(super) const INTERPRETERS: &[(&str, Known)] = &[
    ("python", PYTHON),
    ("pypy", PYTHON),
    ("perl", PERL),
    ("ruby", RUBY),
    ("php", PHP),
    ("node", JAVASCRIPT),
    ("lua", LUA),
    ("pwsh", POWERSHELL),
    ("tclsh", TCL),
    ("wish", TCL),
    ("expect", EXPECT),
    ("make", MAKE),
    ("osascript", APPLESCRIPT),
    ("sh", SHELL),
    ("bash", SHELL),
    ("ash", SHELL),
    ("dash", SHELL),
    ("ksh", SHELL),
    ("mksh", SHELL),
    ("zsh", SHELL),
    ("busybox", SHELL),
    ("openrc-run", SHELL),
];

/// How texts begin, in lower case and without white space in front, and what they are.
/// Longer beginnings stand before shorter ones.
pub(super) const BEGINNINGS: &[(&str, Known)] = &[
    ("perl -e ", SHELL),
    ("use re 'eval';", PERL),
    ("use strict;", PERL),
    ("perl -m ", SHELL),
    ("python -c ", SHELL),
    ("python3 -c ", SHELL),
    ("python2 -c ", SHELL),
    ("php -r ", SHELL),
    ("ruby -rsocket ", SHELL),
    ("ruby -e ", SHELL),
    ("<!doctype html", HTML),
    ("<!doctype plist", PLIST),
    ("<!doctype svg", SVG),
    ("<html", HTML),
    ("<head", HTML),
    ("<body", HTML),
    ("<script", HTML),
    ("<iframe", HTML),
    ("<title", HTML),
    ("<hta:application", HTA),
    ("<?php", PHP),
    ("<?xml", XML),
    ("<svg", SVG),
    ("<plist", PLIST),
    ("<job", WSF),
    ("<package", WSF),
    ("<scriptlet", SCT),
    ("<rss", RSS),
    ("<%@ page language=\"java", JSP),
    ("<%@page import=\"java", JSP),
    ("<%@ page import=\"java", JSP),
    ("<%@", ASP),
    ("<%", ASP),
    ("-----begin pgp", PGP),
    ("-----begin certificate-----", CERTIFICATE),
    ("-----begin openssh private key", PRIVATE_KEY),
    ("-----begin rsa private key", PRIVATE_KEY),
    ("-----begin ec private key", PRIVATE_KEY),
    ("-----begin private key", PRIVATE_KEY),
    ("-----begin ", PEM),
    ("putty-user-key-file", PRIVATE_KEY),
    ("ssh-rsa aaaa", PUBLIC_KEY),
    ("ssh-ed25519 aaaa", PUBLIC_KEY),
    ("ecdsa-sha2-nistp256 aaaa", PUBLIC_KEY),
    ("@echo off", BATCH),
    ("&cls", BATCH),
    ("&@cls", BATCH),
    ("#@~^", ENCODED),
    ("windows registry editor version", REG),
    ("regedit4", REG),
    ("[internetshortcut]", URL),
    ("[{000214a0-0000-0000-c000-000000000046}]", URL),
    ("[desktop entry]", DESKTOP),
    ("[unit]\n", SYSTEMD),
    ("[autorun]", INF),
    ("[version]", INF),
    ("[shell]\r\ncommand", SCF),
    ("web\r\n1\r\n", IQY),
    ("web\n1\n", IQY),
    ("id;p", SLK),
    ("#extm3u", M3U),
    ("begin 6", UUENCODED),
    ("begin 7", UUENCODED),
    ("begin-base64 ", UUENCODED),
    ("=ybegin line=", YENC),
    ("begin:vcard", VCARD),
    ("begin:vcalendar", ICALENDAR),
    ("diff --git a/", DIFF),
    ("\\documentclass", LATEX),
    (".\\\"", TROFF),
    (".th ", TROFF),
    ("'\\\" t", TROFF),
    ("#notrayicon", AUTOIT),
    ("#include <autoitconstants", AUTOIT),
    ("#noenv", AUTOHOTKEY),
    ("attribute vb_name", VBA),
    (":10000000", INTEL_HEX),
    (":020000040", INTEL_HEX),
    ("s00", S_RECORD),
    ("package: ", CONTROL),
    ("%yaml", YAML),
    ("%tag", YAML),
];

/// What an XML or HTML document is when this stands in its beginning, in lower case.
pub(super) const ROOTS: &[(&str, Known)] = &[
    ("<hta:application", HTA),
    ("<svg", SVG),
    ("<plist", PLIST),
    ("<scriptlet", SCT),
    ("<component id=", SCT),
    ("<job id=", WSF),
    ("<pcsettings", SETTINGCONTENT),
    ("<w:worddocument", WORD_XML),
    ("progid=\"word.document\"", WORD_XML),
    ("progid=\"excel.sheet\"", EXCEL_XML),
    ("<xsl:stylesheet", XSL),
    ("<stylesheet", XSL),
    ("<rss", RSS),
    ("http://www.w3.org/2005/atom", RSS),
];

/// Marks of a language in a text: how much each tells, and what is written so.
pub(super) const MARKS: &[(Known, u32, &[&str])] = &[
    (
        SHELL,
        2,
        &[
            "/bin/busybox",
            "chmod 777",
            "chmod +x",
            "cd /tmp",
            "rm -rf ",
            ">/dev/null",
            "> /dev/null",
            "; do ",
            "export PATH",
            "wget http",
            "curl -",
            "tftp -",
            "chmod 0777",
        ],
    ),
    (
        SHELL,
        1,
        &[
            "wget ", "curl ", "fi\n", "done\n", "done;", "if [ ", "echo ", "./", "$(", "| sh",
            "|sh", "|bash", "nohup ",
        ],
    ),
    (PYTHON, 2, &["\nimport ", "\ndef ", "\nfrom ", "if __name__", "print("]),
    (PYTHON, 2, &["\nclass ", "    def ", "self.", "\"\"\"", "\n@"]),
    (PERL, 2, &["\nuse strict", "\nmy $", "\nsub ", "IO::Socket", "\npackage ", "\nuse warnings"]),
    (RUBY, 2, &["\nrequire '", "\nrequire \"", "\n  def ", "\nmodule ", "attr_reader", "\nend\n"]),
    (PHP, 2, &["<?php", "<?=", "$_GET", "$_POST", "$_REQUEST"]),
    (LUA, 2, &["\nlocal ", "\nlocal function ", " then\n", "require(\"", "\nend\n", "nil"]),
    (TCL, 2, &["\nproc ", "\nnamespace eval ", "\npackage require ", "puts $"]),
    (PYTHON, 3, &["__import__(", "base64.b64decode(", "zlib.decompress(", "urllib.request"]),
    (PYTHON, 2, &["subprocess.", "os.system(", "socket.socket(", "exec(", "lambda "]),
    (PERL, 3, &["use Socket;", "LWP::", "MIME::Base64", "eval pack(", "eval unpack", "@ARGV"]),
    (
        PERL,
        3,
        &[
            "HTTP::Tiny",
            "Net::FTP",
            "List::Util",
            " =~ s/",
            " =~ tr/",
            "=~s/",
            "=~tr/",
            "=~y/",
            "foreach my $",
            "for my $",
            "open(my $",
            "pack('H*'",
            "pack(\"H*\"",
            "<DATA>",
            "\n__DATA__\n",
            "join('', map",
            "join '', map",
            "join(\"\", map",
            "chr(ord(",
            "use strict;",
            "my ($",
            "=shift;",
            "= shift;",
            "= @_;",
        ],
    ),
    (PERL, 2, &["\nmy @", "\nmy %", "my $", "->new(", "or die", "|| die", "$ENV{", "qw(", "@_"]),
    (
        JAVASCRIPT,
        4,
        &[
            "new ActiveXObject(",
            "new XMLHttpRequest(",
            "document.createElement(",
            "require('child_process')",
            "= WScript.CreateObject(",
            "new EventSource(",
            "importScripts(",
            "top.location",
            "$(document)",
            "$(function",
            "jQuery(",
            "window.location",
        ],
    ),
    (
        JAVASCRIPT,
        3,
        &[
            "document.write(",
            "String.fromCharCode(",
            ".charCodeAt(",
            "new Function(",
            "console.log(",
            "decodeURIComponent(",
            "eval(function(",
            "String['fromCharCode']",
            "(![]+[])",
            "(!![]+[])",
            "[+!+[]]",
            "while(!![])",
            "$.getScript(",
            "$.ajax(",
            "navigator.sendBeacon(",
            "location.replace(",
            "location.href",
            "new WebSocket(",
            "new Image(",
        ],
    ),
    (
        JAVASCRIPT,
        2,
        &[
            "unescape(",
            "parseInt(",
            "window.",
            "XMLHttpRequest",
            "JSON.parse(",
            ".split('",
            ".join('')",
            "WScript.CreateObject(",
            "} catch",
            "Buffer.from(",
            "fetch(",
            "module.exports",
            "window.open(",
            "document.body",
            "document.location",
            "importScripts(",
            "require('",
            "require(\"",
            "await fetch(",
            "axios",
            "GetObject('",
            "['constructor']",
            "\nfunction ",
        ],
    ),
    (
        JAVASCRIPT,
        2,
        &["function(", "function (", "document.", "ActiveXObject", "eval(", "=> {", "require("],
    ),
    (
        JAVASCRIPT,
        2,
        &[
            "new Uint8Array(",
            "new TextDecoder",
            "URLSearchParams(",
            ".then(",
            "addEventListener(",
            "setTimeout(",
            "setInterval(",
            "atob(",
            "`${",
            ".appendChild(",
            ".innerHTML",
            "process.env",
            "new Proxy(",
            "new Worker(",
            "location =",
            "String.raw",
            "await import(",
        ],
    ),
    (JAVASCRIPT, 1, &["var ", "let ", "const ", "===", "return ", " => ", "async ", "await "]),
    (VBA, 4, &["Attribute VB_", "Sub AutoOpen(", "Sub Document_Open(", "Sub Workbook_Open("]),
    (AUTOIT, 4, &["#include <File.au3>", "InetGet(", "#RequireAdmin", "#AutoIt3Wrapper"]),
    (C, 3, &["#include <", "#include \"", "int main("]),
    (GO, 3, &["\nfunc ", "\npackage main", "package main\n", "\nimport (", ":= range "]),
    (
        RUST,
        3,
        &[
            "\nuse std::",
            "\nfn ",
            "\npub fn ",
            "\nimpl ",
            "\n#[derive(",
            "#![allow(",
            "\nuse crate::",
            "#[test]",
            "let mut ",
            "#[cfg(",
            "\nuse ",
        ],
    ),
    (JAVA, 3, &["\nimport java", "public class ", "public static void main", "@Override"]),
    (CSHARP, 3, &["using System;", "\nnamespace ", "static void Main("]),
    (SQL, 3, &["CREATE TABLE ", "INSERT INTO ", "DROP TABLE ", "ALTER TABLE ", "\nSELECT "]),
    (CSS, 2, &["{margin", "padding:", "font-family:", "{color:", "@media ", "background:"]),
    (DIFF, 2, &["\n@@ -", "\n+++ ", "--- a/", "\n--- "]),
    (MAKE, 2, &["\n.PHONY:", "\nall:", "\nclean:", "$(CC)", "$(MAKE)", "$@"]),
    (DOCKERFILE, 3, &["\nRUN ", "\nENTRYPOINT ", "\nCOPY ", "\nWORKDIR "]),
    (LATEX, 3, &["\\begin{document}", "\\usepackage", "\\section{"]),
    (PO, 2, &["\nmsgid \"", "\nmsgstr \"", "Content-Transfer-Encoding: 8bit\\n"]),
    (YAML, 2, &["---\n", "\n- name: ", "\nversion: ", "\n  - "]),
    (JSP, 3, &["<%@ page ", "Runtime.getRuntime().exec(", "request.getParameter("]),
    (HTML, 2, &["<html", "<body", "<script", "</a>", "<div", "<iframe"]),
    (AWK, 3, &["BEGIN {", "END {", "\nBEGIN{", "NR==", "getline"]),
    (SED, 4, &["\ns/^", "\n/^#/d"]),
];

/// Marks of languages that take letters of either case for the same: in lower case.
pub(super) const LOOSE_MARKS: &[(Known, u32, &[&str])] = &[
    (
        POWERSHELL,
        4,
        &[
            "-comobject ",
            "[activator]::createinstance(",
            "[type]::gettypefrom",
            "[wmiclass]",
            "[diagnostics.process]::start(",
            "[system.diagnostics.process]::start(",
            "[net.dns]::",
            "[system.net.dns]::",
            "[powershell]::create(",
            "send-mailmessage ",
            "$pshome[",
            "$shellid[",
            "$verbosepreference.",
        ],
    ),
    (
        POWERSHELL,
        3,
        &[
            "[system.convert]::",
            "[convert]::",
            "[text.encoding]::",
            "[system.text.encoding]::",
            "[net.servicepointmanager]::",
            "[scriptblock]::create(",
            "invoke-expression",
            "new-object",
            "invoke-webrequest",
            "invoke-restmethod",
            "start-process",
            "start-bitstransfer",
            "set-executionpolicy",
            "set-strictmode",
            "$erroractionpreference",
            "foreach-object",
            "write-host",
            "join-path",
            "$env:",
            " -bxor ",
            "[char[]]",
            "[byte[]]",
            "iex (",
            "iex(",
            "-usebasicparsing",
            "[system.net.webrequest]::",
            "net.webclient",
            "net.sockets.tcpclient",
            "[reflection.assembly]::",
            "[regex]::",
            "$executioncontext.",
            "invoke-command",
            "invoke-wmimethod",
            "register-objectevent",
            "-argumentlist",
            "-scriptblock",
            "set-itemproperty",
            "out-null",
        ],
    ),
    (
        POWERSHELL,
        2,
        &[
            "]::",
            "$_.",
            "{ $_",
            "{$_",
            "-f'",
            "-f '",
            "-split",
            "-replace",
            "|%",
            "| %",
            "foreach($",
            "foreach ($",
            "set-item ",
            "get-item",
            "set-variable",
            "get-variable",
            ").value",
            ".invoke(",
            "$null",
        ],
    ),
    (
        POWERSHELL,
        2,
        &[
            "| iex",
            "|iex",
            "irm ",
            "iwr ",
            "[char]",
            "-join",
            "import-module",
            "param(",
            "downloadstring(",
        ],
    ),
    (
        VBSCRIPT,
        3,
        &[
            "createobject(",
            "\ndim ",
            "on error resume next",
            "end sub",
            "end function",
            "strreverse(",
            "executeglobal",
            "option explicit",
            "chr(",
        ],
    ),
    (
        VBSCRIPT,
        2,
        &["\nset ", "execute(", "\nexecute ", "getobject(", "wscript.", "\nnext", "ubound("],
    ),
    (
        BATCH,
        3,
        &[
            "goto :eof",
            "setlocal",
            "for /f ",
            "for /l ",
            "for %%",
            "exit /b",
            "start \"\" ",
            "%~dp0",
        ],
    ),
    (
        BATCH,
        2,
        &[
            "\ngoto ",
            "\ncall :",
            "if exist ",
            "if not exist ",
            "%temp%",
            "%appdata%",
            "\n@echo ",
            "\n@echo off",
            "\nset /a ",
            "\r\nset ",
            "certutil ",
            "bitsadmin ",
            "\nrem ",
            ">nul",
        ],
    ),
];

/// Evidence that is enough to name a language.
pub(super) const MARKS_ENOUGH: u32 = 4;

/// Header fields with which mail begins, in lower case.
pub(super) const MAIL_FIELDS: &[&str] = &[
    "received:",
    "return-path:",
    "delivered-to:",
    "from:",
    "to:",
    "subject:",
    "date:",
    "message-id:",
    "mime-version:",
    "reply-to:",
    "content-type:",
    "x-",
];

/// Short names of all that is told here.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let listed = INTERPRETERS.iter().chain(BEGINNINGS).chain(ROOTS).map(|(_, known)| known.0);
    let marked = MARKS.iter().chain(LOOSE_MARKS).map(|(known, ..)| known.0);
    listed.chain(marked).chain([JSON.0, MAIL.0, MBOX.0, MHTML.0, SCRIPT.0, TEXT.0])
}
