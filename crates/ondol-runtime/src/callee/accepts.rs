//! How a public contract is kept by the things of one kind.

use std::fmt;
use std::sync::Arc;

use ondol_domain::{Aggregate, Contract};
use ondol_kernel::Recorded;

type Command<C, A> = Arc<dyn Fn(C) -> <A as Aggregate>::Command + Send + Sync>;
type Happened<A> = [Recorded<<A as Aggregate>::Event>];
type Replies<C, A> = Arc<dyn Fn(&C, &Happened<A>) -> <C as Contract>::Reply + Send + Sync>;
type Refuses<C, A> =
    Arc<dyn Fn(<A as Aggregate>::Refusal) -> <C as Contract>::Refusal + Send + Sync>;

/// How a public contract is kept by the things of one kind: which command of theirs each of its
/// commands becomes, and how what comes of it is told in the contract's words.
///
/// The three are pure. What is replied is made of what has happened, which is on record, so it is
/// the same however often it is asked for.
pub struct Accepts<C: Contract, A: Aggregate> {
    pub(super) command: Command<C, A>,
    pub(super) replies: Replies<C, A>,
    pub(super) refuses: Refuses<C, A>,
}

impl<C: Contract, A: Aggregate> Accepts<C, A> {
    /// A contract of which each command becomes one of the thing's with the contract's key.
    ///
    /// `replies` is told what has happened; nothing, when it had been done before.
    pub fn new(
        command: impl Fn(C) -> A::Command + Send + Sync + 'static,
        replies: impl Fn(&C, &Happened<A>) -> C::Reply + Send + Sync + 'static,
        refuses: impl Fn(A::Refusal) -> C::Refusal + Send + Sync + 'static,
    ) -> Self {
        Self { command: Arc::new(command), replies: Arc::new(replies), refuses: Arc::new(refuses) }
    }
}

impl<C: Contract, A: Aggregate> Clone for Accepts<C, A> {
    fn clone(&self) -> Self {
        Self {
            command: Arc::clone(&self.command),
            replies: Arc::clone(&self.replies),
            refuses: Arc::clone(&self.refuses),
        }
    }
}

impl<C: Contract, A: Aggregate> fmt::Debug for Accepts<C, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accepts({} by {})", C::SERVICE, A::KIND)
    }
}
