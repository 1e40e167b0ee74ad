//! How far it is, for those who watch: a bar on the error output, when that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ondol_kernel::Position;

use super::Terminal;

/// A bar from one position to another, or nothing.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(terminal: &Terminal<'_>, from: Position, to: Position) -> Self {
        let target = if terminal.shows_progress {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = "{bar:32} {human_pos}/{human_len} events  {per_sec}  {eta} to go";
        let style = ProgressStyle::with_template(style).expect("the template is well formed");
        let bar = ProgressBar::with_draw_target(Some(to.get()), target).with_style(style);
        bar.set_position(from.get());
        bar.reset_eta();
        Self { bar }
    }

    pub(super) fn reached(&self, position: Position) {
        self.bar.set_position(position.get());
    }

    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
