//! Real servers for tests, started on free ports and gone afterwards, whatever happens.
//!
//! A test of an adapter that talks to a stand-in tests the stand-in. So a test starts the server itself:
//! with its syncing on, in a temporary folder, on a free port of the loopback, as an ordinary user even
//! when root runs the tests. Each server has a guard, a small process that outlives the test just long
//! enough to stop the server and clear its folder: when the handle is dropped, when the test panics, and
//! when the test process is killed with no chance to do anything.
//!
//! ```no_run
//! use ondol_testkit::servers;
//!
//! let database = servers::postgres().fresh_database();
//! // … connect to `database`, which is a URL …
//! ```
//!
//! Limits: Linux (`/proc`, `sh`, `cp`). Everybody on this machine may connect to these servers. They are
//! for tests: they hold nothing worth keeping.

mod binaries;
#[cfg(feature = "certificates")]
mod certificates;
pub(crate) mod home;
mod port;
mod postgres;
mod redis;
pub(crate) mod user;
pub(crate) mod wait;

#[cfg(feature = "certificates")]
pub use certificates::{Authority, Identity};
pub use home::StartError;
pub use port::{free_address, free_port};
pub use postgres::{Postgres, PostgresOptions, QueryError, postgres};
pub use redis::{Redis, RedisOptions};
