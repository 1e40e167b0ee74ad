//! `service list`, `service describe`: what the services are made of. No log is opened.

use std::io::{self, Write};

use ondol_runtime::Description;

use super::command::ServiceVerb;
use super::failure::Failure;
use super::{App, tables};
use crate::config::nearest;
use crate::{Hosted, Output};

pub(super) fn run(app: &App, verb: &ServiceVerb) -> Result<(), Failure> {
    match verb {
        ServiceVerb::List(how) => list(app, how.output),
        ServiceVerb::Describe { name, how } => {
            let chosen = chosen(app, name.as_slice())?;
            let described = chosen.iter().map(|hosted| hosted.service.describe());
            let described = described.collect::<Result<Vec<_>, _>>()?;
            describe(&described, how.output)
        }
    }
}

/// The services with these names; all, if none is named.
pub(super) fn chosen<'a>(app: &'a App, names: &[String]) -> Result<Vec<&'a Hosted>, Failure> {
    if names.is_empty() {
        return Ok(app.services().iter().collect());
    }
    let find = |name: &String| {
        let known = || app.services().iter().map(|hosted| hosted.service.name());
        app.services().iter().find(|hosted| hosted.service.name() == name).ok_or_else(|| {
            let suggestion = nearest(name, known());
            Failure::Unknown { what: "service", name: name.clone(), suggestion }
        })
    };
    let mut chosen: Vec<&Hosted> = Vec::new();
    for hosted in names.iter().map(find) {
        let hosted = hosted?;
        if !chosen.iter().any(|other| other.service.name() == hosted.service.name()) {
            chosen.push(hosted);
        }
    }
    Ok(chosen)
}

fn list(app: &App, output: Output) -> Result<(), Failure> {
    let described = app.services().iter().map(|hosted| hosted.service.describe());
    let described = described.collect::<Result<Vec<_>, _>>()?;
    let row = |one: &Description| {
        let kinds: Vec<_> = one.aggregates.iter().map(|aggregate| aggregate.kind).collect();
        let views: Vec<_> = one.views.iter().map(|view| view.view).collect();
        [one.service.clone(), kinds.join(" "), views.join(" ")]
    };
    let rows: Vec<_> = described.iter().map(row).collect();
    Ok(tables::write(output, &described, ["SERVICE", "AGGREGATES", "VIEWS"], &rows)?)
}

fn describe(described: &[Description], output: Output) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if output == Output::Json {
        let text = serde_json::to_string(described).map_err(io::Error::from)?;
        return Ok(writeln!(out, "{text}")?);
    }
    for one in described {
        writeln!(out, "service {}", one.service)?;
        for aggregate in &one.aggregates {
            writeln!(out, "  aggregate {}", aggregate.kind)?;
            writeln!(out, "    commands  {}", aggregate.commands.join(" "))?;
            let events = aggregate.events.iter();
            let events = events.map(|event| format!("{}@{}", event.event_type, event.version));
            writeln!(out, "    events    {}", events.collect::<Vec<_>>().join(" "))?;
            writeln!(out, "    refusals  {}", aggregate.refusals.join(" "))?;
        }
        for view in &one.views {
            writeln!(out, "  view {} version {}", view.view, view.version)?;
            writeln!(out, "    events    {}", view.events.join(" "))?;
            let indexes = view.indexes.iter().map(|(name, kind)| format!("{name} ({kind})"));
            writeln!(out, "    indexes   {}", indexes.collect::<Vec<_>>().join(" "))?;
        }
    }
    Ok(())
}
