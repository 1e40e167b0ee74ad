//! Whether one that is on its way goes on by another definition.

use std::collections::BTreeMap;

use super::super::{fits, migrate};
use super::*;

fn problems(saga: Saga<Data>, one: &One) -> Vec<String> {
    let fits = fits(&Defined::new(saga), &one.instance, &BTreeMap::new());
    fits.err().map(|misfit| misfit.problems).unwrap_or_default()
}

fn named() -> Saga<Data> {
    Saga::<Data>::named("s", 1).identified_by(|_data| "1".to_owned())
}

#[test]
fn what_is_being_undone_can_be_undone_by_the_other_definition() {
    let mut one = One::begun();
    one.done(7);
    one.refused();
    assert_eq!(one.work(), ("a".to_owned(), WorkKind::Undo));
    assert_eq!(problems(saga(), &one), Vec::<String>::new());
    let without = named().step("a", |_data| Do("a".into())).step("b", |_data| Do("b".into()));
    let said = "\"a\" is being undone, and nothing undoes its step";
    assert_eq!(problems(without, &one), [said]);
    let cannot = named()
        .step("a", |_data| Do("a".into()))
        .undo(|data| Do(data.get(9).map(u32::to_string).expect("ten are known")))
        .step("b", |_data| Do("b".into()));
    let found = problems(cannot, &one);
    assert!(found[0].contains("\"a\" could not be undone"), "{found:?}");
    assert!(found[0].contains("ten are known"), "{found:?}");
}

#[test]
fn what_is_waited_for_is_waited_for_by_the_other_definition() {
    let waits = || {
        let heard = |_data: &Data, _event: &Cancelled| Some(Turn::GoOn);
        let wait = named().wait("a", |event: &Cancelled| event.of.clone(), heard);
        wait.within(Duration::from_secs(5))
    };
    let one = One::of(waits());
    assert_eq!(problems(waits(), &one), Vec::<String>::new());
    let asks = named().step("a", |_data| Do("a".into()));
    assert_eq!(problems(asks, &one), ["the saga waits at \"a\", and its step asks"]);
}

#[test]
fn one_is_the_same_saga_by_the_other_definition() {
    let one = One::begun();
    let of_another_name = Saga::<Data>::named("t", 1)
        .identified_by(|_data| "1".to_owned())
        .step("a", |_data| Do("a".into()));
    assert_eq!(problems(of_another_name, &one), ["it is called \"t\""]);
    let of_another_identity = Saga::<Data>::named("s", 1)
        .identified_by(|_data| "2".to_owned())
        .step("a", |_data| Do("a".into()));
    assert_eq!(problems(of_another_identity, &one), ["by it the saga would be \"2\""]);
}

#[test]
fn what_was_done_under_another_name_is_undone_all_the_same() {
    let mut one = One::begun();
    one.done(7);
    let renamed = named()
        .step("z", |_data| Do("z".into()))
        .undo(|_data| Do("not z".into()))
        .step("b", |_data| Do("b".into()));
    let (definition, steps) = (Defined::new(renamed), [("a".to_owned(), "z".to_owned())].into());
    let migrated = migrate(&definition, one.instance, &steps, "kim", one.now).expect("it fits");
    let mut one = One { definition, instance: migrated.instance, now: one.now };
    one.refused();
    assert_eq!(one.work(), ("z".to_owned(), WorkKind::Undo));
    assert_eq!(one.done(0).last(), Some(&Fact::Compensated));
}
