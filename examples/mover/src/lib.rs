//! A mover: vans that are loaded and driven, and a saga for each move.
//!
//! The saga exists in three versions, to show what becomes of moves that are under way when
//! another one is deployed: the second has another name for a step and one step more at the end,
//! the third has lost a step that moves may have come to.

mod crew;
mod http;
mod moving;
mod van;
mod wiring;

pub use moving::{Move, moving};
pub use wiring::app;
