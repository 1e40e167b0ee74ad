//! A refusal goes out as data and comes back as the same refusal.

use serde::{Deserialize, Serialize};

use super::Refused;
use crate::{Aggregate, Decision, Facts, Impossible, already_done};

#[derive(Debug, Clone, Default)]
struct Lamp;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Lit,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Refusal {
    #[error("only {left} watts are left")]
    NotEnoughPower { left: u64 },
    #[error("the lamp is broken")]
    Broken,
}

impl Facts for Event {
    const KIND: &'static str = "lamp";
}

impl Aggregate for Lamp {
    const KIND: &'static str = "lamp";
    type Command = Event;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _command: Event) -> Decision<Self> {
        already_done()
    }

    fn evolve(self, _event: &Event) -> Result<Self, Impossible> {
        Ok(self)
    }
}

#[test]
fn a_refusal_has_a_code_a_sentence_and_its_numbers() {
    let refused = Refused::by::<Lamp>(&Refusal::NotEnoughPower { left: u64::MAX }).unwrap();
    assert_eq!(refused.code, "lamp.not_enough_power");
    assert_eq!(refused.message, "only 18446744073709551615 watts are left");
    assert_eq!(&refused.data.bytes[..], br#"{"left":18446744073709551615}"#);
}

#[test]
fn a_refusal_is_read_as_what_it_was() {
    for refusal in [Refusal::NotEnoughPower { left: 7 }, Refusal::Broken] {
        assert_eq!(Refused::by::<Lamp>(&refusal).unwrap().read::<Lamp>(), Some(refusal));
    }
    let mut other = Refused::by::<Lamp>(&Refusal::Broken).unwrap();
    other.code = "lamp.stolen".into();
    assert_eq!(other.read::<Lamp>(), None);
    other.code = "door.broken".into();
    assert_eq!(other.read::<Lamp>(), None);
}
