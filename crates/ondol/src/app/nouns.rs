//! What the command line says of itself: completions and pages of the manual.

use std::io;
use std::path::Path;

use super::App;
use super::failure::Failure;
use super::shell::whole;

/// Writes what a shell needs to complete commands.
pub(super) fn completions(app: &App, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut written = Vec::new();
    clap_complete::generate(shell, &mut whole(app), app.name(), &mut written);
    io::Write::write_all(&mut io::stdout(), &written).map_err(Failure::from)
}

/// Writes a page for each command into a folder.
pub(super) fn man(app: &App, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(whole(app), folder).map_err(Failure::from)
}
