//! Real histories against other definitions: whether sagas that were started by one could go on,
//! and would have gone, by another. Nothing is asked and nothing is recorded.

use std::collections::{BTreeMap, HashMap};

use ondol_domain::{Call, Codec};
use ondol_kernel::{Envelope, Recorded, StreamId};

use crate::definition::{Asks, At};
use crate::engine::{FactCodec, LoadSagaError, OpenSagasError};
use crate::machine::fits;
use crate::{Definition, Definitions, Fact, Instance, SagaState};

/// How many sagas with something to be said are remembered; others are counted.
pub const FOUND_MAX: usize = 1_000;

/// Folds the facts of a log, and compares each with what the definitions would have had.
#[derive(Debug)]
pub struct Replay<'a> {
    definitions: &'a Definitions,
    steps: &'a BTreeMap<String, String>,
    codec: FactCodec,
    open: HashMap<StreamId, Open>,
    report: ReplayReport,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct ReplayReport {
    /// How many sagas there are.
    pub sagas: u64,
    /// How many of them have ended.
    pub ended: u64,
    /// How many that have not ended cannot go on.
    pub misfits: u64,
    /// How many would have asked something else than they did.
    pub differing: u64,
    /// Those that do not fit or differ, the first [`FOUND_MAX`] of them.
    pub found: Vec<ReplayFinding>,
}

/// What is to be said about one saga.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReplayFinding {
    /// Which one.
    pub stream: StreamId,
    /// How it stands.
    pub state: SagaState,
    /// Why it cannot go on; it can, or has ended, if nothing is said.
    pub misfits: Vec<String>,
    /// What it would have done otherwise.
    pub differences: Vec<String>,
}

#[derive(Debug)]
struct Open {
    instance: Instance,
    differences: Vec<String>,
}

impl<'a> Replay<'a> {
    /// A replay against the newest of these definitions, in which steps may have other names.
    ///
    /// # Errors
    /// When facts cannot be read at all.
    pub fn against(
        definitions: &'a Definitions,
        steps: &'a BTreeMap<String, String>,
    ) -> Result<Self, OpenSagasError> {
        let (codec, report) = (Codec::new()?, ReplayReport::default());
        Ok(Self { definitions, steps, codec, open: HashMap::new(), report })
    }

    /// The next event of the log; those that are no facts of sagas are passed over.
    ///
    /// # Errors
    /// When it cannot be read, or cannot have happened.
    pub fn take(&mut self, event: Envelope) -> Result<(), LoadSagaError> {
        if event.stream.kind() != crate::SAGA_KIND {
            return Ok(());
        }
        let event: Recorded<Fact> = self.codec.read(event)?;
        let Some(mut open) = self.open.remove(&event.stream) else {
            let instance = Instance::begin(event.stream.clone(), &event.data, &event.metadata)?;
            self.report.sagas += 1;
            self.open.insert(event.stream, Open { instance, differences: Vec::new() });
            return Ok(());
        };
        if let Some(definition) = self.definitions.newest(&open.instance.saga) {
            let differs = differs(&**definition, &open.instance, &event.data, self.steps);
            open.differences.extend(differs);
        }
        open.instance.apply(&event.data, event.metadata.time)?;
        if open.instance.is_ended() {
            self.report.ended += 1;
            self.say(open.instance, Vec::new(), open.differences);
        } else {
            self.open.insert(event.stream, open);
        }
        Ok(())
    }

    /// What came of it, once all has been taken.
    pub fn finish(mut self) -> ReplayReport {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_by(|left, right| left.instance.stream.cmp(&right.instance.stream));
        for Open { instance, differences } in open {
            let misfits = match self.definitions.newest(&instance.saga) {
                None => vec![format!("the service has no saga {:?}", instance.saga)],
                Some(definition) => {
                    let misfit = fits(&**definition, &instance, self.steps).err();
                    misfit.map(|misfit| misfit.problems).unwrap_or_default()
                }
            };
            self.say(instance, misfits, differences);
        }
        self.report
    }

    fn say(&mut self, instance: Instance, misfits: Vec<String>, differences: Vec<String>) {
        self.report.misfits += u64::from(!misfits.is_empty());
        self.report.differing += u64::from(!differences.is_empty());
        let is_silent = misfits.is_empty() && differences.is_empty();
        if !is_silent && self.report.found.len() < FOUND_MAX {
            let (state, stream) = (instance.state(), instance.stream);
            self.report.found.push(ReplayFinding { stream, state, misfits, differences });
        }
    }
}

/// What a definition would have done otherwise, had it been its turn; nothing if it would have
/// done the same, or has no such step: that is for [`fits`] to say.
fn differs(
    definition: &dyn Definition,
    instance: &Instance,
    fact: &Fact,
    steps: &BTreeMap<String, String>,
) -> Option<String> {
    let (step, did) = match fact {
        Fact::Asked { step, question, .. } | Fact::UndoAsked { step, question } => {
            (step, told(&question.call()))
        }
        Fact::LeftOut { step } => (step, "ask nothing".to_owned()),
        Fact::Waits { step, .. } => (step, "wait".to_owned()),
        _ => return None,
    };
    let name = steps.get(step).unwrap_or(step);
    let at = At::of(definition, name)?;
    let undoes = matches!(fact, Fact::UndoAsked { .. });
    let does = if undoes {
        match definition.undoes(at, instance.knows()) {
            Ok(Some(call)) => told(&call),
            Ok(None) => "undo nothing".to_owned(),
            Err(error) => format!("fail: {error}"),
        }
    } else {
        match definition.asks(at, instance.knows()) {
            Ok(Asks::Call(call)) => told(&call),
            Ok(Asks::Nothing) => "ask nothing".to_owned(),
            Ok(Asks::Waits) => "wait".to_owned(),
            Err(error) => format!("fail: {error}"),
        }
    };
    let what = if undoes { "the undoing of " } else { "" };
    (does != did).then(|| format!("{what}{name:?} would {does}, and did {did}"))
}

/// A call in words, the same for the same call.
fn told(call: &Call) -> String {
    let Call { key, command, data, .. } = call;
    let fields: serde_json::Value = serde_json::from_slice(&data.bytes).unwrap_or_default();
    let (ondol_domain::Target::Service(of) | ondol_domain::Target::Aggregate(of)) = &call.target;
    format!("ask {of} {key:?} to {command} {fields}")
}

#[cfg(test)]
mod tests;
