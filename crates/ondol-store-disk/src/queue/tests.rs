//! What waits is bounded, and everyone who waits is answered.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use super::*;
use crate::draft::Draft;

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

fn one(queue: &Queue) -> Result<Ticket, AppendError> {
    let mut draft = Draft::new();
    draft.bytes.extend_from_slice(&[0; 100]);
    draft.entries.push(crate::draft::Entry::default());
    queue.submit(&draft, &Waker::from(Arc::new(Nobody)))
}

#[test]
fn a_full_queue_refuses_and_takes_again_when_the_writer_has_come() {
    let queue = Queue::new(3, 1 << 20);
    let waiting: Vec<_> = (0..3).map(|_| one(&queue).expect("there is room")).collect();
    assert!(matches!(one(&queue), Err(AppendError::Busy { most: 3 })));
    let mut gathering = Gathering::new();
    assert!(queue.take(&mut gathering));
    assert_eq!(gathering.draft.entries.len(), waiting.len());
    one(&queue).expect("there is room again");
}

#[test]
fn bytes_are_bounded_as_well_but_one_append_always_fits() {
    let queue = Queue::new(1_000, 120);
    one(&queue).expect("nothing waits");
    assert!(matches!(one(&queue), Err(AppendError::Busy { .. })));
}

#[test]
fn everyone_in_a_group_gets_the_answer_meant_for_them() {
    let queue = Queue::new(10, 1 << 20);
    let tickets: Vec<_> = (0..3).map(|_| one(&queue).expect("there is room")).collect();
    let mut gathering = Gathering::new();
    assert!(queue.take(&mut gathering));
    let waker = Waker::from(Arc::new(Nobody));
    let ctx = Context::from_waker(&waker);
    assert!(tickets[0].poll(&ctx).is_pending());
    let broken = Verdict::ConditionBroken { at: Position::new(5) };
    gathering.answer(Answers {
        firsts: vec![Position::new(7), Position::START, Position::new(8)],
        others: Mutex::new(HashMap::from([(1, broken)])),
        all: None,
    });
    let answer = |nth: usize| match tickets[nth].poll(&ctx) {
        Poll::Ready(verdict) => format!("{verdict:?}"),
        Poll::Pending => "nothing".to_owned(),
    };
    assert_eq!(answer(0), "Recorded { first: Position(7) }");
    assert_eq!(answer(1), "ConditionBroken { at: Position(5) }");
    assert_eq!(answer(2), "Recorded { first: Position(8) }");
}

#[test]
fn a_closed_queue_gives_out_what_waits_and_takes_no_more() {
    let queue = Queue::new(10, 1 << 20);
    one(&queue).expect("there is room");
    queue.close();
    assert!(matches!(one(&queue), Err(AppendError::Stopped(_))));
    let mut gathering = Gathering::new();
    assert!(queue.take(&mut gathering));
    assert!(!queue.take(&mut gathering), "nothing waits and nothing will come");
}
