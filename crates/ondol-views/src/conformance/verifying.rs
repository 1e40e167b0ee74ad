//! A view equals a replay, and what differs is found.

use super::Stage;
use super::rebuilding::tamper;
use super::town::{Balance, Town, balance, blown, deposit, tight};
use crate::{Change, Extent, How, ProjectorOptions, Target, Verified, Write};

async fn folded(stage: Stage) -> (Town, super::town::Running<Balance>) {
    let town = Town::new(stage);
    for number in 0..30 {
        town.append(&format!("account-{number:02}"), [deposit(number), deposit(1)]).await;
    }
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    (town, running)
}

async fn whole(running: &super::town::Running<Balance>) -> Verified {
    running.handle.verify(Extent::Whole).await.expect("it is verified")
}

pub async fn a_view_equals_its_replay(stage: Stage) {
    let (_town, running) = folded(stage).await;
    let found = whole(&running).await;
    assert!(found.is_equal(), "found {found:?}");
    assert_eq!((found.view, found.documents, found.events), (balance(1), 30, 60));
    running.stop().await.expect("it stops well");
}

pub async fn a_changed_document_is_found_and_shown(stage: Stage) {
    let (town, running) = folded(stage).await;
    let stored = town.documents().await.remove("account-07").expect("it is there");
    let wrong = stored.json.replace("\"amount\":8", "\"amount\":9");
    assert_ne!(wrong, stored.json);
    tamper(&town, &balance(1), "account-07", &wrong, stored.entries).await;
    let found = whole(&running).await;
    assert_eq!((found.differing, found.differences.len()), (1, 1));
    assert_eq!(found.differences[0].key.as_str(), "account-07");
    let How::Places(places) = &found.differences[0].how else { unreachable!("{found:?}") };
    assert_eq!((places.len(), places[0].at.as_str()), (1, "/amount"));
    assert_eq!(places[0].stored.as_deref(), Some("9"));
    assert_eq!(places[0].replayed.as_deref(), Some("8"));
    running.stop().await.expect("it stops well");
}

pub async fn missing_and_extra_documents_are_found(stage: Stage) {
    let (town, running) = folded(stage).await;
    let stored = town.documents().await.remove("account-29").expect("it is there");
    let changes = vec![Change::Remove { key: stored.key, gone: stored.entries }];
    let write = Write { changes, ..Write::to(balance(1)) };
    town.views().write(write).await.expect("it is written");
    tamper(&town, &balance(1), "a ghost", "{}", vec![]).await;
    let found = whole(&running).await;
    let how: Vec<_> = found.differences.iter().map(|one| (one.key.as_str(), &one.how)).collect();
    assert_eq!(how, [("a ghost", &How::Extra), ("account-29", &How::Missing)]);
    running.stop().await.expect("it stops well");
}

pub async fn wrong_entries_are_found(stage: Stage) {
    let (town, running) = folded(stage).await;
    let stored = town.documents().await.remove("account-03").expect("it is there");
    tamper(&town, &balance(1), "account-03", &stored.json, vec![]).await;
    let found = whole(&running).await;
    assert_eq!(found.differences.len(), 1);
    assert_eq!(found.differences[0].how, How::Entries);
    running.stop().await.expect("it stops well");
}

pub async fn a_sample_finds_what_it_looks_at(stage: Stage) {
    let (town, running) = folded(stage).await;
    let before = town.documents().await;
    for (name, document) in before {
        tamper(
            &town,
            &balance(1),
            &name,
            "{\"amount\":0,\"trail\":0,\"note\":\"\"}",
            document.entries,
        )
        .await;
    }
    let (mut looked_at, mut found) = (0, 0);
    for seed in 0..20 {
        let sample = Extent::Sample { documents: 10, seed };
        let verified = running.handle.verify(sample).await.expect("it is verified");
        looked_at += verified.documents;
        found += verified.differing;
    }
    assert!((100..400).contains(&looked_at), "looked at {looked_at} of 20 times about 10");
    assert_eq!(found, looked_at);
    running.stop().await.expect("it stops well");
}

pub async fn a_parked_document_equals_its_replay_up_to_the_poison(stage: Stage) {
    let (town, running) = folded(stage).await;
    town.append("account-01", [blown("verified"), deposit(5)]).await;
    town.append_garbage("account-02").await;
    town.append("account-02", [deposit(5)]).await;
    town.caught_up(&running).await;
    let found = whole(&running).await;
    assert!(found.is_equal(), "found {found:?}");
    running.stop().await.expect("it stops well");
}

pub async fn a_view_that_is_written_to_is_verified_all_the_same(stage: Stage) {
    let (town, running) = folded(stage).await;
    let target = Target::from(balance(1));
    let write = async {
        for number in 0..200 {
            town.append(&format!("account-{:02}", number % 40), [deposit(1)]).await;
            tokio::task::yield_now().await;
        }
    };
    let verify = async {
        for _ in 0..5 {
            let found = whole(&running).await;
            assert!(found.is_equal(), "found {found:?}");
        }
    };
    tokio::join!(write, verify);
    town.caught_up(&running).await;
    assert_eq!(town.documents_of(&target).await.len(), 40);
    running.stop().await.expect("it stops well");
    let running = town.start::<Balance>(ProjectorOptions::default());
    assert!(whole(&running).await.is_equal());
    running.stop().await.expect("it stops well");
}
