//! The cart, and buying what is in it.

use axum::extract::State;
use ondol_auth::Caller;
use ondol_domain::Refused;
use ondol_http::{
    Accepted, Asked, Done, Json, Path, Problem, ProblemBody, Query, ask_problem, command,
    handle_problem, load_problem,
};
use ondol_kernel::{CommandId, Currency, Money};
use ondol_runtime::{Request, Verdict};
use serde::Deserialize;
use shop_domain::cart::{Cart, Command, Event, Refusal, Terms};
use shop_domain::order::{self, Line, Order};
use shop_domain::product::Language;
use shop_domain::purchase::PRODUCTS_MAX;
use shop_domain::{BuyerId, Means, OrderId, ProductId};

use super::Office;
use super::bodies::{CartBody, CartLine, CheckOut, Putting};
use super::views::Offer;
use crate::access::buyer;
use crate::rates::currency_of;

/// How a cart is to be shown.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    lang: Language,
    currency: Currency,
}

impl Default for Shown {
    fn default() -> Self {
        Self { lang: Language::FIRST, currency: Currency::KRW }
    }
}

impl Office {
    async fn offer(&self, product: ProductId) -> Result<Option<Offer>, Problem> {
        let found = self.offers.get(&product.to_string()).await;
        Ok(found.map_err(|error| ask_problem(&error))?.map(|found| found.state))
    }

    /// What one of a product costs, if it is sold.
    fn price(&self, offer: &Offer, currency: Currency) -> Option<Money> {
        let kept_in = offer.kept_in.filter(|_| offer.is_on_sale)?;
        self.rates.price(&offer.prices, kept_in, currency)
    }

    async fn held(&self, buyer: BuyerId) -> Result<ondol_runtime::Standing<Cart>, Problem> {
        let standing = self.carts.standing(&buyer.to_string()).await;
        standing.map_err(|error| load_problem(&error))
    }

    /// What one of a product costs; a problem, when it is not sold.
    pub(super) async fn price_of(
        &self,
        product: ProductId,
        currency: Currency,
    ) -> Result<Money, Problem> {
        let offer = self.offer(product).await?;
        offer.and_then(|offer| self.price(&offer, currency)).ok_or_else(|| {
            let title = "Something that was to be bought is not sold, or not in this currency.";
            let status = http::StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, "shop-not-sold", title).with("product", product.to_string())
        })
    }

    /// What is in a cart, at the shop's own prices of this moment.
    async fn priced(&self, cart: &Cart, currency: Currency) -> Result<Vec<Line>, Problem> {
        let mut lines = Vec::with_capacity(cart.lines().len());
        for (product, pieces) in cart.lines() {
            let price = self.price_of(*product, currency).await?;
            lines.push(Line { product: *product, pieces: *pieces, price });
        }
        Ok(lines)
    }
}

/// What is in the caller's cart, and what it costs now.
#[utoipa::path(
    get,
    path = "/api/v1/cart",
    params(
        ("lang" = Option<String>, Query, description = "ko or en"),
        ("currency" = Option<String>, Query, description = "KRW, USD, EUR, JPY or GBP"),
    ),
    responses(
        (status = 200, body = CartBody),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cart(
    State(office): State<Office>,
    caller: Caller,
    Query(Shown { lang, currency }): Query<Shown>,
) -> Result<Json<CartBody>, Problem> {
    let held = office.held(buyer(&caller)).await?;
    let (mut lines, mut total) = (Vec::new(), Some(Money::zero(currency)));
    for (product, pieces) in held.state.lines() {
        let offer = office.offer(*product).await?.unwrap_or_default();
        let price = office.price(&offer, currency);
        let name = offer.names.get(&lang).or_else(|| offer.names.get(&Language::FIRST));
        let name = name.cloned().unwrap_or_default();
        let costs = price.and_then(|price| price.checked_mul(i64::from(pieces.pieces())).ok());
        total = total.zip(costs).and_then(|(total, costs)| total.checked_add(costs).ok());
        lines.push(CartLine { product: *product, name, pieces: *pieces, price });
    }
    Ok(Json(CartBody { lines, total }))
}

/// Has so many of a product in the caller's cart, whatever there were before.
#[utoipa::path(
    put,
    path = "/api/v1/cart/{product}",
    params(
        ("product" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    request_body = Putting,
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put(
    caller: Caller,
    State(office): State<Office>,
    Path(product): Path<ProductId>,
    asked: Asked,
    Json(Putting { pieces }): Json<Putting>,
) -> Result<Accepted, Problem> {
    if !office.offer(product).await?.is_some_and(|offer| offer.is_on_sale) {
        return Err(Problem::nothing_by_that_name());
    }
    let key = buyer(&caller).to_string();
    command(&office.carts, &key, Command::Put { product, pieces }, &asked).await
}

/// Has none of a product in the caller's cart.
#[utoipa::path(
    delete,
    path = "/api/v1/cart/{product}",
    params(
        ("product" = String, Path, description = "Which one"),
        ("Idempotency-Key" = String, Header, description = "The request's own key"),
    ),
    responses(
        (status = 200, body = Done),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn take_out(
    caller: Caller,
    State(office): State<Office>,
    Path(product): Path<ProductId>,
    asked: Asked,
) -> Result<Accepted, Problem> {
    let key = buyer(&caller).to_string();
    command(&office.carts, &key, Command::TakeOut { product }, &asked).await
}

/// Buys what is in the caller's cart, at the shop's prices of this moment. The order's id follows
/// from the request's key, and the cart is bought as it stood: of two who press at once, one buys.
#[utoipa::path(
    post,
    path = "/api/v1/orders",
    params(("Idempotency-Key" = String, Header, description = "The request's own key")),
    request_body = CheckOut,
    responses(
        (status = 201, body = Done, description = "Location says where the order is"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn check_out(
    caller: Caller,
    State(office): State<Office>,
    asked: Asked,
    Json(body): Json<CheckOut>,
) -> Result<Accepted, Problem> {
    let buyer = buyer(&caller);
    let order = OrderId::derived(asked.0.command, "order");
    let held = office.held(buyer).await?;
    if held.state.lines().len() > PRODUCTS_MAX {
        let title = "One order is for at most eight products.";
        let status = http::StatusCode::UNPROCESSABLE_ENTITY;
        return Err(Problem::new(status, "shop-products-max", title).with("most", PRODUCTS_MAX));
    }
    let CheckOut { region, pay_with, send_to } = body;
    office.takes(&pay_with)?;
    if !office.points.contains(&send_to) {
        return Err(not_offered("send_to"));
    }
    let lines = office.priced(&held.state, currency_of(region)).await?;
    let terms = Terms { region, lines, pay_with, send_to };
    let mut request = asked.0.clone();
    request.command = CommandId::derived(asked.0.command, "check out");
    request.expected = Some(held.version);
    let ask = Command::CheckOut { order, terms };
    let answer = office.carts.handle(&buyer.to_string(), ask, &request).await;
    let answer = answer.map_err(|error| handle_problem(&error))?;
    let events = match answer.verdict {
        Verdict::Accepted(events) => events,
        Verdict::Refused(refusal) => return Err(refused(&refusal)),
        Verdict::Voided => return Err(Problem::internal()),
    };
    // What was bought is bought, and its order is placed by the policy, whatever happens here.
    // Placing it here as well only spares whoever asked the wait.
    for event in &events {
        if let Event::CheckedOut { terms: Some(terms), .. } = &event.data {
            let placed = office.place(&asked, order, buyer, terms.clone()).await?;
            return Ok(placed.created(format!("/api/v1/orders/{order}")));
        }
    }
    Err(Problem::internal())
}

fn not_offered(field: &'static str) -> Problem {
    let title = "Nothing is picked up there, or paid so.";
    let status = http::StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "shop-not-offered", title).with("field", field)
}

impl Office {
    /// Whether something can be paid with; a problem, when not.
    pub(super) fn takes(&self, means: &Means) -> Result<(), Problem> {
        if self.means.contains(means) { Ok(()) } else { Err(not_offered("pay_with")) }
    }

    async fn place(
        &self,
        asked: &Asked,
        order: OrderId,
        buyer: BuyerId,
        terms: Terms,
    ) -> Result<Accepted, Problem> {
        let Terms { region, lines, pay_with, send_to } = terms;
        let place = order::Command::Place { buyer, region, lines, pay_with, send_to };
        let mut request: Request = asked.0.clone();
        request.expected = None;
        command(&self.orders, &order.to_string(), place, &Asked(request)).await
    }
}

fn refused(refusal: &Refusal) -> Problem {
    match Refused::by::<Cart>(refusal) {
        Ok(refused) => Problem::refused(&refused),
        Err(error) => {
            tracing::error!(%error, "a refusal cannot be written");
            Problem::internal()
        }
    }
}

/// The caller does not want an order any more. What was done for it is undone; it is cancelled
/// when that is so.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{order}/cancellation",
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
    office.own(buyer(&caller), order, None).await?;
    let ask = order::Command::CallOff { order };
    command::<Order>(&office.orders, &order.to_string(), ask, &asked).await
}
