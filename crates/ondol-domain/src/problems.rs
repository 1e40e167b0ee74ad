//! Everything that is wrong with a definition, told at once.

use std::fmt;

/// All the problems that were found, in the order in which they stand.
///
/// A definition is checked when a service starts; whoever has to put it right should not have to
/// start the service once for each mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems<P> {
    /// What was being checked.
    pub of: String,
    /// What is wrong with it.
    pub found: Vec<P>,
}

impl<P> Problems<P> {
    /// Nothing, if nothing was found.
    ///
    /// # Errors
    /// When at least one problem was found.
    pub fn none_in(of: impl Into<String>, found: Vec<P>) -> Result<(), Self> {
        if found.is_empty() { Ok(()) } else { Err(Self { of: of.into(), found }) }
    }
}

impl<P: fmt::Display> fmt::Display for Problems<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be used: ", self.of)?;
        for (at, problem) in self.found.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl<P: fmt::Display + fmt::Debug> std::error::Error for Problems<P> {}
