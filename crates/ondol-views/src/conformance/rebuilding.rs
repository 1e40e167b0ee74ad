//! Builds and versions side by side: made beside, swapped at once, and back.

use ondol_kernel::Position;

use super::Stage;
use super::made_up::key;
use super::town::{Balance, Doubled, Town, balance, deposit, tight, until};
use crate::{
    Change, Document, Entry, LastEvent, OrderError, ProjectorOptions, Target, ViewId, Write,
};

async fn serving(town: &Town) -> Option<ViewId> {
    let listed = town.views().list().await.expect("views are listed");
    let serving = listed.into_iter().find(|status| status.is_serving);
    serving.map(|status| status.definition.id)
}

async fn ids(town: &Town) -> Vec<String> {
    let listed = town.views().list().await.expect("views are listed");
    listed.iter().map(|status| status.definition.id.to_string()).collect()
}

/// Writes over a document behind the projection's back.
pub(super) async fn tamper(town: &Town, id: &ViewId, name: &str, json: &str, entries: Vec<Entry>) {
    let target = Target::from(id.clone());
    let (_, stored) = town.views().get(&target, &key(name)).await.expect("it is read");
    let had = stored.as_ref().map(|document| document.entries.clone());
    let last = stored.map(|document| document.last);
    let nobody = LastEvent { source: super::town::town_log(), position: Position::new(1) };
    let last = last.unwrap_or(nobody);
    let document = Document { key: key(name), json: json.to_owned(), entries, last };
    let changes = vec![Change::put(document, had.as_deref())];
    let write = Write { changes, ..Write::to(id.clone()) };
    town.views().write(write).await.expect("it is written");
}

pub async fn a_rebuild_goes_on_beside_and_takes_its_place(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", vec![deposit(1); 100]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    tamper(&town, &balance(1), "kim", "{\"amount\":0,\"trail\":0,\"note\":\"\"}", vec![]).await;
    tamper(&town, &balance(1), "ghost", "{\"amount\":0,\"trail\":0,\"note\":\"\"}", vec![]).await;
    assert_eq!(running.handle.rebuild().await.expect("it begins"), balance(2));
    let mut appended = 100;
    while serving(&town).await != Some(balance(2)) {
        town.append("kim", [deposit(1)]).await;
        appended += 1;
        assert!(town.documents().await.contains_key("kim"), "reads go on");
        tokio::task::yield_now().await;
    }
    town.caught_up(&running).await;
    assert_eq!(town.amount("kim").await, appended);
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    assert_eq!(ids(&town).await, ["balance@1.1", "balance@1.2"]);
    running.stop().await.expect("it stops well");
}

pub async fn the_way_back_is_at_once(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    running.handle.rebuild().await.expect("it begins");
    until("the new build serves", async || serving(&town).await == Some(balance(2))).await;
    let before = running.handle.serve(balance(1)).await.expect("it serves");
    assert_eq!(before, Some(balance(2)));
    assert_eq!(serving(&town).await, Some(balance(1)));
    town.append("kim", [deposit(2)]).await;
    town.caught_up(&running).await;
    assert_eq!(town.amount("kim").await, 3);
    running.stop().await.expect("it stops well");
    // The next start follows what serves, and does not go forward again by itself.
    let running = town.start::<Balance>(tight());
    town.append("kim", [deposit(4)]).await;
    town.caught_up(&running).await;
    assert_eq!((serving(&town).await, town.amount("kim").await), (Some(balance(1)), 7));
    let foreign = ViewId { version: 9, ..balance(1) };
    let refused = running.handle.serve(foreign).await;
    assert!(matches!(refused, Err(OrderError::Foreign { .. })), "found {refused:?}");
    running.stop().await.expect("it stops well");
}

pub async fn a_view_that_says_it_answers_does(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    let running = town.start::<Balance>(tight());
    until("it says that it answers", async || {
        let said = running.handle.answering();
        assert!(said.is_none() || said == serving(&town).await, "it says {said:?}");
        said.is_some()
    })
    .await;
    running.handle.rebuild().await.expect("it begins");
    until("the new one does", async || running.handle.answering() == Some(balance(2))).await;
    assert_eq!(serving(&town).await, Some(balance(2)));
    running.handle.serve(balance(1)).await.expect("it serves");
    assert_eq!(running.handle.answering(), Some(balance(1)));
    running.stop().await.expect("it stops well");
}

pub async fn a_word_that_comes_late_is_followed(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    let stays = ProjectorOptions { swaps_by_itself: false, ..tight() };
    let running = town.start::<Balance>(stays);
    until("the first build is there", async || !ids(&town).await.is_empty()).await;
    town.views().serve(&balance(1)).await.expect("it serves");
    assert_eq!(running.handle.rebuild().await.expect("it begins"), balance(2));
    running.stop().await.expect("it stops well");
    let running = town.start::<Balance>(tight());
    until("the first build is folded", async || !running.handle.progress().is_empty()).await;
    // What one who is gone had told the store comes to it only now.
    town.views().serve(&balance(2)).await.expect("it serves");
    town.append("kim", [deposit(2)]).await;
    town.caught_up(&running).await;
    assert_eq!((serving(&town).await, town.amount("kim").await), (Some(balance(2)), 3));
    running.stop().await.expect("it stops well");
}

pub async fn only_one_build_is_made_at_a_time(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    let options = ProjectorOptions { swaps_by_itself: false, ..tight() };
    let running = town.start::<Balance>(options);
    town.caught_up(&running).await;
    running.handle.rebuild().await.expect("it begins");
    let refused = running.handle.rebuild().await;
    assert!(matches!(refused, Err(OrderError::Building { .. })), "found {refused:?}");
    assert_eq!(running.handle.progress().len(), 2);
    let before = running.handle.serve(balance(2)).await.expect("it serves");
    assert_eq!(before, Some(balance(1)));
    assert_eq!(running.handle.rebuild().await.expect("it begins"), balance(3));
    running.stop().await.expect("it stops well");
}

pub async fn a_new_version_takes_the_place_of_the_old_one(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    town.fold_all::<Balance>(tight()).await;
    let old = town.start::<Balance>(tight());
    let new = town.start::<Doubled>(tight());
    let second = ViewId { version: 2, ..balance(1) };
    until("the new version serves", async || serving(&town).await == Some(second.clone())).await;
    assert_eq!(town.documents().await["kim"].json, "2");
    town.append("kim", [deposit(5)]).await;
    town.caught_up(&new).await;
    assert_eq!(town.documents().await["kim"].json, "12");
    assert_eq!(ids(&town).await, ["balance@1.1", "balance@2.1"]);
    old.stop().await.expect("it stops well");
    new.stop().await.expect("it stops well");
}

pub async fn a_new_version_waits_for_a_word_if_told_to(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1)]).await;
    town.fold_all::<Balance>(tight()).await;
    let new = town.start::<Doubled>(ProjectorOptions { swaps_by_itself: false, ..tight() });
    until("it has caught up", async || {
        let progress = new.handle.progress();
        progress.first().is_some_and(|progress| progress.behind == Some(0))
    })
    .await;
    assert_eq!(serving(&town).await, Some(balance(1)));
    let second = ViewId { version: 2, ..balance(1) };
    new.handle.serve(second.clone()).await.expect("it serves");
    assert_eq!(serving(&town).await, Some(second));
    new.stop().await.expect("it stops well");
}

pub async fn one_document_is_rebuilt_alone(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", [deposit(1), deposit(2)]).await;
    town.append("lee", [deposit(10)]).await;
    let running = town.start::<Balance>(tight());
    town.caught_up(&running).await;
    let wrong = "{\"amount\":-1,\"trail\":0,\"note\":\"\"}";
    for name in ["kim", "lee", "ghost"] {
        tamper(&town, &balance(1), name, wrong, vec![]).await;
    }
    running.handle.rebuild_key(key("kim")).await.expect("it is rebuilt");
    assert_eq!((town.amount("kim").await, town.amount("lee").await), (3, -1));
    running.handle.rebuild_key(key("ghost")).await.expect("it is rebuilt");
    running.handle.rebuild_key(key("lee")).await.expect("it is rebuilt");
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    town.append("kim", [deposit(4)]).await;
    town.caught_up(&running).await;
    assert_eq!(town.balances().await, town.expected(&town.log).await);
    running.stop().await.expect("it stops well");
}

pub async fn a_rebuild_shows_how_far_it_is(stage: Stage) {
    let town = Town::new(stage);
    town.append("kim", vec![deposit(1); 2_000]).await;
    let running = town.start::<Balance>(ProjectorOptions { swaps_by_itself: false, ..tight() });
    town.caught_up(&running).await;
    running.handle.rebuild().await.expect("it begins");
    let mut last = 0;
    until("it has caught up", async || running.handle.progress()[1].behind == Some(0)).await;
    let progress = running.handle.progress().remove(1);
    for checkpoint in &progress.checkpoints {
        assert!(checkpoint.checkpoint.position.get() >= last);
        last = checkpoint.checkpoint.position.get();
    }
    assert_eq!((last, &progress.view), (2_000, &balance(2)));
    assert!(progress.events_per_second > 0, "found {progress:?}");
    assert_eq!(progress.left, Some(std::time::Duration::ZERO));
    running.stop().await.expect("it stops well");
}
