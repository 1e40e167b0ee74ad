//! What is given from outside: a file, variables of the environment, flags; read once, checked
//! each for itself, so that what is wrong is told with the place where it was said.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, ConfigError, ConfigProblem, file};

/// The file that is read when none is named.
const FILE: &str = "ondol.toml";
/// What is called so in messages when neither is there.
const SHIPPED: &str = "(shipped) ondol.toml";
/// What the variables begin with.
const PREFIX: &str = "ONDOL_";
/// Variables that say something else than a setting.
const NOT_SETTINGS: [&str; 3] = ["ONDOL_CONFIG", "ONDOL_LOG", "ONDOL_LOG_FILE"];

/// What is given from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The file, if one is named; then it must be there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// Flags: `log.engine=postgres`.
    pub settings: Vec<String>,
}

impl Given {
    /// The configuration.
    ///
    /// # Errors
    /// With everything that is wrong, and where it was said.
    pub fn config(&self) -> Result<Config, ConfigError> {
        self.config_or("")
    }

    /// The configuration; the file that a program is shipped with, as a text, stands in where none is
    /// named and none is there.
    ///
    /// # Errors
    /// With everything that is wrong, and where it was said.
    pub fn config_or(&self, shipped: &str) -> Result<Config, ConfigError> {
        let mut problems = Vec::new();
        let mut whole = Table::new();
        match self.file(shipped) {
            Ok(layer) => merge(&mut whole, layer),
            Err(found) => problems.extend(found),
        }
        let mut take = |layer: Result<Table, ConfigProblem>| match layer {
            Ok(layer) => merge(&mut whole, layer),
            Err(problem) => problems.push(problem),
        };
        for (name, value) in &self.environment {
            if let Some(layer) = variable(name, value) {
                take(layer);
            }
        }
        for setting in &self.settings {
            take(flag(setting));
        }
        ConfigError::none_in(problems)?;
        let config = Config::deserialize(Value::Table(whole)).map_err(|error| ConfigError {
            problems: vec![ConfigProblem::of("the settings together".to_owned(), &error)],
        })?;
        config.validate().map(|()| config)
    }

    fn file(&self, shipped: &str) -> Result<Table, Vec<ConfigProblem>> {
        let path = self.file.clone().unwrap_or_else(|| PathBuf::from(FILE));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if self.file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return file::read(Path::new(SHIPPED), shipped);
            }
            Err(error) => {
                let place = path.display().to_string();
                let problem = error.to_string();
                return Err(vec![ConfigProblem { place, problem, suggestion: None }]);
            }
        };
        file::read(&path, &text)
    }
}

/// The setting that a variable of the environment makes: `ONDOL_HTTP__LISTEN`, or with the value
/// in a file, `ONDOL_POSTGRES__URL_FILE`. None, when the variable is not meant for us.
fn variable(name: &str, value: &str) -> Option<Result<Table, ConfigProblem>> {
    let rest = name.strip_prefix(PREFIX).filter(|_| !NOT_SETTINGS.contains(&name))?;
    let path: Vec<String> = rest.split("__").map(str::to_lowercase).collect();
    if let Ok(layer) = setting(name, &path, value) {
        return Some(Ok(layer));
    }
    let of_file = path.last().and_then(|last| last.strip_suffix("_file")).map(str::to_owned);
    let Some(key) = of_file else { return Some(setting(name, &path, value)) };
    let text = match std::fs::read_to_string(value) {
        Ok(text) => text,
        Err(error) => {
            let problem = format!("the file {value} cannot be read: {error}");
            return Some(Err(ConfigProblem { place: name.to_owned(), problem, suggestion: None }));
        }
    };
    let parents = path.iter().take(path.len().saturating_sub(1)).cloned();
    let path: Vec<_> = parents.chain([key]).collect();
    Some(setting(name, &path, text.trim_end_matches(['\n', '\r'])))
}

/// The setting that a flag makes: `http.listen=127.0.0.1:9090`.
fn flag(text: &str) -> Result<Table, ConfigProblem> {
    let Some((path, value)) = text.split_once('=') else {
        let problem = "a setting is KEY=VALUE, found no '='".to_owned();
        return Err(ConfigProblem { place: format!("--set {text}"), problem, suggestion: None });
    };
    let path: Vec<String> = path.split('.').map(|part| part.trim().to_owned()).collect();
    setting(&format!("--set {}", path.join(".")), &path, value)
}

/// One setting, checked for itself: first as a value of TOML, then as a plain text.
fn setting(place: &str, path: &[String], value: &str) -> Result<Table, ConfigProblem> {
    let as_text = nested(path, Value::String(value.to_owned()));
    let parsed = toml::from_str::<Table>(&format!("value = {value}")).ok();
    let parsed =
        parsed.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    if let Some(parsed) = parsed {
        let typed = nested(path, parsed);
        if Config::deserialize(Value::Table(typed.clone())).is_ok() {
            return Ok(typed);
        }
    }
    match Config::deserialize(Value::Table(as_text.clone())) {
        Ok(_config) => Ok(as_text),
        Err(error) => Err(ConfigProblem::of(place.to_owned(), &error)),
    }
}

pub(super) fn nested(path: &[String], value: Value) -> Table {
    let mut value = value;
    for part in path.iter().skip(1).rev() {
        value = Value::Table(Table::from_iter([(part.clone(), value)]));
    }
    Table::from_iter(path.first().map(|part| (part.clone(), value)))
}

fn merge(whole: &mut Table, layer: Table) {
    for (key, value) in layer {
        match (whole.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => drop(whole.insert(key, value)),
        }
    }
}
