//! `ondol log export`: the log as CloudEvents 1.0, one a line.

use std::path::PathBuf;

use clap::Args;
use ondol_kernel::{CloudEvent, Position};
use ondol_store::Filter;

use super::print::SOURCE;
use super::progress::Progress;
use super::{LogFailure, Logs, Output, Purpose, Terminal, WhichLog, follow};

/// Writes the log as CloudEvents, one a line.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    log: WhichLog,
    /// Only what comes after this position.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
    /// Which service the events say they come from.
    #[arg(long, value_name = "URI", default_value = SOURCE)]
    source: String,
    /// Where to; a file that exists is not written over. Without it, to the output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(
        self,
        logs: &dyn Logs,
        terminal: &mut Terminal<'_>,
    ) -> Result<(), LogFailure> {
        let log = follow::open(logs, self.log.address(), Purpose::Reading).await?;
        let Some(path) = &self.to else {
            return self.write(&*log, terminal).await.map(drop);
        };
        let file = std::fs::File::create_new(path).map_err(LogFailure::Output)?;
        let mut out = std::io::BufWriter::new(file);
        let shows_progress = terminal.shows_progress;
        let mut into = Terminal { out: &mut out, output: Output::Json, shows_progress };
        let events = self.write(&*log, &mut into).await?;
        let file = out.into_inner().map_err(|error| LogFailure::Output(error.into_error()))?;
        file.sync_all().map_err(LogFailure::Output)?;
        match terminal.output {
            Output::Table => {
                terminal.line(format_args!("wrote {events} events to {}", path.display()))
            }
            Output::Json => terminal.json(&serde_json::json!({ "events": events, "to": path })),
        }
    }

    async fn write(
        &self,
        log: &dyn ondol_store::EventStore,
        into: &mut Terminal<'_>,
    ) -> Result<u64, LogFailure> {
        let after = Position::new(self.after);
        let progress = Progress::new(into, after, log.head().await?.position);
        let mut written = 0;
        let everything = Filter::default();
        let pages = follow::each_page(log, after, &everything, |page| {
            for event in &page.events {
                into.json(&CloudEvent::from_envelope(event, &self.source))?;
                written += 1;
            }
            progress.reached(page.seen);
            Ok(())
        });
        pages.await?;
        progress.done();
        into.flush()?;
        Ok(written)
    }
}
