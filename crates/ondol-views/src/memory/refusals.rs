//! Refusals in memory, the oldest first: all there is for the engine in memory, and for engines
//! that only one process uses what is looked at before the disk.

use std::collections::{HashMap, VecDeque};

use ondol_kernel::{CommandId, Timestamp};

use crate::{KeptRefusal, RefusalLimits};

/// Refusals in memory, within limits.
#[derive(Debug)]
pub struct KeptRefusals {
    limits: RefusalLimits,
    by_command: HashMap<CommandId, KeptRefusal>,
    by_age: VecDeque<CommandId>,
    bytes: usize,
}

impl KeptRefusals {
    /// None yet.
    pub fn new(limits: RefusalLimits) -> Self {
        Self { limits, by_command: HashMap::new(), by_age: VecDeque::new(), bytes: 0 }
    }

    /// What a command was answered, if that is known and not too long ago.
    pub fn recall(&self, command: CommandId, now: Timestamp) -> Option<&KeptRefusal> {
        let known = self.by_command.get(&command)?;
        (!self.limits.is_too_old(known.kept_at, now)).then_some(known)
    }

    /// Lets go of what is too old, and of the oldest as long as there is no room for this one.
    /// Says which have gone.
    pub fn make_room(&mut self, newest: &KeptRefusal) -> Vec<CommandId> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.by_age.front().and_then(|oldest| self.by_command.get(oldest))
        {
            let is_old = self.limits.is_too_old(oldest.kept_at, newest.kept_at);
            let is_full = self.by_age.len() >= self.limits.refusals_max
                || self.bytes.saturating_add(newest.bytes()) > self.limits.bytes_max;
            // The same command, too old but not at its turn, since clocks jump.
            let is_same = self.by_command.contains_key(&newest.command);
            if !is_old && !is_full && !is_same {
                break;
            }
            gone.extend(self.let_go_of_oldest());
        }
        gone
    }

    /// Adds one whose command is not known.
    pub fn add(&mut self, refusal: KeptRefusal) {
        self.bytes = self.bytes.saturating_add(refusal.bytes());
        self.by_age.push_back(refusal.command);
        self.by_command.insert(refusal.command, refusal);
    }

    fn let_go_of_oldest(&mut self) -> Option<CommandId> {
        let oldest = self.by_age.pop_front()?;
        let gone = self.by_command.remove(&oldest)?;
        self.bytes = self.bytes.saturating_sub(gone.bytes());
        Some(oldest)
    }
}
