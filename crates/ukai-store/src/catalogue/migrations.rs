//! The catalogue's schema, in numbered steps. A step that was released is never changed.

use super::blocks;
use crate::StoreError;
use rusqlite::{Connection, Transaction};
use rusqlite_migration::{HookError, M, Migrations};

fn steps() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("migrations/0001_initial.sql")),
        M::up_with_hook(include_str!("migrations/0002_blocks.sql"), |tx: &Transaction<'_>| {
            blocks::convert(tx).map_err(|error| match error {
                StoreError::Catalogue(error) => HookError::RusqliteError(error),
                other => HookError::Hook(other.to_string()),
            })
        }),
        M::up(include_str!("migrations/0003_behaviours.sql")),
        M::up(include_str!("migrations/0004_behaviour_reports.sql")),
        M::up(include_str!("migrations/0005_remarks.sql")),
    ])
}

/// Brings the schema up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    steps().to_latest(connection).map_err(StoreError::Schema)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn the_steps_are_valid_sql() {
        assert_eq!(steps().validate(), Ok(()));
    }

    use crate::catalogue::Catalogue;
    use crate::query::{EventQuery, SessionQuery};
    use crate::seam::{Catalog as _, Position};
    use crate::tests::make::{at, close, event, sensor, session_id};
    use rusqlite::Connection;
    use rusqlite::params;

    /// What an installation of the first schema left is found by the second.
    #[test]
    fn the_index_of_the_first_schema_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalogue.sqlite");
        let mut c = Connection::open(&path).unwrap();
        steps().to_version(&mut c, 1).unwrap();
        let session = session_id(7, at(0));
        let events: Vec<_> =
            (0..700u32).map(|n| event(n, at(u64::from(n % 97)), session, 3, close())).collect();
        for (n, event) in events.iter().enumerate() {
            let src = [192u8, 0, 2, 3];
            let owner = (n % 2 == 0).then(|| session.as_bytes().to_vec());
            c.execute(
                "INSERT INTO event (id, position, kind, src, session, sample, protocol)
                 VALUES (?, ?, 'session.close', ?, ?, NULL, 'telnet')",
                params![event.id.as_bytes(), n * 100 + 16, src, owner],
            )
            .unwrap();
        }
        let nanos = |s: u64| at(s).nanos().cast_signed();
        c.execute(
            "INSERT INTO session VALUES (?, 'test', ?, ?, ?, 'telnet', 'router-mips', 'tcp', ?,
             40000, ?, 23, 2, 1, 3, 0, 0, 1, 'peer', 120, 4000)",
            params![
                session.as_bytes(),
                nanos(0),
                nanos(9),
                nanos(9),
                [192u8, 0, 2, 3],
                [198u8, 51, 100, 1],
            ],
        )
        .unwrap();
        c.execute("INSERT INTO recording VALUES (?, 16)", [session.as_bytes()]).unwrap();
        c.execute("UPDATE counter SET value = 700 WHERE name = 'events'", []).unwrap();
        drop(c);
        let catalogue = Catalogue::open(&path).unwrap();
        for (n, event) in events.iter().enumerate() {
            let position = Position(n as u64 * 100 + 16);
            assert_eq!(catalogue.event(event.id).unwrap(), Some(position));
        }
        let limit = Some(1_000);
        let of = |query: EventQuery| catalogue.events(&query).unwrap().items.len();
        assert_eq!(of(EventQuery { limit, ..EventQuery::default() }), 700);
        assert_eq!(of(EventQuery { limit, session: Some(session), ..EventQuery::default() }), 350);
        let src_ip = Some([192, 0, 2, 3].into());
        assert_eq!(of(EventQuery { src_ip, limit, ..EventQuery::default() }), 700);
        let found = catalogue.session(session).unwrap().unwrap();
        assert_eq!((found.sensor, found.ended), (sensor(), Some(at(9))));
        assert_eq!((found.last_event, found.protocol.as_str()), (at(9), "telnet"));
        let query = SessionQuery { protocol: Some("telnet".into()), ..SessionQuery::default() };
        assert_eq!(catalogue.sessions(&query).unwrap().items.len(), 1);
        assert_eq!(catalogue.recording(session).unwrap(), Some(Position(16)));
        assert_eq!(catalogue.totals().unwrap().events, 700);
    }
}
