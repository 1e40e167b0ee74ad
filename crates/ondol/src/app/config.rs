//! `config check`, `config print`.

use std::io::Write;

use super::App;
use super::command::ConfigVerb;
use super::failure::Failure;
use crate::{Given, Output};

pub(super) fn run(app: &App, given: &Given, verb: &ConfigVerb) -> Result<(), Failure> {
    let config = given.config()?;
    let mut out = std::io::stdout().lock();
    match verb {
        ConfigVerb::Check(how) => {
            app.services().iter().try_for_each(|hosted| hosted.service.check())?;
            match how.output {
                Output::Json => writeln!(out, "{}", serde_json::json!({ "ok": true }))?,
                Output::Table => {
                    writeln!(out, "the settings and the services are as they should be")?;
                }
            }
        }
        ConfigVerb::Print { how, .. } => match how.output {
            Output::Json => {
                let text = serde_json::to_string(&config).map_err(std::io::Error::from)?;
                writeln!(out, "{text}")?;
            }
            Output::Table => {
                let text = toml::to_string(&config).map_err(std::io::Error::other)?;
                write!(out, "{text}")?;
            }
        },
    }
    Ok(())
}
