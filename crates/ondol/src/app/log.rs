//! `log …`: the verbs for logs, over the engines of the house.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use crate::{Engines, LogCommand, Terminal};

pub(super) fn main(command: LogCommand) -> ExitCode {
    let output = command.output();
    let mut out = io::BufWriter::new(io::stdout());
    let shows_progress = io::stderr().is_terminal();
    let mut terminal = Terminal { out: &mut out, output, shows_progress };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the process cannot be set up");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command.run(&Engines::of_machine(), &mut terminal)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            // When even this cannot be written, the exit code is all that is left to say.
            drop(failure.tell(&mut io::stderr(), output));
            ExitCode::FAILURE
        }
    }
}
