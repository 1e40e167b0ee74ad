//! What is wrong with a set of options: everything, at once.

use std::{fmt, time::Duration};

/// One thing wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The option, as a path: `breaker.cdn.open.lasts`.
    pub at: String,
    /// What is asked of it and what was found.
    pub what: String,
}

/// All that is wrong with a set of options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// One problem.
    pub fn one(at: impl Into<String>, what: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.add(at, what);
        problems
    }

    /// The problems, in the order of the options.
    pub fn list(&self) -> &[Problem] {
        &self.0
    }

    /// Notes a problem.
    pub fn add(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.0.push(Problem { at: at.into(), what: what.into() });
    }

    /// Notes the problems of a part under that part's name.
    pub fn add_under(&mut self, part: &str, problems: Self) {
        for Problem { at, what } in problems.0 {
            let at = if at.is_empty() { part.to_owned() } else { format!("{part}.{at}") };
            self.0.push(Problem { at, what });
        }
    }

    /// # Errors
    /// The problems, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Asks that a share lies in `(0, 1]`.
    pub(crate) fn share(&mut self, at: &str, share: f64) {
        if !(share > 0.0 && share <= 1.0) {
            self.add(at, format!("must be above 0 and at most 1, is {share}"));
        }
    }

    /// Asks that a share lies in `[0, 1]`.
    pub(crate) fn share_or_none(&mut self, at: &str, share: f64) {
        if !(0.0..=1.0).contains(&share) {
            self.add(at, format!("must be from 0 to 1, is {share}"));
        }
    }

    /// Asks for at least one.
    pub(crate) fn positive(&mut self, at: &str, number: impl Into<u64>) {
        self.range(at, number, 1, u64::MAX);
    }

    /// Asks for a number within limits.
    pub(crate) fn range(&mut self, at: &str, number: impl Into<u64>, least: u64, most: u64) {
        let number = number.into();
        if number < least {
            self.add(at, format!("must be at least {least}, is {number}"));
        } else if number > most {
            self.add(at, format!("must be at most {most}, is {number}"));
        }
    }

    /// Asks for a duration above zero.
    pub(crate) fn some_time(&mut self, at: &str, duration: Duration) {
        if duration.is_zero() {
            self.add(at, "must be longer than zero");
        }
    }

    /// Asks for a finite factor of at least `least`.
    pub(crate) fn factor(&mut self, at: &str, factor: f64, least: f64) {
        if !(factor.is_finite() && factor >= least) {
            self.add(at, format!("must be a number of at least {least}, is {factor}"));
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { at, what }) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "; " };
            if at.is_empty() {
                write!(f, "{comma}{what}")?;
            } else {
                write!(f, "{comma}{at} {what}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
