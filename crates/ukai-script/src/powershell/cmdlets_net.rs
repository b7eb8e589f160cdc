//! Commands that ask others.

use super::commands::Arguments;
use super::eval::{Eval, Interpreter};
use super::value::{Object, State, Value};

impl Interpreter<'_, '_> {
    /// Whether it was one of these.
    pub(super) fn net_command(
        &mut self,
        name: &str,
        arguments: &Arguments,
        input: &Option<Vec<Value>>,
        out: &mut Vec<Value>,
    ) -> Eval<bool> {
        let text = |it: &Self, names: &[&str], place: usize| {
            arguments.get(names, place).map(|value| it.text_of(value))
        };
        match name {
            "invoke-webrequest" | "invoke-restmethod" => {
                let url = text(self, &["uri", "url"], 0).or_else(|| {
                    let first = input.as_ref()?.first()?;
                    Some(self.text_of(first))
                });
                // `curl -o`, `wget -O` go by the alias.
                let to = arguments.named(&["outfile"]).map(|it| self.text_of(it));
                if let Some(body) = arguments.named(&["body"]) {
                    let body = self.text_of(body);
                    self.run.remark(&body);
                }
                if let Some(Value::Object(id)) = arguments.named(&["headers"]) {
                    let headers = self.heap.get(*id).map(|it| it.entries.clone());
                    for (name, value) in headers.unwrap_or_default() {
                        let value = self.text_of(&value);
                        if crate::recorder::is_beside(&self.text_of(&name)) {
                            self.run.beside(&value);
                        }
                    }
                }
                if let Some(agent) = arguments.named(&["useragent"]) {
                    let agent = self.text_of(agent);
                    self.run.beside(&agent);
                }
                let url = url.unwrap_or_default();
                let url = if url.is_empty() || url.contains("://") {
                    url
                } else {
                    format!("http://{url}")
                };
                self.run.fetch(&url, to.as_deref());
                out.push(Value::Unknown(Some(url.into())));
            }
            "start-bitstransfer" => {
                let list = |it: &Self, names: &[&str], place: usize| {
                    arguments.get(names, place).map(|value| it.items_of(value)).unwrap_or_default()
                };
                let urls = list(self, &["source"], 0);
                let place = usize::from(arguments.named(&["source"]).is_none());
                let places = list(self, &["destination"], place);
                for (at, url) in urls.iter().enumerate() {
                    let url = self.text_of(url);
                    let to = places.get(at).or(places.last()).map(|it| self.text_of(it));
                    self.run.fetch(&url, to.as_deref());
                }
                out.push(Value::Unknown(None));
            }
            "test-connection" | "test-netconnection" | "resolve-dnsname" | "new-pssession" => {
                let hosts =
                    arguments.get(&["computername", "targetname", "name", "cn"], 0).cloned();
                let port = arguments
                    .named(&["port", "tcpport"])
                    .and_then(|it| self.int_of(it))
                    .and_then(|it| u16::try_from(it).ok());
                let port = port.or((name == "new-pssession").then_some(5985));
                for host in hosts.map(|it| self.items_of(&it)).unwrap_or_default() {
                    let host = self.text_of(&host);
                    self.run.connect(&host, port);
                    if name == "resolve-dnsname" {
                        // The name stands for its addresses.
                        let mut object = Object::new("dnsrecord", State::None);
                        for part in ["name", "ipaddress", "ip4address", "namehost"] {
                            object.entries.push((Value::text(part), Value::text(host.as_str())));
                        }
                        out.push(Value::Object(self.new_object(object)));
                    }
                }
                if out.is_empty() {
                    out.push(Value::Unknown(None));
                }
            }
            "send-mailmessage" => {
                let host =
                    arguments.named(&["smtpserver"]).map(|it| self.text_of(it)).unwrap_or_default();
                let port = arguments
                    .named(&["port"])
                    .and_then(|it| self.int_of(it))
                    .and_then(|it| u16::try_from(it).ok());
                self.run.connect(&host, port.or(Some(25)));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
