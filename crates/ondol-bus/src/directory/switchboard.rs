//! Whom a call reaches: a thing of one's own, or another service.

use std::sync::Arc;

use async_trait::async_trait;
use ondol_domain::{Call, Target};

use super::Directory;
use crate::{About, CallFailure, Calls, Reply};

/// Connects what one service asks.
#[derive(Debug, Clone)]
pub struct Switchboard {
    own: Arc<dyn Calls>,
    directory: Arc<Directory>,
}

impl Switchboard {
    /// Calls to things of one's own go to `own`, all others where the directory says.
    pub fn new(own: Arc<dyn Calls>, directory: Arc<Directory>) -> Self {
        Self { own, directory }
    }

    fn callee(&self, target: &Target) -> Result<Arc<dyn Calls>, CallFailure> {
        match target {
            Target::Aggregate(_) => Ok(Arc::clone(&self.own)),
            Target::Service(_) => self.directory.callee(target),
        }
    }
}

#[async_trait]
impl Calls for Switchboard {
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.callee(&call.target)?.ask(call, about).await
    }

    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure> {
        self.callee(&call.target)?.void(call, about).await
    }
}
