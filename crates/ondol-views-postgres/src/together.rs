//! Many ask at once, and one goes for all of them.
//!
//! Whoever comes while somebody is under way waits, and the next to go takes along what all that
//! wait have asked. Under load a question costs a part of a round trip, and none waits for a timer.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// How many questions go together.
const TOGETHER_MAX: usize = 512;

/// Questions that are asked together.
#[derive(Debug)]
pub(crate) struct Together<Q, A> {
    waiting: Mutex<Vec<(Q, oneshot::Sender<A>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl<Q, A> Default for Together<Q, A> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl<Q: Clone, A> Together<Q, A> {
    /// Asks a question. `go` asks several and answers each, in order.
    pub(crate) async fn ask<Going>(&self, question: Q, go: impl Fn(Vec<Q>) -> Going) -> A
    where
        Going: Future<Output = Vec<A>>,
    {
        let mut answered = self.wait_with(question.clone());
        loop {
            let turn = tokio::select! {
                biased;
                answer = &mut answered => match answer {
                    Ok(answer) => return answer,
                    // Whoever went for us has gone away in the middle.
                    Err(_gone) => { answered = self.wait_with(question.clone()); continue }
                },
                turn = self.turn.lock() => turn,
            };
            match answered.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Closed) => answered = self.wait_with(question.clone()),
                Err(TryRecvError::Empty) => {}
            }
            let (questions, askers) = self.next();
            for (answer, asker) in go(questions).await.into_iter().zip(askers) {
                // Whoever asked may have gone.
                drop(asker.send(answer));
            }
            drop(turn);
        }
    }

    fn wait_with(&self, question: Q) -> oneshot::Receiver<A> {
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((question, answer));
        answered
    }

    fn next(&self) -> (Vec<Q>, Vec<oneshot::Sender<A>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let many = waiting.len().min(TOGETHER_MAX);
        waiting.drain(..many).unzip()
    }
}

#[cfg(test)]
mod tests;
