//! Whether a log is there, for those who only want to look: opening one would make it.

use std::sync::Arc;

use ondol_doors::Clock;

use crate::migrate::is_made;
use crate::session::Session;
use crate::{OpenError, PostgresOptions, PostgresStore};

impl PostgresStore {
    /// Whether the schema holds a log. Nothing is written.
    ///
    /// # Errors
    /// When the options or the server do not allow to find out, or the schema is somebody else's.
    pub async fn exists(
        options: &PostgresOptions,
        clock: &Arc<dyn Clock>,
    ) -> Result<bool, OpenError> {
        options.validate()?;
        let session = Session::connect(options, clock).await?;
        is_made(&session, &options.schema).await
    }
}
