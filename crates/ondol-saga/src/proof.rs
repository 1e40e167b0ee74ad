//! SagaProof: from a definition alone, everything that can go wrong, tried out.
//!
//! Each step is refused, cannot be asked, loses its answer, keeps silent having taken effect and
//! not having taken it, arrives late, arrives twice, is answered late; each undoing fails again
//! and again; two of these at once; the process crashes after every single event of each; a person
//! cancels and the deadline passes at every event. In every case the saga has to end, whatever was
//! done has to be undone in reverse, nothing may happen twice, and the books have to balance.
//! Undoing what was never done, or was undone already, has to do nothing.

mod books;
mod case;
mod check;
mod drive;
mod report;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ondol_domain::{Aggregate, Codec, Contract, Facts, Saga, SagaData};
use ondol_kernel::{
    Envelope, EventId, Id, Metadata, NewEvent, Position, StreamId, Timestamp, Version,
};

use crate::{Defined, Definition, Known};

pub use books::Books;
pub use report::{CounterExample, ProofReport};

use books::{Answers, Things};
use case::{Case, faults, pairs};
use drive::{Run, drive};

type Law = Arc<dyn Fn(&Books) -> Result<(), String> + Send + Sync>;
type Happening<D> = Arc<dyn Fn(&D) -> Result<Envelope, String> + Send + Sync>;

/// The proof of a saga.
pub struct SagaProof<D: SagaData> {
    definition: Defined<D>,
    problems: Option<String>,
    starts: Vec<D>,
    books: Books,
    at_the_end: Vec<(String, Law)>,
    always: Vec<(String, Law)>,
    happens: BTreeMap<String, Happening<D>>,
    one_of: usize,
}

impl<D: SagaData> SagaProof<D> {
    /// The proof of this saga.
    pub fn of(saga: Saga<D>) -> Self {
        let problems = saga.check().err().map(|problems| problems.to_string());
        Self {
            definition: Defined::new(saga),
            problems,
            starts: Vec::new(),
            books: Books::default(),
            at_the_end: Vec::new(),
            always: Vec::new(),
            happens: BTreeMap::new(),
            one_of: 1,
        }
    }

    /// One more thing that it is started with. All cases are tried with each.
    #[must_use]
    pub fn starting_with(mut self, data: D) -> Self {
        self.starts.push(data);
        self
    }

    /// Things of its own service that take part, as they stand at the beginning.
    #[must_use]
    pub fn things<A: Aggregate, K: Into<String>>(
        mut self,
        things: impl IntoIterator<Item = (K, A)>,
    ) -> Self {
        let things = things.into_iter().map(|(key, thing)| (key.into(), thing)).collect();
        self.books.add(Things::<A>(things));
        self
    }

    /// A service that takes part: how it stands at the beginning, and what it answers.
    #[must_use]
    pub fn service<C: Contract, S>(
        mut self,
        state: S,
        answer: impl Fn(&mut S, C) -> Result<C::Reply, C::Refusal> + Send + Sync + 'static,
    ) -> Self
    where
        S: fmt::Debug + Clone + Send + Sync + 'static,
    {
        self.books.add(Answers { state, answer: Arc::new(answer) });
        self
    }

    /// What happens outside when a step waits for it.
    #[must_use]
    pub fn happens<E: Facts>(
        mut self,
        step: &str,
        event: impl Fn(&D) -> E + Send + Sync + 'static,
    ) -> Self {
        let step_name = step.to_owned();
        let happening: Happening<D> = Arc::new(move |data| envelope(&step_name, &event(data)));
        self.happens.insert(step.to_owned(), happening);
        self
    }

    /// Of the ways in which two things go wrong, only one of so many is tried, spread over all of
    /// them: for long sagas, whose number of ways grows with the square of their steps. Every one
    /// thing that can go wrong is still tried.
    #[must_use]
    pub const fn one_pair_of(mut self, many: usize) -> Self {
        self.one_of = if many == 0 { 1 } else { many };
        self
    }

    /// What holds of the books whenever the saga has ended.
    #[must_use]
    pub fn invariant(
        mut self,
        name: &str,
        holds: impl Fn(&Books) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.at_the_end.push((name.to_owned(), Arc::new(holds)));
        self
    }

    /// What holds of the books at every moment.
    #[must_use]
    pub fn always(
        mut self,
        name: &str,
        holds: impl Fn(&Books) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.always.push((name.to_owned(), Arc::new(holds)));
        self
    }

    /// Tries everything out.
    ///
    /// # Errors
    /// With the first case that goes wrong.
    pub fn run(&self) -> Result<ProofReport, Box<CounterExample>> {
        let mut report = ProofReport::new(&self.definition.shape().name);
        if let Some(problems) = &self.problems {
            return Err(Box::new(CounterExample::of_the_whole(&report, problems)));
        }
        if self.starts.is_empty() {
            let nothing = "it is started with nothing: say starting_with()";
            return Err(Box::new(CounterExample::of_the_whole(&report, nothing)));
        }
        for start in &self.starts {
            self.run_with(start, &mut report)?;
        }
        Ok(report)
    }

    /// Tries everything out, and says how much that was.
    ///
    /// # Panics
    /// With the first case that goes wrong, told in full.
    #[expect(clippy::panic, reason = "a proof that fails is a test that fails")]
    #[expect(clippy::print_stdout, reason = "a proof says how much it has tried out")]
    pub fn check(&self) -> ProofReport {
        match self.run() {
            Ok(report) => {
                println!("{report}");
                report
            }
            Err(counter_example) => panic!("{counter_example}"),
        }
    }

    fn run_with(&self, start: &D, report: &mut ProofReport) -> Result<(), Box<CounterExample>> {
        let faults = faults(self.definition.shape());
        let mut singles = vec![Case::default(), Case { reversed: true, ..Case::default() }];
        singles.extend(faults.iter().cloned().map(Case::of));
        let mut lengths = Vec::with_capacity(singles.len());
        for case in &singles {
            lengths.push(self.try_out(start, case, report)?.facts.len());
        }
        let interrupted = singles.iter().zip(lengths).flat_map(|(case, facts)| {
            (1..=facts).flat_map(move |after| self.interrupted(case, after))
        });
        for case in interrupted.chain(pairs(&faults)).step_by(self.one_of) {
            self.try_out(start, &case, report)?;
        }
        self.undo_does_nothing_twice(start, report)
    }

    /// The same, and in the middle of it the process crashes, or a person cancels it, or its time
    /// is over.
    fn interrupted(&self, case: &Case, after: usize) -> Vec<Case> {
        let mut cases = vec![
            Case { crash_after: Some(after), ..case.clone() },
            Case { cancel_after: Some(after), ..case.clone() },
        ];
        if self.definition.deadline().is_some() {
            cases.push(Case { late_after: Some(after), ..case.clone() });
        }
        cases
    }

    fn try_out(
        &self,
        start: &D,
        case: &Case,
        report: &mut ProofReport,
    ) -> Result<Run, Box<CounterExample>> {
        report.count(case);
        let wrong = |wrong: String, run: Option<&Run>| {
            Box::new(CounterExample::new(report, case.to_string(), wrong, run))
        };
        let data = Known::of(start).map_err(|error| wrong(error.to_string(), None))?;
        let happens = |step: &str, data: &Known| self.happening(step, data);
        let always = |books: &Books| laws(&self.always, books);
        let run = drive(&self.definition, &data, &self.books, case, &happens, &always)
            .map_err(|error| wrong(ondol_runtime::error_chain(&error), None))?;
        check::check(&self.definition, case, &run).map_err(|found| wrong(found, Some(&run)))?;
        laws(&self.at_the_end, &run.books).map_err(|found| wrong(found, Some(&run)))?;
        Ok(run)
    }

    fn happening(&self, step: &str, data: &Known) -> Option<Envelope> {
        let happens = self.happens.get(step)?;
        happens(&data.read().ok()?).ok()
    }
}

fn laws(laws: &[(String, Law)], books: &Books) -> Result<(), String> {
    laws.iter().try_for_each(|(name, law)| {
        law(books).map_err(|found| format!("this does not hold: {name}. Found: {found}"))
    })
}

/// An event as it comes from outside.
fn envelope<E: Facts>(step: &str, event: &E) -> Result<Envelope, String> {
    let codec = Codec::<E>::new().map_err(|error| error.to_string())?;
    let encoded = codec.encode(event).map_err(|error| error.to_string())?;
    let id: EventId = Id::named(&format!("proof {step}"));
    let event = NewEvent {
        id,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        metadata: Metadata { time: Timestamp::EPOCH, ..Metadata::default() },
        data: encoded.payload,
    };
    let stream =
        StreamId::new("outside", step.replace(' ', "-")).map_err(|error| error.to_string())?;
    Ok(event.recorded(stream, Version::new(1), Position::new(1)))
}

impl<D: SagaData> fmt::Debug for SagaProof<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SagaProof").field("of", &self.definition).finish_non_exhaustive()
    }
}

/// A service that takes part, for those who test with books and no proof.
#[cfg(test)]
pub(crate) fn answers<C: Contract, S>(
    state: S,
    answer: impl Fn(&mut S, C) -> Result<C::Reply, C::Refusal> + Send + Sync + 'static,
) -> impl books::Part + 'static
where
    S: fmt::Debug + Clone + Send + Sync + 'static,
{
    Answers { state, answer: Arc::new(answer) }
}

#[cfg(test)]
mod tests;
