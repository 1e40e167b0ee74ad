//! The program, with a disk of its own and the outside world beside it.

#[path = "shop/issuer.rs"]
mod issuer;
#[path = "program/killing.rs"]
mod killing;
#[path = "program/program.rs"]
mod program;
