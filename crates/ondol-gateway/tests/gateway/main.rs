//! The gateway as its clients and its backends see it: over real sockets.

mod attacks;
mod configuration;
mod differential;
mod discovery;
mod forwarding;
mod health;
mod http2;
mod inside;
mod peers;
mod program;
mod resilience;
mod resources;
mod rig;
mod routing;
mod tls;
