//! How far something is, for whoever looks at the terminal meanwhile.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::failure::Failure;
use super::workshop::Workshop;

/// How often it is looked how far a rebuild is.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a bar moves while nothing is known.
const TURN_EVERY: Duration = Duration::from_millis(120);

const FAR: &str = "{bar:32} {human_pos}/{human_len} events  {per_sec}  {eta} to go  {msg}";
const TURNING: &str = "{spinner} {msg}  {elapsed}";

/// Shows how far a build is until it has taken the place of the other.
pub(super) async fn until_it_serves(workshop: &Workshop, build: &str) -> Result<(), Failure> {
    let bar = drawn(ProgressBar::new(0), FAR);
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let standing = workshop.builds().await?;
        if standing.first().is_some_and(|first| first.build == build && first.is_folded()) {
            bar.finish_and_clear();
            return Ok(());
        }
        if let Some(one) = standing.iter().find(|one| one.build == build) {
            bar.set_length(one.done.saturating_add(one.behind.unwrap_or_default()));
            bar.set_position(one.done);
            bar.set_message(one.failure.clone().unwrap_or_default());
        }
    }
}

/// Shows that something is being done.
pub(super) async fn turning<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let bar = drawn(ProgressBar::new_spinner(), TURNING);
    bar.set_message(what);
    bar.enable_steady_tick(TURN_EVERY);
    let done = work.await;
    bar.finish_and_clear();
    done
}

/// On a terminal, and nowhere else.
fn drawn(bar: ProgressBar, template: &str) -> ProgressBar {
    let is_watched = io::stderr().is_terminal();
    let target =
        if is_watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    bar.set_draw_target(target);
    bar.with_style(ProgressStyle::with_template(template).expect("the template is well formed"))
}
