//! Pre-orders: bought before they can be shipped, by services that react to each other.

use axum::extract::State;
use ondol_auth::Caller;
use ondol_http::{
    Accepted, Asked, Done, Happened, Json, Path, Problem, ProblemBody, command, load_problem,
};
use ondol_kernel::{Money, Version};
use serde::{Deserialize, Serialize};
use shop_domain::order::{CancelReason, Region};
use shop_domain::preorder::{Command, Preorder, Terms};
use shop_domain::{BuyerId, Means, OrderId, ProductId, Quantity};
use utoipa::ToSchema;

use super::Office;
use crate::access::buyer;
use crate::rates::currency_of;

/// How many events of a pre-order there can be.
const HISTORY_MAX: usize = 16;

/// To pre-order something. There is no price in it: that is the shop's.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Preordering {
    /// What.
    #[schema(value_type = String, format = Uuid)]
    product: ProductId,
    /// How many.
    #[schema(value_type = u32)]
    pieces: Quantity,
    /// Where in the world: `US`, `EU` or `ASIA`. The currency follows from it.
    #[schema(value_type = String)]
    region: Region,
    /// What it is paid with, as the payment provider knows it.
    #[schema(value_type = String)]
    pay_with: Means,
}

/// A pre-order as it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PreorderBody {
    /// `placed`, `reserved`, `confirmed` or `failed`.
    state: &'static str,
    /// What.
    #[schema(value_type = String, format = Uuid)]
    product: ProductId,
    /// How many.
    #[schema(value_type = u32)]
    pieces: Quantity,
    /// What it costs in all.
    #[schema(value_type = Object)]
    total: Money,
    /// Why it came to nothing.
    #[schema(value_type = Option<String>)]
    because: Option<CancelReason>,
}

impl PreorderBody {
    fn of(preorder: &Preorder) -> Option<Self> {
        let Terms { product, pieces, total, .. } = preorder.terms()?.clone();
        let (state, because) = match preorder {
            Preorder::None => return None,
            Preorder::Placed { .. } => ("placed", None),
            Preorder::Reserved { .. } => ("reserved", None),
            Preorder::Confirmed { .. } => ("confirmed", None),
            Preorder::Failed { because, .. } => ("failed", Some(*because)),
        };
        Some(Self { state, product, pieces, total, because })
    }
}

impl Office {
    /// A pre-order, if it is the buyer's.
    async fn own_preorder(&self, buyer: BuyerId, order: OrderId) -> Result<Preorder, Problem> {
        let standing = self.preorders.standing(&order.to_string()).await;
        let preorder = standing.map_err(|error| load_problem(&error))?.state;
        let is_own = preorder.terms().is_some_and(|terms| terms.buyer == buyer);
        if is_own { Ok(preorder) } else { Err(Problem::nothing_by_that_name()) }
    }
}

/// Pre-orders something, at the shop's price of this moment.
#[utoipa::path(
    post,
    path = "/api/v1/preorders",
    params(("Idempotency-Key" = String, Header, description = "The request's own key")),
    request_body = Preordering,
    responses(
        (status = 201, body = Done, description = "Location says where it is"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn place(
    caller: Caller,
    State(office): State<Office>,
    asked: Asked,
    Json(body): Json<Preordering>,
) -> Result<Accepted, Problem> {
    let Preordering { product, pieces, region, pay_with } = body;
    office.takes(&pay_with)?;
    let order = OrderId::derived(asked.0.command, "preorder");
    let price = office.price_of(product, currency_of(region)).await?;
    let total = price.checked_mul(i64::from(pieces.pieces())).map_err(|_too_much| {
        let title = "So many cannot be bought at once.";
        Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "shop-too-much", title)
    })?;
    let terms = Terms { order, buyer: buyer(&caller), product, pieces, total, pay_with };
    let placed =
        command(&office.preorders, &order.to_string(), Command::Place { terms }, &asked).await?;
    Ok(placed.created(format!("/api/v1/preorders/{order}")))
}

/// A pre-order of the caller's.
#[utoipa::path(
    get,
    path = "/api/v1/preorders/{order}",
    params(("order" = String, Path, description = "Which one")),
    responses(
        (status = 200, body = PreorderBody),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn one(
    caller: Caller,
    State(office): State<Office>,
    Path(order): Path<OrderId>,
) -> Result<Json<PreorderBody>, Problem> {
    let preorder = office.own_preorder(buyer(&caller), order).await?;
    PreorderBody::of(&preorder).map(Json).ok_or_else(Problem::nothing_by_that_name)
}

/// What has happened to a pre-order of the caller's.
#[utoipa::path(
    get,
    path = "/api/v1/preorders/{order}/history",
    params(("order" = String, Path, description = "Which one")),
    responses(
        (status = 200, body = Vec<Happened>),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn history(
    caller: Caller,
    State(office): State<Office>,
    Path(order): Path<OrderId>,
) -> Result<Json<Vec<Happened>>, Problem> {
    office.own_preorder(buyer(&caller), order).await?;
    let from = Version::EMPTY.next();
    let events = office.preorders.history(&order.to_string(), from, HISTORY_MAX).await;
    let events = events.map_err(|error| load_problem(&error))?;
    Ok(Json(events.iter().map(Happened::of).collect()))
}

/// The caller does not want a pre-order any more.
#[utoipa::path(
    post,
    path = "/api/v1/preorders/{order}/cancellation",
    params(
        ("order" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn call_off(
    caller: Caller,
    State(office): State<Office>,
    Path(order): Path<OrderId>,
    asked: Asked,
) -> Result<Accepted, Problem> {
    office.own_preorder(buyer(&caller), order).await?;
    command(&office.preorders, &order.to_string(), Command::CallOff, &asked).await
}
