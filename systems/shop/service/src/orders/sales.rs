//! What was sold, by day and category, for those who run the shop.

use std::collections::BTreeMap;

use axum::extract::State;
use ondol_auth::Required;
use ondol_http::{After, Json, Problem, ProblemBody, Query, ask_problem, wait_after};
use ondol_kernel::{Currency, Money};
use ondol_runtime::Question;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Office;
use super::views::{Day, Sold};
use crate::access::Ops;

/// The days of a month, at most.
const DAYS_MAX: usize = 31;

/// Of which month.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    month: String,
}

/// What was sold of a category on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SoldBody {
    /// On which day, in universal time.
    day: String,
    /// Of which category.
    category: String,
    /// How many pieces.
    pieces: u64,
    /// For how much, by currency.
    #[schema(value_type = Vec<Object>)]
    amounts: Vec<Money>,
}

/// What was sold in a month, by day and category.
#[utoipa::path(
    get,
    path = "/api/v1/sales",
    params(
        ("month" = String, Query, description = "Which one: 2026-11"),
        ("Ondol-After" = Option<String>, Header, description = "What it has to show at least"),
    ),
    responses(
        (status = 200, body = Vec<SoldBody>),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sales(
    _ops: Required<Ops>,
    State(office): State<Office>,
    Query(Which { month }): Query<Which>,
    after: After,
) -> Result<Json<Vec<SoldBody>>, Problem> {
    wait_after(&office.days, after).await?;
    if !is_month(&month) {
        let title = "A month is a year and two digits: 2026-11.";
        return Err(Problem::new(http::StatusCode::BAD_REQUEST, "query", title));
    }
    let found = office.days.ask(Question::keys_beginning_with(&month, DAYS_MAX)).await;
    let found = found.map_err(|error| ask_problem(&error))?;
    let mut sold = Vec::new();
    for day in found.documents {
        let by_category = office.by_category(&day.state).await?;
        sold.extend(by_category.into_iter().map(|(category, Sold { pieces, amounts })| SoldBody {
            day: day.key.to_string(),
            category,
            pieces,
            amounts: amounts.into_values().collect(),
        }));
    }
    Ok(Json(sold))
}

fn is_month(text: &str) -> bool {
    let form = text.bytes().enumerate().all(|(at, byte)| match at {
        4 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    form && text.len() == 7
}

impl Office {
    async fn by_category(&self, day: &Day) -> Result<BTreeMap<String, Sold>, Problem> {
        let mut by_category: BTreeMap<String, Sold> = BTreeMap::new();
        for (product, sold) in &day.sold {
            let offer = self.offers.get(&product.to_string()).await;
            let offer = offer.map_err(|error| ask_problem(&error))?;
            let category = offer.map(|found| found.state.category).unwrap_or_default();
            let whole = by_category.entry(category).or_default();
            whole.pieces += sold.pieces;
            for (currency, amount) in &sold.amounts {
                add(&mut whole.amounts, *currency, *amount)?;
            }
        }
        Ok(by_category)
    }
}

fn add(
    amounts: &mut BTreeMap<Currency, Money>,
    currency: Currency,
    amount: Money,
) -> Result<(), Problem> {
    let before = amounts.get(&currency).copied().unwrap_or(Money::zero(currency));
    let sum = before.checked_add(amount).map_err(|error| {
        tracing::error!(%error, "sales do not add up to an amount");
        Problem::internal()
    })?;
    amounts.insert(currency, sum);
    Ok(())
}
