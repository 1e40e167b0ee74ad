//! Sets of documents come, serve and go.

use super::Stage;
use super::made_up::{checkpoint, definition, get, made, parked, parking, put, view, write};
use crate::{DefineError, Definition, LoadError, Parking, Query, QueryError, Selection, Target};
use crate::{ViewId, WriteError};

pub async fn a_view_that_is_made_again_stays_as_it_is(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    store.write(write(&id, 0, 3, vec![put("kim", "{}", vec![])])).await.expect("it is written");
    made(store).await;
    assert_eq!(checkpoint(store, &id).await, 3);
    assert!(get(store, &id, "kim").await.is_some());
}

pub async fn a_view_made_by_another_fold_is_refused(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    let other = Definition { fold: 1, ..definition(id) };
    let refused = stage.store.create(other).await;
    assert!(matches!(refused, Err(DefineError::Differs { .. })), "found {refused:?}");
}

pub async fn a_view_with_other_indexes_is_refused(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    let other = Definition { indexes: vec!["amount".to_owned()], ..definition(id) };
    let refused = stage.store.create(other).await;
    assert!(matches!(refused, Err(DefineError::Differs { .. })), "found {refused:?}");
}

pub async fn a_view_with_too_many_indexes_is_refused(stage: Stage) {
    let most = stage.store.limits().indexes_max;
    let indexes = (0..=most).map(|number| format!("index-{number}")).collect();
    let refused = stage.store.create(Definition { indexes, ..definition(view(1, 1)) }).await;
    assert!(
        matches!(refused, Err(DefineError::TooManyIndexes { found, .. }) if found == most + 1),
        "found {refused:?}"
    );
    assert!(stage.store.list().await.expect("views are listed").is_empty());
}

pub async fn every_question_about_an_unknown_view_says_so(stage: Stage) {
    let store = stage.store.as_ref();
    let id = view(9, 9);
    let target = Target::from(id.clone());
    let all = Query::of(Selection::all(), 1);
    let of_load = |error: LoadError| matches!(error, LoadError::UnknownView { .. });
    let of_query =
        |error: QueryError| matches!(error, QueryError::Load(LoadError::UnknownView { .. }));
    let of_definition = |error: DefineError| matches!(error, DefineError::UnknownView { .. });
    let answers = [
        store.load(&id, vec![]).await.map(drop).map_err(of_load),
        store.get(&target, &super::made_up::key("kim")).await.map(drop).map_err(of_load),
        store.checkpoints(&target).await.map(drop).map_err(of_load),
        store.parked(&id, None, 1).await.map(drop).map_err(of_load),
        store.waiting(&id, &parked("kim", 1).unit).await.map(drop).map_err(of_load),
        store.query(&target, all).await.map(drop).map_err(of_query),
        store.count(&target, Selection::all()).await.map(drop).map_err(of_query),
        store.serve(&id).await.map(drop).map_err(of_definition),
        store.drop_view(&id).await.map_err(of_definition),
        store
            .write(write(&id, 0, 1, vec![]))
            .await
            .map_err(|error| matches!(error, WriteError::UnknownView { .. })),
    ];
    assert_eq!(answers, [Err(true); 10]);
}

pub async fn views_are_listed_in_the_order_of_their_ids(stage: Stage) {
    let ids = [view(2, 1), view(1, 2), view(10, 1), view(1, 1)];
    for id in &ids {
        stage.store.create(definition(id.clone())).await.expect("the view is made");
    }
    let listed = stage.store.list().await.expect("views are listed");
    let listed: Vec<_> = listed.into_iter().map(|status| status.definition).collect();
    let mut expected: Vec<_> = ids.into_iter().map(definition).collect();
    expected.sort_by(|one, two| one.id.cmp(&two.id));
    assert_eq!(listed, expected);
}

pub async fn nothing_answers_until_it_serves(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    let serving = Target::Serving(id.name.clone());
    let found = stage.store.checkpoints(&serving).await;
    assert!(matches!(found, Err(LoadError::UnknownView { .. })), "found {found:?}");
    assert_eq!(stage.store.serve(&id).await.expect("it serves"), None);
    let (answered, _) = stage.store.checkpoints(&serving).await.expect("it answers");
    assert_eq!(answered, id);
}

pub async fn serving_swaps_at_once_and_says_what_served_before(stage: Stage) {
    let store = stage.store.as_ref();
    let (old, new) = (made(store).await, view(1, 2));
    store.create(definition(new.clone())).await.expect("the view is made");
    for (id, json) in [(&old, "\"old\""), (&new, "\"new\"")] {
        let change = put("kim", json, vec![]);
        store.write(write(id, 0, 1, vec![change])).await.expect("it is written");
    }
    let mut before = None;
    for (id, json) in [(&old, "\"old\""), (&new, "\"new\""), (&old, "\"old\"")] {
        assert_eq!(store.serve(id).await.expect("it serves"), before);
        assert_eq!(serving(&stage, "kim").await, (id.clone(), Some(json.to_owned())));
        before = Some(id.clone());
    }
    let statuses = store.list().await.expect("views are listed");
    let serving: Vec<bool> = statuses.iter().map(|status| status.is_serving).collect();
    assert_eq!(serving, [true, false]);
}

async fn serving(stage: &Stage, name: &str) -> (ViewId, Option<String>) {
    let target = Target::Serving(view(1, 1).name);
    let found = stage.store.get(&target, &super::made_up::key(name)).await;
    let (answered, document) = found.expect("the document is read");
    (answered, document.map(|document| document.json))
}

pub async fn a_serving_view_is_not_dropped(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    stage.store.serve(&id).await.expect("it serves");
    let refused = stage.store.drop_view(&id).await;
    assert!(matches!(refused, Err(DefineError::Serving { .. })), "found {refused:?}");
    assert_eq!(checkpoint(stage.store.as_ref(), &id).await, 0);
}

pub async fn a_dropped_view_takes_all_of_its_own_and_nothing_of_others(stage: Stage) {
    let store = stage.store.as_ref();
    let (old, new) = (made(store).await, view(2, 1));
    store.create(definition(new.clone())).await.expect("the view is made");
    for id in [&old, &new] {
        let change = put("kim", "{}", vec![super::made_up::owner("kim")]);
        store.write(write(id, 0, 1, vec![change])).await.expect("it is written");
        let park = Parking::Park(parked("lee", 1));
        store.write(parking(id, vec![park])).await.expect("it is parked");
    }
    store.drop_view(&old).await.expect("it is dropped");
    let listed = store.list().await.expect("views are listed");
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].documents, listed[0].parked), (1, 1));
    assert!(get(store, &new, "kim").await.is_some());
    assert_eq!(checkpoint(store, &new).await, 1);
}

pub async fn a_dropped_view_can_be_made_anew_and_is_empty(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let change = put("kim", "{}", vec![super::made_up::owner("kim")]);
    store.write(write(&id, 0, 1, vec![change])).await.expect("it is written");
    store.write(parking(&id, vec![Parking::Park(parked("lee", 1))])).await.expect("it is parked");
    store.drop_view(&id).await.expect("it is dropped");
    made(store).await;
    let status = store.list().await.expect("views are listed").remove(0);
    assert_eq!((status.documents, status.parked, status.checkpoints.len()), (0, 0, 0));
    assert!(get(store, &id, "kim").await.is_none());
}
