//! A screen of what a gateway does now: routes, backends, breakers, limits, what is steered.
//!
//! It looks twice and tells what has happened in between, again and again. On a terminal the screen
//! is drawn over the last one; elsewhere one comes after the other, without colours.

mod figures;
mod screen;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::ask::At;

/// Clears the screen, and begins at its top.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Shows what a running gateway does.
#[derive(Debug, Args)]
pub(super) struct Top {
    #[command(flatten)]
    at: At,
    /// Show one screen, and end.
    #[arg(long)]
    once: bool,
    /// For people, or a line of JSON for each screen.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Milliseconds between two looks.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=600_000))]
    every_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Json,
}

impl Top {
    /// Shows it until told to stop.
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let terminal = out.is_terminal();
        let coloured = terminal && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        let mut before = self.look()?;
        loop {
            // Nothing else is done meanwhile, and nobody wakes it.
            std::thread::park_timeout(Duration::from_millis(self.every_ms));
            let now = self.look()?;
            let figures = figures::between(&before, &now);
            let text = match self.output {
                Output::Json => format!("{figures}\n"),
                Output::Table => screen::draw(&figures, coloured),
            };
            let clear = terminal && !self.once && self.output == Output::Table;
            let written = out
                .write_all(if clear { CLEAR } else { "" }.as_bytes())
                .and_then(|()| out.write_all(text.as_bytes()))
                .and_then(|()| out.flush());
            match written {
                // Whoever read along has gone.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
                other => other?,
            }
            if self.once {
                return Ok(());
            }
            before = now;
        }
    }

    fn look(&self) -> anyhow::Result<Value> {
        let told = self.at.see("overview")?;
        serde_json::from_str(&told.body).context("what the gateway says is not JSON")
    }
}
