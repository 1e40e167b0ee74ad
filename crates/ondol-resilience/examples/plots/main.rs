//! Draws the plots of the guide from real runs on a simulated clock.
//!
//! `cargo run -p ondol-resilience --example plots` writes them anew; its test says when they are old.

mod runs;
mod svg;

use std::{fs, io, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/resilience")
}

fn main() -> io::Result<()> {
    fs::create_dir_all(folder())?;
    for (name, chart) in runs::all() {
        fs::write(folder().join(format!("{name}.svg")), chart.draw())?;
    }
    Ok(())
}

#[test]
fn the_plots_of_the_guide_are_drawn_from_the_policies_as_they_are() {
    for (name, chart) in runs::all() {
        let drawn = fs::read_to_string(folder().join(format!("{name}.svg"))).unwrap_or_default();
        assert!(chart.draw() == drawn, "{name}.svg is old: run this example to draw it anew");
    }
}
