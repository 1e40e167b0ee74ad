//! The insurer: agrees beforehand to pay for a treatment, and can be told that it is not needed.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Answer, Asked};
use crate::records::{Record, Records};

/// Above this, a person would have to look at it.
const AMOUNT_MAX: i64 = 10_000_000_000;
/// Whose insurance has ended: for tests and for trying it out.
const ENDED: &str = "member-ended";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    reference: String,
    member: String,
    treatment: String,
    amount: i64,
    currency: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Agreement {
    id: String,
    reference: String,
    treatment: String,
    amount: i64,
    currency: String,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Agreed,
    Cancelled,
}

pub(super) fn answer(asked: &Asked<'_>, records: &Records) -> Result<Answer, Answer> {
    match (asked.method, asked.path) {
        (&Method::POST, ["agreements"]) => agree(asked),
        (&Method::GET, ["agreements"]) => {
            let found = asked.says("reference").map(|name| records.called(name));
            let found: Vec<_> =
                found.unwrap_or_default().into_iter().map(|record| &record.value).collect();
            Ok(Answer::json(StatusCode::OK, json!({ "agreements": found })))
        }
        (&Method::GET, ["agreements", id]) => {
            Ok(Answer::json(StatusCode::OK, json!(find(records, id)?)))
        }
        (&Method::POST, ["agreements", id, "cancel"]) => {
            let mut agreement = find(records, id)?;
            agreement.status = Status::Cancelled;
            Ok(answered(StatusCode::OK, &agreement, "agreement.cancelled"))
        }
        _ => Err(Answer::nothing_there()),
    }
}

fn find(records: &Records, id: &str) -> Result<Agreement, Answer> {
    let found = records.get(id).ok_or_else(Answer::nothing_there)?;
    serde_json::from_value(found.value.clone()).map_err(|_unreadable| Answer::nothing_there())
}

fn agree(asked: &Asked<'_>) -> Result<Answer, Answer> {
    let Ask { reference, member, treatment, amount, currency } = asked.read()?;
    if reference.is_empty() || treatment.is_empty() || !(1..=AMOUNT_MAX).contains(&amount) {
        let message = "there are a reference, a treatment and an amount";
        return Err(Answer::error(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    if asked.is_refused || member == ENDED {
        let (code, message) = ("not_covered", "the insurance does not pay for it");
        return Err(Answer::error(StatusCode::UNPROCESSABLE_ENTITY, code, message));
    }
    let (id, status) = (asked.id.to_owned(), Status::Agreed);
    let agreement = Agreement { id, reference, treatment, amount, currency, status };
    Ok(answered(StatusCode::CREATED, &agreement, "agreement.made"))
}

fn answered(status: StatusCode, agreement: &Agreement, told_as: &'static str) -> Answer {
    let value = json!(agreement);
    let (id, reference) = (agreement.id.clone(), agreement.reference.clone());
    let record = Record { id, reference, due: None, value: value.clone() };
    Answer::json(status, value).and_record(record, told_as)
}
