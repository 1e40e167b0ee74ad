//! The outside world, over real HTTP: what it promises, and every way in which it fails.

#[path = "outside/keys.rs"]
mod keys;
#[path = "outside/letters.rs"]
mod letters;
#[path = "outside/manners.rs"]
mod manners;
#[path = "outside/process.rs"]
mod process;
#[path = "outside/providers.rs"]
mod providers;
#[path = "outside/town.rs"]
mod town;
