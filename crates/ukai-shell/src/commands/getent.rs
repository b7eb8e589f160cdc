//! `getent`: entries of the system's databases.

use super::{Arguments, Command, Options, Outcome};
use crate::process::Process;

pub(super) const COMMANDS: &[Command] = &[Command::at_once("getent", getent)];

/// `getent` of glibc for what lies in files.
fn getent(process: &mut Process, arguments: &Arguments) -> Outcome {
    const UNKNOWN_KEY: i32 = 2;
    let options = Options::read(arguments, "s:i", &["service:", "no-idn"]);
    let mut operands =
        options.operands.iter().map(|operand| String::from_utf8_lossy(operand).into_owned());
    let Some(database) = operands.next() else { return Ok(1) };
    let keys: Vec<String> = operands.collect();
    let file = match database.as_str() {
        "passwd" | "group" | "shadow" | "gshadow" | "hosts" | "services" | "protocols"
        | "networks" | "rpc" | "ethers" => format!("/etc/{database}"),
        "ahosts" | "ahostsv4" | "ahostsv6" => "/etc/hosts".to_owned(),
        other => {
            process.error(&format!(
                "Unknown database: {other}\nTry `getent --help' or `getent --usage' for more information."
            ))?;
            return Ok(1);
        }
    };
    let view = process.view();
    let contents = process.fs().read(&view, file.as_bytes()).unwrap_or_default();
    let contents = String::from_utf8_lossy(&contents).into_owned();
    let colons = ["passwd", "group", "shadow", "gshadow"].contains(&database.as_str());
    let mut shown = String::new();
    let mut status = 0;
    let lines: Vec<&str> = contents
        .lines()
        .map(|l| if colons { l } else { l.split('#').next().unwrap_or("").trim_end() })
        .filter(|l| !l.is_empty())
        .collect();
    let row = |line: &str| {
        if colons {
            return format!("{line}\n");
        }
        let mut fields = line.split_whitespace();
        let first = fields.next().unwrap_or("");
        let rest: Vec<&str> = fields.collect();
        let width = if database == "services" || database == "networks" { 21 } else { 15 };
        format!("{first:<width$} {}\n", rest.join(" "))
    };
    let matches = |line: &str, key: &str| {
        if colons {
            let fields: Vec<&str> = line.split(':').collect();
            return fields.first() == Some(&key)
                || !database.ends_with("shadow") && fields.get(2) == Some(&key);
        }
        line.split_whitespace().any(|field| field == key)
    };
    if keys.is_empty() {
        shown = lines.iter().map(|line| row(line)).collect();
    }
    for key in &keys {
        // A name of a host is looked for with its address of IPv6 first.
        let six = |line: &&&str| database != "hosts" || line.starts_with(':');
        let mut fitting = lines.iter().filter(|line| matches(line, key));
        match fitting.clone().find(six).or_else(|| fitting.next()) {
            Some(line) => shown.push_str(&row(line)),
            None => status = UNKNOWN_KEY,
        }
    }
    process.print(shown)?;
    Ok(status)
}
