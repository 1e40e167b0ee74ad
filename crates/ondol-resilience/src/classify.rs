//! What an outcome means to a policy. The caller decides; these are the words to say it with.

use std::time::Duration;

use http::{
    HeaderMap, Response, StatusCode,
    header::{DATE, RETRY_AFTER},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use crate::Rejectable;

/// What the outcome of a call says about what was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Success,
    /// It does not work.
    Failure,
    /// It works and asks for fewer calls (429): counts for rates of failure, not for failures in a
    /// row.
    Throttled,
    /// Nothing: the caller's own mistake, or the call never got there.
    Ignored,
}

/// How far a call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was certainly not sent: safe to try again, even when it may not be done twice.
    NotSent,
    /// Nobody knows.
    Unknown,
    /// An answer came back.
    Answered,
}

/// What a call's outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What it says about what was called.
    pub outcome: Outcome,
    /// How far the call got.
    pub delivery: Delivery,
    /// Whether the same call may well succeed a little later.
    pub passing: bool,
    /// How long what was called asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Verdict {
    const fn new(outcome: Outcome, delivery: Delivery, passing: bool) -> Self {
        Self { outcome, delivery, passing, retry_after: None }
    }

    /// It worked.
    pub const fn success() -> Self {
        Self::new(Outcome::Success, Delivery::Answered, false)
    }

    /// It failed, nobody knows how far it got, and it may pass.
    pub const fn failure() -> Self {
        Self::new(Outcome::Failure, Delivery::Unknown, true)
    }

    /// It answered that it has too much to do.
    pub const fn throttled() -> Self {
        Self::new(Outcome::Throttled, Delivery::Answered, true)
    }

    /// It says nothing about what was called.
    pub const fn ignored() -> Self {
        Self::new(Outcome::Ignored, Delivery::Unknown, false)
    }

    /// The same, and the call was certainly not sent, so that another try is safe.
    #[must_use]
    pub const fn not_sent(self) -> Self {
        Self { delivery: Delivery::NotSent, passing: true, ..self }
    }

    /// The same, and it was what was called that said so.
    #[must_use]
    pub const fn answered(self) -> Self {
        Self { delivery: Delivery::Answered, ..self }
    }

    /// The same, and trying again will not help.
    #[must_use]
    pub const fn for_good(self) -> Self {
        Self { passing: false, ..self }
    }

    /// The same, with the time for which to leave it alone.
    #[must_use]
    pub const fn retry_after(self, after: Option<Duration>) -> Self {
        Self { retry_after: after, ..self }
    }
}

/// Says what an outcome means.
///
/// Asked only about outcomes of the service itself: what a [`Rejected`](crate::Rejected) of an inner
/// policy means is settled by [`Rejected::verdict`](crate::Rejected::verdict).
pub trait Classify<T, E> {
    /// What this outcome means.
    fn classify(&self, outcome: Result<&T, &E>) -> Verdict;
}

impl<T, E, F> Classify<T, E> for F
where
    F: Fn(Result<&T, &E>) -> Verdict,
{
    fn classify(&self, outcome: Result<&T, &E>) -> Verdict {
        self(outcome)
    }
}

/// Every `Ok` is a success and every `Err` a failure that may pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyError;

impl<T, E> Classify<T, E> for AnyError {
    fn classify(&self, outcome: Result<&T, &E>) -> Verdict {
        match outcome {
            Ok(_) => Verdict::success(),
            Err(_) => Verdict::failure(),
        }
    }
}

/// HTTP answers by their status: 5xx fails (501 and 505 for good), 429 throttles, others succeed;
/// an `Err` fails.
///
/// `Retry-After` is understood in seconds, and as a date when the answer carries its own `Date`: the
/// difference of the two is asked for, so a clock that is wrong on either side does no harm.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpStatus;

impl<B, E> Classify<Response<B>, E> for HttpStatus {
    fn classify(&self, outcome: Result<&Response<B>, &E>) -> Verdict {
        let Ok(response) = outcome else { return Verdict::failure() };
        let retry_after = retry_after(response.headers());
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => Verdict::throttled().retry_after(retry_after),
            StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => {
                Verdict::failure().answered().for_good()
            }
            status if status.is_server_error() => {
                Verdict::failure().answered().retry_after(retry_after)
            }
            _ => Verdict::success(),
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let sent = headers.get(DATE)?.to_str().ok()?.trim();
    let wait = date(asked)?.duration_since(date(sent)?);
    // A date that has passed asks for nothing more than not to have been asked for.
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// The verdict on an outcome: an inner policy's rejection has its own, the rest is the caller's.
pub(crate) fn judge<T, E, C>(classify: &C, outcome: &Result<T, E>) -> Verdict
where
    E: Rejectable,
    C: Classify<T, E>,
{
    match outcome {
        Err(error) => match error.rejection() {
            Some(rejected) => rejected.verdict(),
            None => classify.classify(Err(error)),
        },
        Ok(response) => classify.classify(Ok(response)),
    }
}
