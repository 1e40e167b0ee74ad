//! Hearing of what other processes write.
//!
//! The log is asked where it ends, at an interval: it costs the server one look at the end of an
//! index. Nothing is listened to, for what was said while nobody listened is lost, and a pooler
//! does not let one listen; so there is one way for all, and its delay is known.

use std::sync::Arc;

use ondol_doors::Clock;
use ondol_kernel::Position;
use ondol_store::Head;
use tokio::sync::watch;

use crate::PostgresOptions;
use crate::fault::{Fault, Unfit};
use crate::reads;
use crate::session::Session;
use crate::sql::Sql;
use crate::writer::tell;

/// Whoever watches.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) options: PostgresOptions,
    pub(crate) sql: Arc<Sql>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) heads: Arc<watch::Sender<Head>>,
}

impl Watcher {
    /// Watches as long as the log goes on.
    pub(crate) async fn run(self) -> Unfit {
        let mut session = None;
        let (mut seen, epoch) = (Position::START, self.heads.borrow().epoch);
        loop {
            self.clock.sleep(self.options.poll_interval()).await;
            // When the server cannot be reached there is nothing to hear; the next look tries
            // again, and whoever reads or writes is told.
            let Ok(head) = self.look(&mut session).await else {
                session = None;
                continue;
            };
            if head.position < seen {
                return Unfit::Rewound { seen: seen.get(), found: head.position.get() };
            }
            if head.epoch != epoch {
                return Unfit::Moved;
            }
            seen = head.position;
            tell(&self.heads, head);
        }
    }

    async fn look(&self, session: &mut Option<Session>) -> Result<Head, Fault> {
        let session = match session {
            Some(session) => session,
            None => session.insert(Session::connect(&self.options, &self.clock).await?),
        };
        let rows = session.query(&self.sql.head, &[]).await?;
        reads::head(&rows).map_err(|_unread| Unfit::Corrupt { what: "the row of the log" }.into())
    }
}
