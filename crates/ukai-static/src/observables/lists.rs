//! The lists behind the rules.
//!
//! `rustfmt` would give each word a line of its own.

/// Schemes by which files are fetched.
#[rustfmt::skip]
pub(super) const FETCHED: &[&str] = &["http", "https", "ftp", "tftp"];

/// Schemes whose URLs name something else to contact, with the ports that IANA gives them.
#[rustfmt::skip]
pub(super) const SERVICES: &[(&str, Option<u16>)] = &[
    ("ftps", Some(990)), ("sftp", Some(22)), ("ssh", Some(22)), ("ws", Some(80)),
    ("wss", Some(443)), ("irc", Some(6667)), ("ircs", Some(6697)), ("mqtt", Some(1883)),
    ("mqtts", Some(8883)), ("ldap", Some(389)), ("ldaps", Some(636)), ("rmi", Some(1099)),
    ("smb", Some(445)), ("socks", Some(1080)), ("socks4", Some(1080)), ("socks5", Some(1080)),
    ("tcp", None), ("udp", None), ("ssl", None), ("tls", None), ("stratum", None),
    ("stratum+tcp", None), ("stratum+tls", None), ("stratum+ssl", None),
    ("stratum1+tcp", None), ("stratum1+ssl", None), ("stratum2+tcp", None),
];

/// Names that are in files for reference: name spaces, licences, home pages of libraries.
/// Nothing below them is contacted. A name stands for all names below it.
#[rustfmt::skip]
pub(super) const REFERENCES: &[&str] = &[
    "w3.org", "xmlsoap.org", "openxmlformats.org", "purl.org", "oasis-open.org", "ietf.org",
    "iana.org", "rfc-editor.org", "iso.org", "unicode.org", "ecma-international.org", "xml.org",
    "schemas.microsoft.com", "ns.adobe.com", "schemas.upnp.org", "schemas-upnp-org",
    "schemas.android.com", "json-schema.org", "relaxng.org", "dublincore.org", "xmlpull.org",
    // Free software, whose addresses its binaries carry.
    "gnu.org", "gcc.gnu.org", "fsf.org", "openssl.org", "kernel.org", "debian.org", "ubuntu.com",
    "redhat.com", "fedoraproject.org", "apache.org", "mozilla.org", "python.org", "perl.org",
    "php.net", "ruby-lang.org", "lua.org", "golang.org", "go.dev", "gopkg.in", "rust-lang.org",
    "busybox.net", "uclibc.org", "uclibc-ng.org", "musl-libc.org", "buildroot.org", "openwrt.org",
    "freedesktop.org", "x.org", "sqlite.org", "zlib.net", "gzip.org", "bzip.org", "curl.se",
    "haxx.se", "jquery.com", "jquery.org", "llvm.org", "sourceware.org", "libexpat.org",
    "opensource.org", "upx.sf.net", "upx.sourceforge.net", "sun.com", "java.sun.com",
    "springframework.org",
    // The HNAP name space, in every exploit of it.
    "purenetworks.com",
];

/// Names of which only a URL says anything: everybody's files are there.
#[rustfmt::skip]
pub(super) const HOSTING: &[&str] = &[
    "github.com", "githubusercontent.com", "gitlab.com", "bitbucket.org", "sourceforge.net",
    "google.golang.org", "launchpad.net", "pypi.org", "npmjs.com", "crates.io", "docs.rs",
];

/// Top-level domains that files end in, or that stand behind the dot of a member in many
/// languages. A bare name that ends so is taken for a file.
#[rustfmt::skip]
pub(super) const FILE_ENDINGS: &[&str] = &[
    // Libraries, objects, archives, packages, documents.
    "so", "la", "zip", "bz", "ar", "app", "cab", "lib", "mo", "md", "ps", "ai", "mov", "foo",
    // Sources and scripts.
    "cc", "rs", "sh", "py", "pl", "pm", "ml", "mm", "st", "vi", "tf", "tc", "as", "mk", "ac",
    "java", "cat", "sc", "ms", "mp", "ao", "sd", "ss",
    // Sections and system files.
    "ro", "bss", "id", "pid", "lock", "lk", "ad",
    // Members.
    "name", "info", "map", "style", "host", "link", "date", "events", "show", "run", "call",
    "data", "click", "open", "now", "next", "read", "new", "page", "play", "menu", "zone", "diff",
    "here", "how", "like", "select", "got", "total", "security", "network", "properties", "size",
    "build", "observer", "one", "plus", "exchange", "express", "schedule", "channel", "final",
    "box", "you", "bar", "prod", "int", "day", "stream", "family", "group", "email", "auto",
    "zero", "store", "report", "shell", "safe", "prime", "abc", "help", "dot", "origins",
    "directory", "ads", "search", "post", "ping", "support", "global", "direct", "target", "save",
    "tab", "works", "systems",
];

/// Top-level domains that are words of prose, where a space after a full stop is missing. A
/// bare name that ends so is believed if nothing else is in its run.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "is", "it", "to", "at", "be", "by", "my", "no", "me", "in", "do", "am"
];

/// Top-level domains outside of the public root.
#[rustfmt::skip]
pub(super) const SPECIAL_DOMAINS: &[&str] = &[
    // RFC 2606 and RFC 7686.
    "example", "test", "onion",
    // OpenNIC, EmerDNS and the like, which bots resolve through their own servers.
    "bazar", "bit", "chan", "coin", "cyb", "emc", "geek", "gopher", "indy", "libre", "oss",
    "parody", "pirate",
];

/// First labels of names that are read backwards (`org.gnome.Shell`) or are packages of a
/// programming language (`runtime.link`).
#[rustfmt::skip]
pub(super) const PACKAGES: &[&str] = &[
    "com", "org", "net", "io", "java", "javax", "android", "androidx", "kotlin", "runtime",
    "time", "os", "fmt", "sync", "syscall", "reflect", "strings", "bytes", "internal", "main",
    "math", "bufio", "sort", "strconv", "unicode", "errors", "context", "crypto", "encoding",
    "hash", "log", "path", "regexp", "text", "html", "mime", "archive", "compress", "container",
    "database", "debug", "flag", "image", "index", "plugin", "testing", "unsafe", "vendor", "go",
    "type", "std", "core", "alloc", "llvm", "sse", "sse2", "options", "request", "response",
    "object", "this", "self", "window", "document", "console", "sys", "node", "http", "rand",
    "atomic", "poll", "list", "heap", "x509", "tls", "rsa", "elf", "rel", "rela", "data", "bss",
    "rodata", "init", "fini", "gnu", "note", "dynamic", "eh_frame", "got", "plt",
];
