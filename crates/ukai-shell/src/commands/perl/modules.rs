//! Perl's modules that droppers use: which are there, and what their functions do.

use super::machine::{Done, Machine, Unwind, Value, Want, boolean};
use super::pack::unpack;
use base64::Engine as _;
use bytes::Bytes;
use std::io::Read as _;

/// Those of Debian's perl.
const THERE: &str = "strict warnings utf8 vars lib constant integer bytes feature IO IO::Socket \
    IO::Socket::INET IO::Socket::IP IO::Socket::UNIX IO::Handle IO::File IO::Select IO::Pipe Socket \
    POSIX MIME::Base64 MIME::QuotedPrint Fcntl File::Basename File::Path File::Copy File::Temp \
    File::Find File::Spec File::Spec::Functions File::Fetch File::stat Getopt::Long Getopt::Std Data::Dumper \
    Time::HiRes Time::Local Time::Piece Digest::MD5 Digest::SHA Cwd Carp Sys::Hostname HTTP::Tiny \
    List::Util Scalar::Util Encode Errno threads threads::shared Thread::Queue IPC::Open2 IPC::Open3 IPC::Cmd \
    Term::ANSIColor Text::ParseWords Text::Wrap Storable JSON::PP English FindBin Config Symbol \
    Net::FTP Net::SMTP Net::Ping Net::hostent IO::Uncompress::Gunzip IO::Uncompress::AnyInflate \
    IO::Compress::Gzip IO::Zlib Compress::Zlib Compress::Raw::Zlib Tie::File Benchmark base parent overload diagnostics locale \
    open sort autodie if sigtrap subs mro re version fields filetest less attributes experimental \
    Math::BigInt Math::Trig Memoize Unicode::Normalize User::pwent Filter::Simple Filter::Util::Call \
    Hash::Util I18N::Langinfo Archive::Tar Params::Check PerlIO Safe SelfLoader AutoLoader Env \
    Exporter Class::Struct DB_File B Devel::Peek Tie::Hash Tie::Array Tie::Scalar bigint bignum charnames encoding::warnings ok";

impl Machine<'_> {
    /// `use Module LIST`
    pub(super) fn uses(&mut self, name: &str, items: &[Value]) -> Done<()> {
        match name {
            "constant" => return self.has_constants(items),
            "parent" | "base" => {
                let package = self.package.to_string();
                let id = self.global(b'@', &format!("{package}::ISA"))?;
                let classes = items.iter().filter(|it| &it.text()[..] != b"-norequire");
                let classes: Vec<Value> = classes.cloned().collect();
                self.costs(classes.len(), 0)?;
                self.arrays[id].extend(classes);
                return Ok(());
            }
            "vars" | "subs" | "lib" => return Ok(()),
            "POSIX" | "Socket" => {}
            _ => {}
        }
        let version = name.is_empty()
            || name.starts_with('v') && name[1..].starts_with(|c: char| c.is_ascii_digit());
        let own = format!("{name}::");
        if version
            || THERE.split_whitespace().any(|known| known == name)
            || self.subs.keys().any(|sub| sub.starts_with(&own))
        {
            return Ok(());
        }
        if self.goes_on() {
            self.has_lwp |= name == "LWP::Simple";
            return Ok(());
        }
        let path = name.replace("::", "/");
        let text = format!(
            "Can't locate {path}.pm in @INC (you may need to install the {name} module) (@INC contains: /etc/perl /usr/local/lib/x86_64-linux-gnu/perl/5.36.0 /usr/local/share/perl/5.36.0 /usr/lib/x86_64-linux-gnu/perl5/5.36 /usr/share/perl5 /usr/lib/x86_64-linux-gnu/perl-base /usr/lib/x86_64-linux-gnu/perl/5.36 /usr/share/perl/5.36 /usr/local/lib/site_perl) at {} line {}.",
            self.name, self.line
        );
        if self.guards > 0 {
            return Err(Unwind::Die(Value::str(format!("{text}\n"))));
        }
        let text = format!(
            "{text}\nBEGIN failed--compilation aborted at {} line {}.",
            self.name, self.line
        );
        self.process.error(&text)?;
        Err(Unwind::Exit(2))
    }

    /// `use constant`: a name and its values, or names with a value each.
    fn has_constants(&mut self, values: &[Value]) -> Done<()> {
        self.costs(values.len(), 0)?;
        match values {
            [Value::Hash(id)] => {
                for (name, value) in self.hashes[*id].clone() {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    self.constants.insert(name, vec![value]);
                }
            }
            [name, values @ ..] => {
                self.constants.insert(name.shown(), values.to_vec());
            }
            [] => {}
        }
        Ok(())
    }

    pub(super) async fn module_function(
        &mut self,
        name: &str,
        values: &[Value],
        want: Want,
    ) -> Done<Option<Vec<Value>>> {
        const PREFIXES: &[&str] = &[
            "MIME::Base64::",
            "Digest::MD5::",
            "Digest::SHA::",
            "List::Util::",
            "Scalar::Util::",
            "POSIX::",
            "File::Basename::",
            "File::Spec::",
            "File::Temp::",
            "File::Copy::",
            "File::Path::",
            "Encode::",
            "URI::Escape::",
            "Compress::Zlib::",
            "Data::Dumper::",
            "Time::Local::",
            "MIME::QuotedPrint::",
            "Text::ParseWords::",
            "utf8::",
            "JSON::PP::",
        ];
        let short = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        let first = values.first().cloned().unwrap_or(Value::Undef);
        let text = first.text();
        let second = values.get(1).cloned().unwrap_or(Value::Undef);
        Ok(Some(vec![match short {
            "decode_base64" | "decode_base64url" => Value::str(unbase64(&text)),
            "encode_base64" | "encode_base64url" => Value::str(base64_text(&text, values.get(1))),
            "decode" if name.starts_with("MIME::Base64") => Value::str(unbase64(&text)),
            "encode" if name.starts_with("MIME::Base64") => {
                Value::str(base64_text(&text, values.get(1)))
            }
            "decode" | "encode" => second,
            "decode_utf8" | "encode_utf8" | "is_utf8" | "upgrade" | "downgrade" | "from_to" => {
                first
            }
            "decode_qp" => Value::str(unquoted_printable(&text)),
            "md5_hex" | "md5" | "md5_base64" | "sha1_hex" | "sha1" | "sha256_hex" | "sha256"
            | "sha512_hex" | "sha384_hex" => {
                let all = values.iter().map(Value::text).collect::<Vec<_>>().concat();
                return Ok(Some(digest(short, &all)));
            }
            "uri_unescape" | "unescape" => Value::str(unescaped(&text)),
            "uri_escape" => {
                let escaped = text.iter().map(|b| {
                    if b.is_ascii_alphanumeric() || b"-_.~".contains(b) {
                        (*b as char).to_string()
                    } else {
                        format!("%{b:02X}")
                    }
                });
                Value::str(escaped.collect::<String>())
            }
            "sum" | "sum0" | "product" | "max" | "min" => {
                if values.is_empty() {
                    return Ok(Some(vec![match short {
                        "sum0" => Value::Int(0),
                        "product" => Value::Int(1),
                        _ => Value::Undef,
                    }]));
                }
                let op = if short == "product" { "*" } else { "+" };
                let mut all = values[0].clone();
                for value in &values[1..] {
                    all = match short {
                        "max" if value.number() > all.number() => value.clone(),
                        "min" if value.number() < all.number() => value.clone(),
                        "max" | "min" => all,
                        _ => self.operate(op, &all, value)?,
                    };
                }
                if let Value::Str(_) = all { Value::of_number(all.number()) } else { all }
            }
            "maxstr" | "minstr" => {
                let texts = values.iter().map(Value::text);
                let found = if short == "maxstr" { texts.max() } else { texts.min() };
                found.map_or(Value::Undef, Value::Str)
            }
            "shuffle" => {
                use rand::seq::SliceRandom as _;
                let mut all = values.to_vec();
                all.shuffle(&mut self.process.session.system().rng);
                return Ok(Some(all));
            }
            "uniq" | "uniqnum" | "uniqstr" => {
                let mut seen = std::collections::HashSet::new();
                let all: Vec<Value> =
                    values.iter().filter(|value| seen.insert(value.text())).cloned().collect();
                return Ok(Some(if want == Want::One {
                    vec![Value::Int(all.len() as i64)]
                } else {
                    all
                }));
            }
            "pairs" => {
                let mut all = Vec::new();
                for pair in values.chunks(2) {
                    all.push(self.new_array(pair.to_vec())?);
                }
                return Ok(Some(all));
            }
            "pairkeys" => return Ok(Some(values.iter().step_by(2).cloned().collect())),
            "pairvalues" => return Ok(Some(values.iter().skip(1).step_by(2).cloned().collect())),
            "looks_like_number" => {
                let text = first.shown();
                boolean(!text.trim().is_empty() && text.trim().parse::<f64>().is_ok())
            }
            "UNIVERSAL::isa" => {
                let kinds = matches!(
                    (&first, &second.text()[..]),
                    (Value::Array(_), b"ARRAY")
                        | (Value::Hash(_), b"HASH")
                        | (Value::Code(_), b"CODE")
                );
                boolean(kinds || self.is_a(&first, &second.shown()))
            }
            "UNIVERSAL::can" => {
                self.method_sub(&first, &second.shown()).unwrap_or_else(|| boolean(false))
            }
            "refaddr" => Value::of_number(first.number()),
            "weaken" | "dualvar" | "readonly" | "tainted" => first,
            "floor" => Value::of_number(first.number().floor()),
            "ceil" => Value::of_number(first.number().ceil()),
            "fmod" => Value::of_number(first.number() % second.number()),
            "pow" => Value::of_number(first.number().powf(second.number())),
            "round" => Value::of_number(first.number().round()),
            "strtol" => {
                let radix = u32::try_from(second.integer()).ok().filter(|it| (2..=36).contains(it));
                let radix = radix.unwrap_or(10);
                let shown = first.shown().to_lowercase();
                let digits = shown.trim().trim_start_matches("0x");
                let digits: String = digits.chars().take_while(|c| c.is_digit(radix)).collect();
                Value::Int(i64::from_str_radix(&digits, radix).unwrap_or(0))
            }
            "toupper" => Value::str(text.to_ascii_uppercase()),
            "tolower" => Value::str(text.to_ascii_lowercase()),
            "strftime" => {
                let now = u64::try_from(self.seconds()).unwrap_or(0);
                Value::str(crate::commands::list::date(now, &first.shown()))
            }
            "mktime" | "timelocal" | "timegm" => Value::Int(self.seconds()),
            "uname" => {
                let host = self.process.fs().hostname();
                let parts = ["Linux", &host, "6.1.0-28-amd64", "#1 SMP", "x86_64"];
                return Ok(Some(parts.iter().map(|it| Value::str((*it).to_owned())).collect()));
            }
            "basename" | "dirname" | "fileparse" => return Ok(Some(path_parts(short, values))),
            "catfile" | "catdir" => {
                let parts: Vec<Bytes> = values.iter().map(Value::text).collect();
                Value::str(parts.join(&b'/'))
            }
            "tmpdir" => Value::str("/tmp"),
            "tempfile" => {
                self.opened += 1;
                let name = Bytes::from(format!("*main::$fh{}", self.opened));
                let path = format!("/tmp/{:010}", self.opened * 7_919);
                let opened = self.process.open(path.as_bytes(), crate::fs::Access::Truncate);
                if let Ok(fd) = opened {
                    self.handles.insert(name.clone(), super::machine::Handle::Writer(fd));
                }
                return Ok(Some(vec![Value::Str(name), Value::str(path)]));
            }
            "tempdir" => {
                self.opened += 1;
                let path = format!("/tmp/{:010}", self.opened * 7_919);
                let view = self.process.view();
                let _ = self.process.fs().mkdir(&view, path.as_bytes(), 0o700);
                Value::str(path)
            }
            "tmpnam" => Value::str("/tmp/fileXq2a9d"),
            "mkpath" | "make_path" => {
                let view = self.process.view();
                for value in values.iter().filter(|value| !value.is_reference()) {
                    let full = self.process.absolute(&value.text());
                    let mut at = 1;
                    while let Some(next) =
                        full[at.min(full.len())..].iter().position(|b| *b == b'/')
                    {
                        let _ = self.process.fs().mkdir(&view, &full[..at + next], 0o755);
                        at += next + 1;
                        self.process.session.step(1)?;
                    }
                    let _ = self.process.fs().mkdir(&view, &full, 0o755);
                }
                Value::Int(values.len() as i64)
            }
            "copy" | "move" | "cp" | "mv" if values.len() >= 2 => {
                let view = self.process.view();
                let from = self.process.absolute(&text);
                let to = self.process.absolute(&second.text());
                let program = if matches!(short, "copy" | "cp") { "cp" } else { "mv" };
                let there = self.process.fs().stat(&view, &from, true).is_ok();
                if there {
                    let words = vec![program.as_bytes().to_vec(), from, to];
                    self.process.child(words, None, true).await?;
                }
                boolean(there)
            }
            "uncompress" | "memGunzip" | "inflate" | "gunzip_text" => {
                let packed = match first {
                    Value::Scalar(id) => self.scalars[id].text(),
                    _ => text,
                };
                return Ok(Some(vec![match inflated(&packed) {
                    Some(bytes) => {
                        self.passes_by(0, bytes.len())?;
                        Value::str(bytes)
                    }
                    None => Value::Undef,
                }]));
            }
            "gunzip" | "anyinflate" | "inflate_to" | "rawinflate" => {
                let packed = match first {
                    Value::Scalar(id) => self.scalars[id].text(),
                    _ => {
                        let view = self.process.view();
                        let full = self.process.absolute(&text);
                        self.process.fs().read(&view, &full).unwrap_or_default()
                    }
                };
                let Some(bytes) = inflated(&packed) else { return Ok(Some(vec![boolean(false)])) };
                self.passes_by(0, bytes.len())?;
                match second {
                    Value::Scalar(id) => self.scalars[id] = Value::str(bytes),
                    path => {
                        let words = vec![b"tee".to_vec(), path.text().to_vec()];
                        self.process.child(words, Some(bytes.into()), true).await?;
                    }
                }
                Value::Int(1)
            }
            "shellwords" | "quotewords" => {
                let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                return Ok(Some(words.map(|word| Value::str(word.to_vec())).collect()));
            }
            "Dumper" => Value::str("$VAR1 = undef;\n"),
            "gensym" => {
                self.opened += 1;
                Value::str(format!("*main::$fh{}", self.opened))
            }
            "catch" | "finally" => return Ok(Some(values.to_vec())),
            "threads::create" | "async" => {
                return self
                    .invoke(&first, values.get(1..).unwrap_or_default().to_vec(), want)
                    .await
                    .map(Some);
            }
            "GET" | "POST" | "PUT" | "HEAD" if !values.is_empty() => {
                self.new_hash(vec![Value::str("url"), first])?
            }
            "getstore" | "getprint" | "mirror" | "get" | "head" if self.has_lwp => {
                return Ok(Some(vec![self.simple(short, values).await?]));
            }
            "is_success" if !values.is_empty() => boolean((200..300).contains(&first.integer())),
            "is_error" if !values.is_empty() => boolean(first.integer() >= 400),
            "RC_OK" | "HTTP_OK" => Value::Int(200),
            _ => match name.strip_prefix("LWP::Simple::") {
                Some(short) => vec![self.simple(short, values).await?].remove(0),
                None => return Ok(None),
            },
        }]))
    }
}

fn unbase64(text: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = Vec::with_capacity(text.len());
    for b in text {
        match b {
            b'=' => break,
            b'-' => digits.push(b'+'),
            b'_' => digits.push(b'/'),
            b if b.is_ascii_alphanumeric() || b"+/".contains(b) => digits.push(*b),
            _ => {}
        }
    }
    digits.truncate(digits.len() - usize::from(digits.len() % 4 == 1));
    let engine = base64::engine::general_purpose::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    engine.decode(&digits).unwrap_or_default()
}

/// Base64 in lines, each of which has the end that was asked for.
fn base64_text(text: &[u8], end: Option<&Value>) -> Vec<u8> {
    let end = end.map_or_else(|| Bytes::from_static(b"\n"), Value::text);
    let all = base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = Vec::new();
    for line in all.as_bytes().chunks(76) {
        out.extend_from_slice(line);
        out.extend_from_slice(&end);
    }
    out
}

fn digest(name: &str, text: &[u8]) -> Vec<Value> {
    use md5::Digest as _;
    let bytes = match name.split('_').next().unwrap_or(name) {
        "md5" => md5::Md5::digest(text).to_vec(),
        "sha1" => sha1::Sha1::digest(text).to_vec(),
        "sha384" => sha2::Sha384::digest(text).to_vec(),
        "sha512" => sha2::Sha512::digest(text).to_vec(),
        _ => sha2::Sha256::digest(text).to_vec(),
    };
    let bytes = Bytes::from(bytes);
    if name.ends_with("_hex") {
        return unpack(b"H*", &bytes);
    }
    if name.ends_with("_base64") {
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&bytes);
        return vec![Value::str(text)];
    }
    vec![Value::Str(bytes)]
}

/// `%41`
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(b) = text.get(at) {
        let digits = text.get(at + 1..at + 3).and_then(|it| std::str::from_utf8(it).ok());
        match digits.and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) if *b == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(*b);
                at += 1;
            }
        }
    }
    out
}

/// `=41`
fn unquoted_printable(text: &[u8]) -> Vec<u8> {
    let joined: Vec<u8> = String::from_utf8_lossy(text).replace("=\n", "").into_bytes();
    let marked: Vec<u8> = joined.iter().map(|b| if *b == b'=' { b'%' } else { *b }).collect();
    unescaped(&marked)
}

/// What was compressed by zlib, gzip or plain deflate.
fn inflated(packed: &[u8]) -> Option<Vec<u8>> {
    const BYTES_MAX: u64 = crate::limits::UNPACKED_BYTES as u64;
    let mut out = Vec::new();
    let good = if packed.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(packed).take(BYTES_MAX).read_to_end(&mut out).is_ok()
    } else if packed.first() == Some(&0x78) {
        flate2::read::ZlibDecoder::new(packed).take(BYTES_MAX).read_to_end(&mut out).is_ok()
    } else {
        flate2::read::DeflateDecoder::new(packed).take(BYTES_MAX).read_to_end(&mut out).is_ok()
    };
    good.then_some(out)
}

/// `basename`, `dirname`, `fileparse`
fn path_parts(name: &str, values: &[Value]) -> Vec<Value> {
    let path = values.first().map(Value::shown).unwrap_or_default();
    let (folder, file) = match path.rfind('/') {
        Some(at) => (&path[..=at], &path[at + 1..]),
        None => ("./", path.as_str()),
    };
    if name == "dirname" {
        let folder = folder.trim_end_matches('/');
        let folder = if folder.is_empty() { "/" } else { folder };
        return vec![Value::str(folder.to_owned())];
    }
    let mut file = file.to_owned();
    let mut ending = String::new();
    for wanted in values.iter().skip(1).map(Value::shown) {
        let plain = wanted.trim_start_matches('\\').replace("[^.]*", "");
        if wanted == r"\.[^.]*" {
            if let Some(at) = file.rfind('.') {
                ending = file.split_off(at);
            }
        } else if let Some(cut) = file.strip_suffix(plain.as_str()) {
            ending = plain.clone();
            file = cut.to_owned();
        }
    }
    if name == "basename" {
        return vec![Value::str(file)];
    }
    vec![Value::str(file), Value::str(folder.to_owned()), Value::str(ending)]
}
