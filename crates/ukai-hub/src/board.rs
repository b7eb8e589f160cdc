//! Where scoring, publishing and the API meet: indicators that changed, feeds as they
//! are served, false positives.

use crate::limits;
use crate::published::FeedFile;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, Notify};
use ukai_model::{Indicator, IndicatorId, Observable, Role, Timestamp};
use ukai_store::{Store, StoreError};

/// Where the reports are kept.
const FALSE_POSITIVES: &str = "hub.false_positives";

const ROLES: [Role; 4] = [Role::C2, Role::Distribution, Role::Scanner, Role::Malware];

/// A report that a value does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct FalsePositive {
    /// Why, by the one who reported it.
    pub(crate) reason: String,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub(crate) time: Timestamp,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Board {
    writing: AsyncMutex<()>,
    changed: Mutex<HashMap<IndicatorId, Indicator>>,
    wake: Notify,
    feeds: RwLock<Arc<Vec<FeedFile>>>,
    reports: RwLock<BTreeMap<Observable, FalsePositive>>,
    reporting: AsyncMutex<()>,
}

impl Board {
    /// Reads what is kept over restarts.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let kept = store.get_meta(FALSE_POSITIVES).await?.unwrap_or_default();
        let reports: Vec<(Observable, FalsePositive)> = match kept.as_str() {
            "" => Vec::new(),
            json => serde_json::from_str(json).map_err(|error| StoreError::Damaged {
                what: FALSE_POSITIVES.into(),
                detail: error.to_string(),
            })?,
        };
        Ok(Self { reports: RwLock::new(reports.into_iter().collect()), ..Self::default() })
    }

    /// Who reads, changes and writes indicators in the store holds this meanwhile.
    pub(crate) async fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// Hands changed indicators to publishing. Their evidence stays in the store.
    pub(crate) fn changed(&self, indicators: Vec<Indicator>) {
        let mut changed = self.changed.lock();
        for indicator in indicators {
            changed.insert(indicator.id, without_evidence(indicator));
        }
        drop(changed);
        self.wake.notify_one();
    }

    /// Takes what changed since the last time.
    pub(crate) fn take_changed(&self) -> HashMap<IndicatorId, Indicator> {
        std::mem::take(&mut self.changed.lock())
    }

    /// Returns when something changed since the last time.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Serves these from now on.
    pub(crate) fn publish(&self, feeds: Vec<FeedFile>) {
        *self.feeds.write() = Arc::new(feeds);
    }

    /// The feeds as they are served.
    pub(crate) fn feeds(&self) -> Arc<Vec<FeedFile>> {
        Arc::clone(&self.feeds.read())
    }

    /// The names of the feeds that carry an indicator now.
    pub(crate) fn published_in(&self, id: &IndicatorId) -> Vec<String> {
        let feeds = self.feeds();
        let carrying = feeds.iter().filter(|feed| feed.carries.contains(id));
        carrying.map(|feed| feed.name.clone()).collect()
    }

    /// The report on a value, if there is one.
    pub(crate) fn false_positive(&self, observable: &Observable) -> Option<FalsePositive> {
        self.reports.read().get(observable).cloned()
    }

    /// All reports by indicator: a harmless value is harmless in every role.
    pub(crate) fn false_positives(&self) -> BTreeMap<IndicatorId, String> {
        let reports = self.reports.read();
        let by_role = reports.iter().flat_map(|(observable, report)| {
            ROLES.map(|role| (IndicatorId::of(observable, role), report.reason.clone()))
        });
        by_role.collect()
    }

    /// Keeps a report; false if there are too many.
    pub(crate) async fn report(
        &self,
        store: &Store,
        observable: Observable,
        report: FalsePositive,
    ) -> Result<bool, StoreError> {
        let _alone = self.reporting.lock().await;
        let mut reports = self.reports.read().clone();
        if reports.len() >= limits::FALSE_POSITIVES_MAX && !reports.contains_key(&observable) {
            return Ok(false);
        }
        reports.insert(observable, report);
        self.keep(store, reports).await?;
        Ok(true)
    }

    /// Forgets a report.
    pub(crate) async fn take_back(
        &self,
        store: &Store,
        observable: &Observable,
    ) -> Result<(), StoreError> {
        let _alone = self.reporting.lock().await;
        let mut reports = self.reports.read().clone();
        if reports.remove(observable).is_some() {
            self.keep(store, reports).await?;
        }
        Ok(())
    }

    async fn keep(
        &self,
        store: &Store,
        reports: BTreeMap<Observable, FalsePositive>,
    ) -> Result<(), StoreError> {
        let pairs: Vec<_> = reports.iter().collect();
        let json = serde_json::to_string(&pairs).expect("text and times are JSON");
        store.put_meta(FALSE_POSITIVES, &json).await?;
        *self.reports.write() = reports;
        self.wake.notify_one();
        Ok(())
    }
}

/// Publishing needs the conclusion, not what it rests on; the store keeps that.
pub(crate) fn without_evidence(indicator: Indicator) -> Indicator {
    Indicator { evidence: Vec::new(), ..indicator }
}
