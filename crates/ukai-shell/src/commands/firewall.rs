//! `iptables`: rules that stay for the attacker, in the forms of iptables 1.8.9 on Debian
//! and 1.4 on devices. Nothing is filtered.

use super::{Arguments, Command, Outcome};
use crate::limits;
use crate::process::Process;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("iptables", iptables),
    Command::at_once("ip6tables", iptables),
    Command::at_once("iptables-save", save),
    Command::at_once("iptables-restore", |p, _| {
        p.input()?;
        Ok(0)
    }),
];

/// A chain with its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chain {
    table: String,
    name: String,
    /// `ACCEPT` or `DROP`; none for a chain that was made.
    policy: Option<String>,
    rules: Vec<Rule>,
}

/// A rule: what `-A` was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rule {
    protocol: String,
    source: String,
    destination: String,
    input: String,
    output: String,
    target: String,
    /// Matches and the target's options as they were given.
    rest: Vec<String>,
}

/// The chains that every table has.
pub(crate) fn fresh() -> Vec<Chain> {
    let chain = |table: &str, name: &str| Chain {
        table: table.to_owned(),
        name: name.to_owned(),
        policy: Some("ACCEPT".to_owned()),
        rules: Vec::new(),
    };
    let of = |table: &'static str, names: &'static [&'static str]| {
        names.iter().map(move |name| chain(table, name))
    };
    of("filter", &["INPUT", "FORWARD", "OUTPUT"])
        .chain(of("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]))
        .chain(of("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]))
        .chain(of("raw", &["PREROUTING", "OUTPUT"]))
        .collect()
}

/// Whether chains that were kept are no more than anybody may make.
pub(crate) fn is_bounded(chains: &[Chain]) -> bool {
    chains.len() <= limits::FIREWALL_CHAINS
        && chains.iter().map(|c| c.rules.len()).sum::<usize>() <= limits::FIREWALL_RULES
}

/// What a command line asks.
#[derive(Default)]
struct Asked {
    table: String,
    /// The letter of the command.
    command: Option<char>,
    /// Its operands: chain, number or policy.
    operands: Vec<String>,
    numeric: bool,
    verbose: bool,
    numbers: bool,
    rule: Rule,
    bad: Option<String>,
}

impl Asked {
    fn read(arguments: &Arguments) -> Self {
        const LONG: [(&str, &str); 18] = [
            ("--append", "-A"),
            ("--insert", "-I"),
            ("--delete", "-D"),
            ("--flush", "-F"),
            ("--list", "-L"),
            ("--list-rules", "-S"),
            ("--policy", "-P"),
            ("--new-chain", "-N"),
            ("--delete-chain", "-X"),
            ("--zero", "-Z"),
            ("--check", "-C"),
            ("--table", "-t"),
            ("--protocol", "-p"),
            ("--source", "-s"),
            ("--destination", "-d"),
            ("--jump", "-j"),
            ("--in-interface", "-i"),
            ("--out-interface", "-o"),
        ];
        let mut asked = Self { table: "filter".to_owned(), ..Self::default() };
        let mut words = arguments
            .rest()
            .iter()
            .map(|w| String::from_utf8_lossy(w).into_owned())
            .map(|w| LONG.iter().find(|(l, _)| *l == w).map_or(w, |(_, s)| (*s).to_owned()))
            .peekable();
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_default();
            let mut letters = word.strip_prefix('-').unwrap_or("").chars().peekable();
            if word.starts_with("--") || word == "-m" || word == "!" || letters.peek().is_none() {
                if word == "--line-numbers" {
                    asked.numbers = true;
                } else if asked.command.is_some() && letters.peek().is_none() && word != "!" {
                    asked.operands.push(word);
                } else {
                    asked.rule.rest.push(word.clone());
                    if word != "!" {
                        let value = value();
                        let states = word == "--state" || word == "--ctstate";
                        asked.rule.rest.push(if states { in_order(&value) } else { value });
                    }
                }
                continue;
            }
            for letter in letters {
                match letter {
                    't' => asked.table = value(),
                    'p' => asked.rule.protocol = value(),
                    's' => asked.rule.source = value(),
                    'd' => asked.rule.destination = value(),
                    'i' => asked.rule.input = value(),
                    'o' => asked.rule.output = value(),
                    'j' | 'g' => asked.rule.target = value(),
                    'n' => asked.numeric = true,
                    'v' => asked.verbose = true,
                    'w' | 'x' | '4' | '6' => {}
                    'A' | 'I' | 'D' | 'F' | 'L' | 'S' | 'P' | 'N' | 'X' | 'Z' | 'C' | 'E' | 'R' => {
                        asked.command = Some(letter);
                    }
                    other => asked.bad = Some(other.to_string()),
                }
            }
        }
        asked
    }
}

/// States of connections as they are listed, whichever way they were told.
fn in_order(states: &str) -> String {
    const ORDER: [&str; 7] =
        ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"];
    let told: Vec<&str> = states.split(',').collect();
    let known = told.iter().all(|state| ORDER.contains(state));
    if !known {
        return states.to_owned();
    }
    ORDER.iter().filter(|s| told.contains(s)).copied().collect::<Vec<_>>().join(",")
}

fn iptables(process: &mut Process, arguments: &Arguments) -> Outcome {
    const FAILED: i32 = 1;
    const USAGE: i32 = 2;
    let asked = Asked::read(arguments);
    let version = if arguments.gnu { "iptables v1.8.9 (nf_tables)" } else { "iptables v1.4.4" };
    let hint = "Try `iptables -h' or 'iptables --help' for more information.";
    if let Some(bad) = &asked.bad {
        process.error(&format!("{version}: unknown option \"-{bad}\"\n{hint}"))?;
        return Ok(USAGE);
    }
    let Some(command) = asked.command else {
        process.error(&format!("{version}: no command specified\n{hint}"))?;
        return Ok(USAGE);
    };
    if process.uid != 0 {
        process.error(&if arguments.gnu {
            format!("{version}: Could not fetch rule set generation id: Permission denied (you must be root)\n")
        } else {
            format!("{version}: can't initialize iptables table `{}': Permission denied (you must be root)\nPerhaps iptables or your kernel needs to be upgraded.", asked.table)
        })?;
        return Ok(if arguments.gnu { 4 } else { 3 });
    }
    let mut chains = process.fs().firewall();
    if !chains.iter().any(|c| c.table == asked.table) {
        process.error(&format!("{version}: can't initialize iptables table `{}': Table does not exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded.", asked.table))?;
        return Ok(3);
    }
    let chain = asked.operands.first().cloned();
    let here =
        |c: &&mut Chain| c.table == asked.table && chain.as_ref().is_none_or(|n| c.name == *n);
    if matches!(command, 'L' | 'S') {
        let shown: Vec<&Chain> = chains
            .iter()
            .filter(|c| c.table == asked.table && chain.as_ref().is_none_or(|n| c.name == *n))
            .collect();
        if shown.is_empty() {
            return no_chain(process, arguments.gnu);
        }
        let text = if command == 'L' { list(&shown, &asked, arguments.gnu) } else { specs(&shown) };
        process.print(text)?;
        return Ok(0);
    }
    let exists = chains.iter_mut().any(|c| here(&c));
    if command == 'N' {
        let name = chain.unwrap_or_default();
        if exists {
            process.error("iptables: Chain already exists.")?;
            return Ok(FAILED);
        }
        if chains.len() < limits::FIREWALL_CHAINS {
            chains.push(Chain { table: asked.table, name, policy: None, rules: Vec::new() });
        }
        process.fs().set_firewall(chains);
        return Ok(0);
    }
    if !exists {
        return no_chain(process, arguments.gnu);
    }
    let known_target = |target: &str| {
        target.is_empty()
            || [
                "ACCEPT",
                "DROP",
                "REJECT",
                "RETURN",
                "LOG",
                "MASQUERADE",
                "DNAT",
                "SNAT",
                "REDIRECT",
                "MARK",
                "QUEUE",
                "NFQUEUE",
                "TCPMSS",
                "CONNMARK",
                "NOTRACK",
                "TTL",
            ]
            .contains(&target)
    };
    let target = asked.rule.target.clone();
    if !known_target(&target) && !chains.iter().any(|c| c.table == asked.table && c.name == target)
    {
        process.error(&format!(
            "{version}: Couldn't load target `{target}':No such file or directory\n\n{hint}"
        ))?;
        return Ok(USAGE);
    }
    let rules: usize = chains.iter().map(|c| c.rules.len()).sum();
    let full = rules >= limits::FIREWALL_RULES;
    let number = asked.operands.get(1).and_then(|n| n.parse::<usize>().ok());
    let mut failed = None;
    for chain in chains.iter_mut().filter(here) {
        match command {
            'A' if !full => chain.rules.push(asked.rule.clone()),
            'I' if !full => {
                let at = number.unwrap_or(1).saturating_sub(1);
                if at > chain.rules.len() {
                    failed = Some("iptables: Index of insertion too big.");
                } else {
                    chain.rules.insert(at, asked.rule.clone());
                }
            }
            'D' | 'C' => {
                let at = match number {
                    Some(number) => number.checked_sub(1).filter(|at| *at < chain.rules.len()),
                    None => chain.rules.iter().position(|r| *r == asked.rule),
                };
                match at {
                    Some(at) if command == 'D' => {
                        chain.rules.remove(at);
                    }
                    Some(_) => {}
                    None => {
                        failed = Some(if number.is_some() {
                            "iptables: Index of deletion too big."
                        } else {
                            "iptables: Bad rule (does a matching rule exist in that chain?)."
                        });
                    }
                }
            }
            'F' => chain.rules.clear(),
            'P' => match asked.operands.get(1).map(String::as_str) {
                Some(policy @ ("ACCEPT" | "DROP")) if chain.policy.is_some() => {
                    chain.policy = Some(policy.to_owned());
                }
                _ => failed = Some("iptables: Bad policy name. Run `dmesg' for more information."),
            },
            _ => {}
        }
    }
    if let Some(failed) = failed {
        process.error(failed)?;
        return Ok(FAILED);
    }
    if command == 'X' {
        // A chain that rules lead to, or that has rules, stays.
        let leads = |name: &str| {
            chains
                .iter()
                .any(|c| c.table == asked.table && c.rules.iter().any(|r| r.target == name))
        };
        let busy = chains.iter().find(|c| {
            c.table == asked.table
                && c.policy.is_none()
                && asked.operands.first().is_none_or(|n| *n == c.name)
                && (leads(&c.name) || !c.rules.is_empty())
        });
        if let Some(busy) = busy {
            process.error(&if arguments.gnu {
                format!(
                    "{version}:  CHAIN_DEL failed (Device or resource busy): chain {}",
                    busy.name
                )
            } else {
                "iptables: Directory not empty".to_owned()
            })?;
            return Ok(if arguments.gnu { 4 } else { FAILED });
        }
        chains.retain(|c| {
            c.table != asked.table
                || c.policy.is_some()
                || asked.operands.first().is_some_and(|n| *n != c.name)
        });
    }
    process.fs().set_firewall(chains);
    Ok(0)
}

fn no_chain(process: &mut Process, gnu: bool) -> Outcome {
    process.error(if gnu {
        "iptables: No chain/target/match by that name."
    } else {
        "iptables: No chain/target/match by that name"
    })?;
    Ok(1)
}

/// A rule as `-S` and `iptables-save` write it.
fn spec(rule: &Rule) -> String {
    let mut text = String::new();
    let address = |a: &str| if a.contains('/') { a.to_owned() } else { format!("{a}/32") };
    if !rule.source.is_empty() {
        let _ = write!(text, " -s {}", address(&rule.source));
    }
    if !rule.destination.is_empty() {
        let _ = write!(text, " -d {}", address(&rule.destination));
    }
    for (flag, value) in [("-i", &rule.input), ("-o", &rule.output), ("-p", &rule.protocol)] {
        if !value.is_empty() {
            let _ = write!(text, " {flag} {value}");
        }
    }
    let ports = rule.rest.iter().any(|w| w == "--dport" || w == "--sport");
    if ports && !rule.rest.iter().any(|w| w == "-m") {
        let _ = write!(text, " -m {}", rule.protocol);
    }
    for word in &rule.rest {
        let _ = write!(text, " {word}");
    }
    if !rule.target.is_empty() {
        let _ = write!(text, " -j {}", rule.target);
        if rule.target == "REJECT" {
            text.push_str(" --reject-with icmp-port-unreachable");
        }
    }
    text
}

fn specs(chains: &[&Chain]) -> String {
    let mut text = String::new();
    for chain in chains {
        let _ = match &chain.policy {
            Some(policy) => writeln!(text, "-P {} {policy}", chain.name),
            None => writeln!(text, "-N {}", chain.name),
        };
    }
    for chain in chains {
        for rule in &chain.rules {
            let _ = writeln!(text, "-A {}{}", chain.name, spec(rule));
        }
    }
    text
}

fn list(chains: &[&Chain], asked: &Asked, gnu: bool) -> String {
    let mut text = String::new();
    for (place, chain) in chains.iter().enumerate() {
        if place > 0 {
            text.push('\n');
        }
        let _ = match (&chain.policy, asked.verbose) {
            (Some(policy), true) => {
                writeln!(text, "Chain {} (policy {policy} 0 packets, 0 bytes)", chain.name)
            }
            (Some(policy), false) => writeln!(text, "Chain {} (policy {policy})", chain.name),
            (None, _) => writeln!(text, "Chain {} (0 references)", chain.name),
        };
        let number = if asked.numbers { "num  " } else { "" };
        text.push_str(number);
        text.push_str(if asked.verbose {
            " pkts bytes target     prot opt in     out     source               destination         \n"
        } else {
            "target     prot opt source               destination         \n"
        });
        for (index, rule) in chain.rules.iter().enumerate() {
            if asked.numbers {
                let _ = write!(text, "{:<4} ", index + 1);
            }
            row(rule, asked, gnu, &mut text);
        }
    }
    text
}

fn row(rule: &Rule, asked: &Asked, gnu: bool, text: &mut String) {
    let address = |a: &str| match (a, asked.numeric) {
        ("" | "0/0" | "0.0.0.0/0", true) => "0.0.0.0/0".to_owned(),
        ("" | "0/0" | "0.0.0.0/0", false) => "anywhere".to_owned(),
        (a, _) => a.trim_end_matches("/32").to_owned(),
    };
    let protocol = match (rule.protocol.as_str(), asked.numeric && gnu) {
        ("" | "all", true) => "0",
        ("tcp", true) => "6",
        ("udp", true) => "17",
        ("icmp", true) => "1",
        ("", false) => "all",
        (other, _) => other,
    };
    let any = |name: &str| {
        if name.is_empty() {
            if asked.numeric { "*" } else { "any" }.to_owned()
        } else {
            name.to_owned()
        }
    };
    if asked.verbose {
        let _ = write!(
            text,
            "    0     0 {:<10} {protocol:<4} --  {:<6} {:<6}  {:<20} {:<20}",
            rule.target,
            any(&rule.input),
            any(&rule.output),
            address(&rule.source),
            address(&rule.destination)
        );
    } else {
        let _ = write!(
            text,
            "{:<10} {protocol:<4} --  {:<20} {:<20}",
            rule.target,
            address(&rule.source),
            address(&rule.destination)
        );
    }
    let port = |port: &str| match (port, asked.numeric) {
        ("22", false) => "ssh".to_owned(),
        ("23", false) => "telnet".to_owned(),
        ("80", false) => "http".to_owned(),
        ("443", false) => "https".to_owned(),
        ("8080", false) => "http-alt".to_owned(),
        (port, _) => port.to_owned(),
    };
    let mut words = rule.rest.iter();
    let mut named = false;
    while let Some(word) = words.next() {
        let Some(value) = words.clone().next().filter(|_| word != "!") else { continue };
        let shown = match word.as_str() {
            "-m" => continue_with(&mut words),
            "--dport" | "--destination-port" => Some(format!("dpt:{}", port(value))),
            "--sport" | "--source-port" => Some(format!("spt:{}", port(value))),
            "--dports" => Some(format!("multiport dports {value}")),
            "--state" => Some(format!("state {value}")),
            "--ctstate" => Some(format!("ctstate {value}")),
            "--to-destination" | "--to-source" => Some(format!("to:{value}")),
            "--to-ports" | "--to-port" => Some(format!("redir ports {value}")),
            "--comment" => Some(format!("/* {value} */")),
            _ => None,
        };
        if let Some(shown) = shown {
            if (shown.starts_with("dpt") || shown.starts_with("spt")) && !named {
                named = true;
                let _ = write!(text, " {}", rule.protocol);
            }
            let _ = write!(text, " {shown}");
            words.next();
        }
    }
    if rule.target == "REJECT" {
        text.push_str(" reject-with icmp-port-unreachable");
    }
    text.push('\n');
}

/// Skips the name of a match: it is not shown.
fn continue_with<'a>(words: &mut impl Iterator<Item = &'a String>) -> Option<String> {
    words.next();
    None
}

fn save(process: &mut Process, arguments: &Arguments) -> Outcome {
    if process.uid != 0 {
        return iptables(
            process,
            &Arguments::new(vec![b"iptables".to_vec(), b"-S".to_vec()], arguments.gnu),
        );
    }
    let chains = process.fs().firewall();
    let touched = |table: &str| {
        let of = chains.iter().filter(|c| c.table == table);
        of.into_iter().any(|c| !c.rules.is_empty() || c.policy.as_deref() != Some("ACCEPT"))
    };
    let now = super::list::date(
        process.session.host.clock(process.session.now()).secs(),
        "%a %b %e %H:%M:%S %Y",
    );
    let mut text = String::new();
    for table in ["raw", "mangle", "nat", "filter"] {
        if !touched(table) {
            continue;
        }
        let _ =
            writeln!(text, "# Generated by iptables-save v1.8.9 (nf_tables) on {now}\n*{table}");
        let of: Vec<&Chain> = chains.iter().filter(|c| c.table == table).collect();
        for chain in &of {
            let _ =
                writeln!(text, ":{} {} [0:0]", chain.name, chain.policy.as_deref().unwrap_or("-"));
        }
        for chain in &of {
            for rule in &chain.rules {
                let _ = writeln!(text, "-A {}{}", chain.name, spec(rule));
            }
        }
        let _ = writeln!(text, "COMMIT\n# Completed on {now}");
    }
    process.print(text)?;
    Ok(0)
}
