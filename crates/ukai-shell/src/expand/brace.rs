//! Brace expansion of bash: `a{b,c}d`, `{1..5}`.

use crate::limits;
use crate::syntax::{Part, Word, is_name};

/// An element of a word: a byte that may be a brace, or a part that is none.
#[derive(Clone)]
enum Atom {
    Byte(u8),
    Part(Part),
}

/// Whether a word may hold a brace expansion.
pub(super) fn has_braces(word: &Word) -> bool {
    word.parts.iter().any(|p| matches!(p, Part::Literal(text) if text.contains(&b'{')))
}

/// What all words together may have.
struct Budget {
    words: usize,
    atoms: usize,
}

/// All words that `word` stands for; none if they are too much for the memory. Words
/// over [`limits::WORDS`] are left out.
pub(super) fn expand(word: &Word) -> Option<Vec<Word>> {
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Literal(text) => atoms.extend(text.iter().map(|b| Atom::Byte(*b))),
            other => atoms.push(Atom::Part(other.clone())),
        }
    }
    let mut budget = Budget { words: limits::WORDS, atoms: limits::WORD_BYTES };
    let words = alternatives(&atoms, 0, &mut budget)?;
    Some(words.into_iter().map(|atoms| to_word(&atoms)).collect())
}

fn to_word(atoms: &[Atom]) -> Word {
    let mut parts = Vec::new();
    for atom in atoms {
        match (atom, parts.last_mut()) {
            (Atom::Byte(byte), Some(Part::Literal(text))) => text.push(*byte),
            // `$x{a,b}` is `$xa $xb`: braces come before names.
            (Atom::Byte(byte), Some(Part::Param(param)))
                if param.bare
                    && is_name(&param.name)
                    && (byte.is_ascii_alphanumeric() || *byte == b'_') =>
            {
                param.name = [&param.name[..], &[*byte]].concat().into();
            }
            (Atom::Byte(byte), _) => parts.push(Part::Literal(vec![*byte])),
            (Atom::Part(part), _) => parts.push(part.clone()),
        }
    }
    Word { parts }
}

fn is_byte(atom: &Atom, byte: u8) -> bool {
    matches!(atom, Atom::Byte(b) if *b == byte)
}

/// The first brace expansion: where it opens, its commas, and where it closes.
fn find(atoms: &[Atom]) -> Option<(usize, Vec<usize>, usize)> {
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut found: Option<(usize, Vec<usize>, usize)> = None;
    for (at, atom) in atoms.iter().enumerate() {
        if is_byte(atom, b'{') {
            open.push((at, Vec::new()));
        } else if is_byte(atom, b',') {
            if let Some((_, commas)) = open.last_mut() {
                commas.push(at);
            }
        } else if is_byte(atom, b'}')
            && let Some((start, commas)) = open.pop()
        {
            let usable = !commas.is_empty() || range(&atoms[start + 1..at]).is_some();
            if usable && found.as_ref().is_none_or(|(s, _, _)| start < *s) {
                found = Some((start, commas, at));
            }
        }
    }
    found
}

fn alternatives(atoms: &[Atom], depth: u32, budget: &mut Budget) -> Option<Vec<Vec<Atom>>> {
    const DEPTH: u32 = 8;
    let Some((start, commas, end)) = find(atoms).filter(|_| depth < DEPTH) else {
        budget.atoms = budget.atoms.checked_sub(atoms.len())?;
        return Some(vec![atoms.to_vec()]);
    };
    let mut middles = Vec::new();
    if commas.is_empty() {
        middles = range(&atoms[start + 1..end]).unwrap_or_default();
    } else {
        let mut from = start + 1;
        for to in commas.into_iter().chain([end]) {
            middles.extend(alternatives(&atoms[from..to], depth + 1, budget)?);
            from = to + 1;
        }
    }
    let tails = alternatives(&atoms[end + 1..], depth + 1, budget)?;
    let mut all = Vec::new();
    for middle in &middles {
        for tail in &tails {
            if budget.words == 0 {
                return Some(all);
            }
            budget.words -= 1;
            budget.atoms = budget.atoms.checked_sub(start + middle.len() + tail.len())?;
            let mut word = atoms[..start].to_vec();
            word.extend_from_slice(middle);
            word.extend_from_slice(tail);
            all.push(word);
        }
    }
    Some(all)
}

/// `1..5`, `a..e`, `1..9..2`
fn range(atoms: &[Atom]) -> Option<Vec<Vec<Atom>>> {
    const LONGEST: usize = 64;
    if atoms.len() > LONGEST {
        return None;
    }
    let text: Option<Vec<u8>> =
        atoms.iter().map(|a| if let Atom::Byte(b) = a { Some(*b) } else { None }).collect();
    let text = String::from_utf8(text?).ok()?;
    let mut ends = text.split("..");
    let (first, last, step) = (ends.next()?, ends.next()?, ends.next());
    if ends.next().is_some() {
        return None;
    }
    let step = step.map_or(Some(1), |s| s.parse::<i64>().ok())?.unsigned_abs().max(1) as i64;
    let letter = |t: &str| (t.len() == 1).then(|| t.as_bytes()[0]).filter(u8::is_ascii_alphabetic);
    let (from, to, letters) = match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(from), Ok(to)) => (from, to, false),
        _ => (i64::from(letter(first)?), i64::from(letter(last)?), true),
    };
    let padded =
        [first, last].iter().any(|t| t.len() > 1 && t.trim_start_matches('-').starts_with('0'));
    let width = if padded { first.len().max(last.len()) } else { 0 };
    let mut values = Vec::new();
    let mut at = from;
    while values.len() < limits::WORDS && (if from <= to { at <= to } else { at >= to }) {
        let text = if letters { (at as u8 as char).to_string() } else { format!("{at:0width$}") };
        values.push(text.bytes().map(Atom::Byte).collect());
        let Some(next) = at.checked_add(if from <= to { step } else { -step }) else { break };
        at = next;
    }
    Some(values)
}
