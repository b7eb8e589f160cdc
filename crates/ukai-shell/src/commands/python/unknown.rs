//! Modules that we do not have, where a program is looked at for what it would do: whatever is
//! asked of them is there, does nothing, and is worth nothing. What such a thing is given to reach
//! is told of.

use super::builtins::Named;
use super::library::END_MAX;
use super::run::{Done, Machine};
use super::value::{ClassOf, Native, Object, Value};
use std::sync::Arc;

/// The class of such things.
const CLASS: &str = "unknown";

/// Where a URL's scheme says no port and it is no request.
const PORTS: &[(&str, u16)] = &[
    ("ws", 80),
    ("wss", 443),
    ("mongodb", 27017),
    ("redis", 6379),
    ("amqp", 5672),
    ("mqtt", 1883),
    ("ssh", 22),
    ("sftp", 22),
    ("mysql", 3306),
    ("postgresql", 5432),
    ("socks5", 1080),
    ("socks4", 1080),
    ("irc", 6667),
    ("ircs", 6697),
    ("tcp", 0),
    ("ssl", 443),
    ("stratum+tcp", 3333),
];

impl Machine<'_> {
    /// Such a thing.
    pub(super) fn unknown(&mut self) -> Done<Value> {
        self.object(Object::own(CLASS, Native::None))
    }

    pub(super) fn is_unknown(&self, value: &Value) -> bool {
        matches!(value, Value::Object(id) if self.objects[*id].class == ClassOf::Own(CLASS))
    }

    /// Calls it.
    pub(super) async fn call_unknown(
        &mut self,
        arguments: Vec<Value>,
        named: Named,
    ) -> Done<Value> {
        self.reached(&arguments, &named).await?;
        // What it is given to call, it may call some time.
        let functions: Vec<Value> = arguments
            .iter()
            .chain(named.iter().map(|(_, value)| value))
            .filter(|it| {
                matches!(it, Value::Function(_))
                    || matches!(it, Value::Bound(bound) if matches!(&bound.0, Value::Object(_)))
            })
            .cloned()
            .collect();
        for function in &functions {
            if self.at_end.len() < END_MAX {
                let count = self.wants(function);
                let mut given = Vec::new();
                for _ in 0..count {
                    given.push(self.unknown()?);
                }
                self.at_end.push((function.clone(), given, Vec::new()));
            }
        }
        // A decorator gives back what it is put on.
        if let ([only @ (Value::Function(_) | Value::Class(_))], true) =
            (&arguments[..], named.is_empty())
        {
            return Ok(only.clone());
        }
        self.unknown()
    }

    /// How many arguments a function must have.
    fn wants(&self, function: &Value) -> usize {
        let (id, bound) = match function {
            Value::Function(id) => (*id, 0),
            Value::Bound(of) => match self.method_of(&of.0, &of.1) {
                Some(Value::Bound(_)) => match self.method_function(&of.0, &of.1) {
                    Some(id) => (id, 1),
                    None => return 0,
                },
                _ => return 0,
            },
            _ => return 0,
        };
        let callable = &self.callables[id];
        let parameters = callable.code.parameters.iter().zip(&callable.defaults);
        let required = parameters
            .filter(|(it, default)| it.takes == super::ast::Takes::One && default.is_none());
        required.count().saturating_sub(bound)
    }

    fn method_function(&self, of: &Value, name: &str) -> Option<usize> {
        let Value::Object(id) = of else { return None };
        let ClassOf::User(class) = self.objects[*id].class else { return None };
        match self.member(class, name)? {
            Value::Function(id) => Some(id),
            _ => None,
        }
    }

    /// Tells of the URLs, and of the hosts with ports, that something is given.
    async fn reached(&mut self, arguments: &[Value], named: &Named) -> Done<()> {
        let values = arguments.iter().chain(named.iter().map(|(_, value)| value));
        let mut pairs = Vec::new();
        let mut texts = Vec::new();
        for value in values {
            match value {
                Value::Str(text) => texts.push(Arc::clone(text)),
                Value::Tuple(parts) => {
                    if let [Value::Str(host), Value::Int(port)] = &parts[..] {
                        pairs.push((Arc::clone(host), *port));
                    }
                }
                _ => {}
            }
        }
        if let [Value::Str(host), Value::Int(port), ..] = arguments {
            pairs.push((Arc::clone(host), *port));
        }
        let by_name = |wanted: &[&str]| {
            named.iter().find(|(name, _)| wanted.contains(&&**name)).map(|(_, value)| value)
        };
        let host = by_name(&["host", "hostname", "server", "address", "ip"]).or(arguments.first());
        if let (Some(Value::Str(host)), Some(Value::Int(port))) = (host, by_name(&["port"])) {
            pairs.push((Arc::clone(host), *port));
        }
        for text in texts {
            self.reached_url(&text).await?;
        }
        for (host, port) in pairs {
            let port = u16::try_from(port).ok().filter(|it| *it > 0);
            if let Some(port) = port.filter(|_| super::net::resolves(&host)) {
                self.process.session.connect(host.as_bytes(), port, "python3");
            }
        }
        Ok(())
    }

    /// Tells of a URL: asks for it, or says where it leads.
    pub(super) async fn reached_url(&mut self, url: &str) -> Done<()> {
        let Some((scheme, rest)) = url.split_once("://") else { return Ok(()) };
        let scheme = scheme.to_ascii_lowercase();
        if rest.is_empty() || url.contains(char::is_whitespace) {
            return Ok(());
        }
        if matches!(scheme.as_str(), "http" | "https" | "ftp") {
            self.process.session.fetch(url.as_bytes(), "python3").await?;
            return Ok(());
        }
        let Some((_, usual)) = PORTS.iter().find(|(known, _)| *known == scheme) else {
            return Ok(());
        };
        let authority = rest.split(['/', '?']).next().unwrap_or(rest);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (authority, None),
        };
        let port = port.or((*usual > 0).then_some(*usual));
        if let Some(port) = port.filter(|_| super::net::resolves(host)) {
            self.process.session.connect(host.as_bytes(), port, "python3");
        }
        Ok(())
    }

    /// Calls what is to be called at the end of a program.
    pub(super) async fn run_at_end(&mut self) -> Result<(), crate::system::Stop> {
        let mut done = 0;
        while !self.at_end.is_empty() && done < END_MAX {
            done += 1;
            let (function, arguments, named) = self.at_end.remove(0);
            if let Err(super::run::Unwind::Stop(stop)) = self.call(function, arguments, named).await
            {
                return Err(stop);
            }
        }
        match self.flush() {
            Err(super::run::Unwind::Stop(stop)) => Err(stop),
            _ => Ok(()),
        }
    }
}
