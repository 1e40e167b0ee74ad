//! The carrier: a shipment is taken, is on its way, and arrives after a while.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Answer, Asked, News};
use crate::records::{Record, Records};

/// How long a text of an address may be.
const TEXT_BYTES_MAX: usize = 400;
/// Where nobody is ever sent: for tests and for trying it out.
const NOWHERE: &str = "nowhere";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    reference: String,
    to: String,
    pieces: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shipment {
    id: String,
    reference: String,
    to: String,
    pieces: u32,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    InTransit,
    Delivered,
    Cancelled,
}

pub(super) fn answer(asked: &Asked<'_>, records: &Records) -> Result<Answer, Answer> {
    match (asked.method, asked.path) {
        (&Method::POST, ["shipments"]) => take(asked),
        (&Method::GET, ["shipments"]) => {
            let found = match asked.says("reference") {
                Some(reference) => records.called(reference),
                None => records.after(asked.says("after")),
            };
            let found: Vec<_> = found.into_iter().map(|record| &record.value).collect();
            Ok(Answer::json(StatusCode::OK, json!({ "shipments": found })))
        }
        (&Method::GET, ["shipments", id]) => {
            Ok(Answer::json(StatusCode::OK, json!(find(records, id)?)))
        }
        (&Method::POST, ["shipments", id, "cancel"]) => cancel(find(records, id)?),
        _ => Err(Answer::nothing_there()),
    }
}

/// One whose time has come is delivered.
pub(super) fn delivered(record: &Record) -> Option<(Record, News)> {
    let mut shipment: Shipment = serde_json::from_value(record.value.clone()).ok()?;
    shipment.status = Status::Delivered;
    let record = record_of(&shipment, None);
    let news = News { kind: "shipment.delivered", about: record.value.clone() };
    Some((record, news))
}

fn find(records: &Records, id: &str) -> Result<Shipment, Answer> {
    let found = records.get(id).ok_or_else(Answer::nothing_there)?;
    serde_json::from_value(found.value.clone()).map_err(|_unreadable| Answer::nothing_there())
}

fn take(asked: &Asked<'_>) -> Result<Answer, Answer> {
    let Take { reference, to, pieces } = asked.read()?;
    let is_text = |text: &str| !text.is_empty() && text.len() <= TEXT_BYTES_MAX;
    if !is_text(&reference) || !is_text(&to) || pieces == 0 {
        let message = "there are a reference, an address and pieces";
        return Err(Answer::error(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    if asked.is_refused || to == NOWHERE {
        let (code, message) = ("no_capacity", "nobody can carry it there");
        return Err(Answer::error(StatusCode::UNPROCESSABLE_ENTITY, code, message));
    }
    let (id, status) = (asked.id.to_owned(), Status::InTransit);
    let shipment = Shipment { id, reference, to, pieces, status };
    let transit = i64::try_from(asked.transit_ms).unwrap_or(i64::MAX).saturating_mul(1_000);
    let record = record_of(&shipment, Some(asked.now.as_micros().saturating_add(transit)));
    Ok(Answer::json(StatusCode::CREATED, json!(shipment)).and_record(record, "shipment.taken"))
}

fn cancel(mut shipment: Shipment) -> Result<Answer, Answer> {
    match shipment.status {
        Status::InTransit => {
            shipment.status = Status::Cancelled;
            let record = record_of(&shipment, None);
            let answer = Answer::json(StatusCode::OK, json!(shipment));
            Ok(answer.and_record(record, "shipment.cancelled"))
        }
        Status::Cancelled => Ok(Answer::json(StatusCode::OK, json!(shipment))),
        Status::Delivered => {
            let (code, message) = ("delivered", "the shipment has arrived");
            Err(Answer::error(StatusCode::CONFLICT, code, message))
        }
    }
}

fn record_of(shipment: &Shipment, due: Option<i64>) -> Record {
    let (id, reference) = (shipment.id.clone(), shipment.reference.clone());
    Record { id, reference, due, value: json!(shipment) }
}
