//! Panics, told like all else: on one line, with the trace they happened in, and masked.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};

/// From now on a panic is told as an error instead of being written to the error output as it is.
pub(crate) fn tell() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        let trace = Backtrace::capture();
        let said = said(panic);
        if trace.status() == BacktraceStatus::Captured {
            tracing::error!(place, thread, panic = said, %trace, "a thread has panicked");
        } else {
            tracing::error!(place, thread, panic = said, "a thread has panicked");
        }
    }));
}

fn said<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    panic.payload_as_str().unwrap_or("something that is no text")
}
