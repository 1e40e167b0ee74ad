//! Nobody is there to be asked.

use async_trait::async_trait;
use ondol_bus::{About, CallFailure, Calls, Reply};
use ondol_domain::{Call, Target};

/// Answers nothing.
#[derive(Debug)]
pub(super) struct Nobody;

impl Nobody {
    fn refuse(call: &Call) -> Result<Reply, CallFailure> {
        let (Target::Service(service) | Target::Aggregate(service)) = call.target.clone();
        Err(CallFailure::Busy { service, again_after: None })
    }
}

#[async_trait]
impl Calls for Nobody {
    async fn ask(&self, call: &Call, _about: &About) -> Result<Reply, CallFailure> {
        Self::refuse(call)
    }

    async fn void(&self, call: &Call, _about: &About) -> Result<Reply, CallFailure> {
        Self::refuse(call)
    }
}
