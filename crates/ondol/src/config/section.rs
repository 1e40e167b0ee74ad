//! The settings of one service, as it will read them.

use serde::{Deserialize, Serialize};

/// The settings of one service, as it will read them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Section(pub toml::Table);

/// A table without numbers that are none equals itself; with one, it is only written again.
impl Eq for Section {}
