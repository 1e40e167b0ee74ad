//! What a view declares, and what is wrong with one.

use ondol_kernel::{Currency, Money, Recorded, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Index, IndexKind, IndexValue, Keys, View, ViewProblem, view_shape};
use crate::Facts;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Opened { owner: String },
}

impl Facts for Event {
    const KIND: &'static str = "account";
}

macro_rules! view {
    ($name:ident, $called:literal, $indexes:expr) => {
        #[derive(Debug, Default, Serialize, Deserialize)]
        struct $name {
            owner: Option<String>,
        }

        impl View for $name {
            const NAME: &'static str = $called;
            const VERSION: u32 = 1;
            type Event = Event;

            fn key(event: &Recorded<Event>) -> Keys {
                Keys::one(event.stream.key())
            }

            fn apply(&mut self, event: &Recorded<Event>) {
                let Event::Opened { owner } = &event.data;
                self.owner = Some(owner.clone());
            }

            fn indexes() -> &'static [Index<Self>] {
                $indexes
            }
        }
    };
}

view!(Owners, "owners", const { &[Index::prefix("owner", |view| view.owner.as_deref().into())] });

view!(
    Muddled,
    "Muddled view",
    const {
        &[
            Index::equality("owner", |view| view.owner.as_deref().into()),
            Index::ordered("owner", |view| view.owner.as_deref().into()),
            Index::ordered("", |_view| IndexValue::Nothing),
        ]
    }
);

#[test]
fn a_view_says_what_it_folds_and_what_it_is_found_by() {
    let shape = view_shape::<Owners>().unwrap();
    assert_eq!((shape.name, shape.version), ("owners", 1));
    assert_eq!(shape.indexes, [("owner", IndexKind::Prefix)]);
    assert_eq!(shape.sources[0].types[0].as_str(), "account.opened");
    let kim = Owners { owner: Some("Kim".into()) };
    assert_eq!((Owners::indexes()[0].value)(&kim), IndexValue::Text("Kim".into()));
    assert_eq!((Owners::indexes()[0].value)(&Owners::default()), IndexValue::Nothing);
}

#[test]
fn all_that_is_wrong_with_a_view_is_told_at_once() {
    let found = view_shape::<Muddled>().unwrap_err().found;
    assert_eq!(
        found,
        [
            ViewProblem::Name { name: "Muddled view" },
            ViewProblem::Name { name: "" },
            ViewProblem::SameIndex { name: "owner" },
        ]
    );
}

#[test]
fn a_document_that_is_named_twice_is_touched_once() {
    assert_eq!(Keys::many([1, 2, 1]).as_slice(), ["1", "2"]);
    assert_eq!(Keys::one(7).as_slice(), ["7"]);
    assert!(Keys::None.as_slice().is_empty());
}

#[test]
fn values_keep_their_order_in_an_index() {
    let values: [IndexValue; 7] = [
        None::<i64>.into(),
        i64::MIN.into(),
        Money::new(-5, Currency::KRW).into(),
        Timestamp::EPOCH.into(),
        true.into(),
        "".into(),
        "가".into(),
    ];
    assert!(values.is_sorted(), "{values:?}");
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Forgotten;

impl View for Forgotten {
    const NAME: &'static str = "forgotten";
    const VERSION: u32 = 1;
    const KEPT_UNTIL: Option<&'static str> = Some("until");
    type Event = Event;

    fn key(_event: &Recorded<Event>) -> Keys {
        Keys::None
    }

    fn apply(&mut self, _event: &Recorded<Event>) {}

    fn indexes() -> &'static [Index<Self>] {
        const { &[Index::equality("until", |_forgotten: &Self| 0_i64.into())] }
    }
}

#[test]
fn documents_are_kept_until_a_time_that_an_index_puts_in_order() {
    let problems = view_shape::<Forgotten>().expect_err("the index puts nothing in order");
    assert_eq!(problems.found, [ViewProblem::KeptUntil { name: "until" }]);
}
