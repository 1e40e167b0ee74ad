//! `timer list`, `timer show`: asked of the services while they run, at their admin port.

use super::command::TimerVerb;
use super::failure::Failure;
use super::parked::admin;
use super::{serve, tables};
use crate::timers::{TimerBody, TimersBody};
use crate::{Config, Output};

const HEAD: [&str; 5] = ["SERVICE", "STREAM", "NAME", "DUE", "GENERATION"];

pub(super) fn run(config: &Config, verb: TimerVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| serve::not_set_up("its threads", source))?;
    runtime.block_on(async {
        match verb {
            TimerVerb::List { service, stream, how } => {
                let asked = [("service", service), ("stream", stream)];
                let found = ask(config, asked).await?;
                write(how.output, &found.timers)
            }
            TimerVerb::Show { service, stream, name, how } => {
                let asked = [("service", Some(service)), ("stream", Some(stream))];
                let asked = asked.into_iter().chain([("name", Some(name.clone()))]);
                let found = ask(config, asked).await?;
                let unknown = Failure::Unknown { what: "timer", name, suggestion: None };
                if found.timers.is_empty() {
                    Err(unknown)
                } else {
                    write(how.output, &found.timers)
                }
            }
        }
    })
}

async fn ask(
    config: &Config,
    asked: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Result<TimersBody, Failure> {
    let given = asked.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let words = given.map(|(name, value)| format!("{name}={}", admin::escaped(&value)));
    let query = words.collect::<Vec<_>>().join("&");
    admin::get(config, &format!("/timers?{query}")).await
}

fn write(output: Output, timers: &[TimerBody]) -> Result<(), Failure> {
    let row = |timer: &TimerBody| {
        let TimerBody { service, stream, name, due, generation } = timer.clone();
        [service, stream, name, due, generation.to_string()]
    };
    let rows: Vec<_> = timers.iter().map(row).collect();
    Ok(tables::write(output, &timers, HEAD, &rows)?)
}
