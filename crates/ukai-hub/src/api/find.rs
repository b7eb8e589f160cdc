//! Sessions found by what was said in them. The store indexes sessions by who came and
//! what they had; words are looked for in the events themselves, newest first, a bounded
//! stretch at a time.

use super::error::ApiError;
use super::sessions::first_events;
use crate::limits;
use crate::shared::App;
use serde::Deserialize;
use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Instant;
use ukai_model::{Event, EventKind};
use ukai_store::{EventQuery, Has, Page, SessionQuery, SessionSummary};

/// Which sessions. All conditions must hold. With `user`, `fingerprint` or `command`, a
/// page may hold fewer sessions than asked for, or none, and yet have a `next`: the time
/// for one request was over; and a session may come again on a later page.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionSearch {
    /// Address of the peer.
    #[param(value_type = Option<String>)]
    src_ip: Option<IpAddr>,
    /// Protocol understood.
    protocol: Option<String>,
    /// What it must have had.
    #[param(inline)]
    has: Option<Has>,
    /// User name that was tried, escaped as it is shown.
    user: Option<String>,
    /// Fingerprint of the client or its beginning (HASSH, JA4 ...), or a part of what the
    /// software calls itself.
    fingerprint: Option<String>,
    /// Part of a shell line, escaped as it is shown, ignoring ASCII case.
    command: Option<String>,
    /// Cursor from the previous page.
    before: Option<String>,
    /// Entries on the page, at most 1,000; 50 when absent.
    limit: Option<u32>,
}

/// Finds a page of sessions.
pub(super) async fn find(
    app: &App,
    search: SessionSearch,
) -> Result<Page<SessionSummary>, ApiError> {
    let search = SessionSearch {
        command: search.command.map(|text| text.to_ascii_lowercase()),
        fingerprint: search.fingerprint.map(|text| text.to_ascii_lowercase()),
        ..search
    };
    let Some(kind) = search.kind() else {
        let SessionSearch { src_ip, protocol, has, before, limit, .. } = search;
        return Ok(app
            .store
            .sessions(SessionQuery { src_ip, protocol, has, before, limit })
            .await?);
    };
    let size = search.limit.unwrap_or(limits::PAGE_SESSIONS).clamp(1, limits::PAGE_SESSIONS_MAX);
    let (mut skip, mut before) = place(search.before.as_deref())?;
    let begin = Instant::now();
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    let mut scanned = 0;
    loop {
        let query = EventQuery {
            kind: Some(kind.to_owned()),
            src_ip: search.src_ip,
            before: before.clone(),
            limit: Some(limits::SCAN_PAGE_EVENTS),
            ..EventQuery::default()
        };
        let page = app.store.events(query).await?;
        for (n, event) in page.items.iter().enumerate().skip(skip) {
            let Some(id) = event.session else { continue };
            if !search.meets(event) || !seen.insert(id) {
                continue;
            }
            let Some(session) = app.store.session(id).await? else { continue };
            if search.fits(app, &session).await? {
                items.push(session);
            }
            let over = items.len() >= size as usize || begin.elapsed() > limits::SCAN_TIME_MAX;
            if over && (n + 1 < page.items.len() || page.next.is_some()) {
                let next = Some(format!("{}.{}", n + 1, before.unwrap_or_default()));
                return Ok(Page { items, next });
            }
        }
        skip = 0;
        scanned += page.items.len();
        before = page.next;
        let over = scanned as u64 >= limits::SCAN_EVENTS_MAX
            || begin.elapsed() > limits::SCAN_TIME_MAX
            || items.len() >= size as usize;
        match &before {
            None => return Ok(Page { items, next: None }),
            Some(cursor) if over => {
                let next = Some(format!("0.{cursor}"));
                return Ok(Page { items, next });
            }
            Some(_) => {}
        }
    }
}

/// Where to go on: how many events of which page were looked at.
fn place(cursor: Option<&str>) -> Result<(usize, Option<String>), ApiError> {
    let Some(cursor) = cursor else { return Ok((0, None)) };
    let parts = cursor.split_once('.').and_then(|(skip, before)| {
        let before = Some(before.to_owned()).filter(|before| !before.is_empty());
        Some((skip.parse().ok()?, before))
    });
    parts.ok_or_else(|| {
        ApiError::bad_request("this is no cursor of this search", "take `next` of the page before")
    })
}

impl SessionSearch {
    /// The kind of event in which to look: that of the rarest condition.
    const fn kind(&self) -> Option<&'static str> {
        if self.command.is_some() {
            Some("command.input")
        } else if self.user.is_some() {
            Some("login.attempt")
        } else if self.fingerprint.is_some() {
            Some("client.fingerprint")
        } else {
            None
        }
    }

    /// Whether the event meets the condition that is about its kind.
    fn meets(&self, event: &Event) -> bool {
        match &event.kind {
            EventKind::CommandInput { line, .. } => self
                .command
                .as_ref()
                .is_none_or(|wanted| line.escaped().to_ascii_lowercase().contains(wanted)),
            EventKind::LoginAttempt { user, .. } => {
                self.user.as_ref().is_none_or(|wanted| user.escaped() == *wanted)
            }
            EventKind::ClientFingerprint { value, software, .. } => {
                self.fingerprint.as_ref().is_none_or(|wanted| {
                    value.to_ascii_lowercase().starts_with(wanted)
                        || software.as_ref().is_some_and(|software| {
                            software.escaped().to_ascii_lowercase().contains(wanted)
                        })
                })
            }
            _ => false,
        }
    }

    /// Whether all else that is asked for holds of the session too.
    async fn fits(&self, app: &App, session: &SessionSummary) -> Result<bool, ApiError> {
        let has = match self.has {
            None => true,
            Some(Has::Login) => session.logins > 0,
            Some(Has::Command) => session.commands > 0,
            Some(Has::Download) => session.downloads > 0,
            Some(Has::Sample) => session.samples > 0,
            Some(Has::Recording) => session.recorded,
        };
        if !has || self.protocol.as_ref().is_some_and(|protocol| *protocol != session.protocol) {
            return Ok(false);
        }
        let words = [
            (self.command.is_some(), "command.input"),
            (self.user.is_some(), "login.attempt"),
            (self.fingerprint.is_some(), "client.fingerprint"),
        ];
        let mut others = words.iter().filter(|(asked, kind)| *asked && Some(*kind) != self.kind());
        if others.clone().next().is_none() {
            return Ok(true);
        }
        let events = first_events(app, session.id).await?;
        Ok(others.all(|(_, kind)| {
            events.iter().any(|event| event.kind.name() == *kind && self.meets(event))
        }))
    }
}
