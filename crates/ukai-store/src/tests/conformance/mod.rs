//! What every engine must do. Each test runs against each engine, through the seams.

mod findings;
mod history;
mod storage;
mod work;

use super::make::at;
use crate::catalogue::Catalogue;
use crate::config::StoreConfig;
use crate::log::SegmentLog;
use crate::memory::{MemoryCatalog, MemoryLog, MemorySamples};
use crate::query::EventQuery;
use crate::samples::CartFolder;
use crate::seam::{Batch, Catalog, EventLog, SampleStore, WorkQueue};
use bytes::Bytes;
use std::sync::Arc;
use tempfile::TempDir;
use ukai_model::Event;

/// One engine, empty.
struct Engine {
    log: Box<dyn EventLog>,
    samples: Box<dyn SampleStore>,
    catalog: Arc<dyn Catalog>,
    queue: Arc<dyn WorkQueue>,
    _dir: Option<TempDir>,
}

/// Bytes per log segment: small, so that tests roll over.
const SEGMENT_BYTES: u64 = 1_000;

fn embedded() -> Engine {
    let dir = tempfile::tempdir().unwrap();
    let catalogue = Arc::new(Catalogue::open(&dir.path().join("catalogue.sqlite")).unwrap());
    Engine {
        log: Box::new(SegmentLog::open(&dir.path().join("log"), SEGMENT_BYTES).unwrap()),
        samples: Box::new(CartFolder::open(&dir.path().join("samples"), 1 << 20).unwrap()),
        catalog: catalogue.clone(),
        queue: catalogue,
        _dir: Some(dir),
    }
}

fn in_memory() -> Engine {
    let catalogue = Arc::new(MemoryCatalog::default());
    Engine {
        log: Box::new(MemoryLog::new(SEGMENT_BYTES)),
        samples: Box::new(MemorySamples::default()),
        catalog: catalogue.clone(),
        queue: catalogue,
        _dir: None,
    }
}

macro_rules! conformance {
    ($($module:ident :: $test:ident)*) => {
        mod embedded_engine {
            $(#[test] fn $test() { super::$module::$test(&super::embedded()); })*
        }
        mod memory_engine {
            $(#[test] fn $test() { super::$module::$test(&super::in_memory()); })*
        }
    };
}

conformance! {
    storage::a_log_gives_back_what_it_took
    storage::a_log_is_read_in_stretches
    storage::a_log_drops_its_oldest_part_and_keeps_positions
    storage::a_log_can_be_advanced
    storage::a_sample_is_kept_once_and_removed_for_good
    history::events_are_found_by_every_condition
    history::pages_follow_one_another_without_gap_or_overlap
    history::an_event_is_indexed_once
    history::sessions_are_summed_up_from_their_events
    history::a_session_goes_on_over_batches
    history::sessions_are_found_by_what_they_had
    history::counts_per_step_and_top_lists
    history::log_ins_and_clients_are_counted
    history::top_lists_are_by_day_for_what_is_long_ago
    history::what_retention_dropped_is_forgotten
    history::a_cursor_of_another_kind_is_refused
    findings::analyses_replace_earlier_ones_and_fill_the_summary
    findings::behaviours_are_kept_listed_and_compared
    findings::reports_of_a_sample_are_kept_beside_each_other
    findings::remarks_are_replaced_and_their_labels_find_the_sample
    findings::indicators_are_found_by_every_condition
    findings::evidence_leads_back_to_indicators
    findings::samples_are_summed_up_from_their_sightings
    findings::sightings_of_one_sample_are_bounded
    findings::meta_values_are_replaced
    work::work_goes_by_priority_then_age
    work::a_lost_lease_is_worth_nothing
    work::a_job_that_is_done_is_exchanged_for_the_next
    work::work_that_fails_too_often_is_put_aside
    work::a_captured_sample_is_queued_once
}

fn index(engine: &Engine, events: Vec<Event>) -> Vec<bool> {
    let records: Vec<Bytes> =
        events.iter().map(|e| crate::record::encode_event(e).unwrap()).collect();
    let positions = engine.log.append(&records).unwrap();
    let batch = Batch {
        events: positions.into_iter().zip(events.into_iter().map(Arc::new)).collect(),
        indexed: engine.log.end(),
        engines: StoreConfig::default().engines,
        now: at(0),
        ..Batch::default()
    };
    engine.catalog.index(&batch).unwrap().fresh
}

/// The numbers of the events that a query finds, as given to `make::event`.
fn found(engine: &Engine, query: &EventQuery) -> Vec<u32> {
    let page = engine.catalog.events(query).unwrap();
    page.items.iter().map(|(id, _)| number(id.as_bytes())).collect()
}

fn number(id: &[u8; 16]) -> u32 {
    u32::from_be_bytes([id[8] & 0x3f, id[9], id[10], id[11]])
}
