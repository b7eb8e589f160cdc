//! Functions.

use crate::limits;
use crate::process::{Frame, Function, Process, Source};
use crate::syntax::Command;
use crate::system::Stop;
use bytes::Bytes;
use std::sync::Arc;

impl Process {
    /// Defines a function.
    pub(super) fn define(
        &mut self,
        name: &Bytes,
        body: &Arc<Command>,
        bytes: usize,
    ) -> Result<i32, Stop> {
        /// What a function takes beside its text.
        const FUNCTION: usize = 128;
        if Arc::strong_count(&self.functions) > 1 {
            self.session.copied(self.functions.len() / 2, 0)?;
        }
        let bytes = FUNCTION + name.len() + bytes;
        let held = self.functions.get(name).map_or(0, |f| f.bytes);
        let total = self.functions.values().map(|f| f.bytes).sum::<usize>() - held + bytes;
        if total > limits::FUNCTION_BYTES {
            self.session.system().limit("memory", "functions grew too large");
            // It ends bash, and a command of ash.
            if self.bash {
                self.complain(&format!("xmalloc: cannot allocate {bytes} bytes"))?;
                return Err(Stop::Exit(2));
            }
            self.complain("out of memory")?;
            return Err(Stop::Abort(2));
        }
        let function = Function { body: Arc::clone(body), bytes };
        Arc::make_mut(&mut self.functions).insert(name.clone(), function);
        Ok(0)
    }

    /// Calls a function: its own parameters and local variables.
    pub(super) async fn call(
        &mut self,
        body: &Arc<Command>,
        words: Vec<Vec<u8>>,
    ) -> Result<i32, Stop> {
        self.enter()?;
        if self.bash {
            let function = words.first().map(|w| Bytes::copy_from_slice(w)).unwrap_or_default();
            let source = match (self.frames.last(), self.source) {
                (Some(outer), _) => outer.source.clone(),
                (None, Source::Script) => self.name.clone(),
                (None, Source::Text) => Bytes::from_static(b"environment"),
                _ => Bytes::from_static(b"main"),
            };
            self.frames.push(Frame { function, source, line: self.line });
        }
        let parameters: Vec<Bytes> = words.into_iter().skip(1).map(Bytes::from).collect();
        let saved = std::mem::replace(&mut self.positional, Arc::new(parameters));
        // A `break` in a function of bash does not see the loop around the call.
        let loops = if self.bash { std::mem::take(&mut self.loops) } else { self.loops };
        let text_name = self.text_name.take();
        self.locals.push(Vec::new());
        let result = self.command(body).await;
        for (name, old) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            self.restore(&name, old);
        }
        self.loops = loops;
        self.text_name = text_name;
        if self.bash {
            self.frames.pop();
        }
        self.positional = saved;
        self.depth -= 1;
        match result {
            Err(Stop::Return(status)) => Ok(status),
            Err(Stop::Break(_) | Stop::Continue(_)) if self.bash => Ok(self.status),
            other => other,
        }
    }
}
