//! Documents found by key and by index, page by page.

use super::Stage;
use super::made_up::{AMOUNT, OWNER, amount, document, equal, key, keys, made, owner, put, write};
use crate::{
    Change, Cursor, Entry, InvalidQuery, KeySpan, Query, QueryError, Selection, ValueSpan, ViewId,
    ViewStore, ordered,
};

async fn with(store: &dyn ViewStore, changes: Vec<Change>) -> ViewId {
    let id = made(store).await;
    store.write(write(&id, 0, 1, changes)).await.expect("it is written");
    id
}

fn index(name: (&str, u16), span: ValueSpan) -> Selection {
    Selection::index(name.0, span)
}

fn range(low: &Entry, high: &Entry) -> ValueSpan {
    ValueSpan { low: low.value.clone(), high: Some(high.value.clone()) }
}

/// All pages of a query, and how many there were.
async fn all_pages(store: &dyn ViewStore, id: &ViewId, mut query: Query) -> (Vec<String>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.query(&id.clone().into(), query.clone()).await.expect("it is answered");
        assert_eq!(page.view, *id);
        found.extend(page.documents.iter().map(|document| document.key.to_string()));
        pages += 1;
        let Some(next) = page.next else { return (found, pages) };
        let text = next.to_string();
        query.cursor = Some(text.parse::<Cursor>().expect("a cursor survives as text"));
    }
}

pub async fn equal_values_are_found_in_the_order_of_their_keys(stage: Stage) {
    let store = stage.store.as_ref();
    let changes = vec![
        put("c", "1", vec![owner("kim")]),
        put("a", "1", vec![owner("kim")]),
        put("b", "1", vec![owner("kimchi")]),
        put("d", "1", vec![owner("ki")]),
        put("e", "1", vec![]),
    ];
    let id = with(store, changes).await;
    let query = Query::of(equal(OWNER, owner("kim")), 10);
    assert_eq!(keys(store, &id, query.clone()).await, ["a", "c"]);
    assert_eq!(keys(store, &id, query.descending()).await, ["c", "a"]);
}

pub async fn numbers_are_ordered_as_numbers(stage: Stage) {
    let store = stage.store.as_ref();
    let numbers = [i64::MAX, 10, -1, 9, i64::MIN, 0, -10, 256];
    let changes = numbers.iter().map(|number| put(&number.to_string(), "1", vec![amount(*number)]));
    let id = with(store, changes.collect()).await;
    let mut expected = numbers;
    expected.sort_unstable();
    let expected = expected.map(|number| number.to_string());
    let query = Query::of(index(AMOUNT, ValueSpan::all()), 10);
    assert_eq!(keys(store, &id, query).await, expected);
}

pub async fn texts_are_ordered_by_their_code_points(stage: Stage) {
    let store = stage.store.as_ref();
    let texts = ["b", "a", "B", "ab", "a b", "é", "가", "a\u{0}b", "", "😀", "\u{ffff}", "a_", "_"];
    let changes = texts.iter().enumerate();
    let changes = changes.map(|(at, text)| put(&format!("{at:02}"), "1", vec![owner(text)]));
    let id = with(store, changes.collect()).await;
    let mut expected: Vec<usize> = (0..texts.len()).collect();
    expected.sort_by_key(|at| texts[*at]);
    let expected: Vec<String> = expected.iter().map(|at| format!("{at:02}")).collect();
    let query = Query::of(index(OWNER, ValueSpan::all()), 100);
    assert_eq!(keys(store, &id, query).await, expected);
}

pub async fn a_range_ends_before_its_end(stage: Stage) {
    let store = stage.store.as_ref();
    let changes = (-5..=5).map(|n| put(&format!("n{n}"), "1", vec![amount(n)]));
    let id = with(store, changes.collect()).await;
    let span = range(&amount(-2), &amount(2));
    let query = Query::of(index(AMOUNT, span.clone()), 10);
    assert_eq!(keys(store, &id, query.clone()).await, ["n-2", "n-1", "n0", "n1"]);
    assert_eq!(keys(store, &id, query.descending()).await, ["n1", "n0", "n-1", "n-2"]);
    let narrower = span.and(range(&amount(0), &amount(99)));
    assert_eq!(keys(store, &id, Query::of(index(AMOUNT, narrower), 10)).await, ["n0", "n1"]);
    let empty = range(&amount(2), &amount(-2));
    assert!(keys(store, &id, Query::of(index(AMOUNT, empty), 10)).await.is_empty());
}

pub async fn texts_are_found_by_how_they_begin(stage: Stage) {
    let store = stage.store.as_ref();
    let texts = ["kim", "kimchi", "ki", "kin", "Kim", "kim\u{0}", "김", "김치", "k%m"];
    let changes = texts.iter().enumerate();
    let changes = changes.map(|(at, text)| put(&at.to_string(), "1", vec![owner(text)]));
    let id = with(store, changes.collect()).await;
    for (prefix, expected) in
        [("kim", vec!["0", "5", "1"]), ("김", vec!["6", "7"]), ("k%", vec!["8"])]
    {
        let mut begins = Vec::new();
        ordered::put_text_prefix(&mut begins, prefix);
        let query = Query::of(index(OWNER, ValueSpan::beginning_with(begins)), 10);
        assert_eq!(keys(store, &id, query).await, expected, "{prefix}");
    }
}

pub async fn the_first_part_of_a_pair_can_be_asked_for_alone(stage: Stage) {
    let store = stage.store.as_ref();
    let pair = |name: &str, number: i64| {
        let value = [owner(name).value, amount(number).value].concat();
        Entry { index: OWNER.1, value }
    };
    let changes = vec![
        put("a", "1", vec![pair("kim", 20)]),
        put("b", "1", vec![pair("kim", -3)]),
        put("c", "1", vec![pair("kimchi", 0)]),
        put("d", "1", vec![pair("kim", 5)]),
    ];
    let id = with(store, changes).await;
    let query = Query::of(equal(OWNER, owner("kim")), 10);
    assert_eq!(keys(store, &id, query).await, ["b", "d", "a"]);
    let query = Query::of(index(OWNER, range(&pair("kim", 0), &pair("kim", 20))), 10);
    assert_eq!(keys(store, &id, query).await, ["d"]);
}

pub async fn numbers_come_before_texts(stage: Stage) {
    let store = stage.store.as_ref();
    let text = Entry { index: AMOUNT.1, ..owner("") };
    let changes = vec![put("a", "1", vec![text]), put("b", "1", vec![amount(i64::MAX)])];
    let id = with(store, changes).await;
    let all = Query::of(index(AMOUNT, ValueSpan::all()), 10);
    assert_eq!(keys(store, &id, all).await, ["b", "a"]);
}

pub async fn a_document_is_found_once_for_each_of_its_entries(stage: Stage) {
    let store = stage.store.as_ref();
    let changes = vec![put("a", "1", vec![amount(1), amount(3)]), put("b", "1", vec![amount(2)])];
    let id = with(store, changes).await;
    let all = Query::of(index(AMOUNT, ValueSpan::all()), 2);
    assert_eq!(all_pages(store, &id, all).await, (vec!["a".into(), "b".into(), "a".into()], 2));
    assert_eq!(keys(store, &id, Query::of(equal(AMOUNT, amount(3)), 10)).await, ["a"]);
}

pub async fn a_changed_document_is_found_by_its_new_value_only(stage: Stage) {
    let store = stage.store.as_ref();
    let id = with(store, vec![put("a", "1", vec![owner("old"), amount(1)])]).await;
    let had = [owner("old"), amount(1)];
    let change = Change::put(document("a", "2", vec![owner("new"), amount(1)]), Some(&had));
    store.write(write(&id, 1, 2, vec![change])).await.expect("it is written");
    for (selection, expected) in [
        (equal(OWNER, owner("old")), vec![]),
        (equal(OWNER, owner("new")), vec!["a"]),
        (equal(AMOUNT, amount(1)), vec!["a"]),
    ] {
        assert_eq!(keys(store, &id, Query::of(selection, 10)).await, expected);
    }
}

pub async fn documents_are_listed_by_their_keys(stage: Stage) {
    let store = stage.store.as_ref();
    let names = ["kr/seoul", "kr/busan", "jp/osaka", "kr", "ks", "krona", "김/1"];
    let id = with(store, names.iter().map(|name| put(name, "1", vec![])).collect()).await;
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(keys(store, &id, Query::of(Selection::all(), 10)).await, sorted);
    sorted.reverse();
    assert_eq!(keys(store, &id, Query::of(Selection::all(), 10).descending()).await, sorted);
    for (prefix, expected) in
        [("kr/", vec!["kr/busan", "kr/seoul"]), ("김", vec!["김/1"]), ("z", vec![])]
    {
        let selection = Selection::Keys(KeySpan::beginning_with(prefix));
        assert_eq!(keys(store, &id, Query::of(selection, 10)).await, expected);
    }
}

pub async fn a_page_goes_on_where_the_one_before_has_ended(stage: Stage) {
    let store = stage.store.as_ref();
    // Many documents share a value, so a page ends in the middle of equals.
    let changes = (0..50).map(|n| put(&format!("{n:02}"), "1", vec![amount(n / 7)]));
    let id = with(store, changes.collect()).await;
    let expected: Vec<String> = (0..50).map(|n| format!("{n:02}")).collect();
    let reversed: Vec<String> = expected.iter().rev().cloned().collect();
    for selection in [Selection::all(), index(AMOUNT, ValueSpan::all())] {
        for (size, pages) in [(1, 50), (7, 8), (10, 5), (49, 2), (50, 1), (500, 1)] {
            let query = Query::of(selection.clone(), size);
            let found = all_pages(store, &id, query.clone()).await;
            assert_eq!(found, (expected.clone(), pages), "{size}");
            let found = all_pages(store, &id, query.descending()).await;
            assert_eq!(found, (reversed.clone(), pages), "{size}");
        }
    }
}

pub async fn pages_are_not_shifted_by_what_comes_and_goes(stage: Stage) {
    let store = stage.store.as_ref();
    let changes = (0..6).map(|n| put(&format!("k{n}"), "1", vec![amount(n * 10)]));
    let id = with(store, changes.collect()).await;
    let query = Query::of(index(AMOUNT, ValueSpan::all()), 2);
    let first = store.query(&id.clone().into(), query.clone()).await.expect("it is answered");
    let next = first.next.expect("there is more");
    let gone = |n: i64| Change::Remove { key: key(&format!("k{n}")), gone: vec![amount(n * 10)] };
    let changes = vec![
        put("before", "1", vec![amount(-5)]),
        put("between", "1", vec![amount(25)]),
        gone(1),
        gone(4),
    ];
    store.write(write(&id, 1, 2, changes)).await.expect("it is written");
    let (rest, _) = all_pages(store, &id, query.after(next)).await;
    assert_eq!(rest, ["k2", "between", "k3", "k5"]);
}

pub async fn a_page_is_never_larger_than_the_limit(stage: Stage) {
    let store = stage.store.as_ref();
    let most = store.limits().page_documents_max;
    let changes = (0..=most).map(|n| put(&format!("{n:06}"), "1", vec![]));
    let id = with(store, changes.collect()).await;
    assert_eq!(keys(store, &id, Query::of(Selection::all(), usize::MAX)).await.len(), most);
    assert_eq!(keys(store, &id, Query::of(Selection::all(), 0)).await.len(), 1);
}

pub async fn a_cursor_of_another_query_is_refused(stage: Stage) {
    let store = stage.store.as_ref();
    let changes = (0..3).map(|n| put(&n.to_string(), "1", vec![amount(n), owner("kim")]));
    let id = with(store, changes.collect()).await;
    let query = Query::of(index(AMOUNT, ValueSpan::all()), 1);
    let page = store.query(&id.clone().into(), query.clone()).await.expect("it is answered");
    let next = page.next.expect("there is more");
    let others = [
        Query::of(Selection::all(), 1),
        Query::of(index(OWNER, ValueSpan::all()), 1),
        query.descending(),
    ];
    for other in others {
        let refused = store.query(&id.clone().into(), other.after(next.clone())).await;
        assert!(is_foreign(&refused), "found {refused:?}");
    }
}

pub async fn a_damaged_cursor_is_refused(stage: Stage) {
    let store = stage.store.as_ref();
    let id = with(store, vec![put("a", "1", vec![])]).await;
    for text in ["AAAA", "_____w", "Zm9vYmFy", "A"] {
        let cursor: Cursor = text.parse().expect("it looks like a cursor");
        let query = Query::of(Selection::all(), 1).after(cursor);
        let refused = store.query(&id.clone().into(), query).await;
        assert!(is_foreign(&refused), "found {refused:?}");
    }
    for text in ["", "no cursor", "a=b", &"A".repeat(10_000)] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

fn is_foreign<T>(answer: &Result<T, QueryError>) -> bool {
    matches!(answer, Err(QueryError::Invalid { source: InvalidQuery::ForeignCursor, .. }))
}

pub async fn an_unknown_index_is_named_with_those_that_are_known(stage: Stage) {
    let store = stage.store.as_ref();
    let id = with(store, vec![]).await;
    let selection = Selection::index("colour", ValueSpan::all());
    let expected = InvalidQuery::UnknownIndex {
        asked: "colour".to_owned(),
        known: vec!["owner".to_owned(), "amount".to_owned()],
    };
    let query = store.query(&id.clone().into(), Query::of(selection.clone(), 1)).await.map(drop);
    let count = store.count(&id.clone().into(), selection).await.map(drop);
    for answer in [query, count] {
        let is_named =
            matches!(&answer, Err(QueryError::Invalid { source, .. }) if *source == expected);
        assert!(is_named, "found {answer:?}");
    }
}

pub async fn documents_are_counted_within_a_selection(stage: Stage) {
    let store = stage.store.as_ref();
    let changes = (0..30).map(|n| put(&format!("{}/{n}", n % 3), "1", vec![amount(n % 5)]));
    let id = with(store, changes.collect()).await;
    for (selection, expected) in [
        (Selection::all(), 30),
        (Selection::Keys(KeySpan::beginning_with("1/")), 10),
        (equal(AMOUNT, amount(4)), 6),
        (index(AMOUNT, range(&amount(1), &amount(3))), 12),
        (equal(AMOUNT, amount(5)), 0),
    ] {
        let count =
            store.count(&id.clone().into(), selection.clone()).await.expect("it is counted");
        assert_eq!((count.documents, count.is_at_least), (expected, false), "{selection:?}");
    }
}

pub async fn a_count_is_given_up_at_the_limit(stage: Stage) {
    let store = stage.store.as_ref();
    let most = store.limits().counted_max;
    let changes = (0..most).map(|n| put(&format!("{n:07}"), "1", vec![amount(1)]));
    let id = with(store, changes.collect()).await;
    let counted = u64::try_from(most).expect("it fits");
    for (round, is_at_least) in [(1, false), (2, true)] {
        for selection in [Selection::all(), equal(AMOUNT, amount(1))] {
            let count = store.count(&id.clone().into(), selection).await.expect("it is counted");
            assert_eq!((count.documents, count.is_at_least), (counted, is_at_least));
        }
        let one_more = put("one more", "1", vec![amount(1)]);
        store.write(write(&id, round, round + 1, vec![one_more])).await.expect("it is written");
    }
}
