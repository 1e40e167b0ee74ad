//! A story: given what has happened, when something is asked, then this follows.
//!
//! ```text
//! Story::<Account>::given([opened, deposited])
//!     .when(Command::Hold { .. })
//!     .refused(Refusal::NotEnoughMoney { .. })
//! ```
//!
//! What follows becomes part of what has happened, so a story can go on with another `when`.
//! Every decision is also checked against `evolve`: a decision whose event cannot happen fails
//! the story, whatever was expected.

use std::fmt::{Debug, Write};

use ondol_domain::{Aggregate, Decision, Impossible};

use crate::side_by_side::side_by_side;

/// What has happened so far.
#[derive(Debug, Clone)]
pub struct Story<A: Aggregate> {
    history: Vec<A::Event>,
    state: A,
}

/// Something has been asked; what follows is to be said.
#[derive(Debug, Clone)]
#[must_use = "a story that does not say what follows proves nothing"]
pub struct Told<A: Aggregate> {
    before: Story<A>,
    command: A::Command,
    decision: Decision<A>,
}

impl<A: Aggregate> Default for Story<A> {
    fn default() -> Self {
        Self { history: Vec::new(), state: A::default() }
    }
}

impl<A: Aggregate> Story<A> {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// This has happened, in this order.
    ///
    /// # Panics
    /// When it cannot have happened.
    #[track_caller]
    pub fn given(events: impl IntoIterator<Item = A::Event>) -> Self {
        let events: Vec<_> = events.into_iter().collect();
        match Self::new().after(&events) {
            Ok(story) => story,
            Err(impossible) => fail(&format!("the story begins with what cannot be: {impossible}")),
        }
    }

    /// This is asked.
    pub fn when(self, command: A::Command) -> Told<A> {
        let decision = self.state.decide(command.clone());
        Told { before: self, command, decision }
    }

    /// How things stand.
    pub const fn state(&self) -> &A {
        &self.state
    }

    /// All that has happened.
    pub fn history(&self) -> &[A::Event] {
        &self.history
    }

    fn after(mut self, events: &[A::Event]) -> Result<Self, Impossible> {
        self.state = events.iter().try_fold(self.state, A::evolve)?;
        self.history.extend_from_slice(events);
        Ok(self)
    }
}

impl<A: Aggregate> Told<A> {
    /// These events follow, in this order, and no others.
    ///
    /// # Panics
    /// When something else follows.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = A::Event>) -> Story<A> {
        self.ends_with(&Ok(events.into_iter().collect()))
    }

    /// The answer is no, for this reason.
    ///
    /// # Panics
    /// When the answer is another.
    #[track_caller]
    pub fn refused(self, refusal: A::Refusal) -> Story<A> {
        self.ends_with(&Err(refusal))
    }

    /// It has been done already: nothing follows.
    ///
    /// # Panics
    /// When something does.
    #[track_caller]
    pub fn nothing_happens(self) -> Story<A> {
        self.ends_with(&Ok(Vec::new()))
    }

    #[track_caller]
    fn ends_with(self, expected: &Decision<A>) -> Story<A> {
        if *expected != self.decision {
            fail(&self.difference(expected));
        }
        let told = self.told();
        match self.before.after(&self.decision.unwrap_or_default()) {
            Ok(story) => story,
            Err(impossible) => fail(&format!("decided what cannot happen: {impossible}\n\n{told}")),
        }
    }

    fn difference(&self, expected: &Decision<A>) -> String {
        let sides = side_by_side(&outcome::<A>(expected), &outcome::<A>(&self.decision));
        format!("the story does not end as told\n\n{}\n{sides}", self.told())
    }

    /// The story up to what was asked.
    fn told(&self) -> String {
        let mut told = String::new();
        let mut title = "given";
        for event in &self.before.history {
            writeln!(told, "  {title:5} {event:?}").expect("a text can always grow");
            title = "";
        }
        writeln!(told, "  when  {:?}", self.command).expect("a text can always grow");
        told
    }
}

fn outcome<A: Aggregate>(decision: &Decision<A>) -> String {
    match decision {
        Ok(events) if events.is_empty() => "nothing happens".to_owned(),
        Ok(events) => pretty(events),
        Err(refusal) => format!("refused: {refusal}\n{refusal:#?}"),
    }
}

fn pretty<T: Debug>(events: &[T]) -> String {
    events.iter().map(|event| format!("{event:#?}")).collect::<Vec<_>>().join("\n")
}

#[track_caller]
#[expect(clippy::panic, reason = "a story that does not end as told fails its test")]
fn fail(message: &str) -> ! {
    panic!("{message}")
}

#[cfg(test)]
mod tests;
