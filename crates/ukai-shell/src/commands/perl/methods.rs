//! Methods of Perl's modules that droppers use: sockets, clients, requests.

use super::ast::Expr;
use super::run::{Done, Machine, Unwind, Value};
use bytes::Bytes;

impl Machine<'_> {
    /// A connection is asked for: it is told of, and nobody takes it. A program that has
    /// gone into the background ends there, unseen.
    pub(super) async fn connect(&mut self, host: &str, port: i64) -> Done<Value> {
        let port = u16::try_from(port).unwrap_or(0);
        let how = crate::commands::netcat::reach(self.process, host, port, "perl").await?;
        if self.forked {
            return Err(Unwind::Exit(0));
        }
        let text = if how == crate::commands::netcat::Unreached::Name {
            "Invalid argument"
        } else {
            "Connection refused"
        };
        self.set_error(text)?;
        let whole =
            format!("IO::Socket::INET: connect: {text} at {} line {}.\n", self.name, self.line);
        self.set_scalar("@", Value::str(whole))?;
        Ok(Value::Undef)
    }

    pub(super) async fn method(
        &mut self,
        of: &Expr,
        name: &str,
        arguments: &[Expr],
    ) -> Done<Value> {
        let this = self.scalar(of).await?;
        let values = self.all(arguments).await?;
        if let Some(sub) = self.method_sub(&this, name) {
            let all = std::iter::once(this).chain(values).collect();
            return Ok(self.invoke(&sub, all).await?.pop().unwrap_or(Value::Undef));
        }
        let class = this.shown();
        match (class.as_str(), name) {
            ("IO::Socket::INET" | "IO::Socket" | "IO::Socket::SSL" | "IO::Socket::IP", "new") => {
                let option = |name: &str| {
                    let at = values.iter().position(|v| v.shown().eq_ignore_ascii_case(name))?;
                    values.get(at + 1).cloned()
                };
                let address = option("PeerAddr").or_else(|| option("PeerHost")).or_else(|| (values.len() == 1).then(|| values[0].clone()));
                let Some(address) = address.map(|a| a.shown()) else { return Ok(Value::Int(1)) };
                let (host, inside) = address.split_once(':').unwrap_or((&address, ""));
                let port = option("PeerPort").map_or_else(|| inside.parse().unwrap_or(0), |p| p.integer());
                self.connect(host, port).await
            }
            (_, "new") if super::web::is_client(&class) => {
                let host = values.first().cloned().unwrap_or(Value::Undef);
                let fields = ["class", "host"].map(Value::str);
                let [name, at] = fields;
                self.new_hash(vec![name, Value::str(class), at, host])
            }
            ("File::Fetch", "new") => {
                let at = values.iter().position(|v| &v.text()[..] == b"uri");
                let url = at.and_then(|at| values.get(at + 1)).cloned().unwrap_or(Value::Undef);
                self.new_hash(vec![Value::str("url"), url])
            }
            (_, "fetch") if matches!(this, Value::Hash(_)) => {
                let request = [this.clone()];
                self.asked(&this, name, &request).await
            }
            (_, "get" | "mirror" | "post" | "request" | "head" | "put" | "getstore") if matches!(this, Value::Hash(_)) => {
                self.asked(&this, name, &values).await
            }
            (_, "cwd") if let Value::Hash(client) = this => {
                let folder = values.first().cloned().unwrap_or(Value::Undef);
                self.put(client, Bytes::from_static(b"folder"), folder)?;
                Ok(Value::Int(1))
            }
            (_, "is_success" | "decoded_content" | "content" | "status_line" | "code")
                if let Value::Hash(answer) = this =>
            {
                Ok(self.answer(answer, name))
            }
            // What sets up a client, or ends it.
            _ if matches!(this, Value::Hash(id) if self.is_client_at(id)) => Ok(Value::Int(1)),
            ("HTTP::Request", "new") => {
                let url = values.get(1).cloned().unwrap_or(Value::Undef);
                self.new_hash(vec![Value::str("url"), url])
            }
            (_, "autoflush" | "blocking" | "close" | "shutdown" | "timeout" | "add" | "fdopen" | "agent" | "import" | "binmode") => Ok(Value::Int(1)),
            _ if matches!(this, Value::Code(_)) => {
                Ok(self.invoke(&this, values).await?.pop().unwrap_or(Value::Undef))
            }
            _ if matches!(this, Value::Undef) => {
                self.die(&format!("Can't call method \"{name}\" on an undefined value"))
            }
            _ => self.die(&format!(
                "Can't locate object method \"{name}\" via package \"{class}\" (perhaps you forgot to load \"{class}\"?)"
            )),
        }
    }
}
