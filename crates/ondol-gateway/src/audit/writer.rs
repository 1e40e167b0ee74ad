//! The one who writes: a thread of its own, because a disk holds up whoever waits for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::file::LogFile;
use super::line::Entry;
use super::{Audience, Shared};

/// Entries that are written together.
const TOGETHER_MAX: usize = 256;
/// How long until what could not be written is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// Tries when nobody will come any more.
const LAST_TRIES: u32 = 3;

pub(super) fn run(
    shared: &Shared,
    mut file: LogFile,
    entries: &mut mpsc::Receiver<Entry>,
    audience: &Arc<dyn Audience>,
) {
    let mut together = Vec::new();
    while let Some(first) = entries.blocking_recv() {
        together.clear();
        together.push(first);
        while together.len() < TOGETHER_MAX
            && let Ok(more) = entries.try_recv()
        {
            together.push(more);
        }
        // Whoever is to be alarmed does not wait for the disk.
        for entry in &together {
            audience.hear(entry);
        }
        write(shared, &mut file, &together, entries);
    }
}

/// Writes entries, however often it takes: who waits behind them is refused meanwhile, as configured.
fn write(shared: &Shared, file: &mut LogFile, entries: &[Entry], waiting: &mpsc::Receiver<Entry>) {
    let mut last_tries = 0;
    loop {
        match attempt(shared, file, entries) {
            Ok(()) => {
                shared.written(entries.len());
                return;
            }
            Err(error) => {
                tracing::error!(audit = %shared.name, %error, "the audit log cannot be written");
                shared.failed();
                last_tries += u32::from(waiting.is_closed());
                if last_tries >= LAST_TRIES {
                    shared.lost(entries.len());
                    return;
                }
                std::thread::park_timeout(PAUSE);
            }
        }
    }
}

fn attempt(shared: &Shared, file: &mut LogFile, entries: &[Entry]) -> io::Result<()> {
    let settings = shared.settings.load();
    let options = &settings.options;
    if file.path() != options.file {
        *file = LogFile::open(&options.file)?;
    }
    file.turn(options.file_bytes_max, options.files_max)?;
    let (mut number, mut head) = (file.lines, file.head.clone());
    let mut lines = Vec::new();
    for entry in entries {
        number += 1;
        let mut line = entry.write(number, &settings.rules);
        if options.chain {
            head.seal(&mut line);
        }
        line.push(b'\n');
        lines.extend_from_slice(&line);
    }
    file.add(&lines, options.sync)?;
    (file.lines, file.head) = (number, head);
    Ok(())
}
