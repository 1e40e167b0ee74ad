//! The engine passes the suite.

use std::sync::Arc;

use async_trait::async_trait;
use ondol_store::Replica;
use ondol_store::conformance::{Engine, SharedEngine};
use ondol_store_postgres::{PostgresOptions, PostgresStore};

use crate::given::{fresh_log, open};

struct Postgres {
    options: PostgresOptions,
    store: Arc<PostgresStore>,
}

#[async_trait]
impl Engine for Postgres {
    async fn create() -> Self {
        let options = fresh_log();
        Self { store: open(&options).await, options }
    }

    fn store(&self) -> Arc<dyn Replica> {
        Arc::<PostgresStore>::clone(&self.store)
    }

    async fn reopen(&mut self) {
        self.store.close().await.expect("the log was well");
        self.store = open(&self.options).await;
    }
}

#[async_trait]
impl SharedEngine for Postgres {
    async fn another(&self) -> Arc<dyn Replica> {
        open(&self.options).await
    }
}

ondol_store::conformance!(Postgres);
ondol_store::conformance_shared!(Postgres);
