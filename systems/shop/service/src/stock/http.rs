//! The stock over HTTP: how many there are, for everybody; deliveries, for those who run the shop.

use axum::extract::State;
use ondol::Desk;
use ondol_auth::Required;
use ondol_http::{
    Accepted, Asked, Done, Json, Path, Problem, ProblemBody, Query, command, load_problem,
};
use serde::{Deserialize, Serialize};
use shop_domain::stock::{Command, Stock};
use shop_domain::{ProductId, Quantity};
use utoipa::ToSchema;

use crate::access::Ops;

/// How many products are asked after at once.
const BATCH_MAX: usize = 100;

/// Pieces that have come.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    /// Under which delivery note: the same note counts once.
    note: String,
    /// How many.
    #[schema(value_type = u32)]
    pieces: Quantity,
}

/// How many of a product there are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Level {
    /// Of which product.
    #[schema(value_type = String, format = Uuid)]
    product: ProductId,
    /// How many can be bought.
    available: u32,
}

/// Of which products.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    ids: String,
}

/// How many of each of these products can be bought.
#[utoipa::path(
    get,
    path = "/api/v1/stock",
    params(("ids" = String, Query, description = "Of these products, with commas between")),
    responses(
        (status = 200, body = Vec<Level>),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn levels(
    State(desk): State<Desk<Stock>>,
    Query(Which { ids }): Query<Which>,
) -> Result<Json<Vec<Level>>, Problem> {
    let mut levels = Vec::new();
    let ids = ids.split(',').take(BATCH_MAX).filter_map(|id| id.parse::<ProductId>().ok());
    for product in ids {
        let standing = desk.standing(&product.to_string()).await;
        let standing = standing.map_err(|error| load_problem(&error))?;
        levels.push(Level { product, available: standing.state.shelf().available() });
    }
    Ok(Json(levels))
}

/// Pieces have come under a delivery note.
#[utoipa::path(
    post,
    path = "/api/v1/stock/{product}/deliveries",
    params(
        ("product" = String, Path, description = "Of which product"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    request_body = Delivery,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn receive(
    _ops: Required<Ops>,
    State(desk): State<Desk<Stock>>,
    Path(product): Path<ProductId>,
    asked: Asked,
    Json(Delivery { note, pieces }): Json<Delivery>,
) -> Result<Accepted, Problem> {
    command(&desk, &product.to_string(), Command::Receive { note, pieces }, &asked).await
}
