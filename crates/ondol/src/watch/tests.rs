//! When a view counts as ready.

use ondol_http::Readiness;
use ondol_runtime::ViewStanding;
use ondol_views::{Phase, Progress, ViewId, ViewName};

use super::readiness;

fn standing(phase: Phase, answers: bool) -> ViewStanding {
    let view = ViewId::first(ViewName::new("balances").expect("a name"), 1);
    let progress = Progress {
        view: view.clone(),
        phase,
        checkpoints: Vec::new(),
        behind: Some(0),
        events_per_second: 0,
        left: None,
        failure: None,
    };
    let answering = answers.then_some(view);
    ViewStanding { view: "balances".to_owned(), answering, builds: vec![progress] }
}

#[test]
fn a_view_is_ready_once_it_answers_and_not_as_soon_as_it_could() {
    assert_eq!(readiness(&standing(Phase::Live, false), false), Readiness::Starting);
    assert_eq!(readiness(&standing(Phase::Live, true), false), Readiness::Ready);
}

#[test]
fn a_view_that_works_off_a_burst_is_ready_if_it_has_been_before() {
    assert_eq!(readiness(&standing(Phase::CatchingUp, true), false), Readiness::Starting);
    assert_eq!(readiness(&standing(Phase::CatchingUp, true), true), Readiness::Ready);
}
