//! Another configuration, by hand.
//!
//! Whoever changes it names the one that was looked at, so that two people do not undo each other's
//! work. It is taken over first, and then written to the file it came from: a file that somebody has
//! changed meanwhile is not written over unless that is said.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::ControlProblem;
use super::diff::diff;
use super::request::Asked;
use crate::config::Config;
use crate::start::GatewayHandle;

/// A configuration to be taken over.
#[derive(Clone)]
pub(super) struct Change {
    text: String,
    config: Arc<Config>,
    /// The tag of the one that it changes.
    base: String,
    overwrite: bool,
}

impl Change {
    /// The one that is sent.
    pub(super) fn read(handle: &GatewayHandle, asked: &Asked) -> Result<Self, ControlProblem> {
        let text = String::from_utf8(asked.body.clone())
            .map_err(|_error| ControlProblem::Malformed("the body is not UTF-8".to_owned()))?;
        Self::to(handle, asked, text)
    }

    /// An earlier one.
    pub(super) fn back(
        handle: &GatewayHandle,
        asked: &Asked,
        number: &str,
    ) -> Result<Self, ControlProblem> {
        let earlier = number.parse().ok().and_then(|number| handle.versions().find(number));
        let earlier = earlier
            .ok_or_else(|| ControlProblem::Unknown(format!("there is no version {number}")))?;
        Self::to(handle, asked, earlier.text)
    }

    fn to(handle: &GatewayHandle, asked: &Asked, text: String) -> Result<Self, ControlProblem> {
        let now = handle.version().tag();
        let base = asked.if_match().ok_or(ControlProblem::NoPrecondition(now))?.to_owned();
        is_current(handle, &base)?;
        let config = Config::read("configuration", &text).map_err(ControlProblem::Wrong)?;
        if config.control.is_none() {
            let what = "it has no `control`, so that nobody could change it back from here";
            return Err(ControlProblem::Refused(what.to_owned()));
        }
        let overwrite = asked.says("overwrite");
        Ok(Self { text, config: Arc::new(config), base, overwrite })
    }

    /// What would be different.
    pub(super) fn trial(&self, handle: &GatewayHandle) -> Result<Value, ControlProblem> {
        let before = handle.version();
        let told = json!({
            "dry_run": true,
            "version": before.number,
            "diff": diff(&before.text, &self.text),
            "after_restart": after_restart(&handle.config(), &self.config),
        });
        // Whether it can be made ready: certificates, names, policies.
        handle.try_out(&self.config).map_err(|error| ControlProblem::Refused(chain(&error)))?;
        Ok(told)
    }

    /// Takes it over.
    pub(super) async fn carry_out(
        &self,
        handle: &GatewayHandle,
        who: &str,
        why: &str,
    ) -> Result<Value, ControlProblem> {
        let (change, handle) = (self.clone(), handle.clone());
        let (who, why) = (who.to_owned(), why.to_owned());
        // It may read files and look names up.
        let done = tokio::task::spawn_blocking(move || change.take_over(&handle, &who, &why));
        done.await.unwrap_or_else(|error| Err(ControlProblem::Refused(error.to_string())))
    }

    fn take_over(
        &self,
        handle: &GatewayHandle,
        who: &str,
        why: &str,
    ) -> Result<Value, ControlProblem> {
        let changing = handle.versions().changing.lock();
        let _changing = changing.expect("nobody panics while changing the configuration");
        is_current(handle, &self.base)?;
        let before = handle.version();
        let old = handle.config();
        if let Some(file) = handle.file() {
            self.may_write(file, &before.text)?;
            prepare(file, &self.text).map_err(|error| ControlProblem::File(error.to_string()))?;
        }
        let taken = handle.reload(Arc::clone(&self.config));
        taken.map_err(|error| ControlProblem::Refused(chain(&error)))?;
        handle.told(&self.config, &self.text, who, why);
        if let Some(file) = handle.file()
            && let Err(error) = std::fs::rename(beside(file), file)
        {
            tracing::error!(%error, "what runs is not what the configuration's file holds");
            return Err(ControlProblem::File(error.to_string()));
        }
        Ok(json!({
            "diff": diff(&before.text, &self.text),
            "after_restart": after_restart(&old, &self.config),
        }))
    }

    fn may_write(&self, file: &Path, before: &str) -> Result<(), ControlProblem> {
        if file.is_symlink() {
            let what = "the configuration's file is a link: change what it leads to";
            return Err(ControlProblem::Refused(what.to_owned()));
        }
        let held = std::fs::read_to_string(file).ok();
        if held.is_some_and(|held| held != before) && !self.overwrite {
            let what = "the configuration's file holds something else than what runs; \
                        `overwrite=true` writes over it";
            return Err(ControlProblem::Refused(what.to_owned()));
        }
        Ok(())
    }
}

fn is_current(handle: &GatewayHandle, base: &str) -> Result<(), ControlProblem> {
    let now = handle.version().tag();
    let named = base.split(',').map(str::trim).any(|tag| tag == "*" || tag == now);
    if named { Ok(()) } else { Err(ControlProblem::Precondition(now)) }
}

fn beside(file: &Path) -> std::path::PathBuf {
    let mut new = file.as_os_str().to_owned();
    new.push(".next");
    new.into()
}

fn prepare(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut new = std::fs::File::create(beside(file))?;
    if let Ok(metadata) = std::fs::metadata(file) {
        new.set_permissions(metadata.permissions())?;
    }
    new.write_all(text.as_bytes())?;
    new.sync_all()
}

/// What differs and stays as it is until the gateway is started again.
fn after_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let addresses = |config: &Config| -> Vec<_> {
        config.listeners.iter().map(|(name, listener)| (name.clone(), listener.address)).collect()
    };
    let differs = [
        ("listen", old.listen != new.listen),
        ("listeners", addresses(old) != addresses(new)),
        ("admin", old.admin != new.admin),
        ("workers", old.workers != new.workers),
        ("access_log", old.access_log != new.access_log),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told.push_str(": ");
        told.push_str(&error.to_string());
        source = error.source();
    }
    told
}
