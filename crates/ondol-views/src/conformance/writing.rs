//! Documents and checkpoints, in one commit.

use std::sync::Arc;

use ondol_kernel::Position;

use super::Stage;
use super::made_up::{
    OWNER, advance, at, bank, checkpoint, definition, document, equal, get, key, keys, made, owner,
    put, source, view, write,
};
use crate::{
    Advance, Change, LastEvent, LoadError, Query, SourceCheckpoint, ViewId, ViewStore, Write,
    WriteError, checkpoint_of,
};

pub async fn a_document_is_read_as_it_was_written(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let json = r#"{ "이름": "김\u0000영희", "n":1.50,"😀" :[null, "\"'"] }"#;
    let mut written = document("계좌/1 'or' \"2\" %_\\", json, vec![owner("o'neil"), owner("김")]);
    let position = Position::new(u64::MAX >> 1);
    written.last = LastEvent { source: source("far.away-1_x"), position };
    let change = Change::put(written.clone(), None);
    store.write(write(&id, 0, 7, vec![change])).await.expect("it is written");
    let found = get(store, &id, written.key.as_str()).await;
    assert_eq!(found, Some(written.clone()));
    let loaded = store.load(&id, vec![written.key.clone()]).await.expect("it is loaded");
    assert_eq!(loaded.documents, [Some(written)]);
    assert_eq!(checkpoint_of(&loaded.checkpoints, &bank()), Some(at(7)));
}

pub async fn a_load_answers_every_key_in_order(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let changes = ["a", "b", "c"].map(|name| put(name, "1", vec![])).to_vec();
    store.write(write(&id, 0, 1, changes)).await.expect("it is written");
    let asked = ["c", "nobody", "a", "c"];
    let found = store.load(&id, asked.map(key).to_vec()).await.expect("they are loaded");
    let found: Vec<_> = found
        .documents
        .iter()
        .map(|found| found.as_ref().map(|found| found.key.as_str()))
        .collect();
    assert_eq!(found, [Some("c"), None, Some("a"), Some("c")]);
    let nothing = store.load(&id, vec![]).await.expect("nothing is loaded");
    assert_eq!(nothing.documents, []);
}

pub async fn a_load_of_too_many_keys_is_refused(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    let most = stage.store.limits().keys_per_load_max;
    let refused = stage.store.load(&id, vec![key("kim"); most + 1]).await;
    assert!(matches!(refused, Err(LoadError::TooMany { .. })), "found {refused:?}");
}

pub async fn a_write_upon_another_checkpoint_changes_nothing(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    store.write(write(&id, 0, 5, vec![put("kim", "1", vec![])])).await.expect("it is written");
    let other_life = Advance {
        from: Some(crate::Checkpoint { epoch: super::made_up::EPOCH.of(), ..at(4) }),
        ..advance(4, 6)
    };
    for wrong in [advance(0, 6), advance(4, 6), advance(6, 7), other_life] {
        let change = Change::put(document("kim", "2", vec![owner("kim")]), Some(&[]));
        let write =
            Write { advances: vec![wrong.clone()], changes: vec![change], ..Write::to(id.clone()) };
        let refused = store.write(write).await;
        let found = matches!(&refused, Err(WriteError::Conflict { log, expected, found })
            if *log == bank() && *expected == wrong.from && *found == Some(at(5)));
        assert!(found, "found {refused:?}");
    }
    assert_eq!(checkpoint(store, &id).await, 5);
    assert_eq!(get(store, &id, "kim").await.map(|found| found.json).as_deref(), Some("1"));
    let found = keys(store, &id, Query::of(equal(OWNER, owner("kim")), 10)).await;
    assert!(found.is_empty(), "found {found:?}");
}

pub async fn a_first_write_is_made_once(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let first = write(&id, 0, 2, vec![put("kim", "1", vec![])]);
    store.write(first.clone()).await.expect("it is written");
    let again = store.write(first).await;
    assert!(matches!(again, Err(WriteError::Conflict { .. })), "found {again:?}");
}

pub async fn two_writers_upon_one_checkpoint_do_not_both_write(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    for round in 0..20_u64 {
        let one = |name: &str| {
            let write = write(&id, round, round + 1, vec![put(name, "1", vec![])]);
            let store = Arc::clone(&stage.store);
            async move { store.write(write).await.is_ok() }
        };
        let (first, second) =
            tokio::join!(one(&format!("first-{round}")), one(&format!("second-{round}")));
        assert!(first != second, "round {round}: {first} {second}");
    }
    let status = stage.store.list().await.expect("views are listed").remove(0);
    assert_eq!(status.documents, 20);
}

pub async fn several_logs_have_a_checkpoint_each(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let other = Advance { source: source("fraud"), from: None, to: at(90) };
    let both = Write { advances: vec![advance(0, 4), other.clone()], ..Write::to(id.clone()) };
    store.write(both).await.expect("it is written");
    store.write(write(&id, 4, 5, vec![])).await.expect("it is written");
    let (answered, found) = store.checkpoints(&id.clone().into()).await.expect("they are read");
    let one = |source, position| SourceCheckpoint { source, checkpoint: at(position) };
    assert_eq!((answered, found), (id.clone(), vec![one(bank(), 5), one(source("fraud"), 90)]));
    let half = Write { advances: vec![advance(5, 6), other], ..Write::to(id.clone()) };
    let refused = store.write(half).await;
    assert!(matches!(refused, Err(WriteError::Conflict { .. })), "found {refused:?}");
    assert_eq!(checkpoint(store, &id).await, 5);
}

pub async fn a_document_over_the_limit_is_refused_with_its_whole_write(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let limits = *store.limits();
    let json = "x".repeat(limits.document_bytes_max + 1);
    let entries = vec![owner("kim"); limits.entries_per_document_max + 1];
    let long = owner(&"k".repeat(limits.entry_bytes_max));
    for wrong in [put("kim", &json, vec![]), put("kim", "1", entries), put("kim", "1", vec![long])]
    {
        let refused = store.write(write(&id, 0, 1, vec![put("lee", "1", vec![]), wrong])).await;
        let found = matches!(&refused, Err(WriteError::TooLarge(found)) if found.key == key("kim"));
        assert!(found, "found {refused:?}");
    }
    assert!(get(store, &id, "lee").await.is_none());
    assert_eq!(checkpoint(store, &id).await, 0);
}

pub async fn a_removed_document_is_gone_with_its_entries(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let changes = vec![put("kim", "1", vec![owner("x")]), put("lee", "1", vec![owner("x")])];
    store.write(write(&id, 0, 1, changes)).await.expect("it is written");
    let remove = Change::Remove { key: key("kim"), gone: vec![owner("x")] };
    store.write(write(&id, 1, 2, vec![remove])).await.expect("it is written");
    assert!(get(store, &id, "kim").await.is_none());
    assert_eq!(keys(store, &id, Query::of(equal(OWNER, owner("x")), 10)).await, ["lee"]);
}

pub async fn documents_are_counted_as_they_come_and_go(stage: Stage) {
    let store = stage.store.as_ref();
    let id = made(store).await;
    let remove = |name| Change::Remove { key: key(name), gone: vec![] };
    let again = Change::put(document("a", "2", vec![]), Some(&[]));
    let writes = [
        (vec![put("a", "1", vec![]), put("b", "1", vec![])], 2),
        (vec![again, put("c", "1", vec![])], 3),
        (vec![remove("a"), remove("nobody")], 2),
    ];
    for (round, (changes, expected)) in (0..).zip(writes) {
        store.write(write(&id, round, round + 1, changes)).await.expect("it is written");
        let status = store.list().await.expect("views are listed").remove(0);
        assert_eq!(status.documents, expected);
    }
}

pub async fn sets_of_documents_do_not_see_each_other(stage: Stage) {
    let store = stage.store.as_ref();
    let (one, two) = (made(store).await, view(1, 2));
    store.create(definition(two.clone())).await.expect("the view is made");
    let change = put("kim", "1", vec![owner("kim")]);
    store.write(write(&one, 0, 8, vec![change])).await.expect("it is written");
    assert!(get(store, &two, "kim").await.is_none());
    assert_eq!(checkpoint(store, &two).await, 0);
    let found = keys(store, &two, Query::of(equal(OWNER, owner("kim")), 10)).await;
    assert!(found.is_empty(), "found {found:?}");
}

pub async fn whoever_watches_hears_of_writes_and_swaps(stage: Stage) {
    let id = made(stage.store.as_ref()).await;
    let mut written = stage.store.watch();
    written.mark_unchanged();
    stage.store.write(write(&id, 0, 1, vec![])).await.expect("it is written");
    assert!(written.has_changed().expect("the store is there"));
    written.mark_unchanged();
    stage.store.serve(&id).await.expect("it serves");
    assert!(written.has_changed().expect("the store is there"));
}

pub async fn a_reader_never_sees_half_a_write(stage: Stage) {
    const ROUNDS: u64 = 200;
    let id = made(stage.store.as_ref()).await;
    let write_all = async {
        for round in 0..ROUNDS {
            let json = round.to_string();
            let both = ["a", "b"].map(|name| {
                let before: Option<&[_]> = (round > 0).then_some(&[]);
                Change::put(document(name, &json, vec![]), before)
            });
            let write = write(&id, round, round + 1, both.to_vec());
            stage.store.write(write).await.expect("it is written");
        }
    };
    let read_all = async {
        while checkpoint(stage.store.as_ref(), &id).await < ROUNDS {
            read_both(stage.store.as_ref(), &id).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(write_all, read_all);
}

async fn read_both(store: &dyn ViewStore, id: &ViewId) {
    let both = store.load(id, vec![key("a"), key("b")]).await.expect("they are loaded");
    let json: Vec<_> = both
        .documents
        .iter()
        .map(|found| found.as_ref().map(|found| found.json.as_str()))
        .collect();
    assert_eq!(json[0], json[1], "both documents are of one write");
    if let Some(written) = json[0] {
        let folded = checkpoint_of(&both.checkpoints, &bank()).map(|at| at.position.get());
        assert_eq!(folded, written.parse::<u64>().ok().map(|round| round + 1));
    }
}
