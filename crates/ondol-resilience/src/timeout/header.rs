//! A deadline between processes: the time that is left, in milliseconds.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Context, Tick, Time};

/// The header that carries the time left for an answer, in milliseconds.
pub const TIME_LEFT: HeaderName = HeaderName::from_static("ondol-time-left-ms");

/// The longest time left that is believed: a caller cannot ask for more patience than this.
const TIME_LEFT_MAX: Duration = Duration::from_secs(86_400);

/// Takes the deadline out of a request's headers, into its context.
pub fn read_time_left(headers: &HeaderMap, time: &Time, context: &mut Context) {
    let millis = headers.get(TIME_LEFT).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(millis) = millis {
        let left = Duration::from_millis(millis).min(TIME_LEFT_MAX);
        let deadline = time.now().after(left);
        context.deadline = Some(context.deadline.map_or(deadline, |known| known.min(deadline)));
    }
}

/// Puts what is left until a deadline into the headers of a request that is sent now.
pub fn write_time_left(headers: &mut HeaderMap, time: &Time, deadline: Tick) {
    let millis = u64::try_from(deadline.since(time.now()).as_millis()).unwrap_or(u64::MAX);
    headers.insert(TIME_LEFT, HeaderValue::from(millis));
}
