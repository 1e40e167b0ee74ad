//! The engine passes the suite.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ondol_doors::{SystemClock, SystemRng};
use ondol_store::Replica;
use ondol_store::conformance::{Engine, SharedEngine};
use ondol_store_postgres::{PostgresOptions, PostgresStore};

struct Postgres {
    options: PostgresOptions,
    store: Arc<PostgresStore>,
}

async fn open(options: &PostgresOptions) -> Arc<PostgresStore> {
    let (clock, rng) = (Arc::new(SystemClock::start()), Arc::new(SystemRng));
    Arc::new(PostgresStore::open(options.clone(), clock, rng).await.expect("the log opens"))
}

#[async_trait]
impl Engine for Postgres {
    async fn create() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let options = PostgresOptions {
            url: std::env::var("PGDEV").expect("dev"),
            schema: format!("log_{}_{number}", std::process::id()),
            readers_max: 4,
            ..PostgresOptions::default()
        };
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
