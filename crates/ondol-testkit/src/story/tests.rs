//! A story passes when it is true, and says how it is not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ondol_domain::{Aggregate, Decision, Facts, Impossible, accept, already_done, refuse};
use serde::{Deserialize, Serialize};

use super::Story;

/// A lamp whose switch is broken once it has been smashed.
#[derive(Debug, Clone, Default, PartialEq)]
struct Lamp {
    is_lit: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Command {
    Light,
    Darken,
    Smash,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Lit { watts: u32 },
    Darkened,
    Smashed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Refusal {
    #[error("the lamp is dark")]
    Dark,
}

impl Facts for Event {
    const KIND: &'static str = "lamp";
}

impl Aggregate for Lamp {
    const KIND: &'static str = "lamp";
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: Command) -> Decision<Self> {
        match command {
            Command::Light if self.is_lit => already_done(),
            Command::Light => accept(Event::Lit { watts: 60 }),
            Command::Darken if self.is_lit => accept([Event::Darkened]),
            Command::Darken => refuse(Refusal::Dark),
            Command::Smash => accept(Event::Smashed),
        }
    }

    fn evolve(self, event: &Event) -> Result<Self, Impossible> {
        match event {
            Event::Lit { .. } => Ok(Self { is_lit: true }),
            Event::Darkened => Ok(Self { is_lit: false }),
            Event::Smashed => Err(Impossible::new(&self, event)),
        }
    }
}

fn failure(story: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(story)).expect_err("the story should fail");
    panic.downcast_ref::<String>().expect("the failure should be a text").clone()
}

#[test]
fn a_true_story_is_told_to_its_end() {
    let story = Story::<Lamp>::given([Event::Lit { watts: 40 }])
        .when(Command::Light)
        .nothing_happens()
        .when(Command::Darken)
        .then([Event::Darkened])
        .when(Command::Darken)
        .refused(Refusal::Dark)
        .when(Command::Light)
        .then([Event::Lit { watts: 60 }]);
    assert_eq!(story.state(), &Lamp { is_lit: true });
    assert_eq!(story.history().len(), 3);
}

#[test]
fn a_story_that_ends_otherwise_shows_both_ends_side_by_side() {
    let message = failure(|| {
        Story::<Lamp>::given([Event::Lit { watts: 40 }, Event::Darkened])
            .when(Command::Light)
            .then([Event::Lit { watts: 75 }]);
    });
    let expected = "\
the story does not end as told

  given Lit { watts: 40 }
        Darkened
  when  Light

  expected       │ actual
  Lit {          │ Lit {
      watts: 75, ≠     watts: 60,
  }              │ }
";
    assert_eq!(message, expected);
}

#[test]
fn a_refusal_that_was_not_expected_is_read_out() {
    let message = failure(|| {
        Story::<Lamp>::new().when(Command::Darken).nothing_happens();
    });
    assert!(message.contains("nothing happens ≠ refused: the lamp is dark"), "{message}");
}

#[test]
fn events_where_a_refusal_was_expected_fail_the_story() {
    let message = failure(|| {
        Story::<Lamp>::new().when(Command::Light).refused(Refusal::Dark);
    });
    assert!(message.contains("refused: the lamp is dark ≠ Lit {"), "{message}");
}

#[test]
fn a_decision_whose_event_cannot_happen_fails_whatever_was_expected() {
    let message = failure(|| {
        Story::<Lamp>::new().when(Command::Smash).then([Event::Smashed]);
    });
    assert!(message.starts_with("decided what cannot happen: Smashed"), "{message}");
}

#[test]
fn a_story_cannot_begin_with_what_cannot_be() {
    let message = failure(|| {
        Story::<Lamp>::given([Event::Smashed]);
    });
    assert!(message.starts_with("the story begins with what cannot be"), "{message}");
}
