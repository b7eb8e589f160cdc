//! Commands: what a name stands for, how arguments are bound, and who carries it out.

use super::ast::{Argument, Block, Command, Expr, Invoke};
use super::binding::{Given, is_switch_of};
use super::eval::{Eval, Flow, Interpreter};
use super::value::{Object, State, Value};
use crate::run::Content;
use std::rc::Rc;

/// Commands that are known, as they are written.
const COMMANDS: &[&str] = &[
    "Add-Content",
    "Add-Member",
    "Add-MpPreference",
    "Add-Type",
    "Clear-Content",
    "Clear-Host",
    "Compare-Object",
    "Complete-BitsTransfer",
    "Convert-Path",
    "ConvertFrom-Csv",
    "ConvertFrom-Json",
    "ConvertFrom-SecureString",
    "ConvertFrom-StringData",
    "ConvertTo-Json",
    "ConvertTo-SecureString",
    "Copy-Item",
    "Expand-Archive",
    "ForEach-Object",
    "Format-List",
    "Format-Table",
    "Get-Alias",
    "Get-ChildItem",
    "Get-CimInstance",
    "Get-Clipboard",
    "Get-Command",
    "Get-Content",
    "Get-Culture",
    "Get-Date",
    "Get-ExecutionPolicy",
    "Get-Host",
    "Get-Item",
    "Get-ItemProperty",
    "Get-ItemPropertyValue",
    "Get-Location",
    "Get-Member",
    "Get-Process",
    "Get-Random",
    "Get-Service",
    "Get-UICulture",
    "Get-Unique",
    "Get-Variable",
    "Get-WmiObject",
    "Group-Object",
    "Import-Csv",
    "Import-Module",
    "Invoke-CimMethod",
    "Invoke-Command",
    "Invoke-Expression",
    "Invoke-Item",
    "Invoke-RestMethod",
    "Invoke-WebRequest",
    "Invoke-WmiMethod",
    "Join-Path",
    "Measure-Object",
    "Move-Item",
    "New-Alias",
    "New-CimInstance",
    "New-Item",
    "New-ItemProperty",
    "New-LocalUser",
    "New-NetFirewallRule",
    "New-Object",
    "New-PSSession",
    "New-ScheduledTaskAction",
    "New-ScheduledTaskPrincipal",
    "New-ScheduledTaskSettingsSet",
    "New-ScheduledTaskTrigger",
    "New-Service",
    "New-Variable",
    "Out-Default",
    "Out-File",
    "Out-Host",
    "Out-Null",
    "Out-String",
    "Receive-Job",
    "Register-ScheduledTask",
    "Remove-Item",
    "Remove-ItemProperty",
    "Remove-Job",
    "Remove-Variable",
    "Rename-Item",
    "Resolve-DnsName",
    "Resolve-Path",
    "Select-Object",
    "Select-String",
    "Send-MailMessage",
    "Set-Alias",
    "Set-Clipboard",
    "Set-Content",
    "Set-ExecutionPolicy",
    "Set-Item",
    "Set-ItemProperty",
    "Set-Location",
    "Set-MpPreference",
    "Set-Service",
    "Set-StrictMode",
    "Set-Variable",
    "Set-WmiInstance",
    "Sort-Object",
    "Split-Path",
    "Start-BitsTransfer",
    "Start-Job",
    "Start-Process",
    "Start-Sleep",
    "Start-ThreadJob",
    "Stop-Process",
    "Stop-Service",
    "Tee-Object",
    "Test-Connection",
    "Test-NetConnection",
    "Test-Path",
    "Wait-Job",
    "Where-Object",
    "Write-Debug",
    "Write-Error",
    "Write-Host",
    "Write-Output",
    "Write-Verbose",
    "Write-Warning",
];

/// Aliases of Windows PowerShell.
const ALIASES: &[(&str, &str)] = &[
    ("%", "foreach-object"),
    ("foreach", "foreach-object"),
    ("?", "where-object"),
    ("where", "where-object"),
    ("ac", "add-content"),
    ("diff", "compare-object"),
    ("compare", "compare-object"),
    ("rcjb", "receive-job"),
    ("wjb", "wait-job"),
    ("rjb", "remove-job"),
    ("ipcsv", "import-csv"),
    ("scb", "set-clipboard"),
    ("gcb", "get-clipboard"),
    ("cat", "get-content"),
    ("cd", "set-location"),
    ("chdir", "set-location"),
    ("clc", "clear-content"),
    ("clear", "clear-host"),
    ("cls", "clear-host"),
    ("copy", "copy-item"),
    ("cp", "copy-item"),
    ("cpi", "copy-item"),
    ("curl", "invoke-webrequest"),
    ("cvpa", "convert-path"),
    ("del", "remove-item"),
    ("dir", "get-childitem"),
    ("echo", "write-output"),
    ("erase", "remove-item"),
    ("fl", "format-list"),
    ("ft", "format-table"),
    ("gal", "get-alias"),
    ("gc", "get-content"),
    ("gci", "get-childitem"),
    ("gcim", "get-ciminstance"),
    ("gcm", "get-command"),
    ("gi", "get-item"),
    ("gl", "get-location"),
    ("gm", "get-member"),
    ("gp", "get-itemproperty"),
    ("gpv", "get-itempropertyvalue"),
    ("gps", "get-process"),
    ("group", "group-object"),
    ("gsv", "get-service"),
    ("gu", "get-unique"),
    ("gv", "get-variable"),
    ("gwmi", "get-wmiobject"),
    ("icim", "invoke-cimmethod"),
    ("icm", "invoke-command"),
    ("iex", "invoke-expression"),
    ("ii", "invoke-item"),
    ("ipmo", "import-module"),
    ("irm", "invoke-restmethod"),
    ("iwmi", "invoke-wmimethod"),
    ("iwr", "invoke-webrequest"),
    ("kill", "stop-process"),
    ("ls", "get-childitem"),
    ("measure", "measure-object"),
    ("mi", "move-item"),
    ("move", "move-item"),
    ("mv", "move-item"),
    ("nal", "new-alias"),
    ("ni", "new-item"),
    ("md", "new-item"),
    ("mkdir", "new-item"),
    ("nsn", "new-pssession"),
    ("nv", "new-variable"),
    ("oh", "out-host"),
    ("ps", "get-process"),
    ("pwd", "get-location"),
    ("rd", "remove-item"),
    ("ren", "rename-item"),
    ("ri", "remove-item"),
    ("rm", "remove-item"),
    ("rmdir", "remove-item"),
    ("rni", "rename-item"),
    ("rp", "remove-itemproperty"),
    ("rv", "remove-variable"),
    ("rvpa", "resolve-path"),
    ("sajb", "start-job"),
    ("sal", "set-alias"),
    ("saps", "start-process"),
    ("sc", "set-content"),
    ("select", "select-object"),
    ("set", "set-variable"),
    ("si", "set-item"),
    ("sl", "set-location"),
    ("sleep", "start-sleep"),
    ("sls", "select-string"),
    ("sort", "sort-object"),
    ("sp", "set-itemproperty"),
    ("spps", "stop-process"),
    ("start", "start-process"),
    ("sv", "set-variable"),
    ("tee", "tee-object"),
    ("tnc", "test-netconnection"),
    ("type", "get-content"),
    ("wget", "invoke-webrequest"),
    ("write", "write-output"),
    ("sasv", "start-service"),
    ("spsv", "stop-service"),
];

/// Parameters without a value.
const SWITCHES: &[&str] = &[
    "usebasicparsing",
    "force",
    "recurse",
    "passthru",
    "wait",
    "nonewline",
    "asplaintext",
    "append",
    "nonewwindow",
    "raw",
    "usedefaultcredentials",
    "unique",
    "descending",
    "strict",
    "quiet",
    "valueonly",
    "asjob",
    "asynchronous",
    "hidden",
    "noclobber",
    "confirm",
    "whatif",
    "verbose",
    "debug",
    "stream",
    "disablekeepalive",
    "skipcertificatecheck",
    "sum",
    "average",
    "line",
    "word",
    "character",
    "allmatches",
    "simplematch",
    "notmatch",
    "casesensitive",
    "leaf",
    "parent",
    "resolve",
    "isvalid",
    "noexit",
    "notypeinformation",
    "online",
    "includeequal",
    "nohostsfile",
    "dnsonly",
    "runas32",
    "usessl",
    "allowunencryptedauthentication",
    "skipheadervalidation",
    "autoremovejob",
    "keep",
    "noprofile",
    "nofile",
    "examples",
    "infinite",
    "asbytestream",
    "noenumerate",
    "listavailable",
    "autosize",
    "compress",
    "ashashtable",
    "enabled",
];

/// Arguments as they were given: with a parameter's name, or plain.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) named: Vec<(Rc<str>, Value)>,
    pub(super) plain: Vec<Value>,
}

impl Arguments {
    /// The value of a parameter, which may be cut short.
    pub(super) fn named(&self, full: &[&str]) -> Option<&Value> {
        self.named.iter().find_map(|(name, value)| {
            full.iter().any(|it| it.starts_with(&**name)).then_some(value)
        })
    }

    pub(super) fn has(&self, full: &str) -> bool {
        self.named
            .iter()
            .any(|(name, value)| full.starts_with(&**name) && !matches!(value, Value::Bool(false)))
    }

    /// A parameter's value, else the plain argument at a place.
    pub(super) fn get(&self, full: &[&str], place: usize) -> Option<&Value> {
        self.named(full).or_else(|| self.plain.get(place))
    }
}

impl Interpreter<'_, '_> {
    /// Runs a command; its output goes behind `out`.
    pub(super) fn command(
        &mut self,
        command: &Command,
        input: Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let name = match &command.name {
            Expr::Text(text) => Value::text(&**text),
            other => self.expr(other)?,
        };
        let own_scope = command.how != Invoke::Dot;
        match name {
            Value::Script(block) => {
                let arguments = self.for_block(&block, &command.arguments)?;
                out.append(&mut self.call_block(&block, arguments, input, own_scope)?);
                return Ok(());
            }
            Value::Method(bound) => {
                let arguments = self.arguments(&command.arguments)?.plain;
                let value = self.call_method(bound.0.clone(), &bound.1, arguments)?;
                self.put_out(value, out);
                return Ok(());
            }
            Value::Unknown(_) | Value::Null => {
                self.run.note("powershell: runs a command whose name is not known");
                let arguments = self.arguments(&command.arguments)?;
                self.remark_all(&arguments.plain);
                return Ok(());
            }
            _ => {}
        }
        let name = self.text_of(&name);
        let bare = name.trim();
        let lower = bare.to_lowercase();
        let lower = lower
            .strip_prefix("microsoft.powershell.")
            .and_then(|it| it.split_once('\\'))
            .map_or(lower.as_str(), |it| it.1);
        // A function, an alias of its own, a command, a program: in this order.
        let lower = self.aliases.get(lower).cloned().unwrap_or_else(|| lower.into());
        if let Some(block) = self.functions.get(&lower).cloned() {
            let arguments = self.for_block(&block, &command.arguments)?;
            out.append(&mut self.call_block(&block, arguments, input, own_scope)?);
            return Ok(());
        }
        // Programs go by their own name even where an alias is the same.
        let canonical = canonical(&lower)
            .or_else(|| canonical(&format!("get-{lower}")).filter(|_| !lower.contains('-')));
        match canonical {
            Some(canonical) => {
                let arguments = self.arguments(&command.arguments)?;
                let start = out.len();
                self.cmdlet(&canonical, &arguments, input, out)?;
                if let Some(variable) = arguments.named(&["outvariable", "ov"]) {
                    let made = out.get(start..).unwrap_or_default().to_vec();
                    let variable = self.text_of(variable).to_lowercase();
                    self.assign_plain(&variable, Value::list(made));
                }
                Ok(())
            }
            None if is_program(&lower) => self.program(bare, command, input, own_scope, out),
            None => {
                self.run.note_unknown("powershell: command", bare);
                let arguments = self.arguments(&command.arguments)?;
                self.remark_all(&arguments.plain);
                for (_, value) in &arguments.named {
                    self.remark_all(std::slice::from_ref(value));
                }
                // Script blocks of what is not known are run, since somebody will.
                let blocks: Vec<Value> = arguments
                    .plain
                    .into_iter()
                    .chain(arguments.named.into_iter().map(|it| it.1))
                    .collect();
                for value in blocks {
                    if let Value::Script(block) = value {
                        self.call_block(&block, Vec::new(), None, true)?;
                    }
                }
                out.push(Value::Unknown(None));
                Ok(())
            }
        }
    }

    fn cmdlet(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        self.run.step()?;
        if self.list_command(name, arguments, &input, out)?
            || self.file_command(name, arguments, &input, out)?
            || self.record_command(name, arguments, &input, out)?
            || self.group_command(name, arguments, &input, out)?
            || self.net_command(name, arguments, &input, out)?
            || self.system_command(name, arguments, &input, out)?
        {
            return Ok(());
        }
        out.push(Value::Unknown(None));
        Ok(())
    }

    /// A program, or a script that this run wrote.
    fn program(
        &mut self,
        name: &str,
        command: &Command,
        input: Option<Vec<Value>>,
        own_scope: bool,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        let end = name.rsplit('.').next().unwrap_or_default();
        if end.eq_ignore_ascii_case("ps1")
            && let Some(Content::Own(bytes)) = self.run.file(name)
        {
            let text = crate::run::decode(bytes);
            let arguments = self.arguments(&command.arguments)?.plain;
            if own_scope {
                self.scopes.push(std::collections::HashMap::new());
            }
            let done = self.deeper(|it| it.evaluate_text(&text, arguments, out));
            if own_scope {
                self.scopes.pop();
            }
            return match done {
                Err(Flow::Stop) => Err(Flow::Stop),
                _ => Ok(()),
            };
        }
        let mut line = if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() };
        let shell = crate::command_line::program(name);
        for argument in &command.arguments {
            let words = match argument {
                Argument::Parameter(name, None) => vec![format!("-{name}")],
                Argument::Parameter(name, Some(value)) => {
                    let value = self.expr(value)?;
                    vec![format!("-{name}:{}", self.text_of(&value))]
                }
                Argument::Value(value) => {
                    // `a,b` that is written is a word of the program's.
                    let is_written = matches!(value, Expr::List(_));
                    let value = self.expr(value)?;
                    match value {
                        Value::List(list) if is_written => {
                            let words: Vec<String> =
                                list.items().iter().map(|it| self.text_of(it)).collect();
                            vec![words.join(",")]
                        }
                        Value::Script(block) if matches!(shell.as_str(), "powershell" | "pwsh") => {
                            vec![format!("-Command {}", block.source.trim())]
                        }
                        Value::List(list) => {
                            list.items().iter().map(|it| self.text_of(it)).collect()
                        }
                        other => vec![self.text_of(&other)],
                    }
                }
                Argument::Splat(name) => {
                    let value = self.variable(name);
                    self.items_of(&value).iter().map(|it| self.text_of(it)).collect()
                }
            };
            for word in words {
                line.push(' ');
                let is_whole =
                    shell == "cmd" || word.starts_with('"') || word.starts_with("-Command ");
                if !is_whole && (word.is_empty() || word.contains(' ')) {
                    line.push('"');
                    line.push_str(&word.replace('"', "\\\""));
                    line.push('"');
                } else {
                    line.push_str(&word);
                }
                if line.len() > self.run.limits.value_bytes {
                    return Err(Flow::Stop);
                }
            }
        }
        // Text that flows into a shell is its script.
        if let Some(input) = input
            && matches!(shell.as_str(), "powershell" | "pwsh" | "cmd")
        {
            let text = self.lines(&input);
            self.run.start(&line)?;
            let dialect =
                if shell == "cmd" { crate::Dialect::Batch } else { crate::Dialect::PowerShell };
            self.run.evaluate(dialect, &text)?;
        } else {
            self.run.start(&line)?;
        }
        out.push(Value::Unknown(None));
        Ok(())
    }

    /// Values as lines of text.
    pub(super) fn lines(&self, values: &[Value]) -> String {
        let mut out = String::new();
        for value in values {
            let line = match value {
                Value::List(list) => self.lines(list.items()),
                other => self.text_of(other),
            };
            if out.len() + line.len() > self.run.limits.value_bytes {
                break;
            }
            out.push_str(&line);
            out.push_str("\r\n");
        }
        out
    }

    /// Arguments worked out, each parameter with what follows it.
    pub(super) fn arguments(&mut self, given: &[Argument]) -> Eval<Arguments> {
        self.arguments_by(given, &is_switch)
    }

    /// The same, where others say which parameters have no value.
    fn arguments_by(
        &mut self,
        given: &[Argument],
        is_switch: &dyn Fn(&str) -> bool,
    ) -> Eval<Arguments> {
        let mut arguments = Arguments::default();
        let mut waiting: Option<Rc<str>> = None;
        for argument in given {
            match argument {
                Argument::Parameter(name, value) => {
                    if let Some(before) = waiting.take() {
                        arguments.named.push((before, Value::Bool(true)));
                    }
                    let lower: Rc<str> = name.to_ascii_lowercase().into();
                    match value {
                        Some(value) => {
                            let value = self.expr(value)?;
                            arguments.named.push((lower, value));
                        }
                        None if is_switch(&lower) => {
                            arguments.named.push((lower, Value::Bool(true)));
                        }
                        None => waiting = Some(lower),
                    }
                }
                Argument::Value(value) => {
                    let value = self.expr(value)?;
                    match waiting.take() {
                        Some(name) => arguments.named.push((name, value)),
                        None => arguments.plain.push(value),
                    }
                }
                Argument::Splat(name) => match self.variable(name) {
                    Value::Object(id) => {
                        let entries =
                            self.heap.get(id).map(|it| it.entries.clone()).unwrap_or_default();
                        for (key, value) in entries {
                            arguments
                                .named
                                .push((self.text_of(&key).to_ascii_lowercase().into(), value));
                        }
                    }
                    other => arguments.plain.extend(self.items_of(&other)),
                },
            }
        }
        if let Some(name) = waiting {
            arguments.named.push((name, Value::Bool(true)));
        }
        Ok(arguments)
    }

    fn for_block(&mut self, block: &Block, given: &[Argument]) -> Eval<Given> {
        let own = &block.parameters;
        let arguments = self.arguments_by(given, &|name| is_switch_of(own, name))?;
        let named = arguments.named.into_iter().map(|(name, value)| (Some(name), value));
        Ok(named.chain(arguments.plain.into_iter().map(|it| (None, it))).collect())
    }

    /// `Get-Command` and `Get-Alias`: the command whose name a pattern is.
    pub(super) fn command_named(&mut self, pattern: &str) -> Value {
        let lower = pattern.to_lowercase();
        let own = self
            .functions
            .keys()
            .chain(self.aliases.keys())
            .find(|it| super::patterns::like(it, &lower, true));
        let name = own.map(ToString::to_string);
        let name = name.or_else(|| {
            COMMANDS
                .iter()
                .find(|it| super::patterns::like(it, pattern, true))
                .map(|it| (*it).to_owned())
        });
        let name = name.or_else(|| {
            ALIASES
                .iter()
                .find(|it| super::patterns::like(it.0, pattern, true))
                .map(|it| it.0.to_owned())
        });
        let Some(name) = name else { return Value::Unknown(None) };
        let mut object = Object::new("management.automation.cmdletinfo", State::None);
        object.entries.push((Value::text("name"), Value::text(name.as_str())));
        let definition = canonical(&name.to_lowercase()).unwrap_or_else(|| name.clone());
        object.entries.push((Value::text("definition"), Value::text(definition)));
        Value::Object(self.new_object(object))
    }
}

fn is_switch(name: &str) -> bool {
    // `-Value` is not `-ValueOnly`, nor `-Verb` `-Verbose`.
    let is_other = matches!(name, "value" | "valu" | "verb");
    SWITCHES.iter().any(|it| *it == name || (name.len() > 3 && !is_other && it.starts_with(name)))
}

/// A command's own name in lower case, from that or an alias.
pub(super) fn canonical(name: &str) -> Option<String> {
    if let Some((_, full)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
        return Some((*full).to_owned());
    }
    COMMANDS.iter().find(|it| it.eq_ignore_ascii_case(name)).map(|it| it.to_ascii_lowercase())
}

/// Whether a name is a program's rather than a command's that is not known.
fn is_program(name: &str) -> bool {
    let looks_like_command = name.split_once('-').is_some_and(|(verb, noun)| {
        verb.chars().all(char::is_alphabetic)
            && noun.chars().all(char::is_alphanumeric)
            && verb.len() > 2
    });
    !looks_like_command || name.contains(['\\', '.', '/'])
}
