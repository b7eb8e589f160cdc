//! Droppers in ways that were written when the others were long tuned on; afterwards, what
//! failed of them was looked at.

mod batch;
mod javascript;
mod perl;
mod powershell;
mod python;
mod shell;
mod vbscript;

use super::{Dice, Language, Truth};

/// A dropper of a language.
pub(super) fn dropper(language: Language, dice: &mut Dice, truth: &mut Truth) -> String {
    match language {
        Language::Shell => shell::dropper(dice, truth),
        Language::PowerShell => powershell::dropper(dice, truth),
        Language::Batch => batch::dropper(dice, truth),
        Language::VbScript => vbscript::dropper(dice, truth),
        Language::JavaScript => javascript::dropper(dice, truth),
        Language::Python => python::dropper(dice, truth),
        Language::Perl => perl::dropper(dice, truth),
    }
}

/// A program that prints `text`, hidden in one of the ways; none where no real interpreter can be
/// asked.
#[cfg(test)]
pub(super) fn printed(language: Language, dice: &mut Dice, text: &str) -> Option<String> {
    let mut before = String::new();
    Some(match language {
        Language::Shell => {
            let word = shell::hide(dice, text, &mut before);
            format!("{before}printf %s {word}\n")
        }
        Language::JavaScript => {
            let word = javascript::hide(dice, text, &mut before);
            format!("{before}process.stdout.write({word});\n")
        }
        Language::Python => {
            let word = python::hide(dice, text, &mut before);
            format!("{before}print({word}, end='')\n")
        }
        Language::Perl => {
            let word = perl::hide(dice, text, &mut before);
            format!("{before}my $printed = {word};\nprint $printed;\n")
        }
        Language::PowerShell | Language::Batch | Language::VbScript => return None,
    })
}
