//! A buyer's orders: the list, what becomes of each, its story with a slider through time, and
//! calling it off.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use serde::Deserialize;

use crate::api::{ApiError, Flow, Goods, Happened, Order, Page, Row};
use crate::goods::named;
use crate::page::{Frame, shown, wrong};
use crate::price;
use crate::site::Site;
use crate::steps::{Step, steps};
use crate::visit::{Known, Visit};
use crate::words::Words;

/// An order in the list.
struct Short {
    id: String,
    state: &'static str,
    class: String,
    products: u32,
    total: String,
    placed: String,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct List<'a> {
    frame: Frame<'a>,
    orders: Vec<Short>,
    next: Option<String>,
}

/// A line of an order.
struct Line {
    product: String,
    name: String,
    pieces: u32,
    price: String,
}

#[derive(Template)]
#[template(path = "order.html")]
struct Whole<'a> {
    frame: Frame<'a>,
    id: &'a str,
    lines: Vec<Line>,
    total: String,
    send_to: &'a str,
    is_live: bool,
    flow: FlowPart,
    story: StoryPart<'a>,
    call_off: CallOffPart<'a>,
}

/// How it goes on: what is told live.
#[derive(Template)]
#[template(path = "flow.html")]
pub(crate) struct FlowPart {
    words: &'static Words,
    state: &'static str,
    because: &'static str,
    is_put_off: bool,
    steps: Vec<Step>,
}

/// Something that has happened.
struct Told {
    version: u64,
    time: String,
    what: &'static str,
}

/// What has happened, and a slider through it.
#[derive(Template)]
#[template(path = "story.html")]
struct StoryPart<'a> {
    words: &'static Words,
    id: &'a str,
    told: Vec<Told>,
    then: ThenPart,
}

/// The button that calls it off. It stands where nothing pushes it away while somebody reaches for
/// it, and stays the same button when the rest of the page is told anew.
#[derive(Template)]
#[template(path = "call_off.html")]
struct CallOffPart<'a> {
    words: &'static Words,
    id: &'a str,
    key: String,
    is_possible: bool,
    is_news: bool,
}

/// What is told anew after each step: the story, and whether it can still be called off.
#[derive(Template)]
#[template(source = "{{ story|safe }}{{ call_off|safe }}", ext = "html")]
struct NewsPart<'a> {
    story: StoryPart<'a>,
    call_off: CallOffPart<'a>,
}

/// How it stood at a moment.
#[derive(Template)]
#[template(path = "then.html")]
struct ThenPart {
    words: &'static Words,
    version: u64,
    state: &'static str,
    because: &'static str,
    total: String,
}

/// Which page of the list.
#[derive(Debug, Deserialize)]
pub(crate) struct After {
    after: Option<String>,
}

/// At which version.
#[derive(Debug, Deserialize)]
pub(crate) struct AsOf {
    version: Option<u64>,
}

/// A press of a button.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    key: String,
}

pub(crate) async fn list(
    State(site): State<Site>,
    known: Known,
    Query(After { after }): Query<After>,
) -> Response {
    let visit = &known.visit;
    let after = after.map(|after| serde_urlencoded::to_string([("after", after)]));
    let query = after.and_then(Result::ok).unwrap_or_default();
    let path = format!("/api/v1/orders?{query}");
    let page = match site.api.get::<Page<Row>>(Some(&known.token), &path).await {
        Ok(page) => page,
        Err(error) => return wrong(visit, &error, "/shop/orders"),
    };
    let orders = page.items.into_iter().map(|row| Short::of(row, visit.words)).collect();
    let next = page.next.and_then(|next| serde_urlencoded::to_string([("after", next)]).ok());
    shown(&List { frame: Frame::of(visit), orders, next })
}

pub(crate) async fn one(
    State(site): State<Site>,
    known: Known,
    Path(order): Path<String>,
    Query(AsOf { version }): Query<AsOf>,
) -> Response {
    match order_page(&site, &known, &order, version).await {
        Ok(response) => response,
        Err(error) => wrong(&known.visit, &error, &known.visit.here),
    }
}

async fn order_page(
    site: &Site,
    known: &Known,
    order: &str,
    version: Option<u64>,
) -> Result<Response, ApiError> {
    let (visit, words) = (&known.visit, known.visit.words);
    let id = named(order)?;
    let (order, flow) = site.order(&known.token, id).await?;
    let lines = site.lines(visit, &order).await?;
    let story = site.story(known, &order, version).await?;
    Ok(shown(&Whole {
        frame: Frame::of(visit),
        id,
        lines,
        total: price::shown(order.total),
        send_to: &order.send_to,
        is_live: !flow.has_ended(),
        flow: FlowPart::of(&flow, &order, words),
        story,
        call_off: site.call_off_part(words, &order),
    }))
}

pub(crate) async fn story(
    State(site): State<Site>,
    known: Known,
    Path(order): Path<String>,
) -> Response {
    let told = async {
        let path = format!("/api/v1/orders/{}", named(&order)?);
        let order: Order = site.api.get(Some(&known.token), &path).await?;
        let story = site.story(&known, &order, None).await?;
        let call_off = site.call_off_part(known.visit.words, &order);
        let call_off = CallOffPart { is_news: true, ..call_off };
        Ok::<_, ApiError>(shown(&NewsPart { story, call_off }))
    };
    match told.await {
        Ok(response) => response,
        Err(error) => wrong(&known.visit, &error, "/shop/orders"),
    }
}

pub(crate) async fn then(
    State(site): State<Site>,
    known: Known,
    Path(order): Path<String>,
    Query(AsOf { version }): Query<AsOf>,
) -> Response {
    let then = async {
        let (id, version) = (named(&order)?, version.unwrap_or(1));
        let path = format!("/api/v1/orders/{id}?as_of={version}");
        let order: Order = site.api.get(Some(&known.token), &path).await?;
        Ok::<_, ApiError>(shown(&ThenPart::of(&order, known.visit.words)))
    };
    match then.await {
        Ok(response) => response,
        Err(error) => wrong(&known.visit, &error, "/shop/orders"),
    }
}

pub(crate) async fn call_off(
    State(site): State<Site>,
    known: Known,
    Path(order): Path<String>,
    Form(Pressed { key }): Form<Pressed>,
) -> Response {
    let asked = async {
        let path = format!("/api/v1/orders/{}/cancellation", named(&order)?);
        site.api.ask(&known.token, (Method::POST, &path), &key, None).await
    };
    let back = format!("/shop/orders/{order}");
    match asked.await {
        Ok(_head) => Redirect::to(&back).into_response(),
        Err(error) => wrong(&known.visit, &error, &back),
    }
}

impl Site {
    /// An order, and how it goes on.
    pub(crate) async fn order(&self, token: &str, id: &str) -> Result<(Order, Flow), ApiError> {
        let (path, flow) = (format!("/api/v1/orders/{id}"), format!("/api/v1/orders/{id}/flow"));
        let order = self.api.get::<Order>(Some(token), &path);
        let flow = self.api.get::<Flow>(Some(token), &flow);
        let (order, flow) = tokio::join!(order, flow);
        Ok((order?, flow?))
    }

    /// The lines of an order, with what the products are called.
    async fn lines(&self, visit: &Visit, order: &Order) -> Result<Vec<Line>, ApiError> {
        let ids: Vec<&str> = order.lines.iter().map(|line| line.product.as_str()).collect();
        let path = format!("/api/v1/products?ids={}&{}", ids.join(","), visit.shown());
        let goods: Page<Goods> = self.api.get(None, &path).await?;
        let name = |id: &str| goods.items.iter().find(|own| own.id == id).map(|own| &own.name);
        let line = |line: &crate::api::Line| Line {
            name: name(&line.product).unwrap_or(&line.product).clone(),
            product: line.product.clone(),
            pieces: line.pieces,
            price: line.price.map(price::shown).unwrap_or_default(),
        };
        Ok(order.lines.iter().map(line).collect())
    }

    /// What has happened to an order, and how it stood at a version; at the last one, if none is
    /// said.
    async fn story<'a>(
        &self,
        known: &Known,
        order: &'a Order,
        version: Option<u64>,
    ) -> Result<StoryPart<'a>, ApiError> {
        let (words, token) = (known.visit.words, Some(known.token.as_str()));
        let path = format!("/api/v1/orders/{}/history", order.id);
        let happened: Vec<Happened> = self.api.get(token, &path).await?;
        let then = match version.filter(|version| *version < order.version) {
            Some(version) => {
                let path = format!("/api/v1/orders/{}?as_of={version}", order.id);
                self.api.get(token, &path).await?
            }
            None => order.clone(),
        };
        let told = |event: &Happened| Told {
            version: event.version,
            time: at(&event.time),
            what: words.event(&event.kind),
        };
        Ok(StoryPart {
            words,
            id: &order.id,
            // What has happened since the order was read is told with what follows from it.
            told: happened
                .iter()
                .filter(|event| event.version <= order.version)
                .map(told)
                .collect(),
            then: ThenPart::of(&then, words),
        })
    }

    fn call_off_part<'a>(&self, words: &'static Words, order: &'a Order) -> CallOffPart<'a> {
        CallOffPart {
            words,
            id: &order.id,
            key: self.key(),
            is_possible: ["placed", "reserved"].contains(&order.state.as_str()),
            is_news: false,
        }
    }
}

impl Short {
    fn of(row: Row, words: &Words) -> Self {
        Self {
            id: row.id,
            state: words.state(&row.state),
            class: row.state,
            products: row.products,
            total: row.total.map(price::shown).unwrap_or_default(),
            placed: row.placed.as_deref().map(at).unwrap_or_default(),
        }
    }
}

impl FlowPart {
    pub(crate) fn of(flow: &Flow, order: &Order, words: &'static Words) -> Self {
        Self {
            words,
            state: words.state(&order.state),
            because: words.because(order.because.as_deref().unwrap_or_default()),
            is_put_off: flow.is_put_off && !flow.has_ended(),
            steps: steps(flow, order, words),
        }
    }
}

impl ThenPart {
    fn of(order: &Order, words: &'static Words) -> Self {
        Self {
            words,
            version: order.version,
            state: words.state(&order.state),
            because: words.because(order.because.as_deref().unwrap_or_default()),
            total: price::shown(order.total),
        }
    }
}

/// A moment as people read it, in universal time: `2026-11-28 12:00:05`.
fn at(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}
