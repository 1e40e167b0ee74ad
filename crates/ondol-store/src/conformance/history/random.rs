//! Operations out of a small world, so that they meet: few streams, commands, tags and types.

use ondol_doors::{Rng, SeededRng};
use ondol_kernel::{CommandId, Metadata, NewEvent, Payload, Position, StreamId, Version};

use crate::conformance::given::{command, event_of, event_type, exactly, tag};
use crate::{Append, Condition, Direction, Expected, Filter, ReadAll, ReadStream, command_stream};

const TYPES: [&str; 3] = ["thing.made", "thing.moved", "thing.gone"];
const TAGS: [&str; 4] = ["red", "blue", "email:kim", "email:lee"];
const KINDS: [&str; 3] = ["apple", "pear", "plum"];
const COMMANDS: u64 = 40;

/// Operations that follow from a seed.
#[derive(Debug)]
pub(super) struct Random {
    rng: SeededRng,
}

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self { rng: SeededRng::new(seed) }
    }

    pub(super) fn below(&self, limit: u64) -> u64 {
        self.rng.below(limit)
    }

    fn count(&self, limit: u64) -> usize {
        usize::try_from(self.below(limit)).expect("small numbers fit")
    }

    fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[self.count(all.len() as u64)]
    }

    pub(super) fn command(&self) -> CommandId {
        command(self.below(COMMANDS))
    }

    fn stream(&self) -> StreamId {
        StreamId::new(self.one_of(&KINDS), self.below(3)).expect("a good name")
    }

    fn expected(&self) -> Expected {
        match self.below(8) {
            0 => Expected::NoStream,
            1 => Expected::Exists,
            2 => exactly(self.below(6)),
            _ => Expected::Any,
        }
    }

    fn some_of<T>(&self, all: &[&str], most: u64, make: fn(&str) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self.one_of(all))).collect()
    }

    fn event(&self) -> NewEvent {
        let mut event = event_of(self.one_of(&TYPES));
        event.metadata.tags = self.some_of(&TAGS, 2, tag);
        event.data = Payload::json(vec![b'1'; self.count(300)]);
        event
    }

    fn events(&self) -> Vec<NewEvent> {
        (0..=self.below(3)).map(|_| self.event()).collect()
    }

    fn condition(&self, head: Position) -> Condition {
        // Sometimes ahead of the log.
        let after = head.get().saturating_sub(self.below(8)) + self.below(10) / 9;
        let mut tags = self.some_of(&TAGS, 1, tag);
        tags.push(tag(self.one_of(&TAGS)));
        Condition { tags, types: self.some_of(&TYPES, 2, event_type), after: Position::new(after) }
    }

    pub(super) fn append(&self, head: Position) -> Append {
        match self.below(12) {
            0 => return Append::nothing(self.command(), Metadata::default()),
            1 => {
                let reason = Payload::json(format!("{}", self.below(100)));
                return Append::refusal(self.command(), reason, Metadata::default());
            }
            _ => {}
        }
        let mut append = Append::to(self.stream(), self.expected(), self.events());
        for _ in 0..self.below(3) {
            let stream = self.stream();
            if append.writes.iter().all(|write| write.stream != stream) {
                append = append.and(stream, self.expected(), self.events());
            }
        }
        let conditions = (0..self.below(4).saturating_sub(1)).map(|_| self.condition(head));
        append.conditions = conditions.collect();
        // Whether a broken condition or one ahead of the log is told of first is left open.
        if let Some(ahead) = append.conditions.iter().find(|condition| condition.after > head) {
            append.conditions = vec![ahead.clone()];
        }
        if self.below(2) == 0 { append.by(self.command()) } else { append }
    }

    pub(super) fn read_stream(&self) -> ReadStream {
        let stream =
            if self.below(5) == 0 { command_stream(self.command()) } else { self.stream() };
        let from = (self.below(2) == 0).then(|| Version::new(self.below(30)));
        let direction = self.one_of(&[Direction::Forward, Direction::Backward]);
        ReadStream { stream, direction, from, limit: self.count(12) }
    }

    pub(super) fn read_all(&self, head: Position) -> ReadAll {
        let kinds = ["apple", "pear", "plum", "$command"];
        let filter = Filter {
            types: self.some_of(&["thing.made", "thing.moved", "$voided"], 2, event_type),
            kinds: self.some_of(&kinds, 2, str::to_owned),
            tags: self.some_of(&TAGS, 2, tag),
        };
        let after = Position::new(self.below(head.get() + 1));
        ReadAll { after, filter, limit: self.count(40) }
    }
}
