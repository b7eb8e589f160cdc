//! The catalogue's schema, in numbered steps. A step that was released is never changed.

use crate::StoreError;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

const STEPS: &[M<'static>] = &[M::up(include_str!("migrations/0001_initial.sql"))];

/// Brings the schema up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    Migrations::from_slice(STEPS).to_latest(connection).map_err(StoreError::Schema)
}

#[cfg(test)]
mod tests {
    use super::{Migrations, STEPS};

    #[test]
    fn the_steps_are_valid_sql() {
        assert_eq!(Migrations::from_slice(STEPS).validate(), Ok(()));
    }
}
