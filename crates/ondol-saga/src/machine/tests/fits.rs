//! Whether one that is on its way goes on by another definition.

use std::collections::BTreeMap;

use super::super::fits;
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
        let heard = |_data: &mut Data, _event: &Cancelled| Some(Turn::GoOn);
        let wait = named().wait("a", |event: &Cancelled| event.of.clone(), heard);
        wait.within(Duration::from_secs(5))
    };
    let one = One::of(waits());
    assert_eq!(problems(waits(), &one), Vec::<String>::new());
    let asks = named().step("a", |_data| Do("a".into()));
    assert_eq!(problems(asks, &one), ["the saga waits at \"a\", and its step asks"]);
}
