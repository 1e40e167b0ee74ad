//! Promises about speed, as data.

use serde::Deserialize;

use crate::figure::Figure;

/// Everything in `bars.toml`:
///
/// ```
/// let bars = ondol_bench::Bars::parse(
///     r#"
///     [[bar]]
///     bench = "store"          # the bench program
///     case = "append"          # exactly as in the report
///     at_least = 0.6           # or at_most
///     of = "ratio"             # or "value", in the case's own unit
///     why = "the index stays off the path of the acknowledgement"
///     "#,
/// )
/// .expect("a bar");
/// assert_eq!(bars.bars.len(), 1);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Bars {
    /// In the order of the file.
    pub bars: Vec<Bar>,
}

/// One promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The bench program that measures it.
    pub bench: String,
    /// The case, as in the report.
    pub case: String,
    /// What is compared.
    pub of: Of,
    /// Where the bar lies.
    pub goal: Goal,
    /// What the promise means to whoever uses the product.
    pub why: String,
}

/// Which number of a figure a bar speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The value itself, in the case's unit: only for what does not depend on the machine.
    Value,
    /// The ratio to the case it is compared with.
    Ratio,
}

/// Where a bar lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

/// A bar beside what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict<'a> {
    /// The promise.
    pub bar: &'a Bar,
    /// The number it speaks of, where there is one.
    pub measured: Option<f64>,
    /// How it stands.
    pub outcome: Outcome,
}

/// How a bar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The promise holds.
    Met,
    /// It does not.
    Short,
    /// Its bench ran, but did not measure it.
    NotMeasured,
    /// Measured by `--quick`, which proves nothing.
    OnlyQuick,
    /// Its bench did not run this time.
    NotRun,
}

/// Why bars could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BarsError {
    /// It is not TOML, or not of this shape.
    #[error("the bars cannot be read")]
    Malformed(#[source] toml::de::Error),
    /// A bar contradicts itself; all problems at once.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    bar: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    bench: String,
    case: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
    of: Of,
    why: String,
}

impl Bars {
    /// Reads `bars.toml`.
    ///
    /// # Errors
    /// When the text has another shape, or bars contradict themselves.
    pub fn parse(text: &str) -> Result<Self, BarsError> {
        let file: File = toml::from_str(text).map_err(BarsError::Malformed)?;
        let (bars, problems): (Vec<_>, Vec<_>) =
            file.bar.into_iter().map(Bar::new).partition(Result::is_ok);
        let problems: Vec<_> = problems.into_iter().filter_map(Result::err).collect();
        if !problems.is_empty() {
            return Err(BarsError::Invalid(problems));
        }
        Ok(Self { bars: bars.into_iter().flatten().collect() })
    }

    /// Each bar beside its figure; `ran` names the benches whose figures these are.
    pub fn check(&self, figures: &[Figure], ran: &[&str]) -> Vec<Verdict<'_>> {
        self.bars.iter().map(|bar| bar.check(figures, ran)).collect()
    }
}

impl Bar {
    fn new(entry: Entry) -> Result<Self, String> {
        let Entry { bench, case, at_least, at_most, of, why } = entry;
        let goal = match (at_least, at_most) {
            (Some(least), None) => Goal::AtLeast(least),
            (None, Some(most)) => Goal::AtMost(most),
            _ => {
                return Err(format!(
                    "the bar for `{bench}: {case}` needs at_least or at_most, one of them"
                ));
            }
        };
        if why.trim().is_empty() {
            return Err(format!("the bar for `{bench}: {case}` does not say why"));
        }
        Ok(Self { bench, case, of, goal, why })
    }

    fn check(&self, figures: &[Figure], ran: &[&str]) -> Verdict<'_> {
        let figure =
            figures.iter().find(|figure| figure.bench == self.bench && figure.case == self.case);
        let measured = figure.and_then(|figure| match self.of {
            Of::Value => Some(figure.value),
            Of::Ratio => figure.ratio,
        });
        let outcome = match (figure, measured) {
            _ if !ran.contains(&self.bench.as_str()) => Outcome::NotRun,
            (Some(figure), _) if figure.quick => Outcome::OnlyQuick,
            (_, None) => Outcome::NotMeasured,
            (_, Some(measured)) if self.goal.is_met_by(measured) => Outcome::Met,
            (_, Some(_)) => Outcome::Short,
        };
        Verdict { bar: self, measured, outcome }
    }
}

impl Goal {
    /// Whether a number clears the bar; reaching it exactly does.
    pub fn is_met_by(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::AtMost(most) => measured <= most,
        }
    }
}

impl Outcome {
    /// Whether the check as a whole must fail.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Short | Self::NotMeasured | Self::OnlyQuick)
    }
}

#[cfg(test)]
mod tests;
