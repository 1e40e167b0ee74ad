//! A page of a feed as a batch of CloudEvents, with its bounds in the headers.

use std::sync::Arc;

use http::HeaderMap;
use ondol_bus::{FeedPage, Part, Published};
use ondol_kernel::{CloudEvent, EventType, Position};
use ondol_store::{BoxError, Head};

/// The media type of a batch.
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";
/// Up to where the log has been looked through.
pub(crate) const SEEN: &str = "ondol-feed-seen";
/// Where the log ended.
pub(crate) const HEAD: &str = "ondol-feed-head";
/// Which life of the log it is.
pub(crate) const EPOCH: &str = "ondol-feed-epoch";

/// What came is not what a feed answers.
#[derive(Debug, thiserror::Error)]
#[error("the header {0} is missing or cannot be read")]
struct NoHeader(&'static str);

/// An event as it is written.
pub(crate) fn cloud_event(service: &str, published: &Published) -> CloudEvent {
    let mut event = CloudEvent::from_envelope(&published.event, &format!("/{service}"));
    event.previous = Some(published.previous.to_string());
    event.part = (published.part != Part::ONLY).then(|| published.part.to_string());
    event
}

/// The events of a page as they are written.
pub(crate) fn batch(service: &str, events: &[Published]) -> Result<Vec<u8>, serde_json::Error> {
    let events: Vec<_> = events.iter().map(|one| cloud_event(service, one)).collect();
    serde_json::to_vec(&events)
}

/// The page that was written.
pub(crate) fn page(headers: &HeaderMap, body: &[u8]) -> Result<FeedPage, BoxError> {
    let position = |name| -> Result<Position, BoxError> {
        Ok(Position::new(header(headers, name)?.parse::<u64>()?))
    };
    let (seen, epoch) = (position(SEEN)?, header(headers, EPOCH)?.parse()?);
    let head = Head { epoch, position: position(HEAD)? };
    let events: Vec<CloudEvent> = serde_json::from_slice(body)?;
    let events = events.into_iter().map(published).collect::<Result<_, _>>()?;
    Ok(FeedPage { events, seen, head })
}

fn published(event: CloudEvent) -> Result<Published, BoxError> {
    let previous = event.previous.as_deref().ok_or(NoHeader("previous"))?;
    let previous = Position::new(previous.parse::<u64>()?);
    let part = event.part.as_deref().map_or(Ok(Part::ONLY), str::parse)?;
    Ok(Published { previous, part, event: Arc::new(event.into_envelope()?) })
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, NoHeader> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or(NoHeader(name))
}

/// The types that are asked for, as they are written in an address: separated by commas.
pub(crate) fn types(types: &[EventType]) -> String {
    let mut written = String::new();
    for (at, name) in types.iter().enumerate() {
        written.push_str(if at > 0 { "," } else { "" });
        name.as_str().bytes().for_each(|byte| escape(byte, &mut written));
    }
    written
}

fn escape(byte: u8, to: &mut String) {
    if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
        to.push(char::from(byte));
    } else {
        to.push_str(&format!("%{byte:02X}"));
    }
}
