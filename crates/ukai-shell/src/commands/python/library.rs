//! Functions of Python's library that only calculate: codings, digests, `json`, `re`,
//! `time`, `struct` ...

use super::builtins::{Named, by_name};
use super::run::{Done, Machine, Unwind};
use super::system::library;
use super::value::{Native, Object, Value};
use crate::commands::list::date;
use crate::limits;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use sha2::Digest as _;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use ukai_model::Duration;

/// What never ends is taken for so many items: it is walked beside something that does.
pub(super) const ENDLESS_ITEMS: usize = 16_384;

/// Functions that run at a program's end.
pub(super) const END_MAX: usize = 64;

/// Memory that the decoder of LZMA may have.
const LZMA_KIB: u32 = 64 << 10;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// A digest by its name in `hashlib`.
pub(super) fn digest(name: &str, bytes: &[u8]) -> Vec<u8> {
    match name {
        "md5" => md5::Md5::digest(bytes).to_vec(),
        "sha1" => sha1::Sha1::digest(bytes).to_vec(),
        "sha224" => sha2::Sha224::digest(bytes).to_vec(),
        "sha384" => sha2::Sha384::digest(bytes).to_vec(),
        "sha512" => sha2::Sha512::digest(bytes).to_vec(),
        _ => sha2::Sha256::digest(bytes).to_vec(),
    }
}

impl Machine<'_> {
    /// A function of a module, by its whole name.
    pub(super) async fn module_function(
        &mut self,
        whole: &str,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        let (module, name) = whole.rsplit_once('.').unwrap_or(("", whole));
        let first = arguments.first().cloned();
        match (module, name) {
            ("os", _) => self.os(name, arguments, &named).await,
            ("os.path", _) => self.os_path(name, &arguments),
            ("subprocess", _) => self.subprocess(name, arguments, named).await,
            ("pty", _) => self.spawn(&first.unwrap_or(Value::None)).await,
            ("urllib.request", "urlopen") => {
                let what = first.or_else(|| by_name(&named, "url")).unwrap_or(Value::None);
                self.urlopen(&what, false).await
            }
            ("urllib.request", "urlretrieve") => self.retrieve(&arguments, &named).await,
            ("urllib.request", "Request") => {
                let url = first.or_else(|| by_name(&named, "url")).unwrap_or(Value::None);
                let object = Object::own("urllib.request.Request", Native::None);
                self.object(object.with("full_url", url))
            }
            ("urllib.request", _) => {
                self.object(Object::own("urllib.request.OpenerDirector", Native::None))
            }
            ("requests", "Session" | "session") => {
                let mut object = Object::own("requests.sessions.Session", Native::None);
                for name in ["headers", "proxies", "cookies", "params"] {
                    object = object.with(name, self.dict(Vec::new())?);
                }
                self.object(object.with("verify", Value::Bool(true)).with("auth", Value::None))
            }
            ("requests", _) => self.requests(name, &arguments, &named).await,
            ("http.client", _) => {
                let host = match (first, arguments.get(1).and_then(Value::integer)) {
                    (Some(Value::Str(host)), Some(port)) => Value::str(format!("{host}:{port}")),
                    (host, _) => host.unwrap_or(Value::None),
                };
                let object = Object::own("http.client.HTTPConnection", Native::None)
                    .with("host", host)
                    .with("secure", Value::Bool(name == "HTTPSConnection"));
                self.object(object)
            }
            ("socket", "socket" | "fromfd") => self.socket(&arguments),
            ("socket", "create_connection") => self.create_connection(&arguments).await,
            ("socket", "gethostname" | "getfqdn") => Ok(Value::str(self.process.fs().hostname())),
            ("socket", _) => self.socket_function(name, &arguments),
            ("ssl", "wrap_socket") => Ok(first.unwrap_or(Value::None)),
            ("time", "sleep") => {
                let seconds = first.and_then(|v| v.number()).unwrap_or(0.0).clamp(0.0, 1e9);
                self.flush_if_terminal()?;
                self.pauses += 1;
                self.process.session.sleep(Duration::from_secs_f64(seconds)).await?;
                Ok(Value::None)
            }
            ("sys", "exit") => Err(self.exit_with(first)),
            ("multiprocessing", "Process") => self.later(&named),
            ("threading", "Lock" | "RLock" | "Event") => {
                self.object(Object::own("threading.Lock", Native::None))
            }
            ("_thread", "start_new_thread") => {
                let function = first.unwrap_or(Value::None);
                let with = match arguments.get(1) {
                    Some(value) => self.items(&value.clone()).await?,
                    None => Vec::new(),
                };
                match self.call(function, with, Vec::new()).await {
                    Err(Unwind::Raise(_)) => Ok(Value::None),
                    other => other.map(|_| Value::None),
                }
            }
            ("re", _) => self.regex(name, &arguments, &named).await,
            ("_cipher", _) => self.cipher(name, &arguments),
            ("hashlib", "pbkdf2_hmac") => {
                let length = match arguments.get(4) {
                    Some(Value::Int(length)) => Value::Int(*length),
                    _ => Value::Int(match first.as_ref().and_then(Value::raw).as_deref() {
                        Some(b"sha1") => 20,
                        Some(b"sha512") => 64,
                        _ => 32,
                    }),
                };
                let mut all = arguments;
                all.truncate(4);
                all.push(length);
                self.cipher("stretched", &all)
            }
            ("types", _) => {
                let code = first.unwrap_or(Value::None);
                if let Value::Object(id) = code
                    && let Some(function) = self.objects[id].field(super::builtins::CODE_OF)
                {
                    return Ok(function.clone());
                }
                // What is compiled runs when it is called.
                let mut all = vec![Value::Builtin("exec".into()), code];
                all.extend(arguments.get(1).cloned());
                Box::pin(self.module_function("functools.partial", all, Vec::new())).await
            }
            ("marshal", "loads" | "load") => {
                let what = match (name, first) {
                    ("load", Some(file)) => {
                        self.call_method(&file, "read", Vec::new(), Vec::new()).await?
                    }
                    (_, what) => what.unwrap_or(Value::None),
                };
                // Compiled code is not run: its texts are looked at.
                if let Some(bytes) = what.raw() {
                    self.process.session.evaluated(&bytes, "python3");
                }
                Err(self.raise("EOFError", "marshal data too short"))
            }
            ("json", _) => self.json(name, &arguments, &named).await,
            ("shutil" | "tempfile" | "glob" | "gzip" | "io" | "codecs", _) => {
                self.file_function(whole, &arguments, &named).await
            }
            ("random", _) => self.random(None, name, &arguments, &named).await,
            (
                "dict" | "str" | "bytes" | "bytearray" | "int" | "list" | "set" | "float" | "tuple"
                | "object" | "type" | "frozenset",
                _,
            ) => self.type_function(whole, &arguments, &named).await,
            ("itertools", "chain") => {
                let mut all = Vec::new();
                for argument in &arguments {
                    all.extend(self.items(argument).await?);
                }
                self.list(all)
            }
            ("itertools", "cycle") => {
                let items = self.items(&first.unwrap_or(Value::None)).await?;
                let count = if items.is_empty() { 0 } else { ENDLESS_ITEMS };
                self.costs(count, 0)?;
                self.list(items.into_iter().cycle().take(count).collect())
            }
            ("itertools", "repeat") => {
                let times = arguments.get(1).and_then(Value::integer);
                let count = times.and_then(|times| usize::try_from(times).ok());
                let count = count.unwrap_or(0).min(ENDLESS_ITEMS);
                let count = if times.is_none() { ENDLESS_ITEMS } else { count };
                self.costs(count, 0)?;
                self.list(vec![first.unwrap_or(Value::None); count])
            }
            ("itertools", "islice") => {
                let items = self.items(&first.unwrap_or(Value::None)).await?;
                let number = |at: usize| {
                    arguments
                        .get(at)
                        .and_then(Value::integer)
                        .and_then(|it| usize::try_from(it).ok())
                };
                let (start, stop) = match arguments.len() {
                    ..=2 => (None, number(1)),
                    _ => (number(1), number(2)),
                };
                let taken = items.into_iter().take(stop.unwrap_or(usize::MAX));
                let step = number(3).unwrap_or(1).max(1);
                self.list(taken.skip(start.unwrap_or(0)).step_by(step).collect())
            }
            ("functools", "reduce") => {
                let function = first.unwrap_or(Value::None);
                let items = self.items(&arguments.get(1).cloned().unwrap_or(Value::None)).await?;
                let mut items = arguments.get(2).cloned().into_iter().chain(items);
                let mut total = items.next().unwrap_or(Value::None);
                for item in items {
                    total = self.call(function.clone(), vec![total, item], Vec::new()).await?;
                }
                Ok(total)
            }
            ("functools", "partial") => {
                let mut arguments = arguments.into_iter();
                let func = arguments.next().unwrap_or(Value::None);
                let keywords = named.into_iter().map(|(n, v)| (Value::Str(n), v)).collect();
                let keywords = self.dict(keywords)?;
                let object = Object::own("functools.partial", Native::None)
                    .with("func", func)
                    .with("args", Value::tuple(arguments.collect()))
                    .with("keywords", keywords);
                self.object(object)
            }
            ("signal" | "warnings" | "resource" | "fcntl" | "locale", _) => Ok(Value::None),
            ("atexit", _) => {
                let mut arguments = arguments.into_iter();
                if let Some(function) = arguments.next()
                    && self.at_end.len() < END_MAX
                {
                    self.at_end.push((function.clone(), arguments.collect(), named));
                    return Ok(function);
                }
                Ok(Value::None)
            }
            ("traceback", _) => {
                if let Some(id) = self.handled.last().copied() {
                    let text = self.traceback(id)?;
                    if name == "format_exc" {
                        return Ok(Value::Str(text.into()));
                    }
                    self.process.error_bytes(text.as_bytes())?;
                }
                Ok(Value::None)
            }
            _ => self.calculated(whole, first.as_ref(), &arguments),
        }
    }

    fn flush_if_terminal(&mut self) -> Done<()> {
        if self.process.fds.at(1).is_some_and(|o| o.is_terminal()) { self.flush() } else { Ok(()) }
    }

    fn socket_function(&mut self, name: &str, arguments: &[Value]) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        let host = first.raw().map(|b| String::from_utf8_lossy(&b).into_owned());
        Ok(match name {
            "gethostbyname" => {
                let host = host.unwrap_or_default();
                if host.parse::<std::net::Ipv4Addr>().is_ok() {
                    return Ok(first);
                }
                if host == "localhost" || *host == *self.process.fs().hostname() {
                    return Ok(Value::str("127.0.0.1"));
                }
                let text = Value::str("Temporary failure in name resolution");
                let raised = super::value::Raised::default();
                return Err(self.raise_with("socket.gaierror", vec![Value::Int(-3), text], raised));
            }
            "inet_aton" => match host.unwrap_or_default().parse::<std::net::Ipv4Addr>() {
                Ok(address) => Value::Bytes(address.octets().to_vec().into()),
                Err(_) => {
                    let text = "illegal IP address string passed to inet_aton";
                    return Err(self.raise("OSError", text));
                }
            },
            "inet_ntoa" => match first {
                Value::Bytes(bytes) if bytes.len() == 4 => {
                    Value::str(format!("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]))
                }
                _ => return Err(self.raise("OSError", "packed IP wrong length")),
            },
            "htons" | "ntohs" => {
                Value::Int(i128::from((first.integer().unwrap_or(0) as u16).swap_bytes()))
            }
            "htonl" => Value::Int(i128::from((first.integer().unwrap_or(0) as u32).swap_bytes())),
            _ => Value::None,
        })
    }

    /// What only calculates.
    fn calculated(
        &mut self,
        whole: &str,
        first: Option<&Value>,
        arguments: &[Value],
    ) -> Done<Value> {
        let value = first.cloned().unwrap_or(Value::None);
        let raw = value.raw();
        if let Some(bytes) = &raw {
            self.costs(0, bytes.len() * 2)?;
        }
        let bytes = raw.clone().unwrap_or_default();
        let number = value.number().unwrap_or(0.0);
        let now = self.process.session.host.clock(self.process.session.now());
        let persona = Arc::clone(&self.process.session.host);
        let persona = &persona.persona;
        let binary = |bytes: Vec<u8>| Ok(Value::Bytes(bytes.into()));
        match whole {
            "base64.b64decode"
            | "base64.standard_b64decode"
            | "base64.decodebytes"
            | "base64.urlsafe_b64decode"
            | "binascii.a2b_base64" => {
                if raw.is_none() {
                    let class = self.type_name(&value);
                    let text = format!(
                        "argument should be a bytes-like object or ASCII string, not '{class}'"
                    );
                    return Err(self.raise("TypeError", text));
                }
                self.base64(&bytes)
            }
            "base64.b64encode"
            | "base64.urlsafe_b64encode"
            | "base64.encodebytes"
            | "binascii.b2a_base64" => {
                if matches!(value, Value::Str(_)) {
                    let text = "a bytes-like object is required, not 'str'";
                    return Err(self.raise("TypeError", text));
                }
                let mut text = base64::engine::general_purpose::STANDARD.encode(&bytes);
                if whole.contains("urlsafe") {
                    text = text.replace('+', "-").replace('/', "_");
                }
                if whole.ends_with("encodebytes") || whole.starts_with("binascii") {
                    text.push('\n');
                }
                binary(text.into_bytes())
            }
            "binascii.hexlify" | "binascii.b2a_hex" => Ok(Self::hex_value(&bytes)),
            "base64.b16encode" => binary(super::methods::hex(&bytes).to_uppercase().into_bytes()),
            "binascii.unhexlify" | "binascii.a2b_hex" | "base64.b16decode" | "bytes.fromhex" => {
                match unhex(&bytes) {
                    Ok(out) => binary(out),
                    Err(text) => Err(self.raise("binascii.Error", text)),
                }
            }
            "base64.b32decode" => match base32(&bytes) {
                Some(out) => binary(out),
                None => Err(self.raise("binascii.Error", "Non-base32 digit found")),
            },
            "zlib.decompress" | "gzip.decompress" => {
                match inflated(&bytes, arguments.get(1).and_then(Value::integer)) {
                    Some(out) => {
                        self.costs(0, out.len())?;
                        binary(out)
                    }
                    None => {
                        let header = bytes.get(..2).map_or(0, |h| u16::from_be_bytes([h[0], h[1]]));
                        let text = if header >> 8 & 15 == 8 && header % 31 == 0 {
                            "Error -5 while decompressing data: incomplete or truncated stream"
                        } else {
                            "Error -3 while decompressing data: incorrect header check"
                        };
                        Err(self.raise("zlib.error", text))
                    }
                }
            }
            "zlib.compress" | "gzip.compress" => {
                let mut encoder =
                    flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
                let done = encoder.write_all(&bytes).and_then(|()| encoder.finish());
                binary(done.unwrap_or_default())
            }
            "bz2.compress" => {
                let mut encoder =
                    bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
                let done = encoder.write_all(&bytes).and_then(|()| encoder.finish());
                binary(done.unwrap_or_default())
            }
            // Where it is not what it seems, it is taken for what it was.
            "lzma.compress" => binary(bytes.to_vec()),
            "zlib.adler32" => {
                let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
                    let low = (low + u32::from(*byte)) % 65_521;
                    (low, (high + low) % 65_521)
                });
                Ok(Value::Int((high << 16 | low).into()))
            }
            "zlib.crc32" | "binascii.crc32" => {
                let mut crc = flate2::Crc::new();
                crc.update(&bytes);
                Ok(Value::Int(crc.sum().into()))
            }
            "lzma.decompress" => {
                let mut out = Vec::new();
                let limit = limits::UNPACKED_BYTES as u64;
                let read = lzma_rust2::XzReader::new_mem_limit(&bytes[..], true, LZMA_KIB)
                    .take(limit)
                    .read_to_end(&mut out);
                if read.is_err() {
                    return Err(self.raise("OSError", "Input format not supported by decoder"));
                }
                self.costs(0, out.len())?;
                binary(out)
            }
            "bz2.decompress" => {
                let mut out = Vec::new();
                let limit = limits::UNPACKED_BYTES as u64;
                let read =
                    bzip2::read::MultiBzDecoder::new(&bytes[..]).take(limit).read_to_end(&mut out);
                if read.is_err() {
                    return Err(self.raise("OSError", "Invalid data stream"));
                }
                self.costs(0, out.len())?;
                binary(out)
            }
            "time.time_ns" => Ok(Value::Int(i128::from(now.secs()) * 1_000_000_000)),
            "time.process_time" => Ok(Value::Float(0.05)),
            "time.time" => {
                let spread = f64::from(self.process.pid % 1_000) / 1_000.0;
                Ok(Value::Float(now.secs() as f64 + spread))
            }
            "time.perf_counter" | "time.monotonic" => {
                let up = self.process.session.host.uptime(self.process.session.now());
                Ok(Value::Float(up.as_secs_f64()))
            }
            "time.ctime" => Ok(Value::str(date(now.secs(), "%a %b %e %H:%M:%S %Y"))),
            "time.strftime" => {
                let form = String::from_utf8_lossy(&bytes).into_owned();
                Ok(Value::str(date(now.secs(), &form)))
            }
            "platform.system" if self.windows => Ok(Value::str("Windows")),
            "platform.release" if self.windows => Ok(Value::str("10")),
            "platform.version" if self.windows => Ok(Value::str("10.0.19045")),
            "platform.machine" if self.windows => Ok(Value::str("AMD64")),
            "platform.platform" if self.windows => Ok(Value::str("Windows-10-10.0.19045-SP0")),
            "platform.system" => Ok(Value::str("Linux")),
            "platform.machine" => Ok(Value::str(persona.machine.uname.as_str())),
            "platform.processor" => Ok(Value::str("")),
            "platform.release" => Ok(Value::str(persona.kernel.release.as_str())),
            "platform.version" => Ok(Value::str(persona.kernel.version.as_str())),
            "platform.node" => Ok(Value::str(self.process.fs().hostname())),
            "platform.python_version" => Ok(Value::str("3.11.2")),
            "platform.python_implementation" => Ok(Value::str("CPython")),
            "platform.platform" => Ok(Value::str(format!(
                "Linux-{}-{}-with-glibc2.36",
                persona.kernel.release, persona.machine.uname
            ))),
            "platform.architecture" => {
                let bits = if persona.cpu().is_64_bit() { "64bit" } else { "32bit" };
                Ok(Value::tuple(vec![Value::str(bits), Value::str("ELF")]))
            }
            "platform.uname" => {
                let object = Object::own("platform.uname_result", Native::None)
                    .with("system", Value::str("Linux"))
                    .with("node", Value::str(self.process.fs().hostname()))
                    .with("release", Value::str(persona.kernel.release.as_str()))
                    .with("version", Value::str(persona.kernel.version.as_str()))
                    .with("machine", Value::str(persona.machine.uname.as_str()));
                self.object(object)
            }
            "multiprocessing.cpu_count" => Ok(Value::Int(persona.machine.processors.into())),
            "hashlib.new" => {
                let name = String::from_utf8_lossy(&bytes).into_owned();
                let more = arguments.get(1).and_then(Value::raw).unwrap_or_default();
                self.hash(&name, &more)
            }
            _ if whole.starts_with("hashlib.") => {
                if matches!(value, Value::Str(_)) {
                    let text = "Strings must be encoded before hashing";
                    return Err(self.raise("TypeError", text));
                }
                self.hash(&whole[8..], &bytes)
            }
            "getpass.getuser" => Ok(Value::str(self.process.session.login.user.as_str())),
            "math.sqrt" if number < 0.0 => Err(self.raise("ValueError", "math domain error")),
            "math.sqrt" => Ok(Value::Float(number.sqrt())),
            "math.floor" => Ok(Value::Int(number.floor() as i128)),
            "math.ceil" => Ok(Value::Int(number.ceil() as i128)),
            "math.log" => Ok(Value::Float(number.ln())),
            "math.log2" => Ok(Value::Float(number.log2())),
            "math.log10" => Ok(Value::Float(number.log10())),
            "math.sin" => Ok(Value::Float(number.sin())),
            "math.cos" => Ok(Value::Float(number.cos())),
            "math.exp" => Ok(Value::Float(number.exp())),
            "math.trunc" => Ok(Value::Int(number.trunc() as i128)),
            "math.isqrt" => Ok(Value::Int(number.sqrt().floor() as i128)),
            "math.tan" => Ok(Value::Float(number.tan())),
            "math.atan" => Ok(Value::Float(number.atan())),
            "math.gcd" => {
                let mut pair = (
                    value.integer().unwrap_or(0).unsigned_abs(),
                    arguments.get(1).and_then(Value::integer).unwrap_or(0).unsigned_abs(),
                );
                while pair.1 != 0 {
                    pair = (pair.1, pair.0 % pair.1);
                }
                Ok(Value::Int(pair.0 as i128))
            }
            "math.fabs" => Ok(Value::Float(number.abs())),
            "math.pow" => {
                let power = arguments.get(1).and_then(Value::number).unwrap_or(1.0);
                Ok(Value::Float(number.powf(power)))
            }
            "urllib.parse.quote" | "urllib.parse.quote_plus" => {
                Ok(Value::str(percent_encoded(&bytes, whole.ends_with("plus"))))
            }
            "urllib.parse.unquote_to_bytes" => binary(percent_decoded(&bytes, false)),
            "urllib.parse.unquote" | "urllib.parse.unquote_plus" => {
                let out = percent_decoded(&bytes, whole.ends_with("plus"));
                Ok(Value::str(String::from_utf8_lossy(&out)))
            }
            "urllib.parse.urlencode" => {
                let pairs = match value {
                    Value::Dict(id) => self.dicts[id].clone(),
                    _ => Vec::new(),
                };
                let mut parts = Vec::new();
                for (key, value) in pairs {
                    let (key, value) = (self.text(&key)?, self.text(&value)?);
                    parts.push(format!(
                        "{}={}",
                        percent_encoded(key.as_bytes(), true),
                        percent_encoded(value.as_bytes(), true)
                    ));
                }
                Ok(Value::str(parts.join("&")))
            }
            _ if whole.starts_with("struct.") => self.structure(whole, arguments),
            _ if whole.starts_with("base64.")
                && let Some(made) = self.coded(whole, &bytes) =>
            {
                made
            }
            "sys.getrecursionlimit" => Ok(Value::Int(1_000)),
            "sys.getdefaultencoding" => Ok(Value::str("utf-8")),
            "sys.getsizeof" => Ok(Value::Int(49 + bytes.len() as i128)),
            "sys.exc_info" => {
                let none = Value::None;
                Ok(match self.handled.last() {
                    Some(id) => Value::tuple(vec![none.clone(), Value::Object(*id), none]),
                    None => Value::tuple(vec![none.clone(), none.clone(), none]),
                })
            }
            "uuid.uuid4" => {
                let (a, b): (u64, u64) = {
                    let mut system = self.process.session.system();
                    (rand::Rng::random(&mut system.rng), rand::Rng::random(&mut system.rng))
                };
                Ok(Value::str(format!(
                    "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
                    a >> 32,
                    (a >> 16) & 0xffff,
                    a & 0xfff,
                    (b >> 48) & 0x3fff | 0x8000,
                    b & 0xffff_ffff_ffff
                )))
            }
            "secrets.token_hex" | "secrets.token_bytes" => {
                let count =
                    usize::try_from(value.integer().unwrap_or(32)).unwrap_or(32).min(65_536);
                let mut out = vec![0; count];
                rand::Rng::fill(&mut self.process.session.system().rng, &mut out[..]);
                Ok(if whole.ends_with("hex") {
                    Value::str(super::methods::hex(&out))
                } else {
                    Value::Bytes(out.into())
                })
            }
            "crypt.crypt" => {
                let salt = arguments.get(1).and_then(Value::raw).unwrap_or_default();
                let salt = String::from_utf8_lossy(&salt).into_owned();
                let made = pwhash::unix::crypt(&bytes[..], &salt);
                Ok(made.map_or(Value::None, Value::str))
            }
            _ => Ok(Value::None),
        }
    }

    fn hash(&mut self, name: &str, bytes: &[u8]) -> Done<Value> {
        let known = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];
        let Some(name) = known.into_iter().find(|known| *known == name) else {
            return Err(self.raise("ValueError", format!("unsupported hash type {name}")));
        };
        let native = Native::Digest { name, bytes: bytes.to_vec() };
        self.object(Object::own("hashlib.HASH", native))
    }

    fn base64(&mut self, bytes: &[u8]) -> Done<Value> {
        // What is no digit is passed over.
        let digits: Vec<u8> = bytes
            .iter()
            .map(|b| match b {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
            .collect();
        let padding = bytes.rsplit(|b| *b != b'=').next().map_or(0, <[u8]>::len);
        let frames = library("base64.b64decode");
        let text = match digits.len() % 4 {
            1 => format!(
                "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
                digits.len()
            ),
            2 if padding < 2 => "Incorrect padding".to_owned(),
            3 if padding < 1 => "Incorrect padding".to_owned(),
            _ => {
                let engine = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
                return Ok(Value::Bytes(engine.decode(&digits).unwrap_or_default().into()));
            }
        };
        let unwind = self.raise("binascii.Error", text);
        Err(self.after(unwind, frames))
    }

    async fn file_function(
        &mut self,
        whole: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        let first = arguments.first().cloned().unwrap_or(Value::None);
        let path = first.raw().unwrap_or_default();
        let full = self.process.absolute(&path);
        let view = self.process.view();
        match whole {
            "shutil.copy" | "shutil.copyfile" | "shutil.copy2" | "shutil.move" => {
                let to = arguments.get(1).and_then(Value::raw).unwrap_or_default();
                let mut target = self.process.absolute(&to);
                if self.process.fs().stat(&view, &target, true).is_ok_and(|s| s.is_dir()) {
                    target.push(b'/');
                    target.extend_from_slice(crate::eval::base_name(&path));
                }
                let mode = self.process.fs().stat(&view, &full, true).map_or(0o644, |s| s.mode);
                let result = if whole == "shutil.move" {
                    self.process.fs().rename(&view, &full, &target)
                } else {
                    self.process.fs().copy(&view, &full, &target, mode)
                };
                match result {
                    Ok(()) => Ok(arguments.get(1).cloned().unwrap_or(Value::None)),
                    Err(error) => {
                        let unwind = self.os_error(error, Some(first));
                        Err(self.after(unwind, library("shutil.copy")))
                    }
                }
            }
            "shutil.rmtree" => {
                if let Err(error) = self.process.fs().stat(&view, &full, false) {
                    if by_name(named, "ignore_errors").is_some() {
                        return Ok(Value::None);
                    }
                    let unwind = self.os_error(error, Some(first));
                    return Err(self.after(unwind, library("shutil.rmtree")));
                }
                let words = [b"rm".to_vec(), b"-rf".to_vec(), path.to_vec()];
                let list = Value::tuple(
                    words.iter().map(|w| Value::str(String::from_utf8_lossy(w))).collect(),
                );
                self.subprocess("call", vec![list], Vec::new()).await?;
                Ok(Value::None)
            }
            "shutil.which" => Ok(match self.process.find_program(&path) {
                Some(found) => Value::str(String::from_utf8_lossy(&found)),
                None => Value::None,
            }),
            "shutil.copyfileobj" => {
                let bytes = self.call_method(&first, "read", Vec::new(), Vec::new()).await?;
                let to = arguments.get(1).cloned().unwrap_or(Value::None);
                self.call_method(&to, "write", vec![bytes], Vec::new()).await?;
                Ok(Value::None)
            }
            "tempfile.gettempdir" => Ok(Value::str("/tmp")),
            "tempfile.mktemp"
            | "tempfile.mkdtemp"
            | "tempfile.mkstemp"
            | "tempfile.NamedTemporaryFile" => {
                let path = format!("/tmp/tmp{}", self.letters(8));
                let value = Value::str(path.as_str());
                match whole {
                    "tempfile.mkdtemp" => {
                        let _ = self.process.fs().mkdir(&view, path.as_bytes(), 0o700);
                        Ok(value)
                    }
                    "tempfile.mktemp" => Ok(value),
                    "tempfile.mkstemp" => {
                        self.open_file(&value, Some(&Value::str("wb")), named)?;
                        Ok(Value::tuple(vec![Value::Int(3), value]))
                    }
                    _ => self.open_file(&value, Some(&Value::str("wb")), named),
                }
            }
            "glob.glob" => {
                let folder = path.rsplit(|b| *b == b'/').nth(1).is_some();
                let cut = path.iter().rposition(|b| *b == b'/').unwrap_or(0);
                let (head, tail) =
                    if folder { (&path[..cut], &path[cut + 1..]) } else { (&path[..0], &path[..]) };
                let at = if folder && head.is_empty() {
                    b"/".to_vec()
                } else {
                    self.process.absolute(if folder { head } else { b"." })
                };
                let names = self.process.fs().list(&view, &at).unwrap_or_default();
                let pattern = format!(
                    "^{}$",
                    ::regex::escape(&String::from_utf8_lossy(tail))
                        .replace("\\*", ".*")
                        .replace("\\?", ".")
                );
                let Ok(pattern) = ::regex::bytes::RegexBuilder::new(&pattern)
                    .size_limit(limits::REGEX_BYTES)
                    .build()
                else {
                    return self.list(Vec::new());
                };
                let matching = names.iter().filter(|n| pattern.is_match(n) && !n.starts_with(b"."));
                let prefix = if folder { [head, b"/"].concat() } else { Vec::new() };
                let found = matching
                    .map(|n| Value::str(String::from_utf8_lossy(&[&prefix[..], n].concat())))
                    .collect();
                self.list(found)
            }
            "io.BytesIO" | "io.StringIO" => {
                let class = if whole == "io.BytesIO" { "_io.BytesIO" } else { "_io.StringIO" };
                let text = whole == "io.StringIO";
                self.object(Object::own(class, Native::Reader { bytes: path, place: 0, text }))
            }
            "io.open" | "codecs.open" => self.open_file(&first, arguments.get(1), named),
            "gzip.open" => {
                let file = self.open_file(&first, Some(&Value::str("rb")), named)?;
                if let Value::Object(id) = file
                    && let Native::Reader { bytes, .. } = &self.objects[id].native
                {
                    let bytes = Bytes::from(inflated(bytes, None).unwrap_or_default());
                    self.costs(0, bytes.len())?;
                    self.objects[id].native = Native::Reader { bytes, place: 0, text: false };
                }
                Ok(file)
            }
            "gzip.decompress" | "gzip.compress" => self.calculated(whole, Some(&first), arguments),
            "codecs.decode" | "codecs.encode" => self.codec(whole, &first, arguments),
            _ => Ok(Value::None),
        }
    }

    pub(super) fn codec(&mut self, whole: &str, value: &Value, arguments: &[Value]) -> Done<Value> {
        let bytes = value.raw().unwrap_or_default();
        let name = match arguments.get(1) {
            Some(Value::Str(name)) => name.to_lowercase(),
            _ => "utf-8".to_owned(),
        };
        let decode = whole.ends_with("decode");
        match name.as_str() {
            "rot13" | "rot_13" | "rot-13" => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let turn = |c: char| match c {
                    'a'..='z' => (((c as u8 - b'a' + 13) % 26) + b'a') as char,
                    'A'..='Z' => (((c as u8 - b'A' + 13) % 26) + b'A') as char,
                    other => other,
                };
                Ok(Value::str(text.chars().map(turn).collect::<String>()))
            }
            "hex" | "hex_codec" if decode => match unhex(&bytes) {
                Ok(out) => Ok(Value::Bytes(out.into())),
                Err(text) => Err(self.raise("binascii.Error", text)),
            },
            "hex" | "hex_codec" => Ok(Self::hex_value(&bytes)),
            "base64" | "base64_codec" if decode => self.base64(&bytes),
            "base64" | "base64_codec" => {
                let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
                Ok(Value::Bytes((text + "\n").into_bytes().into()))
            }
            "zlib" if decode => Ok(Value::Bytes(inflated(&bytes, None).unwrap_or_default().into())),
            _ if decode => self.decode(&bytes, &name, false),
            _ => self.encode(&String::from_utf8_lossy(&bytes), &name),
        }
    }

    fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
        let mut system = self.process.session.system();
        (0..count)
            .map(|_| LETTERS[rand::Rng::random_range(&mut system.rng, 0..LETTERS.len())] as char)
            .collect()
    }
}

/// Unpacks zlib, gzip or raw data, no further than the limit.
fn inflated(bytes: &[u8], window: Option<i128>) -> Option<Vec<u8>> {
    let limit = limits::UNPACKED_BYTES as u64;
    let mut out = Vec::new();
    let done = match window {
        Some(window) if window < 0 => {
            flate2::read::DeflateDecoder::new(bytes).take(limit).read_to_end(&mut out)
        }
        _ if bytes.starts_with(&[0x1f, 0x8b]) => {
            flate2::read::MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut out)
        }
        _ => flate2::read::ZlibDecoder::new(bytes).take(limit).read_to_end(&mut out),
    };
    done.ok()?;
    Some(out)
}

pub(super) fn unhex(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let digits: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    if digits.len() % 2 == 1 {
        return Err("Odd-length string");
    }
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    digits
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect::<Option<_>>()
        .ok_or("Non-hexadecimal digit found")
}

fn base32(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count) = (0_u64, 0_u32);
    let mut out = Vec::new();
    for byte in bytes.iter().filter(|b| **b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5 | u64::from(value)) & 0xffff;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

fn percent_encoded(bytes: &[u8], plus: bool) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                out.push(*byte as char);
            }
            b'/' if !plus => out.push('/'),
            b' ' if plus => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn percent_decoded(bytes: &[u8], plus: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let pair = bytes.get(at + 1..at + 3).and_then(|p| unhex(p).ok());
        match (byte, pair) {
            (b'%', Some(pair)) => {
                out.extend_from_slice(&pair);
                at += 3;
                continue;
            }
            (b'+', _) if plus => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    out
}
