//! Which requests go where.
//!
//! A route says what it matches and what becomes of a match. Which of several matching routes wins
//! is stated, in this order: the higher `priority`; an exact host before `*.host` before any host;
//! an exact path, then the one with more literal segments, one that ends before one that is open, one
//! with fewer parameters, then a regular expression, then any path; more conditions before fewer. Routes that none of this sets apart and
//! that could match the same request are an error in the configuration, not a matter of luck.

mod criteria;
mod pattern;
mod table;

pub(crate) use criteria::{Criteria, Mismatch, Seen, cookie_values};
pub(crate) use pattern::Pattern;
pub(crate) use table::{Found, Table};
