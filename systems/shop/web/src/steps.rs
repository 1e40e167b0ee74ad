//! How a purchase stands, in the six steps that a buyer can see.

use crate::api::{Flow, Order};
use crate::words::Words;

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It was done.
    Done,
    /// It is being done.
    Now,
    /// It waits for somebody else.
    Waits,
    /// It comes later.
    ToDo,
    /// It could not be done.
    Failed,
    /// It was done, and undone.
    Undone,
}

/// A step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) mark: Mark,
}

/// How many steps there are.
const STEPS: usize = 6;

impl Mark {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Waits => "waits",
            Self::ToDo => "todo",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    /// How it stands, in a word: a colour alone tells nobody who cannot see it.
    pub(crate) const fn word(self, words: &Words) -> &'static str {
        match self {
            Self::Done => words.mark_done,
            Self::Now => words.mark_now,
            Self::Waits => words.mark_waits,
            Self::ToDo => words.mark_todo,
            Self::Failed => words.mark_failed,
            Self::Undone => words.mark_undone,
        }
    }

    /// The same as a sign.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Done => "✓",
            Self::Now => "…",
            Self::Waits => "!",
            Self::ToDo => "",
            Self::Failed => "✕",
            Self::Undone => "↩",
        }
    }
}

/// The steps of a purchase, each with how it stands.
pub(crate) fn steps(flow: &Flow, order: &Order, words: &Words) -> Vec<Step> {
    let names = [
        words.step_placed,
        words.step_reserved,
        words.step_authorized,
        words.step_taken,
        words.step_captured,
        words.step_arrived,
    ];
    let marks = marks(flow, order);
    names.into_iter().zip(marks).map(|(name, mark)| Step { name, mark }).collect()
}

fn marks(flow: &Flow, order: &Order) -> [Mark; STEPS] {
    let is_undone = ["unwinding", "compensated"].contains(&flow.state.as_str())
        || ["called_off", "cancelled"].contains(&order.state.as_str());
    let reached = if flow.state == "completed" { STEPS } else { reached(flow) };
    let mut marks = [Mark::ToDo; STEPS];
    for (at, mark) in marks.iter_mut().enumerate() {
        *mark = match (at < reached, at == reached, is_undone) {
            (true, _, true) if at > 0 => Mark::Undone,
            (true, ..) => Mark::Done,
            (false, true, true) => Mark::Failed,
            (false, true, false) if flow.is_put_off => Mark::Waits,
            (false, true, false) => Mark::Now,
            (false, false, _) => Mark::ToDo,
        };
    }
    marks
}

/// How many of the six were done: as far as the saga ever came.
fn reached(flow: &Flow) -> usize {
    let came = flow.lines.iter().filter_map(|line| line.step.as_deref()).filter_map(place);
    came.max().unwrap_or(1)
}

/// How many of the six were done when the saga came to a step.
fn place(step: &str) -> Option<usize> {
    Some(match step {
        "begin" | "note reserved" => 1,
        "request payment" | "authorized" => 2,
        "ship" | "taken" => 3,
        "capture" => 4,
        "note paid" | "note shipped" | "book" | "arrived" | "note delivered" => 5,
        _ if step.starts_with("reserve ") => 1,
        _ if step.starts_with("hand over ") => 5,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
