//! What is wrong with a configuration, and where.

use std::fmt;

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Each problem.
    pub problems: Vec<ConfigProblem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where it was said: `ondol.toml:3`, the name of a variable, a flag, a key.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

impl ConfigError {
    /// The stable code under which the error is documented.
    pub const fn code(&self) -> &'static str {
        "config-invalid"
    }

    /// Nothing, if nothing was found.
    pub(super) fn none_in(problems: Vec<ConfigProblem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl ConfigProblem {
    /// The problem that reading a text of TOML has met with.
    pub(super) fn of(place: String, error: &toml::de::Error) -> Self {
        let message = error.message().trim();
        let problem = message.lines().collect::<Vec<_>>().join(", ");
        Self { place, suggestion: suggestion(message), problem }
    }
}

/// What may have been meant by a name that is not known: the nearest of those that are.
fn suggestion(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let found = names.next().filter(|_| message.starts_with("unknown "))?;
    nearest(found, names)
}

/// The name that is nearest to the one that was found, if it is near enough to have been meant.
pub(crate) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let likeness = |name: &str| strsim::jaro_winkler(found, name);
    let best = known.into_iter().max_by(|one, two| likeness(one).total_cmp(&likeness(two)))?;
    (likeness(best) > 0.75).then(|| best.to_owned())
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " (did you mean `{suggestion}`?)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
