//! Asking a service, or a thing of one's own, to do something.

mod about;
mod failure;
mod reply;

use std::fmt::Debug;

use async_trait::async_trait;
use ondol_domain::Call;

pub use about::About;
pub use failure::CallFailure;
pub use reply::Reply;

/// Asks services and one's own things.
///
/// A call is sent at least once and takes effect once: whoever hears nothing asks again under the
/// same command id, and what was answered first is the answer for ever. Dropping a future that
/// this returns leaves it unknown whether the command took effect; asking again settles it.
#[async_trait]
pub trait Calls: Debug + Send + Sync + 'static {
    /// Asks, and gives the answer that is on record for the command's id.
    async fn ask(&self, call: &Call, about: &About) -> Result<Reply, CallFailure>;

    /// Makes the command void unless it has been answered; gives the answer that is on record.
    ///
    /// When it had taken effect, that effect is the answer, and may have to be undone. When it had
    /// not, it never will: the answer is [`Reply::Voided`], now and for whoever asks later.
    async fn void(&self, call: &Call, about: &About) -> Result<Reply, CallFailure>;
}
