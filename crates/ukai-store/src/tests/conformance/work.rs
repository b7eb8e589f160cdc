//! The work queue.

use super::{Engine, index};
use crate::Queue;
use crate::query::JobState;
use crate::seam::Retry;
use crate::tests::make::{analysis, at, captured, event, session_id};
use ukai_model::{Outcome, Sha256};

pub(super) fn work_goes_by_priority_then_age(engine: &Engine) {
    let sha = |n: u8| Sha256::of(&[n]);
    for (n, priority) in [(1, 0), (2, 5), (3, 0)] {
        assert!(engine.queue.push("static", &sha(n), priority, at(0)).unwrap());
    }
    engine.queue.push("other", &sha(4), 9, at(0)).unwrap();
    engine.queue.push("static", &sha(3), 7, at(1)).unwrap();
    let jobs = engine.queue.lease("static", "w", at(60), 2, 3, at(2)).unwrap();
    assert_eq!(jobs.iter().map(|job| job.sha256).collect::<Vec<_>>(), [sha(3), sha(2)]);
    assert_eq!((jobs[0].attempts, jobs[0].worker.as_deref()), (1, Some("w")));
    assert_eq!(jobs[0].lease_until, Some(at(60)));
    let jobs = engine.queue.lease("static", "w", at(60), 9, 3, at(2)).unwrap();
    assert_eq!(jobs.iter().map(|job| job.sha256).collect::<Vec<_>>(), [sha(1)]);
    assert_eq!(engine.queue.lease("static", "w", at(60), 9, 3, at(2)).unwrap(), []);
    assert!(!engine.queue.push("static", &sha(1), 9, at(3)).unwrap(), "it is in work");
    let stats = engine.queue.stats().unwrap();
    assert_eq!((stats.waiting, stats.leased, stats.quarantined), (1, 3, 0));
}

pub(super) fn a_lost_lease_is_worth_nothing(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    engine.queue.push("static", &sha256, 0, at(0)).unwrap();
    let first = engine.queue.lease("static", "a", at(10), 1, 3, at(0)).unwrap().remove(0);
    assert!(engine.queue.renew(&first, at(20), at(5)).unwrap());
    assert_eq!(engine.queue.lease("static", "b", at(30), 1, 3, at(15)).unwrap(), []);
    assert!(!engine.queue.renew(&first, at(40), at(20)).unwrap(), "it has just run out");
    let second = engine.queue.lease("static", "b", at(40), 1, 3, at(20)).unwrap().remove(0);
    assert_eq!((second.id, second.attempts), (first.id, 2));
    assert!(second.last_error.is_some());
    assert!(!engine.queue.renew(&first, at(50), at(25)).unwrap());
    assert!(!engine.queue.complete(&first).unwrap());
    let retry = Retry { not_before: at(0), attempts_max: 3 };
    assert_eq!(engine.queue.fail(&first, "late", retry).unwrap(), None);
    assert!(engine.queue.complete(&second).unwrap());
    assert!(!engine.queue.complete(&second).unwrap());
    assert_eq!(engine.queue.job_of("static", &sha256).unwrap(), None);
}

pub(super) fn a_job_that_is_done_is_exchanged_for_the_next(engine: &Engine) {
    let sha = |n: u8| Sha256::of(&[n]);
    for n in 1..=2 {
        engine.queue.push("static", &sha(n), 0, at(0)).unwrap();
    }
    engine.queue.push("other", &sha(3), 9, at(0)).unwrap();
    let first = engine.queue.lease("static", "a", at(10), 1, 3, at(0)).unwrap().remove(0);
    let second = engine.queue.exchange(&first, "a", at(10), 3, at(0)).unwrap().unwrap();
    assert_eq!((second.sha256, second.attempts, second.lease_until), (sha(2), 1, Some(at(10))));
    assert_eq!(engine.queue.job_of("static", &sha(1)).unwrap(), None);
    // A lease that was lost is not completed, and its job comes again.
    let third = engine.queue.lease("static", "b", at(30), 1, 3, at(20)).unwrap().remove(0);
    assert_eq!((third.id, third.attempts), (second.id, 2));
    assert_eq!(engine.queue.exchange(&second, "a", at(30), 3, at(21)).unwrap(), None);
    assert!(engine.queue.job_of("static", &sha(2)).unwrap().is_some());
    assert_eq!(engine.queue.exchange(&third, "b", at(30), 3, at(22)).unwrap(), None);
    let stats = engine.queue.stats().unwrap();
    assert_eq!((stats.waiting, stats.leased, stats.quarantined), (1, 0, 0), "the other kind's");
}

pub(super) fn work_that_fails_too_often_is_put_aside(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    engine.queue.push("static", &sha256, 0, at(0)).unwrap();
    let lease = |now| {
        engine
            .queue
            .lease("static", "w", now + std::time::Duration::from_secs(10), 1, 3, now)
            .unwrap()
    };
    let retry = |not_before| Retry { not_before, attempts_max: 3 };
    let job = lease(at(0)).remove(0);
    assert_eq!(engine.queue.fail(&job, "boom", retry(at(5))).unwrap(), Some(JobState::Waiting));
    assert_eq!(lease(at(4)), []);
    let job = lease(at(5)).remove(0);
    assert_eq!(job.last_error.as_deref(), Some("boom"));
    assert_eq!(engine.queue.fail(&job, "boom", retry(at(6))).unwrap(), Some(JobState::Waiting));
    let job = lease(at(6)).remove(0);
    assert_eq!(job.attempts, 3);
    // The worker dies: the third lease runs out.
    assert_eq!(lease(at(30)), []);
    let aside = engine.queue.quarantined(9).unwrap();
    assert_eq!((aside.len(), aside[0].state, aside[0].attempts), (1, JobState::Quarantined, 3));
    assert!(!engine.queue.complete(&job).unwrap());
    assert!(engine.queue.retry(aside[0].id, at(31)).unwrap());
    assert!(!engine.queue.retry(aside[0].id, at(31)).unwrap());
    assert_eq!(lease(at(31)).remove(0).attempts, 1);

    let other = Sha256::of(b"y");
    engine.queue.push("static", &other, 0, at(40)).unwrap();
    let job = lease(at(40)).remove(0);
    assert_eq!(job.sha256, other);
    let once = Retry { not_before: at(40), attempts_max: 1 };
    assert_eq!(engine.queue.fail(&job, "no", once).unwrap(), Some(JobState::Quarantined));
    assert!(engine.queue.push("static", &other, 3, at(41)).unwrap(), "asking again starts anew");
    let job = engine.queue.job_of("static", &other).unwrap().unwrap();
    assert_eq!((job.state, job.attempts, job.priority), (JobState::Waiting, 0, 3));
}

pub(super) fn a_captured_sample_is_queued_once(engine: &Engine) {
    let sha256 = Sha256::of(b"x");
    let session = session_id(1, at(0));
    let capture = |n| vec![event(n, at(1), session, 1, captured(sha256, "a"))];
    index(engine, capture(1));
    index(engine, capture(2));
    assert_eq!(engine.queue.stats().unwrap().waiting, 1);
    let job = engine.queue.lease("static", "w", at(60), 9, 3, at(2)).unwrap().remove(0);
    assert_eq!((job.sha256, job.priority), (sha256, Queue::CAPTURED));
    index(engine, capture(3));
    assert_eq!(engine.queue.stats().unwrap().leased, 1);
    engine.catalog.put_analysis(&analysis(sha256, at(3), Outcome::Complete)).unwrap();
    assert!(engine.queue.complete(&job).unwrap());
    index(engine, capture(4));
    assert_eq!(engine.queue.job_of("static", &sha256).unwrap(), None);
    assert!(engine.queue.push("static", &sha256, Queue::ASKED, at(5)).unwrap());
    assert_eq!(engine.queue.stats().unwrap().waiting, 1);
}
