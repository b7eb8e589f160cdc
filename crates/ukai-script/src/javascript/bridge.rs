//! What the made-up world asks of the machine: functions that its parts call.
//!
//! Values cross as they are if they are simple; others as an array of a letter and what it stands
//! for: `o` an object of COM by its number, `b` bytes by their number, `a` an array, `u` something
//! unknown.

use super::{html, rewrite};
use crate::com::{self, Content, ObjectId, Shared, latin1, narrow};
use crate::machine::{expand, variable};
use crate::report::Dialect;
use base64::Engine as _;
use bytes::Bytes;
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, Value};
use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;
use ukai_cipher::{self as ciphers, Mode};

/// Arrays of bytes that one script is handed.
const CONTENTS_MAX: usize = 10_000;

/// Arrays inside arrays that cross.
const NESTED_MAX: usize = 4;

/// Items of an array that crosses.
const ITEMS_MAX: usize = 1_000_000;

/// Bytes that the script holds by a number.
type Contents = Rc<RefCell<Vec<Content>>>;

/// Puts the functions into `raw`.
pub(super) fn install<'js>(ctx: &Ctx<'js>, raw: &Object<'js>, host: &Shared) -> Result<()> {
    let contents: Contents = Rc::new(RefCell::new(Vec::new()));
    deeds(ctx, raw, host)?;
    texts(ctx, raw, host)?;
    objects(ctx, raw, host, &contents)
}

fn deeds<'js>(ctx: &Ctx<'js>, raw: &Object<'js>, host: &Shared) -> Result<()> {
    let it = host.clone();
    let act = move |kind: String, what: String, value: String| {
        let mut host = it.borrow_mut();
        match kind.as_str() {
            "run" => host.recorder.run(&expand(&what)),
            "set" => host.recorder.set(&what, &value),
            "connect" => host.recorder.connect(&what, value.parse().ok()),
            "remark" => host.recorder.remark(Bytes::from(what)),
            "beside" => host.recorder.beside(&what),
            "note" => host.recorder.note(&what),
            "write" => {
                let content = Content::from(narrow(&value));
                host.save(&what, content);
            }
            _ => {}
        }
    };
    raw.set("act", Function::new(ctx.clone(), act)?)?;
    let it = host.clone();
    let fetch = move |url: String| {
        let content = it.borrow_mut().fetch(&url);
        content.from.map(|_| latin1(&content.bytes))
    };
    raw.set("fetch", Function::new(ctx.clone(), fetch)?)?;
    let it = host.clone();
    raw.set("now", Function::new(ctx.clone(), move || it.borrow_mut().now_ms())?)?;
    let it = host.clone();
    raw.set("sleep", Function::new(ctx.clone(), move |time: f64| it.borrow_mut().sleep(time))?)?;
    let it = host.clone();
    raw.set("quit", Function::new(ctx.clone(), move || it.borrow_mut().quit = true)?)?;
    let it = host.clone();
    raw.set("over", Function::new(ctx.clone(), move || !it.borrow().runs())?)?;
    let it = host.clone();
    let charge = move |size: f64| it.borrow_mut().charge_bytes(size.clamp(0.0, 1e12) as usize);
    raw.set("charge", Function::new(ctx.clone(), charge)?)
}

fn texts<'js>(ctx: &Ctx<'js>, raw: &Object<'js>, host: &Shared) -> Result<()> {
    let it = host.clone();
    // Text that is about to run, made ready; none if it cannot be run.
    let evaluate = move |text: String| {
        let runs = it.borrow_mut().evaluated(Dialect::JavaScript, &text);
        runs.then(|| rewrite::evals(&rewrite::conditional(&text)))
    };
    raw.set("evaluate", Function::new(ctx.clone(), evaluate)?)?;
    let it = host.clone();
    let basic = move |text: String| {
        if it.borrow_mut().evaluated(Dialect::VbScript, &text) {
            crate::vbscript::run_inside(&text, &it);
        }
    };
    raw.set("basic", Function::new(ctx.clone(), basic)?)?;
    let it = host.clone();
    let markup = move |ctx: Ctx<'js>, text: String| {
        let mut host = it.borrow_mut();
        host.charge_bytes(text.len());
        let found = html::active(&text);
        host.recorder.remark(Bytes::from(text));
        let all = Array::new(ctx)?;
        for (index, (kind, value)) in found.into_iter().enumerate() {
            all.set(2 * index, kind)?;
            all.set(2 * index + 1, value)?;
        }
        Ok::<_, rquickjs::Error>(all)
    };
    raw.set("markup", Function::new(ctx.clone(), markup)?)?;
    let from64 = |text: String| latin1(&com::decode_base64(&text));
    raw.set("from64", Function::new(ctx.clone(), from64)?)?;
    let to64 = |text: String| base64::engine::general_purpose::STANDARD.encode(narrow(&text));
    raw.set("to64", Function::new(ctx.clone(), to64)?)?;
    let it = host.clone();
    let inflate = move |bytes: String| {
        let mut host = it.borrow_mut();
        let out = inflated(&narrow(&bytes), host.limits.value_bytes);
        host.charge(out.len() as u64);
        latin1(&out)
    };
    raw.set("inflate", Function::new(ctx.clone(), inflate)?)?;
    raw.set("second", !host.borrow().answers)?;
    let it = host.clone();
    // The text of an element of the page, and the script's own.
    let element = move |name: String| it.borrow().element(&name).map(str::to_owned);
    raw.set("element", Function::new(ctx.clone(), element)?)?;
    let it = host.clone();
    raw.set("source", Function::new(ctx.clone(), move || it.borrow().own_text())?)?;
    secrets(ctx, raw, host)?;
    // Bytes, as characters, to text and back.
    let from_utf8 = |bytes: String| String::from_utf8_lossy(&narrow(&bytes)).into_owned();
    raw.set("fromUtf8", Function::new(ctx.clone(), from_utf8)?)?;
    raw.set("toUtf8", Function::new(ctx.clone(), |text: String| latin1(text.as_bytes()))?)?;
    raw.set("variable", Function::new(ctx.clone(), |name: String| variable(&name))?)
}

/// Digests and ciphers: bytes as characters.
fn secrets<'js>(ctx: &Ctx<'js>, raw: &Object<'js>, host: &Shared) -> Result<()> {
    let it = host.clone();
    let digest = move |name: String, bytes: String| {
        it.borrow_mut().charge_bytes(bytes.len());
        ciphers::digest(&name, &narrow(&bytes)).map(|it| latin1(&it))
    };
    raw.set("digest", Function::new(ctx.clone(), digest)?)?;
    let it = host.clone();
    let keyed = move |name: String, key: String, bytes: String| {
        it.borrow_mut().charge_bytes(bytes.len());
        ciphers::keyed(&name, &narrow(&key), &narrow(&bytes)).map(|it| latin1(&it))
    };
    raw.set("keyed", Function::new(ctx.clone(), keyed)?)?;
    let it = host.clone();
    let stretched = move |hash: String, password: String, salt: String, rounds: u32, size: u32| {
        let size = size as usize;
        let is_short = size <= ciphers::KEY_BYTES_MAX && rounds <= ciphers::ROUNDS_MAX;
        let steps = u64::from(rounds) * (1 + size as u64 / 20);
        (is_short && it.borrow_mut().charge(steps)).then(|| {
            let (password, salt) = (narrow(&password), narrow(&salt));
            latin1(&ciphers::stretched(&hash, &password, &salt, rounds, size))
        })
    };
    raw.set("stretched", Function::new(ctx.clone(), stretched)?)?;
    let it = host.clone();
    let open = move |name: String, key: String, vector: String, bytes: String| {
        it.borrow_mut().charge_bytes(bytes.len() * 4);
        let mode = match name.rsplit('-').next() {
            Some("ecb") => Mode::Ecb,
            Some("ctr") => Mode::Ctr,
            Some("gcm") => Mode::Gcm,
            _ => Mode::Cbc,
        };
        let cipher = if name.starts_with("des-ede") || name.starts_with("des3") {
            "tripledes"
        } else if name.starts_with("des") {
            "des"
        } else {
            "aes"
        };
        let (key, vector, bytes) = (narrow(&key), narrow(&vector), narrow(&bytes));
        let mut plain = ciphers::open(cipher, mode, &key, &vector, &bytes)?;
        if matches!(mode, Mode::Cbc | Mode::Ecb) {
            ciphers::unpad(&mut plain);
        }
        Some(latin1(&plain))
    };
    raw.set("unseal", Function::new(ctx.clone(), open)?)
}

/// What gzip, zlib's format or plain deflate packed, as far as it is whole and not too long.
fn inflated(bytes: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let max = max as u64;
    // Broken data keeps what came before.
    let _ = match bytes {
        [0x1f, 0x8b, ..] => {
            flate2::read::MultiGzDecoder::new(bytes).take(max).read_to_end(&mut out)
        }
        [first, second, ..]
            if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0 =>
        {
            flate2::read::ZlibDecoder::new(bytes).take(max).read_to_end(&mut out)
        }
        _ => flate2::read::DeflateDecoder::new(bytes).take(max).read_to_end(&mut out),
    };
    out
}

fn objects<'js>(
    ctx: &Ctx<'js>,
    raw: &Object<'js>,
    host: &Shared,
    contents: &Contents,
) -> Result<()> {
    let (it, kept) = (host.clone(), contents.clone());
    let create = move |ctx: Ctx<'js>, name: String| {
        let value = it.borrow_mut().create(&name);
        outward(&ctx, value, &kept, 0)
    };
    raw.set("create", Function::new(ctx.clone(), create)?)?;
    let (it, kept) = (host.clone(), contents.clone());
    let get_object = move |ctx: Ctx<'js>, moniker: String| {
        let value = it.borrow_mut().get_object(&moniker);
        outward(&ctx, value, &kept, 0)
    };
    raw.set("getObject", Function::new(ctx.clone(), get_object)?)?;
    let (it, kept) = (host.clone(), contents.clone());
    let wscript = move |ctx: Ctx<'js>| {
        let value = it.borrow_mut().wscript("invoice.js");
        outward(&ctx, value, &kept, 0)
    };
    raw.set("wscript", Function::new(ctx.clone(), wscript)?)?;
    let (it, kept) = (host.clone(), contents.clone());
    // `false` alone says that there is no such property: others come in an array.
    let get = move |ctx: Ctx<'js>, id: usize, name: String| {
        let value = it.borrow_mut().get(ObjectId(id), &name);
        match value {
            Some(value) => {
                let one = Array::new(ctx.clone())?;
                one.set(0, outward(&ctx, value, &kept, 0)?)?;
                one.into_js(&ctx)
            }
            None => Ok(Value::new_bool(ctx, false)),
        }
    };
    raw.set("get", Function::new(ctx.clone(), get)?)?;
    let (it, kept) = (host.clone(), contents.clone());
    let call = move |ctx: Ctx<'js>, id: usize, name: String, arguments: Array<'js>| {
        let arguments = list(&arguments, &kept, 0);
        let value = it.borrow_mut().call(ObjectId(id), &name, &arguments);
        outward(&ctx, value, &kept, 0)
    };
    raw.set("call", Function::new(ctx.clone(), call)?)?;
    let (it, kept) = (host.clone(), contents.clone());
    let set = move |id: usize, name: String, index: Array<'js>, value: Value<'js>| {
        let index = list(&index, &kept, 0);
        let value = inward(&value, &kept, 0);
        it.borrow_mut().set(ObjectId(id), &name, &index, value);
    };
    raw.set("set", Function::new(ctx.clone(), set)?)?;
    let it = host.clone();
    // What objects were given to run: language and text in turn.
    let pending = move |ctx: Ctx<'js>| {
        let all = Array::new(ctx)?;
        for (index, (dialect, text)) in it.borrow_mut().take_pending().into_iter().enumerate() {
            all.set(2 * index, dialect.name())?;
            all.set(2 * index + 1, text)?;
        }
        Ok::<_, rquickjs::Error>(all)
    };
    raw.set("pending", Function::new(ctx.clone(), pending)?)?;
    let it = host.clone();
    // The value that an object was asked for: its language and the expression.
    let asked = move |ctx: Ctx<'js>| {
        let all = Array::new(ctx)?;
        if let Some(asked) = it.borrow_mut().asked.take() {
            all.set(0, asked.dialect.name())?;
            all.set(1, asked.expression)?;
        }
        Ok::<_, rquickjs::Error>(all)
    };
    raw.set("asked", Function::new(ctx.clone(), asked)?)?;
    let kept = contents.clone();
    let bytes = move |number: usize| {
        kept.borrow().get(number).map(|it| latin1(&it.bytes)).unwrap_or_default()
    };
    raw.set("bytes", Function::new(ctx.clone(), bytes)?)
}

/// A value of COM as the script's side takes it.
fn outward<'js>(
    ctx: &Ctx<'js>,
    value: com::Value,
    contents: &Contents,
    depth: usize,
) -> Result<Value<'js>> {
    let tagged = |letter: &str, payload: Value<'js>| {
        let array = Array::new(ctx.clone())?;
        array.set(0, letter)?;
        array.set(1, payload)?;
        array.into_js(ctx)
    };
    match value {
        com::Value::Empty => Ok(Value::new_undefined(ctx.clone())),
        com::Value::Null => Ok(Value::new_null(ctx.clone())),
        com::Value::Bool(truth) => Ok(Value::new_bool(ctx.clone(), truth)),
        com::Value::Number(number) => Ok(Value::new_number(ctx.clone(), number)),
        com::Value::Text(text) => text.into_js(ctx),
        com::Value::Bytes(content) => {
            let mut contents = contents.borrow_mut();
            if contents.len() >= CONTENTS_MAX {
                return tagged("u", Value::new_undefined(ctx.clone()));
            }
            contents.push(content);
            tagged("b", Value::new_number(ctx.clone(), contents.len() as f64 - 1.0))
        }
        com::Value::Array(items) => {
            let all = Array::new(ctx.clone())?;
            if depth < NESTED_MAX {
                for (index, item) in items.into_iter().take(ITEMS_MAX).enumerate() {
                    all.set(index, outward(ctx, item, contents, depth + 1)?)?;
                }
            }
            tagged("a", all.into_js(ctx)?)
        }
        com::Value::Object(id) => tagged("o", Value::new_number(ctx.clone(), id.0 as f64)),
        com::Value::Unknown => tagged("u", Value::new_undefined(ctx.clone())),
    }
}

fn list(array: &Array<'_>, contents: &Contents, depth: usize) -> Vec<com::Value> {
    let count = array.len().min(ITEMS_MAX);
    (0..count)
        .map(|index| match array.get::<Value>(index) {
            Ok(value) => inward(&value, contents, depth),
            Err(_) => com::Value::Empty,
        })
        .collect()
}

/// A value of the script's side as COM takes it.
fn inward(value: &Value<'_>, contents: &Contents, depth: usize) -> com::Value {
    if value.is_undefined() {
        return com::Value::Empty;
    }
    if value.is_null() {
        return com::Value::Null;
    }
    if let Some(truth) = value.as_bool() {
        return com::Value::Bool(truth);
    }
    if let Some(number) = value.as_number() {
        return com::Value::Number(number);
    }
    if let Some(text) = value.as_string() {
        return com::Value::Text(text.to_string().unwrap_or_default());
    }
    let Some(array) = value.as_array() else { return com::Value::Unknown };
    let letter: String = array.get(0).unwrap_or_default();
    let number = || array.get::<f64>(1).unwrap_or(-1.0) as usize;
    match letter.as_str() {
        "o" => com::Value::Object(ObjectId(number())),
        "b" => match contents.borrow().get(number()) {
            Some(content) => com::Value::Bytes(content.clone()),
            None => com::Value::Unknown,
        },
        "a" if depth < NESTED_MAX => match array.get::<Array>(1) {
            Ok(items) => com::Value::Array(list(&items, contents, depth + 1)),
            Err(_) => com::Value::Unknown,
        },
        _ => com::Value::Unknown,
    }
}
