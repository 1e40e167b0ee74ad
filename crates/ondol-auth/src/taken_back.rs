//! What an issuer tells of tokens that it takes back before they end, and whoever listens.
//!
//! A service that verifies tokens by itself knows nothing of somebody who has signed out a moment
//! ago. The issuer publishes it like everything else, as events of its feed; a [`Listener`] beside
//! the verifier hears them and puts them where every verification asks. What it has heard is kept
//! in memory only: it listens from the beginning again after a restart, and passes over what is
//! about tokens that have ended anyway.

use std::sync::Arc;
use std::time::Duration;

use ondol_bus::{Feed, Follower, Unsound};
use ondol_domain::{EventSet, Facts, Problems, Reader, ShapeProblem, Source};
use ondol_doors::Clock;
use ondol_kernel::{Envelope, Position};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Revocations;

/// How many events are heard at once.
const HEARD_MAX: usize = 1_000;
/// How long one question to the feed waits for news.
const WAIT: Duration = Duration::from_secs(20);
/// How long the feed is left alone after it could not be heard: what was taken back is to be known
/// everywhere within five seconds.
const AGAIN: Duration = Duration::from_secs(1);

/// Tokens that are no longer good, before they end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as they are spoken of")]
pub enum TakenBack {
    /// Every token of a sign-in: somebody has signed out.
    Session { session: String },
    /// Every token of a grant: a client gave it back, or somebody else has used it.
    Grant { grant: String },
    /// Every token that somebody was issued up to a moment, in seconds since 1970: he proves himself
    /// by something else now, may be something else, or was forgotten.
    Subject { subject: String, issued_up_to: u64 },
}

impl Facts for TakenBack {
    const KIND: &'static str = "identity.revocation";
    const SERVICE: Option<&'static str> = Some("identity");
}

/// Listens to an issuer beside a verifier.
#[derive(Debug)]
pub struct Listener {
    feed: Arc<dyn Feed>,
    revoked: Revocations,
    clock: Arc<dyn Clock>,
    tokens_last: Duration,
    reader: Reader<TakenBack>,
}

impl Listener {
    /// Listens to this feed, for tokens that last so long at most.
    ///
    /// # Errors
    /// Never, for the shape of what is heard is our own and is checked by a test.
    pub fn new(
        feed: Arc<dyn Feed>,
        revoked: Revocations,
        clock: Arc<dyn Clock>,
        tokens_last: Duration,
    ) -> Result<Self, Problems<ShapeProblem>> {
        Ok(Self { feed, revoked, clock, tokens_last, reader: TakenBack::reader()? })
    }

    /// Listens until it is told to stop. A feed that cannot be heard is asked again.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.listen() => {}
            _stopped = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn listen(&self) {
        let mut follower = self.begun_anew();
        loop {
            match follower.next(WAIT).await {
                Ok(heard) => heard
                    .events
                    .into_iter()
                    .for_each(|event| self.hear(Arc::unwrap_or_clone(event))),
                Err(error) => {
                    tracing::warn!(%error, code = error.code(), "the issuer cannot be heard");
                    if !error.may_be_read_again() || matches!(error, Unsound::OtherLog { .. }) {
                        follower = self.begun_anew();
                    }
                    self.clock.sleep(AGAIN).await;
                }
            }
        }
    }

    fn begun_anew(&self) -> Follower {
        let types = self.reader.sources().iter().flat_map(|Source { types, .. }| types.clone());
        let feed = Arc::clone(&self.feed);
        Follower::new(feed, Position::START, None, types.collect(), HEARD_MAX)
    }

    fn hear(&self, event: Envelope) {
        let told = event.metadata.time;
        let is_over = told.checked_add(self.tokens_last).is_none_or(|end| end < self.clock.now());
        if is_over {
            return;
        }
        match self.reader.read(event) {
            Ok(Some(event)) => event.data.put(&self.revoked),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "what the issuer tells cannot be read"),
        }
    }
}

impl TakenBack {
    fn put(&self, revoked: &Revocations) {
        match self {
            Self::Session { session } => revoked.session(session),
            Self::Grant { grant } => revoked.grant(grant),
            Self::Subject { subject, issued_up_to } => revoked.subject(subject, *issued_up_to),
        }
    }
}
