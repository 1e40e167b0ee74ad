//! What those who run the shop ask of products.

use axum::extract::State;
use ondol_auth::Required;
use ondol_http::{Accepted, Asked, Done, Json, Path, Problem, ProblemBody, command};
use shop_domain::ProductId;
use shop_domain::product::Command;

use super::Clerk;
use super::bodies::{Listing, Naming, Pricing};
use crate::access::Ops;

type Answer = Result<Accepted, Problem>;

impl Clerk {
    async fn ask(&self, product: ProductId, asked: &Asked, ask: Command) -> Answer {
        command(&self.desk, &product.to_string(), ask, asked).await
    }
}

/// Offers a product. Its id follows from the request's key: asked again, it is the same.
#[utoipa::path(
    post,
    path = "/api/v1/products",
    params(("Idempotency-Key" = String, Header, description = "The request's own key")),
    request_body = Listing,
    responses(
        (status = 201, body = Done, description = "Location says where it is"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    _ops: Required<Ops>,
    State(clerk): State<Clerk>,
    asked: Asked,
    Json(body): Json<Listing>,
) -> Answer {
    let product = ProductId::derived(asked.0.command, "product");
    let Listing { names, category, price } = body;
    let accepted = clerk.ask(product, &asked, Command::List { names, category, price }).await?;
    Ok(accepted.created(format!("/api/v1/products/{product}")))
}

/// Calls a product something else in a language.
#[utoipa::path(
    put,
    path = "/api/v1/products/{product}/name",
    params(
        ("product" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    request_body = Naming,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn rename(
    _ops: Required<Ops>,
    State(clerk): State<Clerk>,
    Path(product): Path<ProductId>,
    asked: Asked,
    Json(Naming { language, name }): Json<Naming>,
) -> Answer {
    clerk.ask(product, &asked, Command::Rename { language, name }).await
}

/// Sets what a product costs in a currency.
#[utoipa::path(
    put,
    path = "/api/v1/products/{product}/price",
    params(
        ("product" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    request_body = Pricing,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn price(
    _ops: Required<Ops>,
    State(clerk): State<Clerk>,
    Path(product): Path<ProductId>,
    asked: Asked,
    Json(Pricing { price }): Json<Pricing>,
) -> Answer {
    clerk.ask(product, &asked, Command::Price { price }).await
}

/// Sells a product no more.
#[utoipa::path(
    post,
    path = "/api/v1/products/{product}/withdrawal",
    params(
        ("product" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn withdraw(
    _ops: Required<Ops>,
    State(clerk): State<Clerk>,
    Path(product): Path<ProductId>,
    asked: Asked,
) -> Answer {
    clerk.ask(product, &asked, Command::Withdraw).await
}

/// Sells a product again.
#[utoipa::path(
    post,
    path = "/api/v1/products/{product}/return",
    params(
        ("product" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn bring_back(
    _ops: Required<Ops>,
    State(clerk): State<Clerk>,
    Path(product): Path<ProductId>,
    asked: Asked,
) -> Answer {
    clerk.ask(product, &asked, Command::BringBack).await
}
