//! Who is told when an objective is not kept, and what nobody is told of.

use std::sync::Arc;

use ondol_doors::{Clock, Rng, SystemRng};
use ondol_mail::Outbox;
use ondol_runtime::Supervisor;
use ondol_store::BoxError;
use ondol_telemetry::objectives::{Courier, MailOptions, Silences};

use super::super::failure::Failure;
use crate::{App, Config};

/// Where letters wait, and where silences are kept, in the folder of all data.
const OUTBOX: &str = "alerts";
const SILENCES: &str = "silences.json";

/// Tells whom the configuration names, if it names anybody.
pub(super) fn courier(
    app: &App,
    config: &Config,
    clock: Arc<dyn Clock>,
    behind: &Supervisor,
) -> Result<Option<Courier>, Failure> {
    let options = &config.alerts;
    if options.webhook.is_none() && options.mail.is_none() {
        return Ok(None);
    }
    let outbox = options.mail.as_ref().map(|mail| outbox(mail, config, &clock, behind));
    let outbox = outbox.transpose()?;
    let doors: (_, Arc<dyn Rng>) = (clock, Arc::new(SystemRng));
    let courier = Courier::new(app.name(), options, outbox, doors);
    courier.map(Some).map_err(|source| not_told(source.into()))
}

/// What somebody wanted nobody to be told of.
pub(super) fn silences(config: &Config) -> Result<Silences, Failure> {
    let silences = Silences::open(config.data.join(SILENCES));
    silences.map_err(|source| not_told(source.into()))
}

/// Where letters wait, until a mail server takes them if there is one.
fn outbox(
    mail: &MailOptions,
    config: &Config,
    clock: &Arc<dyn Clock>,
    behind: &Supervisor,
) -> Result<Outbox, Failure> {
    let outbox = Outbox::open(&config.data.join(OUTBOX), &mail.from);
    let outbox = outbox.map_err(|source| not_told(source.into()))?;
    if let Some(server) = mail.smtp {
        let (sends, clock) = (outbox.clone(), Arc::clone(clock));
        behind.start("letters of alerts", move |stop| async move {
            sends.send_all(server, clock, stop).await;
            Ok(())
        });
    }
    Ok(outbox)
}

fn not_told(source: BoxError) -> Failure {
    Failure::Process { what: "who is told of alerts", source }
}
