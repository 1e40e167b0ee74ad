//! What a buyer can ask about his own orders. Of others' he is told that there are none.

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::ETAG;
use ondol_auth::Caller;
use ondol_http::{
    After, AsOfAsked, Happened, Json, PageAsked, Path, Problem, ProblemBody, ask_problem, etag,
    load_problem, wait_after,
};
use ondol_kernel::Version;
use ondol_runtime::{AsOf, FoundPage, Question, Standing};
use ondol_saga::{LoadSagaError, saga_stream};
use shop_domain::order::Order;
use shop_domain::purchase::{PURCHASE, Purchase};
use shop_domain::{BuyerId, OrderId};

use super::Office;
use super::bodies::{FlowBody, FlowLine, OrderBody, RowBody, RowPage};
use super::views::OrderRow;
use crate::access::buyer;

impl Office {
    /// An order, if it is the buyer's.
    pub(super) async fn own(
        &self,
        buyer: BuyerId,
        order: OrderId,
        as_of: Option<AsOf>,
    ) -> Result<Standing<Order>, Problem> {
        let key = order.to_string();
        let standing = match as_of {
            Some(moment) => self.orders.state_at(&key, moment).await,
            None => self.orders.standing(&key).await,
        };
        let standing = standing.map_err(|error| load_problem(&error))?;
        let is_own = match &standing.state {
            Order::Unplaced => false,
            Order::Alive { placed, .. } | Order::Cancelled { placed, .. } => placed.buyer == buyer,
        };
        if is_own { Ok(standing) } else { Err(Problem::nothing_by_that_name()) }
    }
}

/// The caller's orders, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/orders",
    params(
        ("after" = Option<String>, Query, description = "What the page before has named as next"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
        ("Ondol-After" = Option<String>, Header, description = "What it has to show at least"),
    ),
    responses(
        (status = 200, body = RowPage),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    caller: Caller,
    State(office): State<Office>,
    page: PageAsked,
    after: After,
) -> Result<Json<RowPage>, Problem> {
    wait_after(&office.rows, after).await?;
    let own = OrderRow::of(buyer(&caller));
    let question = Question::beginning_with("mine", &own, page.limit).descending();
    let found = office.rows.ask(question.after(page.after)).await;
    let FoundPage { documents, next } = found.map_err(|error| ask_problem(&error))?;
    let items = documents.into_iter().map(|found| RowBody::of(found.key.to_string(), &found.state));
    Ok(Json(RowPage { items: items.collect(), next }))
}

/// An order of the caller's, as it stands or as it stood at a moment.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{order}",
    params(
        ("order" = String, Path, description = "Which one"),
        ("as_of" = Option<String>, Query, description = "A version, position:N, or a time"),
    ),
    responses(
        (status = 200, body = OrderBody, description = "ETag is the version"),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn one(
    caller: Caller,
    State(office): State<Office>,
    Path(order): Path<OrderId>,
    AsOfAsked(as_of): AsOfAsked,
) -> Result<impl IntoResponse, Problem> {
    let standing = office.own(buyer(&caller), order, as_of).await?;
    let body = OrderBody::of(order.to_string(), &standing.state, standing.version.get());
    let body = body.ok_or_else(Problem::nothing_by_that_name)?;
    Ok(([(ETAG, etag(standing.version))], Json(body)))
}

/// What has happened to an order of the caller's.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{order}/history",
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
    page: PageAsked,
) -> Result<Json<Vec<Happened>>, Problem> {
    office.own(buyer(&caller), order, None).await?;
    let from = Version::EMPTY.next();
    let events = office.orders.history(&order.to_string(), from, page.limit).await;
    let events = events.map_err(|error| load_problem(&error))?;
    Ok(Json(events.iter().map(Happened::of).collect()))
}

/// How the purchase of an order of the caller's goes on, step by step.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{order}/flow",
    params(("order" = String, Path, description = "Which one")),
    responses(
        (status = 200, body = FlowBody),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn flow(
    caller: Caller,
    State(office): State<Office>,
    Path(order): Path<OrderId>,
) -> Result<Json<FlowBody>, Problem> {
    office.own(buyer(&caller), order, None).await?;
    let stream = saga_stream(PURCHASE, &order.to_string());
    let stream = stream.map_err(|_no_stream| Problem::nothing_by_that_name())?;
    let found = office.sagas.find(&stream).await.map_err(|error| saga_problem(&error))?;
    let Some(instance) = found else { return Ok(Json(FlowBody::beginning())) };
    let timeline = office.sagas.timeline(&stream).await.map_err(|error| saga_problem(&error))?;
    // What a step was left out for and what it knows is none of the buyer's.
    let told = timeline.into_iter().filter(|entry| entry.kind != "saga.left_out");
    let line = |entry: ondol_saga::TimelineEntry| FlowLine {
        time: entry.time,
        kind: entry.kind.trim_start_matches("saga.").to_owned(),
        step: entry.step,
    };
    let purchase = instance.data.read::<Purchase>().map_err(|_unreadable| Problem::internal())?;
    Ok(Json(FlowBody {
        state: instance.state().name(),
        step: instance.at().map(str::to_owned),
        because: instance.because().map(str::to_owned),
        is_put_off: purchase.is_put_off,
        lines: told.map(line).collect(),
    }))
}

impl FlowBody {
    /// The order is placed, and nobody has taken it up yet.
    fn beginning() -> Self {
        let (step, because, lines) = (None, None, Vec::new());
        Self { state: "beginning", step, because, is_put_off: false, lines }
    }
}

fn saga_problem(error: &LoadSagaError) -> Problem {
    tracing::error!(error = %ondol_runtime::error_chain(error), "a purchase cannot be read");
    Problem::unavailable()
}
