//! A Mirai's configuration in the JSON of IIJ's `mirai-toushi`, so that what reads that reads this.
//!
//! Two documents, `xor_scanner` (log-ins) and `xor_table` (the table), after the project's JSON
//! schemas. What only a decompiler knows is left out: names and entry points of functions, the
//! number of an entry, the four bytes of the key. Where an entry is used (`refs`) is told of the
//! command servers and of the receivers of scan results, under the names of Mirai's source.

use serde_json::{Map, Value, json};
use sha2::Digest;
use std::fmt::Write;
use ukai_model::{Analysis, BotConfiguration, ElfInfo};

/// The documents about each Mirai in an analysis: `name` is the file's.
pub fn toushi(analysis: &Analysis, name: &str) -> Vec<Value> {
    let mut documents = Vec::new();
    for configuration in analysis.configurations.iter().filter(|it| it.family == "mirai") {
        let member = configuration.layer.and_then(|layer| analysis.members.get(layer as usize));
        let (elf, sha256) = match (configuration.layer, member) {
            (None, _) => (analysis.elf.as_ref(), analysis.sha256.to_string()),
            (Some(_), Some(member)) => (member.elf.as_ref(), member.sha256.to_string()),
            (Some(_), None) => continue,
        };
        let program = program(elf, name, &sha256);
        documents.extend(scanner(configuration, &program));
        documents.extend(table(configuration, &program));
    }
    documents
}

fn program(elf: Option<&ElfInfo>, name: &str, sha256: &str) -> Value {
    let mut program = Map::new();
    program.insert("name".into(), name.into());
    program.insert("sha256".into(), sha256.into());
    if let Some(elf) = elf {
        program.extend(language(elf).map(|language| ("language_id".into(), language.into())));
        let loaded = elf.segments.iter().filter(|it| it.kind == "LOAD");
        if let Some(base) = loaded.map(|it| it.address).min() {
            let base = format!("{base:08x}");
            program.insert("image_base".into(), base.clone().into());
            program.insert("min_addr".into(), base.into());
        }
    }
    program.into()
}

/// Ghidra's name of a processor.
fn language(elf: &ElfInfo) -> Option<&'static str> {
    Some(match (elf.machine.as_str(), elf.little_endian) {
        ("arm", false) => "ARM:BE:32:v8",
        ("arm", true) => "ARM:LE:32:v8",
        ("m68k", _) => "68000:BE:32:Coldfire",
        ("mips", false) => "MIPS:BE:32:default",
        ("mips", true) => "MIPS:LE:32:default",
        ("powerpc", _) => "PowerPC:BE:32:default",
        ("sh", _) => "SuperH4:LE:32:default",
        ("sparc", _) => "sparc:BE:32:default",
        ("x86", _) => "x86:LE:32:default",
        ("x86-64", _) => "x86:LE:64:default",
        _ => return None,
    })
}

fn scanner(configuration: &BotConfiguration, program: &Value) -> Option<Value> {
    let key = configuration.login_key.as_ref()?;
    let logins = &configuration.logins;
    let entries: Vec<Value> = logins
        .iter()
        .map(|login| {
            let mut entry = json!({
                "user": text(login.user.as_bytes()), "pass": text(login.password.as_bytes()),
            });
            if let Some(weight) = login.weight {
                entry["weight"] = weight.into();
            }
            entry
        })
        .collect();
    let mut list = json!({ "auth_tables_count": entries.len() });
    // Their sum is over users, passwords and weights, all of them.
    let weighed: Option<Vec<String>> = logins
        .iter()
        .map(|it| {
            let (user, password) = (text(it.user.as_bytes()), text(it.password.as_bytes()));
            Some(format!("{user}{password}{}", it.weight?))
        })
        .collect();
    if let Some(weighed) = weighed {
        list["auth_tables_sha256"] = sum(&weighed.concat()).into();
    }
    list["auth_tables"] = entries.into();
    Some(json!({
        "script_name": "xor_scanner.py",
        "ghidra_current_program": program,
        "add_auth_entry_func": { "scanner_key": format!("0x{key}") },
        "scanner_init_func": list,
    }))
}

fn table(configuration: &BotConfiguration, program: &Value) -> Option<Value> {
    let key = configuration.table_key.as_ref()?;
    let places =
        [(&configuration.servers, "resolve_cnc_addr"), (&configuration.reports, "scanner_init")];
    let mut entries = Vec::new();
    let (mut message, mut numbers) = (String::new(), 0);
    for entry in &configuration.table {
        let entry = text(entry.as_bytes());
        let used = places.iter().find_map(|(list, function)| {
            let place = list.iter().map(|it| text(it.as_bytes()));
            let mut place = place.filter_map(|it| {
                let rest = it.strip_prefix(&entry)?;
                Some(rest.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()))
            });
            Some((place.next()?, json!([{ "func": function }])))
        });
        let (port, refs) = used.unwrap_or_else(|| (None, json!([])));
        message.push_str("str");
        message.push_str(&entry);
        entries.push(json!({ "type": "str", "str_data": entry, "refs": refs }));
        if let Some(port) = port {
            let _ = write!(message, "int{port}");
            numbers += 1;
            entries.push(json!({ "type": "int", "int_data": port, "refs": refs }));
        }
    }
    Some(json!({
        "script_name": "xor_table.py",
        "ghidra_current_program": program,
        "table_lock_val_func": { "table_key": format!("0x{key}") },
        "table_init_func": {
            "tables_sha256": sum(&message),
            "tables_count": entries.len(),
            "tables_int_count": numbers,
            "tables_str_count": entries.len() - numbers,
            "tables": entries,
        },
    }))
}

/// Printable ASCII as it is, other bytes as `\\xNN`, as the scripts write them.
fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            0x20..=0x7e => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out
}

fn sum(message: &str) -> String {
    hex::encode(sha2::Sha256::digest(message))
}

#[cfg(test)]
mod tests {
    use super::{scanner, table};
    use serde_json::json;
    use ukai_model::{BotConfiguration, BotLogin};

    #[test]
    fn the_documents_have_the_shape_of_the_schemas() {
        let login = |user: &str, password: &str, weight| BotLogin {
            user: user.into(),
            password: password.into(),
            weight,
        };
        let mut configuration = BotConfiguration {
            family: "mirai".into(),
            layer: None,
            table_key: Some("22".into()),
            login_key: Some("54".into()),
            servers: vec!["cnc.example:23".into()],
            reports: vec!["report.example".into()],
            logins: vec![login("root", "xc3511", Some(10)), login("admin", "", Some(7))],
            table: ["cnc.example", "report.example", "/proc/"].map(Into::into).into(),
            confidence: 90,
        };
        let program = json!({ "name": "bot" });
        let document = scanner(&configuration, &program).expect("log-ins");
        assert_eq!(document["add_auth_entry_func"]["scanner_key"], "0x54");
        let list = &document["scanner_init_func"];
        assert_eq!(list["auth_tables"][1], json!({ "user": "admin", "pass": "", "weight": 7 }));
        // SHA-256 of `rootxc351110admin7`, as the script computes it.
        assert_eq!(list["auth_tables_sha256"], super::sum("rootxc351110admin7"));
        let document = table(&configuration, &program).expect("a table");
        let told = &document["table_init_func"];
        assert_eq!(told["tables_count"], 4);
        assert_eq!((&told["tables_int_count"], &told["tables_str_count"]), (&json!(1), &json!(3)));
        let refs = json!([{ "func": "resolve_cnc_addr" }]);
        assert_eq!(told["tables"][1], json!({ "type": "int", "int_data": 23, "refs": refs }));
        assert_eq!(told["tables"][2]["refs"][0]["func"], "scanner_init");
        assert_eq!(
            told["tables_sha256"],
            super::sum("strcnc.exampleint23strreport.examplestr/proc/")
        );

        configuration.logins[1].weight = None;
        let document = scanner(&configuration, &program).expect("log-ins");
        assert!(document["scanner_init_func"].get("auth_tables_sha256").is_none());
        configuration.table_key = None;
        assert!(table(&configuration, &program).is_none());
    }
}
