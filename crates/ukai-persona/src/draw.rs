//! Values that look random, and are the same whenever they are drawn again.

use ukai_model::Sha256;

/// Draws from a secret and an address: every label gives an independent value.
#[derive(Clone)]
pub(crate) struct Draw {
    key: Vec<u8>,
}

impl Draw {
    /// A source of draws for `parts` under `secret`.
    pub(crate) fn new(secret: &[u8; 32], parts: &[&[u8]]) -> Self {
        let mut key = secret.to_vec();
        for part in parts {
            key.extend_from_slice(&(part.len() as u64).to_be_bytes());
            key.extend_from_slice(part);
        }
        Self { key: Sha256::of(&key).as_bytes().to_vec() }
    }

    /// A number for `label`.
    pub(crate) fn number(&self, label: &[u8]) -> u64 {
        let mut text = self.key.clone();
        text.extend_from_slice(label);
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::of(&text).as_bytes()[..8]);
        u64::from_be_bytes(first)
    }

    /// A number in `low..=high` for `label`.
    pub(crate) fn between(&self, label: &[u8], low: u64, high: u64) -> u64 {
        low + self.number(label) % (high.saturating_sub(low) + 1)
    }

    /// One of `choices` for `label`, if there are any.
    pub(crate) fn pick<'a, T>(&self, label: &[u8], choices: &'a [T]) -> Option<&'a T> {
        if choices.is_empty() {
            return None;
        }
        choices.get((self.number(label) % choices.len() as u64) as usize)
    }
}
