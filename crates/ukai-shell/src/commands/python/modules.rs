//! Python's modules: which there are, and what is in them.

use super::run::{Done, Machine};
use super::value::{Native, Object, Value, own_type};
use std::sync::Arc;

/// Functions of Python's own that need no import.
const GLOBALS: &str = "print len range open exec eval input repr abs min max sum sorted ord chr \
                       hex oct bin round pow divmod all any isinstance issubclass hasattr getattr \
                       setattr callable iter next hash id format dir vars globals locals exit quit \
                       compile __import__ ascii";

/// Modules with functions of ours, by name.
const FUNCTIONS: &[(&str, &str)] = &[
    (
        "os",
        "system popen getcwd chdir listdir mkdir makedirs remove unlink rmdir rename chmod chown \
         getenv putenv getpid getppid getuid geteuid getgid getegid fork setsid dup2 dup kill \
         execl execle execlp execv execve execvp execvpe _exit uname stat lstat access umask \
         symlink readlink waitpid wait getlogin cpu_count urandom spawnl spawnlp spawnle spawnlpe spawnv spawnvp spawnve spawnvpe posix_spawn posix_spawnp nice walk close \
         open write read pipe isatty killpg getpgid setuid setgid sched_getaffinity replace \
         get_terminal_size link utime truncate startfile fsencode fsdecode get_exec_path getpgrp setpgrp getenvb scandir",
    ),
    (
        "os.path",
        "exists isfile isdir islink join basename dirname abspath realpath expanduser getsize split splitext isabs lexists normpath getmtime expandvars commonprefix samefile getctime getatime",
    ),
    (
        "sys",
        "exit getrecursionlimit setrecursionlimit getdefaultencoding getsizeof exc_info setdefaultencoding getfilesystemencoding gettrace settrace intern getwindowsversion getrefcount _getframe",
    ),
    ("subprocess", "call run check_call check_output Popen getoutput getstatusoutput"),
    (
        "socket",
        "socket create_connection gethostname gethostbyname getaddrinfo setdefaulttimeout inet_aton inet_ntoa htons htonl ntohs fromfd getfqdn socketpair",
    ),
    (
        "urllib.request",
        "urlopen urlretrieve Request build_opener install_opener ProxyHandler HTTPSHandler HTTPHandler HTTPCookieProcessor",
    ),
    ("urllib.parse", "quote unquote urlencode quote_plus unquote_plus unquote_to_bytes"),
    ("requests", "get post head put delete request Session session"),
    ("http.client", "HTTPConnection HTTPSConnection"),
    (
        "base64",
        "b64decode b64encode standard_b64decode urlsafe_b64decode urlsafe_b64encode b16decode b16encode b32decode b32encode decodebytes encodebytes b85decode a85decode b85encode a85encode",
    ),
    ("binascii", "hexlify unhexlify a2b_base64 b2a_base64 b2a_hex a2b_hex crc32"),
    ("zlib", "decompress compress crc32 adler32"),
    ("gzip", "decompress compress open"),
    ("bz2", "decompress compress"),
    ("lzma", "decompress compress"),
    ("codecs", "decode encode open"),
    (
        "time",
        "sleep time ctime strftime perf_counter monotonic localtime gmtime time_ns process_time",
    ),
    ("pty", "spawn"),
    (
        "platform",
        "platform machine system release version node processor python_version uname architecture python_implementation",
    ),
    (
        "random",
        "randint random choice choices randrange shuffle seed sample getrandbits uniform randbytes Random SystemRandom",
    ),
    ("json", "loads dumps load dump"),
    ("hashlib", "md5 sha1 sha224 sha256 sha384 sha512 new pbkdf2_hmac"),
    ("shutil", "copy copyfile copy2 rmtree move which copyfileobj"),
    ("tempfile", "mkstemp mkdtemp mktemp gettempdir NamedTemporaryFile"),
    ("threading", "Lock RLock Event active_count current_thread"),
    ("_thread", "start_new_thread"),
    ("multiprocessing", "Process cpu_count"),
    ("signal", "signal alarm"),
    ("getpass", "getuser getpass"),
    ("glob", "glob"),
    ("io", "BytesIO StringIO open"),
    ("math", "sqrt floor ceil log pow sin cos exp fabs log2 log10 gcd trunc isqrt tan atan"),
    ("re", "compile match search fullmatch findall finditer sub subn split escape purge"),
    ("struct", "pack unpack calcsize unpack_from iter_unpack"),
    ("_cipher", "open rc4 keyed stretched"),
    ("ssl", "wrap_socket"),
    ("atexit", "register"),
    ("resource", "setrlimit getrlimit"),
    ("fcntl", "fcntl ioctl flock"),
    ("select", "select"),
    ("warnings", "filterwarnings simplefilter warn"),
    ("traceback", "print_exc format_exc"),
    ("crypt", "crypt"),
    ("secrets", "token_hex token_bytes randbelow choice"),
    ("uuid", "getnode"),
    ("string", ""),
    ("errno", ""),
    ("stat", ""),
    ("urllib", ""),
    ("urllib.error", ""),
    ("http", ""),
    ("itertools", "chain cycle islice repeat"),
    ("functools", "partial reduce"),
    ("locale", "setlocale getlocale"),
    ("builtins", ""),
    ("pwd", ""),
    ("marshal", "loads dumps load dump"),
    ("__main__", ""),
    ("collections", ""),
    ("types", "FunctionType LambdaType"),
    ("logging", ""),
];

/// Modules that are there, too: what is in them we do not have.
const OTHERS: &str = "abc aifc ast asyncio bisect bdb calendar cgi cmath cmd code concurrent \
     configparser contextlib copy csv curses dataclasses decimal difflib dis email enum \
     fileinput fnmatch fractions ftplib gc getopt grp heapq hmac html imaplib importlib inspect \
     ipaddress keyword linecache mimetypes mmap netrc nntplib numbers operator optparse pathlib \
     pdb pickle pipes pkgutil poplib posix pprint profile queue readline runpy sched selectors \
     shelve shlex smtplib socketserver spwd sqlite3 sre_compile statistics symtable sysconfig \
     syslog tarfile telnetlib termios textwrap token tokenize trace tty typing unicodedata \
     unittest weakref webbrowser xml xmlrpc zipfile zipimport zoneinfo apt certifi chardet dbus \
     idna six urllib3 pkg_resources debconf distro_info charset_normalizer";

/// What a name means that the program did not bind.
pub(super) fn global(name: &str) -> Option<Value> {
    if GLOBALS.split_whitespace().any(|known| known == name) {
        return Some(Value::Builtin(name.into()));
    }
    match name {
        "__name__" => return Some(Value::str("__main__")),
        "__builtins__" => return Some(Value::Module("builtins".into())),
        "__doc__" | "__package__" | "__spec__" => return Some(Value::None),
        "Ellipsis" => return Some(Value::Ellipsis),
        "NotImplemented" => return Some(Value::Ellipsis),
        _ => {}
    }
    own_type(name).filter(|_| !name.contains('.')).map(Value::Type)
}

/// A module as `print` shows it.
pub(super) fn shown(name: &str) -> String {
    match name {
        "sys" | "time" | "builtins" | "marshal" | "errno" | "atexit" | "_thread" | "signal" => {
            format!("<module '{name}' (built-in)>")
        }
        "os" | "io" | "stat" | "abc" | "codecs" => format!("<module '{name}' (frozen)>"),
        "os.path" => "<module 'posixpath' (frozen)>".to_owned(),
        _ => format!("<module '{name}' from '{}'>", file_of(name)),
    }
}

pub(super) fn file_of(name: &str) -> String {
    let path = name.replace('.', "/");
    match name {
        "requests" => "/usr/lib/python3/dist-packages/requests/__init__.py".to_owned(),
        "urllib" | "json" | "http" | "re" | "collections" | "asyncio" | "logging"
        | "multiprocessing" | "ctypes" => format!("/usr/lib/python3.11/{path}/__init__.py"),
        _ => format!("/usr/lib/python3.11/{path}.py"),
    }
}

/// Whether Python, or what is often installed for it, has a module of that name.
pub(super) fn is_known(name: &str) -> bool {
    let head = name.split('.').next().unwrap_or(name);
    functions(head).is_some()
        || OTHERS.split_whitespace().any(|known| known == head)
        || super::written::has(head)
        || super::second::is_module(head)
}

fn functions(module: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find(|(name, _)| *name == module).map(|(_, names)| *names)
}

impl Machine<'_> {
    /// Whether there is a module of that name.
    fn module_exists(&self, name: &str) -> bool {
        let requests = || {
            let view = self.process.view();
            let status = self.process.fs().read(&view, b"/var/lib/dpkg/status").unwrap_or_default();
            let wanted = b"Package: python3-requests\n";
            status.windows(wanted.len()).any(|w| w == wanted)
        };
        match name {
            "requests" => requests(),
            "requests.exceptions" => requests(),
            _ => {
                functions(name).is_some()
                    || self.is_written(name)
                    || OTHERS.split_whitespace().any(|known| known == name)
                    || name.split_once('.').is_some_and(|(head, _)| {
                        OTHERS.split_whitespace().any(|known| known == head)
                    })
            }
        }
    }

    /// `import name`
    pub(super) async fn import(&mut self, name: &Arc<str>, alias: Option<&Arc<str>>) -> Done<()> {
        let old = name;
        let name = &self.module_name(name);
        self.find_module(name).await?;
        if name != old && alias.is_none() {
            return self.bind(old, Value::Module(Arc::clone(name)));
        }
        match alias {
            Some(alias) => {
                let value = Value::Module(Arc::clone(name));
                self.bind(alias, value)
            }
            None => {
                let head: Arc<str> = name.split('.').next().unwrap_or(name).into();
                let value = Value::Module(Arc::clone(&head));
                self.bind(&head, value)
            }
        }
    }

    /// Finds a module, or raises what Python raises.
    pub(super) async fn find_module(&mut self, name: &Arc<str>) -> Done<()> {
        if self.imported.contains(name) {
            return Ok(());
        }
        self.process.session.step(8)?;
        let mut so_far = String::new();
        for part in name.split('.') {
            if !so_far.is_empty() {
                so_far.push('.');
            }
            so_far.push_str(part);
            if self.module_exists(&so_far) {
                self.write_module(&so_far.as_str().into()).await?;
                continue;
            }
            if self.goes_on {
                break;
            }
            let text = match so_far.rsplit_once('.') {
                Some((parent, _))
                    if functions(parent).is_some()
                        && parent != "os"
                        && !matches!(
                            parent,
                            "urllib"
                                | "http"
                                | "json"
                                | "requests"
                                | "collections"
                                | "multiprocessing"
                                | "ctypes"
                                | "logging"
                        ) =>
                {
                    format!("No module named '{so_far}'; '{parent}' is not a package")
                }
                _ => format!("No module named '{so_far}'"),
            };
            return Err(self.raise("ModuleNotFoundError", text));
        }
        self.costs(1, 0)?;
        self.imported.push(Arc::clone(name));
        if &**name == "requests" {
            self.write_module(&"requests.packages".into()).await?;
        }
        // `import urllib.request` brings what it uses.
        if &**name == "urllib.request" {
            for more in ["urllib.parse", "urllib.error", "http.client"] {
                self.write_module(&more.into()).await?;
                self.imported.push(more.into());
            }
        }
        Ok(())
    }

    /// `from module import names`
    pub(super) async fn import_from(
        &mut self,
        module: &Arc<str>,
        names: &[(Arc<str>, Option<Arc<str>>)],
    ) -> Done<()> {
        let module = &self.module_name(module);
        self.find_module(module).await?;
        if names.is_empty() {
            let all = functions(module).unwrap_or("");
            for name in all.split_whitespace() {
                let value = Value::Builtin(format!("{module}.{name}").into());
                self.bind(&name.into(), value)?;
            }
            for (name, value) in self.written_names(module) {
                if !name.starts_with('_') {
                    self.bind(&name, value)?;
                }
            }
            // Constants that are used without the module's name.
            if &**module == "socket" {
                for name in ["AF_INET", "SOCK_STREAM", "SOCK_DGRAM", "SOL_SOCKET", "SO_REUSEADDR"] {
                    if let Some(value) = constant(module, name) {
                        self.bind(&name.into(), value)?;
                    }
                }
            }
            return Ok(());
        }
        for (name, alias) in names {
            let submodule: Arc<str> = format!("{module}.{name}").into();
            let value = if let Some(moved) = self.moved(module, name) {
                self.find_module(&moved.into()).await?;
                self.module_attribute(&moved.into(), name)?
            } else if has_attribute(module, name) {
                self.module_attribute(module, name)?
            } else if let Some(value) = self.written_name(module, name) {
                value
            } else if self.module_exists(&submodule) {
                self.find_module(&submodule).await?;
                Value::Module(submodule)
            } else if self.goes_on && (functions(module).is_none() || !is_whole(module)) {
                self.unknown()?
            } else if functions(module).is_none() {
                // The module is there, and we do not have it.
                return Err(self.raise("MemoryError", ""));
            } else {
                let place = match shown(module) {
                    text if text.ends_with("(built-in)>") => "unknown location".to_owned(),
                    _ => file_of(module),
                };
                let text = format!("cannot import name '{name}' from '{module}' ({place})");
                return Err(self.raise("ImportError", text));
            };
            self.bind(alias.as_ref().unwrap_or(name), value)?;
        }
        Ok(())
    }

    /// `module.name`
    pub(super) fn module_attribute(&mut self, module: &Arc<str>, name: &str) -> Done<Value> {
        if let Some(moved) = self.moved(module, name) {
            return self.module_attribute(&moved.into(), name);
        }
        if !self.replaced.is_empty()
            && let Some(value) = self.replaced.get(&*format!("{module}.{name}"))
        {
            return Ok(value.clone());
        }
        if &**module == "__main__" {
            return match self.scopes[0].names.get(name).cloned().or_else(|| global(name)) {
                Some(value) => Ok(value),
                None => {
                    let text = format!("module '__main__' has no attribute '{name}'");
                    Err(self.raise("AttributeError", text))
                }
            };
        }
        if let Some(value) = windows_constant(module, name).filter(|_| self.windows) {
            return Ok(value);
        }
        if functions(module).is_some_and(|f| f.split_whitespace().any(|known| known == name)) {
            return Ok(Value::Builtin(format!("{module}.{name}").into()));
        }
        if let Some(value) = constant(module, name) {
            return Ok(value);
        }
        if let Some(value) = self.written_name(module, name) {
            return Ok(value);
        }
        if name == "__dict__" {
            return self.module_names(module);
        }
        if let Some(found) = own_type(&format!("{module}.{name}")) {
            return Ok(Value::Type(found));
        }
        if &**module == "urllib.request"
            && let Some(found) = own_type(&format!("urllib.error.{name}"))
        {
            return Ok(Value::Type(found));
        }
        if &**module == "requests"
            && let Some(found) = own_type(&format!("requests.exceptions.{name}"))
        {
            return Ok(Value::Type(found));
        }
        if &**module == "builtins"
            && let Some(value) = global(name)
        {
            return Ok(value);
        }
        let whole: Arc<str> = format!("{module}.{name}").into();
        if self.imported.contains(&whole)
            || self.written.contains_key(&whole)
            || &*whole == "os.path"
            || &*whole == "requests.exceptions"
        {
            return Ok(Value::Module(whole));
        }
        match (&**module, name) {
            ("os", "environ") => return self.object(Object::own("os._Environ", Native::None)),
            ("sys", "argv") => {
                let arguments = self.arguments.clone();
                return self.list(arguments);
            }
            ("sys", "path") => {
                let all = [
                    "",
                    "/usr/lib/python311.zip",
                    "/usr/lib/python3.11",
                    "/usr/lib/python3.11/lib-dynload",
                    "/usr/local/lib/python3.11/dist-packages",
                    "/usr/lib/python3/dist-packages",
                ];
                return self.list(all.into_iter().map(Value::str).collect());
            }
            ("sys", "modules") => {
                let own = ["sys", "os", "builtins", "__main__"].map(Arc::from);
                let all = own.into_iter().chain(self.imported.iter().cloned());
                let all = all.map(|name| (Value::Str(Arc::clone(&name)), Value::Module(name)));
                let all = all.collect();
                return self.dict(all);
            }
            ("sys", "stdin") => return self.stream(0),
            ("sys", "stdout") => return self.stream(1),
            ("sys", "stderr") => return self.stream(2),
            (_, "__name__") => return Ok(Value::Str(Arc::clone(module))),
            (_, "__file__") => return Ok(Value::Str(file_of(module).into())),
            _ => {}
        }
        if self.goes_on && (functions(module).is_none() || !is_whole(module)) {
            return self.unknown();
        }
        if functions(module).is_none() {
            // The module is there, and we do not have what is in it.
            return Err(self.raise("MemoryError", ""));
        }
        let text = format!("module '{module}' has no attribute '{name}'");
        Err(self.raise("AttributeError", text))
    }

    /// What a module has, by name.
    pub(super) fn module_names(&mut self, module: &str) -> Done<Value> {
        let names = if module == "builtins" { GLOBALS } else { functions(module).unwrap_or("") };
        let mut pairs = Vec::new();
        for name in names.split_whitespace() {
            let whole =
                if module == "builtins" { name.to_owned() } else { format!("{module}.{name}") };
            pairs.push((Value::str(name), Value::Builtin(whole.into())));
        }
        let written = self.written_names(module).into_iter();
        pairs.extend(written.map(|(name, value)| (Value::Str(name), value)));
        self.dict(pairs)
    }

    pub(super) fn stream(&mut self, fd: usize) -> Done<Value> {
        self.object(Object::own("_io.TextIOWrapper", Native::Stream(fd)))
    }
}

/// Whether a module of ours has something of that name.
fn has_attribute(module: &str, name: &str) -> bool {
    let made = matches!(
        (module, name),
        ("os", "environ" | "path")
            | (
                "sys",
                "argv"
                    | "stdin"
                    | "stdout"
                    | "stderr"
                    | "path"
                    | "modules"
                    | "version"
                    | "version_info"
                    | "platform"
                    | "executable"
                    | "maxsize"
                    | "byteorder"
            )
    );
    made || functions(module).is_some_and(|f| f.split_whitespace().any(|known| known == name))
        || constant(module, name).is_some()
        || own_type(&format!("{module}.{name}")).is_some()
        || (module == "urllib.request" && own_type(&format!("urllib.error.{name}")).is_some())
}

/// Whether of a module what it lacks here it lacks in CPython as well, by which programs tell
/// where they run.
fn is_whole(module: &str) -> bool {
    matches!(module, "sys" | "os" | "os.path" | "builtins" | "__main__" | "string" | "time")
}

/// Constants that are others on Windows.
fn windows_constant(module: &str, name: &str) -> Option<Value> {
    let text = match (module, name) {
        ("os", "name") => "nt",
        ("sys", "platform") => "win32",
        ("sys", "executable") => "C:\\Python311\\python.exe",
        _ => return None,
    };
    Some(Value::str(text))
}

/// Constants of modules.
fn constant(module: &str, name: &str) -> Option<Value> {
    let int = |n: i128| Some(Value::Int(n));
    let text = |t: &str| Some(Value::str(t));
    match (module, name) {
        ("os", "name") => text("posix"),
        ("os" | "os.path", "sep") => text("/"),
        ("os", "linesep") => text("\n"),
        ("os", "devnull") => text("/dev/null"),
        ("os", "pathsep") => text(":"),
        ("os", "O_RDONLY" | "F_OK") => int(0),
        ("os", "O_WRONLY" | "X_OK") => int(1),
        ("os", "O_RDWR" | "W_OK") => int(2),
        ("os", "R_OK") => int(4),
        ("os", "O_CREAT") => int(64),
        ("os", "O_TRUNC") => int(512),
        ("os", "P_WAIT") => int(0),
        ("os", "P_NOWAIT") => int(1),
        ("sys", "platform") => text("linux"),
        ("sys", "version") => text("3.11.2 (main, Apr 28 2025, 14:11:48) [GCC 12.2.0]"),
        ("sys", "version_info") => {
            let items =
                [Value::Int(3), Value::Int(11), Value::Int(2), Value::str("final"), Value::Int(0)];
            Some(Value::tuple(items.to_vec()))
        }
        ("sys", "hexversion") => int(0x030b_02f0),
        ("sys", "executable") => text("/usr/bin/python3"),
        ("sys", "prefix" | "exec_prefix" | "base_prefix") => text("/usr"),
        ("sys", "maxsize") => int(9_223_372_036_854_775_807),
        ("sys", "byteorder") => text("little"),
        ("subprocess", "PIPE") => int(-1),
        ("subprocess", "STDOUT") => int(-2),
        ("subprocess", "DEVNULL") => int(-3),
        ("socket", "AF_UNIX" | "SOCK_STREAM" | "SOL_SOCKET" | "IPPROTO_ICMP") => int(1),
        ("socket", "AF_INET" | "SOCK_DGRAM" | "SO_REUSEADDR" | "SHUT_RDWR") => int(2),
        ("socket", "SOCK_RAW" | "IP_HDRINCL") => int(3),
        ("socket", "AF_INET6") => int(10),
        ("socket", "IPPROTO_TCP" | "SO_BROADCAST") => int(6),
        ("socket", "IPPROTO_UDP") => int(17),
        ("socket", "IPPROTO_IP") => int(0),
        ("socket", "SO_KEEPALIVE") => int(9),
        ("socket", "TCP_NODELAY") => int(1),
        ("signal", "SIGHUP" | "SIG_IGN") => int(1),
        ("signal", "SIGINT") => int(2),
        ("signal", "SIGKILL") => int(9),
        ("signal", "SIGPIPE") => int(13),
        ("signal", "SIGALRM") => int(14),
        ("signal", "SIGTERM") => int(15),
        ("signal", "SIGCHLD") => int(17),
        ("signal", "SIG_DFL") => int(0),
        ("string", "ascii_lowercase") => text("abcdefghijklmnopqrstuvwxyz"),
        ("string", "ascii_uppercase") => text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("string", "ascii_letters") => text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("string", "digits") => text("0123456789"),
        ("string", "hexdigits") => text("0123456789abcdefABCDEF"),
        ("string", "punctuation") => text("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        ("errno", "ENOENT") => int(2),
        ("errno", "EACCES") => int(13),
        ("errno", "EEXIST") => int(17),
        ("errno", "ECONNREFUSED") => int(111),
        ("errno", "ETIMEDOUT") => int(110),
        ("errno", "EINPROGRESS") => int(115),
        ("stat", "S_IXUSR") => int(0o100),
        ("stat", "S_IRUSR") => int(0o400),
        ("stat", "S_IWUSR") => int(0o200),
        ("stat", "S_IXGRP") => int(0o010),
        ("stat", "S_IXOTH") => int(0o001),
        ("stat", "S_IEXEC") => int(0o100),
        ("stat", "S_IRWXU") => int(0o700),
        ("stat", "S_IRWXG") => int(0o070),
        ("stat", "S_IRWXO") => int(0o007),
        ("math", "pi") => Some(Value::Float(std::f64::consts::PI)),
        ("math", "inf") => Some(Value::Float(f64::INFINITY)),
        ("math", "nan") => Some(Value::Float(f64::NAN)),
        ("math", "tau") => Some(Value::Float(std::f64::consts::TAU)),
        ("math", "e") => Some(Value::Float(std::f64::consts::E)),
        ("re", "I" | "IGNORECASE") => int(2),
        ("re", "M" | "MULTILINE") => int(8),
        ("re", "S" | "DOTALL") => int(16),
        ("ssl", "CERT_NONE") => int(0),
        ("ssl", "CERT_REQUIRED") => int(2),
        ("ssl", "PROTOCOL_TLS" | "PROTOCOL_TLS_CLIENT" | "PROTOCOL_SSLv23") => int(2),
        ("resource", "RLIMIT_NOFILE") => int(7),
        ("resource", "RLIM_INFINITY") => int(-1),
        ("requests", "__version__") => text("2.28.1"),
        ("fcntl", "F_SETFL") => int(4),
        ("logging", "INFO") => int(20),
        ("logging", "DEBUG") => int(10),
        _ => None,
    }
}
