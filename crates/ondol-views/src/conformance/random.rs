//! Random writes and questions: the store answers as the one in memory does.

use std::collections::BTreeMap;

use ondol_doors::{Rng, SeededRng};

use super::Stage;
use super::made_up::{
    AMOUNT, OWNER, amount, definition, document, key, owner, parked, view, write,
};
use crate::{
    Change, Direction, Entry, KeySpan, MemoryViews, Parking, Query, Selection, Unit, ValueSpan,
    ViewId, ViewStore, Waiting, Write,
};

const ROUNDS: u64 = 120;
const NAMES: [&str; 12] = ["a", "ab", "abc", "b", "김", "김치", "k/1", "k/2", "k%", "k_", "K", "z"];

/// What the writer knows of one document: the entries it has.
type Known = BTreeMap<&'static str, Vec<Entry>>;

pub async fn a_store_answers_as_the_one_in_memory_does(stage: Stage) {
    for seed in 0..4 {
        let id = view(1, u32::try_from(seed).unwrap_or(0) + 1);
        let model = MemoryViews::new(*stage.store.limits());
        let rng = SeededRng::new(seed);
        let mut known = Known::new();
        let both: [&dyn ViewStore; 2] = [stage.store.as_ref(), &model];
        for store in both {
            store.create(definition(id.clone())).await.expect("the view is made");
        }
        for round in 0..ROUNDS {
            let write = random_write(&rng, &id, round, &mut known);
            model.write(write.clone()).await.expect("the model writes");
            stage.store.write(write).await.expect("the store writes");
            compare(&rng, stage.store.as_ref(), &model, &id).await;
        }
    }
}

fn pick<T: Copy>(rng: &dyn Rng, from: &[T]) -> T {
    let at = rng.below(u64::try_from(from.len()).unwrap_or(1));
    from[usize::try_from(at).unwrap_or(0)]
}

fn random_entry(rng: &dyn Rng) -> Entry {
    if rng.below(2) == 0 {
        return owner(pick(rng, &NAMES));
    }
    amount(pick(rng, &[-1_000_000, -1, 0, 1, 255, 256, i64::MAX]))
}

fn random_write(rng: &dyn Rng, id: &ViewId, round: u64, known: &mut Known) -> Write {
    let mut changes = BTreeMap::new();
    for _ in 0..rng.below(6) {
        let name = pick(rng, &NAMES);
        if !changes.contains_key(name) {
            changes.insert(name, random_change(rng, name, round, known));
        }
    }
    let changes = changes.into_values().collect();
    let parking = (0..rng.below(3)).map(|_| random_parking(rng, round)).collect();
    Write { parking, ..write(id, round, round + 1, changes) }
}

fn random_change(rng: &dyn Rng, name: &'static str, round: u64, known: &mut Known) -> Change {
    if rng.below(4) == 0
        && let Some(gone) = known.remove(name)
    {
        return Change::Remove { key: key(name), gone };
    }
    let mut entries: Vec<Entry> = (0..rng.below(4)).map(|_| random_entry(rng)).collect();
    entries.sort_unstable();
    entries.dedup();
    let before = known.insert(name, entries.clone());
    Change::put(document(name, &round.to_string(), entries), before.as_deref())
}

fn random_parking(rng: &dyn Rng, round: u64) -> Parking {
    let name = pick(rng, &NAMES);
    let unit = Unit::Key(key(name));
    let waiting = Waiting {
        source: super::made_up::bank(),
        position: ondol_kernel::Position::new(round),
        and_all_after: rng.below(9) == 0,
    };
    match rng.below(6) {
        0 | 1 => Parking::Park(parked(name, round)),
        2 | 3 => Parking::Wait { unit, waiting },
        4 => Parking::Dealt { unit, count: rng.below(3) },
        _ => Parking::Release(unit),
    }
}

fn random_query(rng: &dyn Rng) -> Query {
    let selection = match rng.below(5) {
        0 => Selection::all(),
        1 => Selection::Keys(KeySpan::beginning_with(pick(rng, &NAMES))),
        2 => Selection::index(OWNER.0, ValueSpan::all()),
        3 => Selection::index(AMOUNT.0, ValueSpan::beginning_with(random_entry(rng).value)),
        _ => {
            let (low, high) = (random_entry(rng).value, Some(random_entry(rng).value));
            Selection::index(pick(rng, &[OWNER.0, AMOUNT.0]), ValueSpan { low, high })
        }
    };
    let direction = pick(rng, &[Direction::Ascending, Direction::Descending]);
    let limit = pick(rng, &[1, 2, 5, 100]);
    Query { selection, direction, limit, cursor: None }
}

async fn compare(rng: &dyn Rng, store: &dyn ViewStore, model: &MemoryViews, id: &ViewId) {
    let target = id.clone().into();
    let mut query = random_query(rng);
    loop {
        let expected = model.query(&target, query.clone()).await.expect("the model answers");
        let found = store.query(&target, query.clone()).await.expect("the store answers");
        assert_eq!(found, expected, "{query:?}");
        let Some(next) = expected.next else { break };
        query = query.after(next);
    }
    let expected = model.count(&target, query.selection.clone()).await.expect("the model counts");
    let found = store.count(&target, query.selection).await.expect("the store counts");
    assert_eq!(found, expected);
    let unit = Unit::Key(key(pick(rng, &NAMES)));
    let expected = model.waiting(id, &unit).await.expect("the model answers");
    assert_eq!(store.waiting(id, &unit).await.expect("the store answers"), expected);
    let expected = model.parked(id, Some(unit.clone()), 3).await.expect("the model answers");
    assert_eq!(store.parked(id, Some(unit), 3).await.expect("the store answers"), expected);
    let keys: Vec<_> = NAMES.map(key).to_vec();
    let expected = model.load(id, keys.clone()).await.expect("the model answers");
    assert_eq!(store.load(id, keys).await.expect("the store answers"), expected);
    let is_this = |status: &crate::ViewStatus| status.definition.id == *id;
    let expected = model.list().await.expect("the model answers").into_iter().find(is_this);
    assert_eq!(store.list().await.expect("the store answers").into_iter().find(is_this), expected);
}
