//! A vendor's command line in front of the shell.

use ukai_persona::{Host, Ladder};

/// Where a line leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Show this and prompt again.
    Show(String),
    /// Start the shell.
    Shell,
    /// Start the shell with this line.
    Run,
    /// End the session.
    Exit,
}

/// Takes a line; `enabled` is raised by it.
pub(super) fn step(host: &Host, ladder: &Ladder, line: &[u8], enabled: &mut bool) -> Step {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let is = |list: &[String]| list.iter().any(|command| command == text);
    if text.is_empty() {
        return Step::Show(String::new());
    }
    if is(&ladder.shell) {
        return Step::Shell;
    }
    if is(&ladder.exit) {
        return Step::Exit;
    }
    if is(&ladder.enable) {
        *enabled = true;
        return Step::Show(String::new());
    }
    if let Some(answer) = ladder.answers.get(text) {
        return Step::Show(host.fill_fixed(answer));
    }
    let first = text.split(|c: char| c.is_whitespace() || ";|&`$>".contains(c)).next();
    let first = first.unwrap_or_default();
    let program = first.contains('/') || first == "cd" || host.persona.has_applet(first);
    if ladder.passes_programs && program {
        return Step::Run;
    }
    Step::Show(ladder.unknown.replace("{command}", first))
}
