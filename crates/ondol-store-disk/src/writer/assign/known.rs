//! What of what a group asks for may stand in the log before it, looked for all at once, and what
//! the group itself has.

use ondol_kernel::Position;

use crate::draft::Draft;
use crate::key::Key;
use crate::store::Shared;

/// What of what the group asks for may stand in the log before it.
#[derive(Debug, Default)]
pub(super) struct Known {
    keys: Vec<Key>,
    may_be: Vec<bool>,
    /// How many commands there are; behind them comes each condition's first tag.
    commands: usize,
}

/// An event of the group with some tag.
#[derive(Debug)]
pub(super) struct TaggedInGroup {
    /// Where it stands.
    pub(super) position: Position,
    /// Where its record begins.
    pub(super) at: usize,
    /// The one before it with the same tag, from one on.
    pub(super) before: u32,
}

impl Known {
    /// Looks for all commands and conditions of a group at once. The log does not grow before the
    /// group does.
    pub(super) fn look_up(&mut self, shared: &Shared, draft: &Draft) {
        self.keys.clear();
        self.keys.extend(draft.commands.iter().map(|(_, key)| *key));
        self.commands = self.keys.len();
        self.keys.extend(draft.conditions.first_keys());
        self.may_be.clear();
        if !self.keys.is_empty() {
            shared.index.may_have(&self.keys, &mut self.may_be);
        }
    }

    /// Whether something may have come already of a command.
    pub(super) fn may_be_command(&self, command: usize) -> bool {
        self.may_be[command]
    }

    /// Whether something may stand in the log that breaks a condition.
    pub(super) fn may_be_condition(&self, condition: usize) -> bool {
        self.may_be[self.commands + condition]
    }
}
