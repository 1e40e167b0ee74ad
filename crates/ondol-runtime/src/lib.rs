//! Runs a service: commands in, events kept, states as of any moment.
//!
//! A [`Desk`] takes the commands for one kind of aggregate: it loads how the thing stands, lets
//! it decide, and appends what follows under the version it has seen. A command takes effect
//! once, whatever is repeated, and an answer that was recorded is the answer for ever.
//!
//! A [`Supervisor`] watches over everything that runs on its own.

mod desk;
mod ground;
mod request;
mod supervisor;

pub use desk::{
    Answer, AsOf, Desk, DeskOptions, DeskOptionsProblem, HandleError, LoadError, OpenDeskError,
    Standing, Verdict,
};
pub use ground::Ground;
pub use request::{Origin, Request};
pub use supervisor::{Ending, Supervisor, TaskEnd};
