//! The payment provider: money is authorized, then captured or voided, then perhaps refunded.
//!
//! As with test cards of real providers, the means of payment says what happens: `card-declined`
//! and `card-empty` are refused, any other `card-…` is good. An order may be charged twice if it
//! is asked for twice under two keys: that is for whoever asks to prevent.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{Answer, Asked};
use crate::records::{Record, Records};

/// The most that one payment can be.
const AMOUNT_MAX: i64 = 1_000_000_000_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Authorize {
    reference: String,
    amount: i64,
    currency: String,
    means: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    amount: i64,
}

/// A payment as it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payment {
    id: String,
    reference: String,
    amount: i64,
    currency: String,
    status: Status,
    refunded: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Authorized,
    Captured,
    Voided,
}

pub(super) fn answer(asked: &Asked<'_>, records: &Records) -> Result<Answer, Answer> {
    match (asked.method, asked.path) {
        (&Method::POST, ["payments"]) => authorize(asked),
        (&Method::GET, ["payments"]) => Ok(list(asked, records)),
        (&Method::GET, ["payments", id]) => {
            let payment = find(records, id)?;
            Ok(Answer::json(StatusCode::OK, json!(payment)))
        }
        (&Method::POST, ["payments", id, "capture"]) => capture(find(records, id)?),
        (&Method::POST, ["payments", id, "void"]) => void(find(records, id)?),
        (&Method::POST, ["payments", id, "refund"]) => {
            let Refund { amount } = asked.read()?;
            refund(find(records, id)?, amount)
        }
        _ => Err(Answer::nothing_there()),
    }
}

fn find(records: &Records, id: &str) -> Result<Payment, Answer> {
    let found = records.get(id).ok_or_else(Answer::nothing_there)?;
    serde_json::from_value(found.value.clone()).map_err(|_unreadable| Answer::nothing_there())
}

/// All payments, or those of one reference: how somebody who has heard nothing finds out.
fn list(asked: &Asked<'_>, records: &Records) -> Answer {
    let found = match asked.says("reference") {
        Some(reference) => records.called(reference),
        None => records.after(asked.says("after")),
    };
    let found: Vec<&Value> = found.into_iter().map(|record| &record.value).collect();
    Answer::json(StatusCode::OK, json!({ "payments": found }))
}

fn authorize(asked: &Asked<'_>) -> Result<Answer, Answer> {
    let Authorize { reference, amount, currency, means } = asked.read()?;
    let invalid = |message| Err(Answer::error(StatusCode::BAD_REQUEST, "invalid_request", message));
    if !(1..=AMOUNT_MAX).contains(&amount) {
        return invalid("the amount is more than nothing and not beyond all measure");
    }
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return invalid("the currency is three capital letters");
    }
    if !means.starts_with("card-") || reference.is_empty() || reference.len() > 100 {
        return invalid("there are a means of payment and a reference");
    }
    let declined = |code, message| Err(Answer::error(StatusCode::PAYMENT_REQUIRED, code, message));
    if means == "card-empty" {
        return declined("insufficient_funds", "there is not enough money");
    }
    if asked.is_refused || means == "card-declined" {
        return declined("card_declined", "the card was declined");
    }
    let (id, status) = (asked.id.to_owned(), Status::Authorized);
    let payment = Payment { id, reference, amount, currency, status, refunded: 0 };
    Ok(answered(StatusCode::CREATED, &payment, "payment.authorized"))
}

fn capture(mut payment: Payment) -> Result<Answer, Answer> {
    match payment.status {
        Status::Authorized => {
            payment.status = Status::Captured;
            Ok(answered(StatusCode::OK, &payment, "payment.captured"))
        }
        Status::Captured => Ok(Answer::json(StatusCode::OK, json!(payment))),
        Status::Voided => conflict("payment_voided", "the payment has been voided"),
    }
}

fn void(mut payment: Payment) -> Result<Answer, Answer> {
    match payment.status {
        Status::Authorized => {
            payment.status = Status::Voided;
            Ok(answered(StatusCode::OK, &payment, "payment.voided"))
        }
        Status::Voided => Ok(Answer::json(StatusCode::OK, json!(payment))),
        Status::Captured => conflict("payment_captured", "the payment can only be refunded"),
    }
}

fn refund(mut payment: Payment, amount: i64) -> Result<Answer, Answer> {
    if payment.status != Status::Captured {
        return conflict("payment_not_captured", "nothing was taken");
    }
    if amount < 1 || amount > payment.amount - payment.refunded {
        return conflict("refund_too_large", "no more is given back than was taken");
    }
    payment.refunded += amount;
    Ok(answered(StatusCode::OK, &payment, "payment.refunded"))
}

fn conflict(code: &str, message: &str) -> Result<Answer, Answer> {
    Err(Answer::error(StatusCode::CONFLICT, code, message))
}

fn answered(status: StatusCode, payment: &Payment, told_as: &'static str) -> Answer {
    let value = json!(payment);
    let (id, reference) = (payment.id.clone(), payment.reference.clone());
    let record = Record { id, reference, due: None, value: value.clone() };
    Answer::json(status, value).and_record(record, told_as)
}
