//! The recommendation engine: of what there is, what somebody may like, the same whenever the same
//! is asked. It remembers nobody.

use http::{Method, StatusCode};
use serde_json::json;

use crate::answer::{Answer, Asked};
use crate::keys::fingerprint;

/// Among how many it chooses.
const CANDIDATES_MAX: usize = 1_000;
/// How many it names when nobody says.
const NAMED_USUAL: usize = 8;

pub(super) fn answer(asked: &Asked<'_>) -> Result<Answer, Answer> {
    let (&Method::GET, ["recommendations"]) = (asked.method, asked.path) else {
        return Err(Answer::nothing_there());
    };
    let (Some(person), Some(among)) = (asked.says("person"), asked.says("among")) else {
        let message = "it is said for whom, and among what";
        return Err(Answer::error(StatusCode::BAD_REQUEST, "invalid_request", message));
    };
    if asked.is_refused {
        let (code, message) = ("nothing_known", "nothing is known of this person");
        return Err(Answer::error(StatusCode::NOT_FOUND, code, message));
    }
    let mut candidates: Vec<&str> = among.split(',').filter(|one| !one.is_empty()).collect();
    if candidates.len() > CANDIDATES_MAX {
        let message = "there are too many to choose among";
        return Err(Answer::error(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    let count = asked.says("count").and_then(|count| count.parse().ok()).unwrap_or(NAMED_USUAL);
    candidates.sort_by_cached_key(|one| fingerprint(&Method::GET, &[person, one], b""));
    candidates.dedup();
    candidates.truncate(count);
    Ok(Answer::json(StatusCode::OK, json!({ "recommended": candidates })))
}
