//! The facade: what a service's `main` needs, and the command line of the house.
//!
//! An [`App`] is made of services ([`Service`], with routes by [`Http`]) and becomes a program:
//! it reads its configuration, opens logs and views by it, serves HTTP, and stops in order.
//! [`Config`] says where everything is kept; turning a setting never needs other code.
//!
//! `ondol log …` looks at logs, checks, mends, copies, exports and imports them. The verbs are
//! here and know no engine: they open a log through [`Logs`]. [`Engines`] opens those on a disk
//! and in PostgreSQL; another program can take the verbs over with engines of its own.

mod adapters;
mod app;
mod asyncapi;
mod beside;
mod between;
mod config;
mod engines;
mod hosted;
mod log;
mod map;
mod parked;
mod sagas;
mod stage;
mod timers;
mod views;
mod watch;

#[cfg(feature = "memory")]
use ondol_memory as _;

pub use app::App;
pub use beside::{Around, Beside};
pub use between::Between;
pub use config::{
    Admin, BusConfig, Commands, Config, ConfigError, ConfigProblem, Given, HttpConfig, LogEngine,
    PostgresConfig, Secret, Section, ServiceConfig, Storage, ViewsEngine,
};
pub use engines::Engines;
pub use hosted::{Front, Hosted, Http, OwnCommand, OwnFailure, Routes, Settings};
pub use log::{
    Finding, LogAddress, LogAddressError, LogCommand, LogFailure, Logs, Mended, OpenFailure,
    Output, Purpose, Terminal, Verified,
};
pub use map::Map;
pub use ondol_runtime::{Desk, NotPart, Running, Service};
pub use ondol_telemetry::{LogFormat, Logging, OtlpOptions, TraceOptions};
pub use sagas::{saga_problem, start_problem};
pub use stage::{RaiseError, Stage};
/// Routes that describe themselves.
pub use utoipa_axum::{router::OpenApiRouter, routes};
