//! Runs a service: commands in, events kept, views folded, states as of any moment.
//!
//! A [`Service`] is a description: which things it takes commands for, which views it folds. It
//! can be checked without a log, and started over one it is [`Running`].
//!
//! A [`Desk`] takes the commands for one kind of aggregate: it loads how the thing stands, lets
//! it decide, and appends what follows under the version it has seen. A command takes effect
//! once, whatever is repeated, and an answer that was recorded is the answer for ever.
//!
//! What a service tells others is a feed over its log; what others ask goes to its desks by
//! public contracts ([`Accepts`]); policies and effects follow feeds and do what follows, each
//! thing once ([`ReactionControl`]).
//!
//! A [`ViewReader`] reads the documents of a view, and waits for what one has written.
//!
//! Timers of its things are kept in a book and fired when they are due, each once.
//!
//! A [`Supervisor`] watches over everything that runs on its own.
//!
//! No adapter is named here: a service is handed its log and the place of its views ([`Home`]).

mod callee;
mod companion;
mod desk;
mod feed_log;
mod ground;
mod projection;
mod reaction;
mod reader;
mod request;
mod service;
mod supervisor;
mod timers;

pub use callee::Accepts;
pub use companion::{Companion, CompanionPlace, Companionship, Hearer, Hears, Unheard};
pub use desk::{
    Answer, AsOf, Desk, DeskOptions, DeskOptionsProblem, HandleError, LoadError, OpenDeskError,
    Standing, Verdict,
};
pub use ground::Ground;
pub use projection::ViewControl;
pub use reaction::{
    BookError, Decided, Decision, Effect, EffectError, EffectId, MendError, Mended, ParkedEvent,
    ReactionControl, ReactionOptions, ReactionOptionsProblem, ReactionPhase, ReactionProgress,
    Sent, SourceProgress, effect, policy_command,
};
pub use reader::{AskError, Found, FoundPage, Question, ReaderOptions, ViewReader};
pub use request::{Origin, Request};
pub use service::{
    AggregateDescription, AskedDescription, ContractDescription, Description, EventDescription,
    Home, NotPart, PublicDescription, ReactionDescription, Running, Service, ServiceOptions,
    ServiceProblem, SourceDescription, StartServiceError, ViewDescription, ViewStanding,
};
pub use supervisor::{Ending, HeldBack, Supervisor, TaskEnd, error_chain};
pub use timers::StartTimersError;
