//! A saga's life in the words of people.

use std::fmt::Write;

use ondol_kernel::{EventId, Timestamp};
use serde::Serialize;

use crate::Fact;

/// One line of a saga's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// When it happened.
    pub time: Timestamp,
    /// The event that records it.
    pub event: EventId,
    /// What happened, as a program reads it.
    pub kind: String,
    /// To which step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What happened, as a person reads it.
    pub told: String,
    /// Everything that is known of it.
    pub fact: serde_json::Value,
}

/// What happened, in a sentence.
pub fn told(fact: &Fact) -> String {
    match fact {
        Fact::Started { saga, version, data, .. } => {
            format!("started by {saga:?} {version}, knowing {}", data.as_str())
        }
        Fact::Asked { step, question, .. } => {
            format!("{step}: asks {} to {}", question.key, question.asks)
        }
        Fact::LeftOut { step } => format!("{step}: left out, its condition does not hold"),
        Fact::Waits { step, limit } => format!("{step}: waits, until {}", limit.due),
        Fact::Answered { step, answer, data, .. } => {
            let mut told = format!("{step}: done");
            if let Some(answer) = answer {
                write!(told, ", and {} is kept of the answer", answer.as_str())
                    .expect("a text can grow");
            }
            if let Some(data) = data {
                write!(told, ", and it now knows {}", data.as_str()).expect("a text can grow");
            }
            told
        }
        Fact::Refused { step, code, message, again } => match again {
            None => format!("{step}: refused, {message} ({code})"),
            Some(again) => format!("{step}: refused, {message} ({code}); again at {}", again.due),
        },
        Fact::Unanswered { step, because, again } => {
            format!("{step}: no answer, {because}; again at {}", again.due)
        }
        Fact::Held { step, by, again } => {
            format!("{step}: waits for {by} to let go; again at {}", again.due)
        }
        Fact::TimedOut { step, .. } => format!("{step}: took too long"),
        Fact::Overdue { step, .. } => {
            let what = step.as_deref().map_or("the saga", |step| step);
            format!("{what}: takes longer than it should, and goes on")
        }
        Fact::Recalled { step } => format!("{step}: called back"),
        Fact::Voided { step } => format!("{step}: void, it never takes effect"),
        Fact::Heard { event_type, .. } => format!("heard of {event_type}"),
        _ => told_of_the_whole(fact),
    }
}

fn told_of_the_whole(fact: &Fact) -> String {
    match fact {
        Fact::TurnedRound { because } => format!("turns round: {because}"),
        Fact::WentOn { because } => format!("goes on after all: {because}"),
        Fact::UndoAsked { step, question } => {
            format!("{step}: asks {} to {}, to undo it", question.key, question.asks)
        }
        Fact::Undone { step } => format!("{step}: undone"),
        Fact::Stuck { step, because } => format!("stuck at {step:?}: {because}"),
        Fact::Resumed { by } => format!("resumed by {by}"),
        Fact::Retried { step, by } => format!("{step}: tried again by {by}"),
        Fact::Skipped { step, by } => format!("{step}: skipped by {by}"),
        Fact::Migrated { version, fingerprint, by, .. } => {
            format!("goes on by version {version} ({fingerprint}), says {by}")
        }
        Fact::Completed => "completed".to_owned(),
        Fact::Compensated => "compensated".to_owned(),
        _ => format!("{fact:?}"),
    }
}
