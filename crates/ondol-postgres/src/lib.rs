//! The way to a PostgreSQL server, for everything of ours that is kept there.
//!
//! - [`Endpoint`] is a server's address as people write it, with `sslmode` and `sslrootcert`, and
//!   connects to it: over TLS where that is asked for, and to nobody but who was asked for.
//! - [`Sessions`] are connections, each used by one transaction at a time.
//! - [`prepare`] makes the tables of a schema once, and refuses a schema that is somebody else's.
//!
//! What is asked over these connections, and what an error means to whoever asked, is the business
//! of the stores.

mod database;
mod endpoint;
mod fault;
mod schema;
mod sessions;
mod tls;

pub use database::Database;
pub use endpoint::{Endpoint, InvalidAddress, Link};
pub use fault::{BoxError, ConnectError, Fault};
pub use schema::{SchemaError, prepare};
pub use sessions::{Mode, Parameter, Session, Sessions};
pub use tls::TlsError;
