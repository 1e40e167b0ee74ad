//! What can be set of the pages.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What can be set of the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where people see the pages, without a slash at the end.
    pub origin: String,
    /// Where the shop's API is asked.
    pub api: String,
    /// Where what the first page shows is asked for in one: at the gateway, which puts it together.
    pub home: String,
    /// Who signs people in, by the name that stands in tokens.
    pub issuer: String,
    /// Where he is asked for tokens and keys.
    pub identity: String,
    /// What these pages are called there.
    pub client: String,
    /// The file with the key that sign-ins are sealed with; made where there is none.
    pub key: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        let here = "http://127.0.0.1:8080";
        Self {
            origin: here.to_owned(),
            api: here.to_owned(),
            home: here.to_owned(),
            issuer: here.to_owned(),
            identity: here.to_owned(),
            client: "shop".to_owned(),
            key: PathBuf::from("web.key"),
        }
    }
}
