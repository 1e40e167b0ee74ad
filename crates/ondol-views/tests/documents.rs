//! A view's documents are read as what they are, and asked for by what is declared.

use std::sync::Arc;

use ondol_domain::IndexKind;
use ondol_views::conformance::Stage;
use ondol_views::conformance::made_up::key;
use ondol_views::conformance::town::{Balance, Event, Town, deposit, tight};
use ondol_views::{Documents, FailOnce, Find, FindError, LoadError, MemoryViews};

async fn town() -> (Town, Documents<Balance>) {
    let faults = Arc::new(FailOnce::default());
    let store = Arc::new(MemoryViews::default());
    let town = Town::new(Stage { store: store.clone(), faults, guard: Box::new(()) });
    for (account, owner, amount) in [("1", "kim", 5), ("2", "kimchi", -3), ("3", "lee", 20)] {
        let opened = Event::Opened { owner: owner.to_owned() };
        town.append(account, [opened, deposit(amount)]).await;
    }
    town.append("4", [deposit(7)]).await;
    town.fold_all::<Balance>(tight()).await;
    (town, Documents::new(store).expect("the view has a name"))
}

async fn keys(documents: &Documents<Balance>, find: Find<Balance>) -> Vec<String> {
    let page = documents.find(find).await.expect("it is answered");
    page.found.iter().map(|found| found.key.to_string()).collect()
}

#[tokio::test]
async fn a_document_is_read_as_what_it_was_folded_into() {
    let (_town, documents) = town().await;
    let found = documents.get(&key("1")).await.expect("it is read").expect("it is there");
    assert_eq!((found.value.owner.as_deref(), found.value.amount), (Some("kim"), 5));
    assert_eq!((found.last.position.get(), found.view.build), (2, 1));
    assert_eq!(documents.get(&key("9")).await.expect("it is read"), None);
}

#[tokio::test]
async fn documents_are_asked_for_by_what_is_declared() {
    let (_town, documents) = town().await;
    let of = |find: Result<Find<Balance>, FindError>| find.expect("it is declared");
    assert_eq!(keys(&documents, Find::all(10)).await, ["1", "2", "3", "4"]);
    assert_eq!(keys(&documents, Find::keys_beginning_with("3", 10)).await, ["3"]);
    assert_eq!(keys(&documents, of(Find::equal("owner", "kim", 10))).await, ["1"]);
    assert_eq!(keys(&documents, of(Find::beginning_with("owner", "kim", 10))).await, ["1", "2"]);
    assert_eq!(keys(&documents, of(Find::between("amount", 5_i64, 20_i64, 10))).await, ["1", "4"]);
    let falling = of(Find::ordered_by("amount", 10)).descending();
    assert_eq!(keys(&documents, falling).await, ["3", "4", "1", "2"]);
    let nobody = of(Find::equal("owner", None::<&str>, 10));
    assert!(keys(&documents, nobody).await.is_empty());
}

#[tokio::test]
async fn pages_of_documents_follow_each_other() {
    let (_town, documents) = town().await;
    let find = || Find::<Balance>::ordered_by("amount", 3).expect("it is declared");
    let first = documents.find(find()).await.expect("it is answered");
    let next = first.next.expect("there is more");
    assert_eq!(keys(&documents, find().after(next)).await, ["3"]);
}

#[test]
fn what_is_not_declared_cannot_be_asked() {
    let refused = Find::<Balance>::equal("colour", "red", 1).expect_err("it is unknown");
    assert_eq!(refused.code(), "view-index-unknown");
    let refused = Find::<Balance>::beginning_with("amount", "1", 1).expect_err("it is not so");
    let declared = IndexKind::Ordered;
    let is_told = matches!(refused, FindError::NotDeclared { index: "amount", declared: found, .. }
        if found == declared);
    assert!(is_told, "found {refused:?}");
    assert_eq!(refused.code(), "view-index-not-declared");
}

#[tokio::test]
async fn a_document_of_another_shape_is_not_guessed_at() {
    let (town, documents) = town().await;
    let id = ondol_views::conformance::town::balance(1);
    let stored = town.documents().await.remove("1").expect("it is there");
    let wrong = ondol_views::Document { json: "[1,2]".to_owned(), ..stored.clone() };
    let changes = vec![ondol_views::Change::put(wrong, Some(&stored.entries))];
    let write = ondol_views::Write { changes, ..ondol_views::Write::to(id) };
    town.views().write(write).await.expect("it is written");
    let refused = documents.get(&key("1")).await;
    assert!(matches!(refused, Err(LoadError::Corrupt { .. })), "found {refused:?}");
}
