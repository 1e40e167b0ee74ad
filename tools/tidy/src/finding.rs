//! A place where a rule is broken.

use std::fmt;

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the root of the workspace.
    pub file: String,
    /// Counted from one; 1 when it is about the file as a whole.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
    /// The rule that is broken.
    pub rule: &'static str,
}

/// A finding before its rule has put its name on it.
pub(crate) fn finding(file: &str, line: usize, message: impl Into<String>) -> Finding {
    Finding { file: file.to_owned(), line, message: message.into(), rule: "" }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.file, self.line, self.message, self.rule)
    }
}
