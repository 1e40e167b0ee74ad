//! Whether a server keeps what it acknowledges.
//!
//! It is asked at the start, over every new connection of the writer, and with every group: a
//! setting can be changed while we run.

use ondol_store::BoxError;
use tokio_postgres::Row;

use crate::OpenError;
use crate::fault::{Fault, Unfit};
use crate::rows::get;
use crate::session::Session;
use crate::sql::Statement;

/// The oldest server that is known to keep the promises.
const OLDEST: u32 = 14;

const SERVER: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
     current_setting('synchronous_commit'), current_setting('server_version_num')::bigint, \
     current_setting('server_version'), pg_is_in_recovery(), current_setting('server_encoding')";

/// Checks the server; answers how it commits: `on`, or a stricter or equally durable way.
pub(crate) async fn check_server(session: &Session) -> Result<String, OpenError> {
    let asked = Statement { text: SERVER.to_owned(), types: Vec::new() };
    let rows = session.query(&asked, &[]).await.map_err(|fault| unavailable(fault.into()))?;
    let row = rows.first().ok_or_else(|| unavailable("the server answered nothing".into()))?;
    check_version(row)?;
    if get::<bool>(row, 5).map_err(unavailable)? {
        return Err(OpenError::Replica);
    }
    let encoding: &str = get(row, 6).map_err(unavailable)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { found: encoding.to_owned() });
    }
    durable(row, 0).map_err(|unfit| match unfit {
        Unfit::NotDurable { setting, found } => OpenError::NotDurable { setting, found },
        other => unavailable(other.into()),
    })
}

fn check_version(row: &Row) -> Result<(), OpenError> {
    let version: i64 = get(row, 3).map_err(unavailable)?;
    if version / 10_000 >= i64::from(OLDEST) {
        return Ok(());
    }
    let found: &str = get(row, 4).map_err(unavailable)?;
    Err(OpenError::ServerTooOld { oldest: OLDEST, found: found.to_owned() })
}

/// Checks `fsync`, `full_page_writes` and `synchronous_commit`, three columns from `from` on;
/// answers the last.
pub(crate) fn durable(row: &Row, from: usize) -> Result<String, Unfit> {
    let settings = ["fsync", "full_page_writes", "synchronous_commit"];
    let mut found = String::new();
    for (column, setting) in (from..).zip(settings) {
        get::<&str>(row, column)
            .map_err(|_unread| Unfit::Corrupt { what: setting })?
            .clone_into(&mut found);
        if found == "off" {
            return Err(Unfit::NotDurable { setting, found });
        }
    }
    Ok(found)
}

fn unavailable(source: BoxError) -> OpenError {
    OpenError::Unavailable(source)
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unfit(Unfit::NotDurable { setting, found }) => {
                Self::NotDurable { setting, found }
            }
            Fault::Tls(error) => Self::Tls(error),
            fault => Self::Unavailable(fault.into()),
        }
    }
}
