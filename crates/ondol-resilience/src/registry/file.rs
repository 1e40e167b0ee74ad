//! Policies from a file: one table for each, `[breaker.cdn]`.
//!
//! The file is read in two passes. The first finds all that is wrong in all tables; only if nothing
//! is, the second makes the new policies, changes the known ones and removes those that are gone.

use serde_json::Value;

use super::Registry;
use crate::{
    Adaptive, AdaptiveOptions, Balancer, BalancerOptions, Breaker, BreakerOptions, Bulkhead,
    BulkheadOptions, Chaos, ChaosOptions, Doors, Fallback, FallbackOptions, Hedge, HedgeOptions,
    Kind, LoadShed, LoadShedOptions, Outlier, OutlierOptions, Policy, Problems, RateLimit,
    RateLimitOptions, Retry, RetryOptions, Timeout, TimeoutOptions,
    policy::{Options, read},
};

/// A file of options could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not TOML.
    #[error("the options are not valid TOML")]
    Syntax(#[from] toml::de::Error),
    /// Something in it is wrong.
    #[error("the options have problems: {0}")]
    Problems(Problems),
}

/// A table of the file.
struct Section {
    kind: Kind,
    name: String,
    options: Value,
}

impl Registry {
    /// The policies of a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_toml(text: &str, doors: &Doors) -> Result<Self, ParseError> {
        let registry = Self::default();
        registry.load_toml(text, doors)?;
        Ok(registry)
    }

    /// Makes the policies be those of a file: known ones are changed while they run, new ones made,
    /// missing ones removed.
    ///
    /// # Errors
    /// Everything that is wrong with it; then nothing is changed.
    pub fn load_toml(&self, text: &str, doors: &Doors) -> Result<(), ParseError> {
        let sections = sections(toml::from_str(text)?).map_err(ParseError::Problems)?;
        let mut problems = Problems::default();
        for section in &sections {
            if let Err(found) = check(section.kind, section.options.clone()) {
                problems.add_under(&section.path(), found);
            }
        }
        problems.into_result().map_err(ParseError::Problems)?;
        self.become_these(sections, doors).map_err(ParseError::Problems)
    }

    fn become_these(&self, sections: Vec<Section>, doors: &Doors) -> Result<(), Problems> {
        let mut policies = self.write();
        policies.retain(|(kind, name), _| {
            sections.iter().any(|section| section.kind == *kind && section.name == *name)
        });
        for Section { kind, name, options } in sections {
            let key = (kind, name);
            if let Some(policy) = policies.get(&key) {
                policy.change_json(options)?;
            } else {
                let policy = make(kind, &key.1, options, doors)?;
                policies.insert(key, policy);
            }
        }
        Ok(())
    }
}

impl Section {
    fn path(&self) -> String {
        format!("{}.{}", self.kind.as_str(), self.name)
    }
}

/// The tables of a file, and what is no table of a policy.
fn sections(file: Value) -> Result<Vec<Section>, Problems> {
    let mut sections = Vec::new();
    let mut problems = Problems::default();
    let Value::Object(kinds) = file else { return Ok(sections) };
    for (word, names) in kinds {
        let Ok(kind) = serde_json::from_value::<Kind>(Value::String(word.clone())) else {
            problems.add(word, "is no kind of policy");
            continue;
        };
        let Value::Object(names) = names else {
            problems.add(word.as_str(), format!("must hold tables: [{word}.name]"));
            continue;
        };
        let of_kind = names.into_iter().map(|(name, options)| Section { kind, name, options });
        sections.extend(of_kind);
    }
    if sections.len() > super::POLICIES_MAX {
        problems.add("", format!("has more than {} policies", super::POLICIES_MAX));
    }
    problems.into_result()?;
    Ok(sections)
}

fn validate<O: Options>(options: Value) -> Result<(), Problems> {
    read::<O>(options)?.validate()
}

macro_rules! kinds {
    ($($handle:ident $options:ident),* $(,)?) => {
        fn check(kind: Kind, options: Value) -> Result<(), Problems> {
            match kind {
                $(Kind::$handle => validate::<$options>(options),)*
            }
        }

        fn make(
            kind: Kind,
            name: &str,
            options: Value,
            doors: &Doors,
        ) -> Result<std::sync::Arc<dyn Policy>, Problems> {
            Ok(match kind {
                $(Kind::$handle => {
                    std::sync::Arc::new($handle::with(name, read(options)?, doors)?)
                })*
            })
        }
    };
}

kinds! {
    Adaptive AdaptiveOptions,
    Balancer BalancerOptions,
    Breaker BreakerOptions,
    Bulkhead BulkheadOptions,
    Chaos ChaosOptions,
    Fallback FallbackOptions,
    Hedge HedgeOptions,
    LoadShed LoadShedOptions,
    Outlier OutlierOptions,
    RateLimit RateLimitOptions,
    Retry RetryOptions,
    Timeout TimeoutOptions,
}
