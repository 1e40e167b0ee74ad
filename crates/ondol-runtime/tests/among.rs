//! Services among others, and among processes of their own kind.

#[path = "among/counted.rs"]
mod counted;
#[path = "among/deliveries.rs"]
mod deliveries;
#[path = "among/duty.rs"]
mod duty;
#[path = "among/far_views.rs"]
mod far_views;
#[path = "among/forgetful.rs"]
mod forgetful;
#[path = "among/mill.rs"]
mod mill;
#[path = "among/reading.rs"]
mod reading;
