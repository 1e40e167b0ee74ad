//! The whole program, and people with a real browser in front of it.

#[path = "shopping/buying.rs"]
mod buying;
#[path = "shopping/forgetting.rs"]
mod forgetting;
#[path = "shopping/front.rs"]
mod front;
#[path = "shopping/looking.rs"]
mod looking;
#[path = "shopping/seat.rs"]
mod seat;
#[path = "shopping/sought.rs"]
mod sought;
#[path = "shopping/stranger.rs"]
mod stranger;
#[path = "shopping/town.rs"]
mod town;
#[path = "shopping/traced.rs"]
mod traced;
#[path = "shopping/trouble.rs"]
mod trouble;
