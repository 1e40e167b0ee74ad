//! How a reaction stands.

use ondol_kernel::Position;
use ondol_views::SourceName;
use serde::Serialize;

/// How a reaction stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReactionProgress {
    /// What it is called.
    pub name: String,
    /// What it is doing.
    pub phase: ReactionPhase,
    /// How far it has come in each feed.
    pub sources: Vec<SourceProgress>,
    /// How many events are held, and being dealt with.
    pub pending: usize,
    /// How many streams are parked.
    pub parked: usize,
    /// How much was asked or sent since it was started.
    pub done: u64,
    /// How much of that the business refused.
    pub refused: u64,
    /// What is wrong at present, though it may pass.
    pub trouble: Option<String>,
}

/// What a reaction is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReactionPhase {
    /// It finds out where it stands.
    Starting,
    /// It deals with what comes.
    Running,
    /// It waits for something outside to work again.
    Waiting,
    /// It runs in another process of the service.
    Elsewhere,
    /// It has ended.
    Stopped,
}

/// How far a reaction has come in one feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceProgress {
    /// Whose feed.
    pub source: SourceName,
    /// Up to where everything has been dealt with.
    pub dealt: Position,
    /// Up to where it has been read.
    pub read: Position,
    /// Where the log ended when it was read.
    pub head: Position,
}

impl ReactionProgress {
    /// Whether everything that was in a feed's log up to a position has been dealt with.
    pub fn has_dealt(&self, source: &str, position: Position) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|one| one.source.as_str() == source && one.dealt >= position)
    }
}
