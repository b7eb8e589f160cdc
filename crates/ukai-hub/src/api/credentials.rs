//! Log-ins in numbers: who is tried with what, by which client, and what got in.

use super::error::{ApiError, ErrorBody};
use super::overview::Range;
use super::query::Params;
use crate::shared::App;
use crate::{clock, limits};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;
use ukai_model::{Event, EventKind, Timestamp};
use ukai_store::{EventQuery, Store, TopBy, TopEntry};

/// Which log-ins.
#[derive(Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CredentialQuery {
    /// How far back; a day when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    range: Range,
    /// Only log-ins by this protocol; the lists are then those of the newest log-ins.
    protocol: Option<String>,
}

/// Log-ins by one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ProtocolLogins {
    /// The protocol.
    protocol: String,
    /// Log-ins tried.
    attempts: u64,
    /// Log-ins that were let in.
    successes: u64,
}

/// Software that connects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Client {
    /// How it was recognised: `hassh`, `telnet-options` ...
    method: String,
    /// The fingerprint.
    value: String,
    /// What it calls itself, escaped; empty if it has not said.
    software: String,
    /// How often it came.
    count: u64,
}

/// Log-ins in numbers.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Credentials {
    /// How far back.
    range: Range,
    /// Log-ins by each protocol, most first.
    protocols: Vec<ProtocolLogins>,
    /// User names tried most, escaped.
    users: Vec<TopEntry>,
    /// Passwords tried most, escaped.
    passwords: Vec<TopEntry>,
    /// `user:password` tried most, escaped.
    pairs: Vec<TopEntry>,
    /// The most frequent pairs that were not tried in the 30 days before.
    new_pairs: Vec<TopEntry>,
    /// Public keys that were offered.
    keys: Vec<TopEntry>,
    /// Clients, whatever they tried.
    clients: Vec<Client>,
    /// The newest uses of canaries.
    canaries: Vec<Event>,
    /// How many log-ins the lists are made of, where they are of one protocol.
    counted: Option<u64>,
    /// Whether those are all that there were.
    complete: bool,
}

/// Shows who is tried with what, by which clients, and what got in.
#[utoipa::path(get, path = "/api/credentials", tag = "credentials", params(CredentialQuery), responses(
    (status = 200, description = "Log-ins in numbers", body = Credentials),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn credentials(
    State(app): State<App>,
    Params(query): Params<CredentialQuery>,
) -> Result<Json<Credentials>, ApiError> {
    let span = Spans::new(query.range, clock::now());
    let mut lists = Lists::of(&app.store, &span, query.protocol.as_deref()).await?;
    let (store, now) = (&app.store, span.now);
    let canaries = EventQuery {
        kind: Some("login.canary".into()),
        protocol: query.protocol.clone(),
        from: Some(span.from),
        limit: Some(limits::CANARY_USES),
        ..EventQuery::default()
    };
    let (attempts, successes, clients, canaries) = tokio::try_join!(
        store.top(TopBy::LoginProtocol, span.from, now, limits::LOGIN_LISTS),
        store.top(TopBy::LoginSuccess, span.from, now, limits::LOGIN_LISTS),
        store.top(TopBy::Client, span.from, now, limits::LOGIN_LISTS),
        store.events(canaries),
    )?;
    lists.shorten(limits::LOGIN_LISTS as usize);
    Ok(Json(Credentials {
        range: query.range,
        protocols: by_protocol(attempts, &successes),
        users: lists.users,
        passwords: lists.passwords,
        pairs: lists.pairs,
        new_pairs: lists.new_pairs,
        keys: lists.keys,
        clients: clients.into_iter().map(client).collect(),
        canaries: canaries.items,
        counted: lists.counted,
        complete: lists.complete,
    }))
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum List {
    /// User names.
    Users,
    /// Passwords.
    Passwords,
    /// `user:password`.
    Pairs,
    /// Pairs that were not tried in the 30 days before.
    NewPairs,
    /// Public keys.
    Keys,
}

/// In which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// One value a line, escaped, as password filters read it.
    #[default]
    Text,
    /// Values and counts with a header line (RFC 4180). What a spreadsheet would take
    /// for a formula has an apostrophe before it.
    Csv,
    /// A list of objects.
    Json,
}

/// Which list, in which form.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Which list.
    #[param(inline)]
    list: List,
    /// In which form; one value a line when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Form,
    /// How far back; a day when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    range: Range,
    /// Only log-ins by this protocol.
    protocol: Option<String>,
}

/// Gives a whole list of what was tried, for password filters and spreadsheets.
#[utoipa::path(get, path = "/api/credentials/export", tag = "credentials", params(ExportQuery), responses(
    (status = 200, description = "The list", content(
        (String = "text/plain"), (String = "text/csv"), (Vec<TopEntry> = "application/json"))),
    (status = 400, description = "A wrong parameter", body = ErrorBody),
    (status = 401, description = "Not logged in", body = ErrorBody)))]
pub(crate) async fn export(
    State(app): State<App>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, ApiError> {
    let span = Spans::new(query.range, clock::now());
    let lists = Lists::of(&app.store, &span, query.protocol.as_deref()).await?;
    let (name, entries) = match query.list {
        List::Users => ("users", lists.users),
        List::Passwords => ("passwords", lists.passwords),
        List::Pairs => ("pairs", lists.pairs),
        List::NewPairs => ("new-pairs", lists.new_pairs),
        List::Keys => ("keys", lists.keys),
    };
    let (ending, media_type, body) = match query.format {
        Form::Text => ("txt", "text/plain; charset=utf-8", lines(&entries)),
        Form::Csv => ("csv", "text/csv; charset=utf-8", csv(&entries)),
        Form::Json => {
            let body = serde_json::to_string_pretty(&entries).expect("text and numbers are JSON");
            ("json", "application/json", body)
        }
    };
    let file = format!("attachment; filename=\"ukai-{name}.{ending}\"");
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&file).expect("the names are our own")),
    ];
    Ok((headers, body).into_response())
}

fn lines(entries: &[TopEntry]) -> String {
    entries.iter().flat_map(|entry| [entry.value.as_str(), "\n"]).collect()
}

fn csv(entries: &[TopEntry]) -> String {
    let rows = entries.iter().map(|TopEntry { value, count }| {
        let guard = if value.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        format!("\"{guard}{}\",{count}\r\n", value.replace('"', "\"\""))
    });
    std::iter::once("value,count\r\n".to_owned()).chain(rows).collect()
}

/// The span of time asked for, and the one before, in the units in which the store counts.
struct Spans {
    now: Timestamp,
    from: Timestamp,
    /// Start of the day in which `from` lies; until there it is counted by the day.
    day: Timestamp,
    earlier: Timestamp,
}

impl Spans {
    fn new(range: Range, now: Timestamp) -> Self {
        const DAY_S: u64 = 86_400;
        let (length_s, _) = range.spans();
        let unit_s = if length_s > DAY_S { DAY_S } else { 3_600 };
        let from_s = now.secs().saturating_sub(length_s) / unit_s * unit_s;
        let day_s = from_s / DAY_S * DAY_S;
        Self {
            now,
            from: Timestamp::from_secs(from_s),
            day: Timestamp::from_secs(day_s),
            earlier: Timestamp::from_secs(day_s.saturating_sub(limits::NEW_AFTER_S)),
        }
    }
}

/// The lists, each with all that is known, most frequent first.
#[derive(Default)]
struct Lists {
    users: Vec<TopEntry>,
    passwords: Vec<TopEntry>,
    pairs: Vec<TopEntry>,
    new_pairs: Vec<TopEntry>,
    keys: Vec<TopEntry>,
    counted: Option<u64>,
    complete: bool,
}

impl Lists {
    async fn of(store: &Store, span: &Spans, protocol: Option<&str>) -> Result<Self, ApiError> {
        let mut lists = match protocol {
            None => Self::of_all(store, span).await?,
            Some(protocol) => Self::of_protocol(store, span, protocol).await?,
        };
        let known = pairs_before(store, span).await?;
        let new = lists.pairs.iter().filter(|pair| !known.contains(&pair.value));
        lists.new_pairs = new.cloned().collect();
        Ok(lists)
    }

    async fn of_all(store: &Store, span: &Spans) -> Result<Self, ApiError> {
        let top = |by| store.top(by, span.from, span.now, limits::EXPORTED_VALUES_MAX);
        let (users, passwords, pairs, keys) = tokio::try_join!(
            top(TopBy::User),
            top(TopBy::Password),
            top(TopBy::Credential),
            top(TopBy::PublicKey),
        )?;
        Ok(Self { users, passwords, pairs, keys, complete: true, ..Self::default() })
    }

    /// The store keeps no lists by protocol, so the newest log-ins are counted.
    async fn of_protocol(store: &Store, span: &Spans, protocol: &str) -> Result<Self, ApiError> {
        let [mut users, mut passwords, mut pairs, mut keys] =
            [const { None }; 4].map(|_: Option<()>| HashMap::<String, u64>::new());
        let mut query = EventQuery {
            kind: Some("login.attempt".into()),
            protocol: Some(protocol.to_owned()),
            from: Some(span.from),
            limit: Some(limits::SCAN_PAGE_EVENTS),
            ..EventQuery::default()
        };
        let (mut counted, mut complete) = (0, false);
        let begin = Instant::now();
        while counted < limits::SCAN_EVENTS_MAX && begin.elapsed() < limits::SCAN_TIME_MAX {
            let page = store.events(query.clone()).await?;
            for event in page.items {
                let EventKind::LoginAttempt { user, password, method, proof, .. } = event.kind
                else {
                    continue;
                };
                counted += 1;
                let user = user.escaped().into_owned();
                if let Some(key) = proof.as_ref().filter(|_| method.as_deref() == Some("publickey"))
                {
                    *keys.entry(key.escaped().into_owned()).or_default() += 1;
                } else if proof.is_none() || !password.is_empty() {
                    let password = password.escaped().into_owned();
                    *pairs.entry(format!("{user}:{password}")).or_default() += 1;
                    *passwords.entry(password).or_default() += 1;
                }
                *users.entry(user).or_default() += 1;
            }
            query.before = page.next;
            if query.before.is_none() {
                complete = true;
                break;
            }
        }
        Ok(Self {
            users: sorted(users),
            passwords: sorted(passwords),
            pairs: sorted(pairs),
            keys: sorted(keys),
            counted: Some(counted),
            complete,
            ..Self::default()
        })
    }

    fn shorten(&mut self, most: usize) {
        for list in [
            &mut self.users,
            &mut self.passwords,
            &mut self.pairs,
            &mut self.new_pairs,
            &mut self.keys,
        ] {
            list.truncate(most);
        }
    }
}

/// Pairs tried before the span: by the day, and by the hour on the day of its beginning.
async fn pairs_before(store: &Store, span: &Spans) -> Result<HashSet<String>, ApiError> {
    let top = |from, to| store.top(TopBy::Credential, from, to, limits::EARLIER_PAIRS_MAX);
    let (days, hours) = tokio::try_join!(top(span.earlier, span.day), async {
        if span.day == span.from { Ok(Vec::new()) } else { top(span.day, span.from).await }
    })?;
    Ok(days.into_iter().chain(hours).map(|entry| entry.value).collect())
}

fn sorted(counts: HashMap<String, u64>) -> Vec<TopEntry> {
    let mut entries: Vec<TopEntry> =
        counts.into_iter().map(|(value, count)| TopEntry { value, count }).collect();
    entries.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    entries
}

fn by_protocol(attempts: Vec<TopEntry>, successes: &[TopEntry]) -> Vec<ProtocolLogins> {
    let successes: BTreeMap<&str, u64> =
        successes.iter().map(|entry| (entry.value.as_str(), entry.count)).collect();
    let logins = attempts.into_iter().map(|TopEntry { value, count }| ProtocolLogins {
        successes: successes.get(value.as_str()).copied().unwrap_or(0),
        protocol: value,
        attempts: count,
    });
    logins.collect()
}

fn client(TopEntry { value, count }: TopEntry) -> Client {
    let mut parts = value.splitn(3, ' ').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Client { method: next(), value: next(), software: next(), count }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: &str) -> TopEntry {
        TopEntry { value: value.into(), count: 2 }
    }

    #[test]
    fn no_value_becomes_a_formula_or_a_second_row() {
        let entries = [entry("=cmd|' /C calc'!A0"), entry("a\"b,c"), entry("-1")];
        assert_eq!(
            csv(&entries),
            "value,count\r\n\"'=cmd|' /C calc'!A0\",2\r\n\"a\"\"b,c\",2\r\n\"'-1\",2\r\n"
        );
        assert_eq!(lines(&entries[1..]), "a\"b,c\n-1\n");
    }

    #[test]
    fn a_client_has_three_parts() {
        let whole = client(entry("hassh 92674389 SSH-2.0-Go x"));
        assert_eq!((whole.value.as_str(), whole.software.as_str()), ("92674389", "SSH-2.0-Go x"));
        assert_eq!(client(entry("telnet-options 1-3")).software, "");
    }

    #[test]
    fn the_time_before_ends_where_the_span_begins() {
        let now = Timestamp::from_secs(40 * 86_400 + 7 * 3_600 + 90);
        let span = Spans::new(Range::Day, now);
        assert_eq!((span.from.secs(), span.day.secs()), (39 * 86_400 + 7 * 3_600, 39 * 86_400));
        let span = Spans::new(Range::Week, now);
        assert_eq!((span.from, span.from.secs()), (span.day, 33 * 86_400));
    }
}
