//! A saga as it can be shown, compared and drawn.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{Retry, Saga, SagaData, Step};
use crate::{Fingerprint, Source};

/// A saga without what only a program can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SagaShape {
    /// What it is called.
    pub name: String,
    /// Which version of it.
    pub version: u32,
    /// What is asked, in order; what is asked at once stands together.
    pub stages: Vec<Vec<StepShape>>,
    /// Before which stage the pivot stands.
    pub pivot: Option<usize>,
    /// How long the whole may take.
    pub deadline_ms: Option<u64>,
    /// The types of the events that start it.
    pub starts_on: Vec<String>,
    /// The types of the events that it listens to.
    pub listens: Vec<String>,
}

/// A step without what only a program can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepShape {
    /// What it is called.
    pub name: String,
    /// Whether something is asked to undo it.
    pub undo: bool,
    /// Whether it is asked on a condition.
    pub conditional: bool,
    /// Whether something is kept of its answer.
    pub reply: bool,
    /// How long it may take.
    pub within_ms: u64,
    /// How often and how fast it is asked again; nothing when it waits.
    pub retry: Option<RetryShape>,
    /// The types of the events that it waits for; none when it asks.
    pub waits_for: Vec<String>,
    /// The steps whose answers it cannot do without when it is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// The steps whose answers it cannot do without when it is undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo_reads: Vec<String>,
}

/// How often and how fast a step is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryShape {
    /// How often it is asked in all, before the pivot.
    pub attempts_max: u32,
    /// How long is waited after the first attempt.
    pub delay_first_ms: u64,
    /// The longest wait.
    pub delay_max_ms: u64,
}

impl<D: SagaData> Saga<D> {
    /// The saga as it can be shown.
    pub fn shape(&self) -> SagaShape {
        let stages = self.stages().iter();
        let starts_on = self.starters().iter().flat_map(|starter| &starter.sources);
        let listens = self.listeners().iter().flat_map(|listener| &listener.sources);
        SagaShape {
            name: self.name().to_owned(),
            version: self.version(),
            stages: stages.map(|stage| stage.steps.iter().map(StepShape::of).collect()).collect(),
            pivot: self.pivot,
            deadline_ms: self.time_limit().map(milliseconds),
            starts_on: types(starts_on),
            listens: types(listens),
        }
    }

    /// What a running saga remembers its definition by.
    pub fn fingerprint(&self) -> Fingerprint {
        self.shape().fingerprint()
    }
}

impl StepShape {
    fn of<D>(step: &Step<D>) -> Self {
        Self {
            name: step.name().to_owned(),
            undo: step.has_undo(),
            conditional: step.is_conditional(),
            reply: step.keeps_reply(),
            within_ms: milliseconds(step.time_limit()),
            retry: (!step.waits()).then(|| RetryShape::of(step.retries())),
            waits_for: step.waits_for().map_or_else(Vec::new, |event| types(&event.sources)),
            reads: step.reads().map(str::to_owned).collect(),
            undo_reads: step.undo_reads().map(str::to_owned).collect(),
        }
    }
}

impl RetryShape {
    fn of(retry: Retry) -> Self {
        Self {
            attempts_max: retry.attempts_max,
            delay_first_ms: milliseconds(retry.delay_first),
            delay_max_ms: milliseconds(retry.delay_max),
        }
    }
}

fn types<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<String> {
    sources.into_iter().flat_map(|source| &source.types).map(ToString::to_string).collect()
}

impl SagaShape {
    /// A text that changes when the steps, their order, what is waited for, whose answers they
    /// cannot do without or what is undone changes. Time limits, attempts, the version and what starts or turns it round may change
    /// under a saga that is under way, and do not count.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut text = format!("{:?}", self.name);
        for (at, stage) in self.stages.iter().enumerate() {
            text.push_str(if self.pivot == Some(at) { "!" } else { "/" });
            for step in stage {
                let StepShape { name, undo, conditional, waits_for, reads, undo_reads, .. } = step;
                // What is kept of an event was not always counted: whoever reads it counts.
                let reply = step.reply && waits_for.is_empty();
                write!(text, "{name:?}{undo}{conditional}{reply}").expect("a text can grow");
                if !waits_for.is_empty() {
                    write!(text, "{waits_for:?}").expect("a text can grow");
                }
                if !reads.is_empty() || !undo_reads.is_empty() {
                    write!(text, "<{reads:?}{undo_reads:?}").expect("a text can grow");
                }
                text.push('&');
            }
        }
        Fingerprint::of(&text)
    }

    /// The saga as a Mermaid flowchart: forward from top to bottom, undoing in dotted lines.
    pub fn draw(&self) -> String {
        let mut drawing = Drawing { lines: vec!["flowchart TD".to_owned()] };
        let mut before =
            vec![drawing.node("begin", "([", &format!("{} {}", self.name, self.version), "])")];
        for (at, stage) in self.stages.iter().enumerate() {
            if self.pivot == Some(at) {
                let pivot = drawing.node("pivot", "{{", "pivot", "}}");
                drawing.join(&before, "-->", &pivot);
                before = vec![pivot];
            }
            before = drawing.stage(at, stage, &before);
        }
        let end = drawing.node("done", "([", "done", "])");
        drawing.join(&before, "-->", &end);
        drawing.lines.join("\n") + "\n"
    }
}

struct Drawing {
    lines: Vec<String>,
}

impl Drawing {
    /// Draws the steps of a stage under those before it.
    fn stage(&mut self, at: usize, steps: &[StepShape], before: &[String]) -> Vec<String> {
        let mut drawn = Vec::new();
        for (beside, step) in steps.iter().enumerate() {
            let open = if step.waits_for.is_empty() { "[" } else { ">" };
            let node = self.node(&format!("step{at}_{beside}"), open, &step.name, "]");
            self.join(before, if step.conditional { "-->|when|" } else { "-->" }, &node);
            if step.undo {
                let label = format!("undo {}", step.name);
                let undo = self.node(&format!("undo{at}_{beside}"), "[", &label, "]");
                self.join(std::slice::from_ref(&node), "-.->", &undo);
            }
            drawn.push(node);
        }
        drawn
    }

    fn node(&mut self, id: &str, open: &str, label: &str, close: &str) -> String {
        let label = label.replace('"', "#quot;");
        self.lines.push(format!("    {id}{open}\"{label}\"{close}"));
        id.to_owned()
    }

    fn join(&mut self, from: &[String], arrow: &str, to: &str) {
        self.lines.extend(from.iter().map(|from| format!("    {from} {arrow} {to}")));
    }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
