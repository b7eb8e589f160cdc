//! Names that are known for what they are: `rules/behaviour/places.toml`.

use serde::Deserialize;
use std::sync::LazyLock;

/// Names by what they are. A name covers everything below it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Places {
    pub(crate) connectivity: Vec<String>,
    pub(crate) asked_first: Vec<String>,
    pub(crate) own_address: Vec<String>,
    pub(crate) resolvers: Vec<String>,
    pub(crate) time_servers: Vec<String>,
    pub(crate) pools: Vec<String>,
}

/// Those that come with the program.
pub(crate) static PLACES: LazyLock<Places> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../rules/behaviour/places.toml"))
        .expect("the file is part of the program, and a test reads it")
});

/// Whether a name is one that programs ask to see whether there is a network.
pub(crate) fn is_check(name: &str) -> bool {
    let own = name.trim_end_matches('.').to_ascii_lowercase();
    let own = own.strip_prefix("www.").unwrap_or(&own);
    covers(&PLACES.connectivity, name) || PLACES.asked_first.iter().any(|known| known == own)
}

/// Whether one of the names is `name`, or above it.
pub(crate) fn covers(names: &[String], name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    names.iter().any(|known| {
        name.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}
