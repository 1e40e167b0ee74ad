//! The gateway as its clients and its backends see it: over real sockets.

mod attacks;
mod blue_green;
mod canary;
mod certificates;
mod configuration;
mod control;
mod descriptors;
mod differential;
mod discovery;
mod fallback;
mod forwarding;
mod handshakes;
mod health;
mod http2;
mod inside;
mod mirror;
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
