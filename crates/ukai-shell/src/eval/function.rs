//! Functions.

use crate::process::Process;
use crate::syntax::Command;
use crate::system::Stop;
use bytes::Bytes;
use std::sync::Arc;

impl Process {
    /// Calls a function: its own parameters and local variables.
    pub(super) async fn call(
        &mut self,
        body: &Arc<Command>,
        words: Vec<Vec<u8>>,
    ) -> Result<i32, Stop> {
        self.enter()?;
        let parameters: Vec<Bytes> = words.into_iter().skip(1).map(Bytes::from).collect();
        let saved = std::mem::replace(&mut self.positional, Arc::new(parameters));
        let loops = std::mem::take(&mut self.loops);
        self.locals.push(Vec::new());
        let result = self.command(body).await;
        for (name, old) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            self.restore(&name, old);
        }
        self.loops = loops;
        self.positional = saved;
        self.depth -= 1;
        match result {
            Err(Stop::Return(status)) => Ok(status),
            Err(Stop::Break(_) | Stop::Continue(_)) => Ok(self.status),
            other => other,
        }
    }
}
