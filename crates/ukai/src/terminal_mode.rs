//! The terminal in another mode for a while: keys as they come, unseen.

use anyhow::{Context as _, Result};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::IsTerminal as _;

/// The terminal, changed; as it was when dropped.
pub(crate) struct TerminalMode {
    before: Termios,
}

impl TerminalMode {
    /// Changes it; `None` if standard input or output is no terminal.
    ///
    /// # Errors
    /// The terminal refuses.
    pub(crate) fn take(change: impl FnOnce(&mut Termios)) -> Result<Option<Self>> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() || !std::io::stdout().is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(&stdin).context("the terminal's mode")?;
        let mut mode = before.clone();
        change(&mut mode);
        let changed = Self { before };
        tcsetattr(&stdin, OptionalActions::Now, &mode).context("the terminal's mode")?;
        Ok(Some(changed))
    }
}

impl Drop for TerminalMode {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to mend.
        let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}
