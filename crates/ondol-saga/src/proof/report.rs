//! What a proof has to say: how much was tried out, or what went wrong.

use std::fmt;

use super::Books;
use super::case::Case;
use super::drive::Run;
use crate::timeline::told;

/// How much was tried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProofReport {
    /// Of which saga.
    pub saga: String,
    /// In how many cases in all.
    pub cases: usize,
    /// In how many of them one thing went wrong and nothing else.
    pub single: usize,
    /// In how many two things went wrong.
    pub double: usize,
    /// In how many the process crashed.
    pub crashed: usize,
    /// In how many a person cancelled, or the deadline passed.
    pub turned_round: usize,
    /// In how many something was undone that had not been done, or was undone twice.
    pub undone_again: usize,
}

impl ProofReport {
    pub(super) fn new(saga: &str) -> Self {
        Self { saga: saga.to_owned(), ..Self::default() }
    }

    pub(super) fn count(&mut self, case: &Case) {
        self.cases += 1;
        if case.crash_after.is_some() {
            self.crashed += 1;
        } else if case.cancel_after.is_some() || case.late_after.is_some() {
            self.turned_round += 1;
        } else if case.faults.len() > 1 {
            self.double += 1;
        } else {
            self.single += 1;
        }
    }

    pub(super) fn count_undo(&mut self) {
        self.cases += 1;
        self.undone_again += 1;
    }
}

impl fmt::Display for ProofReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { saga, cases, single, double, crashed, turned_round, undone_again } = self;
        write!(
            f,
            "the saga {saga:?} holds in {cases} cases: {single} with one thing going wrong or \
             nothing, {double} with two, {crashed} with a crash, {turned_round} turned round, \
             {undone_again} undone again"
        )
    }
}

/// How many lines of a saga's life are printed.
const LINES_MAX: usize = 40;

/// A case that goes wrong.
#[derive(Debug, Clone)]
pub struct CounterExample {
    /// Of which saga.
    pub saga: String,
    /// How many cases had been tried out, this one included.
    pub cases: usize,
    /// What was made to go wrong.
    pub case: String,
    /// What was found.
    pub found: String,
    /// What happened, line by line.
    pub timeline: Vec<String>,
    /// How those who take part stand at the end.
    pub books: Option<Books>,
}

impl CounterExample {
    pub(super) fn new(
        report: &ProofReport,
        case: String,
        found: String,
        run: Option<&Run>,
    ) -> Self {
        let line = |(time, fact): &(ondol_kernel::Timestamp, crate::Fact)| {
            format!(
                "{:>8.1} s  {}",
                time.since(ondol_kernel::Timestamp::EPOCH).as_secs_f64(),
                told(fact)
            )
        };
        Self {
            saga: report.saga.clone(),
            cases: report.cases,
            case,
            found,
            timeline: run.map(|run| run.facts.iter().map(line).collect()).unwrap_or_default(),
            books: run.map(|run| run.books.clone()),
        }
    }

    pub(super) fn of_the_whole(report: &ProofReport, found: &str) -> Self {
        Self::new(report, "the definition as it stands".to_owned(), found.to_owned(), None)
    }
}

impl fmt::Display for CounterExample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the saga {:?} does not hold in case {}", self.saga, self.cases)?;
        writeln!(f, "  case:  {}", self.case)?;
        writeln!(f, "  found: {}", self.found)?;
        for line in self.timeline.iter().take(LINES_MAX) {
            writeln!(f, "  {line}")?;
        }
        if let Some(more) = self.timeline.len().checked_sub(LINES_MAX).filter(|more| *more > 0) {
            writeln!(f, "  … and {more} events more")?;
        }
        if let Some(books) = &self.books {
            writeln!(f, "  books at the end: {books:#?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CounterExample {}
