//! Jars of sweets, and views of them, good and bad.

use ondol_domain::{Aggregate, Decision, Facts, Impossible, Index, Keys, View, accept, refuse};
use ondol_kernel::Recorded;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Jar {
    pub(super) sweets: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum JarCommand {
    Put { sweets: u32 },
    Eat,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum JarEvent {
    Filled { sweets: u32 },
    Eaten,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum JarRefusal {
    #[error("the jar is empty")]
    Empty,
}

impl Facts for JarEvent {
    const KIND: &'static str = Jar::KIND;
}

impl Aggregate for Jar {
    const KIND: &'static str = "jar";

    type Command = JarCommand;
    type Event = JarEvent;
    type Refusal = JarRefusal;

    fn decide(&self, command: JarCommand) -> Decision<Self> {
        match command {
            JarCommand::Put { sweets } => accept(JarEvent::Filled { sweets }),
            JarCommand::Eat if self.sweets > 0 => accept(JarEvent::Eaten),
            JarCommand::Eat => refuse(JarRefusal::Empty),
        }
    }

    fn evolve(mut self, event: &JarEvent) -> Result<Self, Impossible> {
        match event {
            JarEvent::Filled { sweets } => self.sweets += sweets,
            JarEvent::Eaten => {
                let left = self.sweets.checked_sub(1);
                self.sweets = left.ok_or_else(|| Impossible::new(&self, event))?;
            }
        }
        Ok(self)
    }
}

/// How many sweets are in each jar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    pub(super) sweets: u32,
}

impl View for Totals {
    const NAME: &'static str = "totals";
    const VERSION: u32 = 1;

    type Event = JarEvent;

    fn key(event: &Recorded<JarEvent>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<JarEvent>) {
        match event.data {
            JarEvent::Filled { sweets } => self.sweets += sweets,
            JarEvent::Eaten => self.sweets -= 1,
        }
    }

    fn indexes() -> &'static [Index<Self>] {
        const { &[Index::ordered("sweets", |totals: &Self| totals.sweets.into())] }
    }
}

/// An event that nothing records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Flood {
    Flooded,
}

impl Facts for Flood {
    const KIND: &'static str = "cellar";
}

/// An event of another service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Harvest {
    Brought { sweets: u32 },
}

impl Facts for Harvest {
    const KIND: &'static str = "harvest";
    const SERVICE: Option<&'static str> = Some("garden");
}

/// What every garden has brought: folded from another service's events alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Brought(pub(super) u32);

impl View for Brought {
    const NAME: &'static str = "brought";
    const VERSION: u32 = 1;

    type Event = Harvest;

    fn key(event: &Recorded<Harvest>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Harvest>) {
        let Harvest::Brought { sweets } = event.data;
        self.0 += sweets;
    }
}

macro_rules! views_of_nothing {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $event:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Serialize, Deserialize)]
        pub(super) struct $name;

        impl View for $name {
            const NAME: &'static str = $text;
            const VERSION: u32 = 1;

            type Event = $event;

            fn key(_event: &Recorded<$event>) -> Keys {
                Keys::None
            }

            fn apply(&mut self, _event: &Recorded<$event>) {}
        }
    )*};
}

views_of_nothing! {
    /// Folded from what nothing records.
    Lonely = "lonely", Flood;
    /// Called what no view can be called.
    Misnamed = "Mis Named", JarEvent;
}
