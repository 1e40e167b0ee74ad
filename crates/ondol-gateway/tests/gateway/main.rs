//! The gateway as its clients and its backends see it: over real sockets.

mod admission;
mod aggregate;
mod attacks;
mod cache;
mod certificates;
mod configuration;
mod descriptors;
mod differential;
mod discovery;
mod fallback;
mod forwarding;
mod handshakes;
mod health;
mod http2;
mod inside;
mod newcomer;
mod origins;
mod peers;
mod program;
mod resilience;
mod resources;
mod rig;
mod routing;
mod tls;
mod trust;
