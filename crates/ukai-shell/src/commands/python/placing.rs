//! Arguments of Python's own functions that are given by name, put in their places.

use super::builtins::Named;
use super::value::Value;

/// The parameters of functions and methods that programs name, by the last part of the function's
/// name.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("int", &["x", "base"]),
    ("str", &["object", "encoding", "errors"]),
    ("bytes", &["source", "encoding", "errors"]),
    ("bytearray", &["source", "encoding", "errors"]),
    ("decode", &["encoding", "errors"]),
    ("encode", &["encoding", "errors"]),
    ("split", &["sep", "maxsplit"]),
    ("rsplit", &["sep", "maxsplit"]),
    ("splitlines", &["keepends"]),
    ("expandtabs", &["tabsize"]),
    ("round", &["number", "ndigits"]),
    ("pow", &["base", "exp", "mod"]),
    ("sum", &["iterable", "start"]),
    ("compile", &["source", "filename", "mode"]),
    ("to_bytes", &["length", "byteorder"]),
    ("int.from_bytes", &["bytes", "byteorder"]),
    ("base64.b64decode", &["s", "altchars", "validate"]),
    ("base64.b64encode", &["s", "altchars"]),
    ("zlib.decompress", &["data", "wbits", "bufsize"]),
    ("gzip.decompress", &["data"]),
    ("lzma.decompress", &["data"]),
    ("bz2.decompress", &["data"]),
    ("codecs.decode", &["obj", "encoding", "errors"]),
    ("codecs.encode", &["obj", "encoding", "errors"]),
    ("re.sub", &["pattern", "repl", "string", "count", "flags"]),
    ("re.search", &["pattern", "string", "flags"]),
    ("re.match", &["pattern", "string", "flags"]),
    ("re.findall", &["pattern", "string", "flags"]),
    ("re.split", &["pattern", "string", "maxsplit", "flags"]),
    ("re.compile", &["pattern", "flags"]),
    ("socket.create_connection", &["address", "timeout"]),
    ("socket.socket", &["family", "type", "proto"]),
    ("time.sleep", &["secs"]),
    ("urllib.parse.unquote", &["string", "encoding", "errors"]),
    ("urllib.parse.quote", &["string", "safe"]),
    ("urllib.parse.urljoin", &["base", "url"]),
    ("urllib.parse.urlencode", &["query"]),
    ("http.client.HTTPConnection", &["host", "port"]),
    ("http.client.HTTPSConnection", &["host", "port"]),
    ("os.makedirs", &["name", "mode"]),
    ("os.system", &["command"]),
    ("os.popen", &["cmd", "mode"]),
    ("os.getenv", &["key", "default"]),
    ("shutil.copy", &["src", "dst"]),
    ("shutil.copyfile", &["src", "dst"]),
    ("shutil.move", &["src", "dst"]),
    ("open", &["file", "mode"]),
    ("random.seed", &["a"]),
    ("random.choices", &["population", "weights"]),
    ("getattr", &["object", "name", "default"]),
    ("__import__", &["name", "globals", "locals", "fromlist", "level"]),
    ("importlib.import_module", &["name", "package"]),
    ("hmac.new", &["key", "msg", "digestmod"]),
    ("hashlib.pbkdf2_hmac", &["hash_name", "password", "salt", "iterations", "dklen"]),
];

/// Puts arguments that are given by name where the function expects them. `name` is a function's
/// whole name, or a method's.
pub(super) fn placed(name: &str, arguments: &mut Vec<Value>, named: &mut Named) {
    if named.is_empty() {
        return;
    }
    let Some((_, parameters)) = PARAMETERS.iter().find(|(known, _)| *known == name) else { return };
    for (place, parameter) in parameters.iter().enumerate() {
        let Some(at) = named.iter().position(|(given, _)| **given == **parameter) else { continue };
        if place < arguments.len() {
            continue;
        }
        // What stands before it was left out.
        while arguments.len() < place {
            arguments.push(absent(name, parameters[arguments.len()]));
        }
        arguments.push(named.remove(at).1);
    }
}

/// What a parameter is where nobody gives it.
fn absent(name: &str, parameter: &str) -> Value {
    match (name, parameter) {
        (_, "encoding") => Value::str("utf-8"),
        (_, "mode") if name == "open" || name == "os.popen" => Value::str("r"),
        (_, "family" | "type") => Value::Int(if parameter == "family" { 2 } else { 1 }),
        (_, "length" | "maxsplit") => Value::Int(if parameter == "length" { 1 } else { -1 }),
        (_, "flags" | "count") => Value::Int(0),
        _ => Value::None,
    }
}

#[cfg(test)]
mod tests {
    use super::placed;
    use crate::commands::python::value::Value;

    #[test]
    fn names_find_their_places() {
        let mut arguments = vec![Value::str("ff")];
        let mut named = vec![("base".into(), Value::Int(16))];
        placed("int", &mut arguments, &mut named);
        assert!(matches!(arguments[..], [_, Value::Int(16)]) && named.is_empty());
        let mut arguments = Vec::new();
        let mut named = vec![("errors".into(), Value::str("ignore"))];
        placed("decode", &mut arguments, &mut named);
        assert_eq!(arguments.len(), 2);
    }
}
