//! Reading a file once more, at the cost of what has changed in it.
//!
//! A file of thousands of routes is changed one route at a time, and whoever has changed it waits. If
//! all that is not a route is the same to the letter, only routes whose own letters have changed are
//! read, checked, and held against the others.
//!
//! Whatever is not as plain as that is read whole: many changes at once, a change of anything else,
//! what [`Pieces`] does not take apart — and everything that is wrong, so that what is said about it
//! names the place in the file.

mod pieces;

use std::sync::Arc;

use super::alike::Alike;
use super::check::Checker;
use super::model::{Config, Routes};
use super::place::{Findings, Source};
use pieces::Pieces;

/// More routes than this are not read one by one.
const CHANGES_MAX: usize = 256;

/// A file that is read again and again.
#[derive(Debug)]
pub struct Reading {
    file: String,
    last: Option<Last>,
}

/// What was good when it was read last.
#[derive(Debug)]
struct Last {
    text: String,
    config: Arc<Config>,
    alike: Alike,
}

/// What is to be done to the routes.
struct Changes<'a> {
    gone: Vec<&'a str>,
    /// The tables of routes that are new or different.
    tables: String,
    number: usize,
}

impl Reading {
    /// A file of which nothing is known yet; its name is only for the messages.
    pub fn of(file: &str) -> Self {
        Self { file: file.to_owned(), last: None }
    }

    /// Reads what the file holds now.
    ///
    /// # Errors
    /// Everything that is wrong with it, and where. What was read before is then still what the next
    /// text is compared with.
    pub fn read(&mut self, text: &str) -> Result<Arc<Config>, Findings> {
        if let Some(last) = &mut self.last
            && let Some(config) = last.again(&self.file, text)
        {
            return Ok(config);
        }
        let config = Arc::new(Config::read(&self.file, text)?);
        let alike = Alike::among(&config.routes);
        self.last = Some(Last { text: text.to_owned(), config: Arc::clone(&config), alike });
        Ok(config)
    }
}

impl Last {
    /// The configuration of another text, if it is good and that can be told from what has changed.
    fn again(&mut self, file: &str, text: &str) -> Option<Arc<Config>> {
        // Alarms name routes: what is wrong with them can come of any route.
        if !self.config.alerts.is_empty() {
            return None;
        }
        let changes = compare(&self.text, &self.config, text)?;
        let read: Config = toml::from_str(&changes.tables).ok()?;
        if read.routes.len() != changes.number {
            return None;
        }
        let mut routes = self.config.routes.clone();
        for name in changes.gone {
            self.alike.forget(name, routes.remove(name).as_deref());
        }
        let changed: Vec<String> = read.routes.keys().cloned().collect();
        for (name, route) in read.routes {
            let before = routes.insert(name.clone(), route);
            self.alike.forget(&name, before.as_deref());
        }
        let config = Config { routes, ..self.config.bare() };
        if !self.holds(file, text, &config, &changed) {
            // What is alike has been touched: it is found out anew.
            self.alike = Alike::among(&self.config.routes);
            return None;
        }
        self.config = Arc::new(config);
        text.clone_into(&mut self.text);
        Some(Arc::clone(&self.config))
    }

    /// Whether nothing is wrong with the routes that have changed, also beside the others.
    fn holds(&mut self, file: &str, text: &str, config: &Config, changed: &[String]) -> bool {
        let source = Source { file, text };
        let mut checker = Checker::new(&source, config);
        for name in changed {
            let Some(route) = config.routes.get(name) else { return false };
            checker.route(name, route);
            if !self.alike.add(name, route, &config.routes) {
                return false;
            }
        }
        checker.into_findings().is_empty()
    }
}

/// What has changed in a text that holds this configuration, if only routes have.
fn compare<'a>(before: &'a str, config: &Config, now: &str) -> Option<Changes<'a>> {
    let (before, now) = (Pieces::of(before)?, Pieces::of(now)?);
    // More routes than tables of routes: some are written elsewhere.
    if before.rest != now.rest || before.routes.len() != config.routes.len() {
        return None;
    }
    let mut changes = Changes { gone: Vec::new(), tables: String::new(), number: 0 };
    let mut known = before.routes.iter().peekable();
    for (name, table) in &now.routes {
        while let Some((gone, _)) = known.next_if(|(before, _)| *before < name) {
            changes.gone.push(gone);
        }
        let same = known.next_if(|(before, _)| *before == name);
        if same.is_some_and(|(_, before)| before == table) {
            continue;
        }
        changes.tables.push_str(table);
        changes.number += 1;
    }
    changes.gone.extend(known.map(|(gone, _)| *gone));
    (changes.number + changes.gone.len() <= CHANGES_MAX).then_some(changes)
}

impl Config {
    /// The same without its routes.
    fn bare(&self) -> Self {
        let Self { routes: _, listen, admin, workers, drain, limits, trust, .. } = self;
        let Self { access_log, listeners, regions, rates, redis, backends, control, .. } = self;
        let Self { issuers, keys, certificates, .. } = self;
        let Self { audits, alerts, traces, otlp, .. } = self;
        Self {
            routes: Routes::new(),
            listen: listen.clone(),
            admin: *admin,
            workers: *workers,
            drain: *drain,
            limits: limits.clone(),
            trust: trust.clone(),
            access_log: access_log.clone(),
            traces: *traces,
            otlp: otlp.clone(),
            listeners: listeners.clone(),
            regions: regions.clone(),
            rates: rates.clone(),
            redis: redis.clone(),
            backends: backends.clone(),
            audits: audits.clone(),
            alerts: alerts.clone(),
            issuers: issuers.clone(),
            keys: keys.clone(),
            certificates: certificates.clone(),
            control: control.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
