//! Events of every shape that serde knows are read back as they were, or refused when written.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ondol_domain::{Aggregate, Codec, Decision, EncodeError, Facts, Impossible, Unique, accept};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Way {
    Up,
    By(i32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    lat: f64,
    lon: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Odd {
    Moved(Way),
    MovedTwice(Way, Way),
    #[serde(rename = "seen-at")]
    Seen(Place),
    Counted {
        huge: i128,
        by_number: BTreeMap<u8, String>,
        letter: char,
    },
    Spread {
        #[serde(flatten)]
        place: Place,
        note: Option<String>,
    },
    ByPlace(BTreeMap<Vec<u8>, u8>),
    Twice(Option<Option<u8>>),
    Unit(()),
    #[serde(skip)]
    Never,
}

impl Facts for Odd {
    const KIND: &'static str = "odd";
}

fn back(event: &Odd) -> Odd {
    let codec = Codec::<Odd>::new().expect("the shapes hold together");
    let encoded = codec.encode(event).expect("it can be written");
    let (name, version) = (&encoded.event_type, encoded.schema_version);
    codec.decode(name, version, &encoded.payload).expect("what was written can be read")
}

fn refused(event: &Odd) -> EncodeError {
    let codec = Codec::<Odd>::new().expect("the shapes hold together");
    codec.encode(event).expect_err("it cannot be recorded")
}

const HERE: Place = Place { lat: 37.5, lon: None };

#[test]
fn events_of_any_shape_are_read_back_as_they_were() {
    let by_number = BTreeMap::from([(7, "\u{0}\"null\"".to_owned())]);
    for event in [
        Odd::Moved(Way::Up),
        Odd::Moved(Way::By(-3)),
        Odd::MovedTwice(Way::Up, Way::By(1)),
        Odd::Seen(HERE),
        Odd::Counted { huge: i128::MIN, by_number, letter: '김' },
        Odd::Spread { place: HERE, note: None },
        Odd::Spread { place: HERE, note: Some("null".into()) },
        Odd::ByPlace(BTreeMap::new()),
        Odd::Twice(None),
        Odd::Twice(Some(Some(1))),
        Odd::Unit(()),
    ] {
        assert_eq!(back(&event), event);
    }
}

#[test]
fn types_are_named_after_what_serde_calls_them() {
    let codec = Codec::<Odd>::new().expect("the shapes hold together");
    let names: Vec<_> = codec.shapes().iter().map(|shape| shape.event_type.to_string()).collect();
    assert_eq!(names[..3], ["odd.moved", "odd.moved_twice", "odd.seen-at"]);
    assert!(!names.contains(&"odd.never".to_owned()), "what serde skips is no event");
}

#[test]
fn a_number_that_is_none_is_not_recorded() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = refused(&Odd::Seen(Place { lat: number, lon: None }));
        assert!(matches!(error, EncodeError::Changed { variant: "seen-at", .. }), "{error}");
        // As an optional number it would be read back as nothing at all.
        let error = refused(&Odd::Seen(Place { lat: 0.0, lon: Some(number) }));
        assert!(matches!(error, EncodeError::Changed { .. }), "{error}");
    }
}

#[test]
fn what_json_cannot_tell_apart_is_not_recorded() {
    assert!(matches!(refused(&Odd::Twice(Some(None))), EncodeError::Changed { .. }));
}

#[test]
fn what_serde_cannot_write_is_not_recorded() {
    let keys = BTreeMap::from([(vec![1], 1)]);
    assert!(matches!(refused(&Odd::ByPlace(keys)), EncodeError::Unwritable { .. }));
    assert!(matches!(refused(&Odd::Never), EncodeError::Unwritable { .. }));
}

fn nameless<E: Facts>() {
    Codec::<E>::new().expect_err("it has no names");
}

/// Declares events that serde writes without their names.
macro_rules! nameless {
    ($($(#[$how:meta])* $name:ident { $($body:tt)* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        $(#[$how])*
        enum $name { $($body)* }

        impl Facts for $name {
            const KIND: &'static str = "nameless";
        }
    )*};
}

nameless! {
    #[serde(tag = "type")]
    Inside { Opened { by: String } }
    #[serde(tag = "type", content = "data")]
    Beside { Opened { by: String } }
    #[serde(untagged)]
    Bare { Opened { by: String } }
}

#[test]
fn events_that_serde_writes_without_their_names_are_refused_at_the_start() {
    nameless::<Inside>();
    nameless::<Bare>();
}

#[test]
fn an_enum_that_is_tagged_beside_its_content_is_one_event_of_its_own_name() {
    let codec = Codec::<Beside>::new().expect("to serde it is a struct");
    let event = Beside::Opened { by: "kim".into() };
    let encoded = codec.encode(&event).expect("it can be written");
    assert_eq!(encoded.event_type.as_str(), "nameless.beside");
    let (name, version) = (&encoded.event_type, encoded.schema_version);
    assert_eq!(codec.decode(name, version, &encoded.payload).expect("and read"), event);
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Member;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Joined {
    Joined { email: String },
    Left,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Refusal {
    #[error("{email} is a member already")]
    Taken { email: String },
}

impl Facts for Joined {
    const KIND: &'static str = "member";
}

impl Aggregate for Member {
    const KIND: &'static str = "member";
    type Command = String;
    type Event = Joined;
    type Refusal = Refusal;

    fn decide(&self, email: String) -> Decision<Self> {
        accept(Joined::Joined { email })
    }

    fn evolve(self, _event: &Joined) -> Result<Self, Impossible> {
        Ok(self)
    }

    fn unique(event: &Joined) -> Vec<Unique<Refusal>> {
        match event {
            Joined::Joined { email } => {
                let tag = format!("email:{email}").parse().expect("a short name");
                vec![Unique { tag, taken: Refusal::Taken { email: email.clone() } }]
            }
            Joined::Left => Vec::new(),
        }
    }
}

#[test]
fn an_event_claims_what_nothing_else_may_have_and_says_what_is_answered() {
    let events = Member.decide("kim@example.kr".into()).expect("nothing is wrong with it");
    let claims = Member::unique(&events[0]);
    assert_eq!(claims[0].tag.as_str(), "email:kim@example.kr");
    assert_eq!(claims[0].taken.to_string(), "kim@example.kr is a member already");
    assert_eq!(Member::unique(&Joined::Left), Vec::new());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fraction_comes_back_to_the_last_digit(lat in any::<f64>(), lon in any::<f64>()) {
        let event = Odd::Seen(Place { lat, lon: Some(lon) });
        prop_assume!(lat.is_finite() && lon.is_finite());
        prop_assert_eq!(back(&event), event);
    }
}
