//! Files that do no harm stay out of feeds: those that a person calls harmless, and those that a
//! service knows as a product's.
//!
//! Attackers bring along what everybody has: shells, `wget`, drivers. A feed that names it has
//! every machine report itself. A person's word counts more than a service's, and one service that
//! calls a file malicious more than another that knows the product.

use super::{ANALYST, Decision, Judged, LOOKUPS, LookedUp, read};
use crate::board::FalsePositive;
use crate::shared::App;
use crate::{clock, limits};
use ukai_indicator::observables;
use ukai_lookup::Standing;
use ukai_model::Sha256;
use ukai_store::{Remark, StoreError};

/// Why a file that a person calls harmless is in no feed.
const ANALYST_SAYS: &str = "an analyst calls this file harmless";
/// Begins why a product's file is in no feed; the service's name follows.
const PRODUCT: &str = "a file of a known product for ";

/// Keeps the file out of feeds, or lets it in again if it was out for one of these reasons. To be
/// called when what is said of the sample has changed.
pub(super) async fn settle(app: &App, sha256: Sha256) -> Result<(), StoreError> {
    let remarks = app.store.remarks(&sha256).await?;
    let observable = observables::sha256(&sha256);
    let before = app.board.false_positive(&observable).map(|it| it.reason);
    let ours = |reason: &String| reason == ANALYST_SAYS || reason.starts_with(PRODUCT);
    let reason = reason(&remarks);
    // What a person reported of the value itself stays.
    if reason == before || before.as_ref().is_some_and(|it| !ours(it)) {
        return Ok(());
    }
    let Some(reason) = reason else {
        return app.board.take_back(&app.store, &observable).await;
    };
    let report = FalsePositive { reason, time: clock::now() };
    if !app.board.report(&app.store, observable, report).await? {
        tracing::warn!(max = limits::FALSE_POSITIVES_MAX, "too many false positives are kept");
    }
    Ok(())
}

/// Why it does no harm, if it does none.
fn reason(remarks: &[Remark]) -> Option<String> {
    let judged: Option<Judged> = read(remarks, ANALYST);
    match judged.and_then(|said| said.verdict) {
        Some(Decision::Harmless) => return Some(ANALYST_SAYS.to_owned()),
        Some(Decision::Malicious | Decision::Suspicious) => return None,
        None => {}
    }
    let looked_up: LookedUp = read(remarks, LOOKUPS)?;
    let says = |wanted: &dyn Fn(Standing) -> bool| {
        let mut services = looked_up.services.iter();
        services.find(|heard| heard.answer.as_ref().is_some_and(|it| wanted(it.standing)))
    };
    if says(&|it| matches!(it, Standing::Malicious | Standing::Suspicious)).is_some() {
        return None;
    }
    let product = says(&|it| it == Standing::Harmless)?;
    Some(format!("{PRODUCT}{}", product.service))
}
