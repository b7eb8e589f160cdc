//! Canaries: credentials that stand nowhere but where the operator has laid them.

use crate::access::Attempt;
use crate::guesses::Guesses;
use serde::{Deserialize, Serialize};

/// A user, or a pair, that nobody has a reason to try but who found it where the operator
/// laid it: in a leaked document, a configuration file, a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// User name.
    pub user: String,
    /// Password; without it, any password does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Where it was laid: what the operator reads when it is used. Attackers never do.
    pub note: String,
    /// Whether it gets in, if the account exists; without it, the persona decides as for
    /// any other pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
}

impl Canary {
    /// Whether this try uses it.
    pub fn is_met_by(&self, attempt: &Attempt<'_>) -> bool {
        self.user.as_bytes() == attempt.user
            && self.password.as_ref().is_none_or(|p| p.as_bytes() == attempt.password)
    }
}

/// What all hosts of an installation know about log-ins beside their personas.
#[derive(Debug, Default)]
pub struct Access {
    pub(crate) canaries: Vec<Canary>,
    pub(crate) guesses: Guesses,
}

impl Access {
    /// Hosts that know what the operator has laid out.
    pub fn new(canaries: Vec<Canary>) -> Self {
        Self { canaries, guesses: Guesses::default() }
    }

    /// The same with the pairs that sources had found when [`Self::save`] was called.
    #[must_use]
    pub fn with_found(self, saved: &str) -> Self {
        Self { guesses: Guesses::restore(saved), ..self }
    }

    /// The pairs that sources have found by trying, if there are new ones since this was
    /// last called: numbers only, which mean something under the same secret.
    pub fn save(&self) -> Option<String> {
        self.guesses.save()
    }
}
