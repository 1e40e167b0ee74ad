//! What is sold: the first page, the list with its search, and each product.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;

use crate::api::{self, ApiError, Category, Goods, Level, Page};
use crate::page::{Frame, shown, wrong};
use crate::price;
use crate::site::Site;
use crate::visit::Visit;
use crate::words::Words;

/// How many products a page shows.
const GOODS_MAX: usize = 24;
/// How long a search may be, in characters.
const SEARCH_CHARACTERS_MAX: usize = 100;
/// How long a picture is kept by whoever has it: it never changes.
const PICTURE_KEPT: &str = "public, max-age=86400, immutable";

/// A product as it is shown.
struct Card {
    id: String,
    name: String,
    category: String,
    kind: String,
    price: String,
}

/// A category as it is shown.
struct Kind {
    /// As the shop calls it.
    category: String,
    name: String,
    /// Where its products are.
    path: String,
    products: usize,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    title: &'static str,
    cards: Vec<Card>,
    kinds: Vec<Kind>,
}

#[derive(Template)]
#[template(path = "products.html")]
struct List<'a> {
    frame: Frame<'a>,
    search: &'a str,
    category: &'a str,
    title: String,
    kinds: Vec<Kind>,
    found: Found,
}

/// The part of the list that a search changes.
#[derive(Template)]
#[template(path = "found.html")]
struct Found {
    words: &'static Words,
    cards: Vec<Card>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "product.html")]
struct Product<'a> {
    frame: Frame<'a>,
    card: Card,
    of_kind: String,
    available: u32,
    key: String,
}

/// Which products are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    q: String,
    category: String,
    after: Option<String>,
}

impl Card {
    fn of(goods: Goods, words: &Words) -> Self {
        let Goods { id, name, category, price } = goods;
        let price = price.map_or_else(|| words.no_price.to_owned(), price::shown);
        Self { id, name, kind: words.kind(&category), category, price }
    }
}

impl Kind {
    fn all(categories: Vec<Category>, words: &Words) -> Vec<Self> {
        let kind = |Category { category, products }: Category| Self {
            path: of_category(&category),
            name: words.kind(&category),
            category,
            products,
        };
        categories.into_iter().map(kind).collect()
    }
}

/// Where the products of a category are.
fn of_category(category: &str) -> String {
    let query = serde_urlencoded::to_string([("category", category)]).unwrap_or_default();
    format!("/shop/products?{query}")
}

impl Wanted {
    /// The same as the end of an address.
    fn query(&self, visit: &Visit) -> String {
        let q: String = self.q.chars().take(SEARCH_CHARACTERS_MAX).collect();
        let limit = GOODS_MAX.to_string();
        let mut pairs = vec![("q", q.as_str()), ("limit", limit.as_str())];
        if !self.category.is_empty() {
            pairs.push(("category", self.category.as_str()));
        }
        if let Some(after) = &self.after {
            pairs.push(("after", after));
        }
        let pairs = serde_urlencoded::to_string(pairs).unwrap_or_default();
        format!("{pairs}&{}", visit.shown())
    }

    /// The address of the page that comes after this one.
    fn next(&self, after: &str) -> String {
        let pairs = [("q", self.q.as_str()), ("category", &self.category), ("after", after)];
        format!("/shop/products?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }
}

pub(crate) async fn home(State(site): State<Site>, visit: Visit) -> Response {
    match first_page(&site, &visit).await {
        Ok(response) => response,
        Err(error) => wrong(&visit, &error, &visit.here),
    }
}

/// The first page. What is not to be had of it leaves the rest as it is; nothing at all is no page.
async fn first_page(site: &Site, visit: &Visit) -> Result<Response, ApiError> {
    let path = format!("/api/v1/home?{}", visit.shown());
    let home = site.home.get::<api::Home>(visit.token(), &path).await?;
    let words = visit.words;
    let is_fallback = home.recommended.as_ref().is_none_or(|recommended| recommended.is_fallback);
    let title = if is_fallback { words.popular } else { words.for_you };
    let items = home.recommended.map(|recommended| recommended.items).unwrap_or_default();
    let cards = items.into_iter().map(|goods| Card::of(goods, words)).collect();
    let kinds = Kind::all(home.categories.unwrap_or_default(), words);
    Ok(shown(&Home { frame: Frame::of(visit), title, cards, kinds }))
}

pub(crate) async fn list(
    State(site): State<Site>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Response {
    match found(&site, &visit, &wanted).await {
        Ok(response) => response,
        Err(error) => wrong(&visit, &error, &visit.here),
    }
}

async fn found(site: &Site, visit: &Visit, wanted: &Wanted) -> Result<Response, ApiError> {
    let path = format!("/api/v1/products?{}", wanted.query(visit));
    let page: Page<Goods> = site.api.get(None, &path).await?;
    let words = visit.words;
    let cards = page.items.into_iter().map(|goods| Card::of(goods, words)).collect();
    let next = page.next.map(|after| wanted.next(&after));
    let found = Found { words, cards, next };
    if visit.is_part {
        return Ok(shown(&found));
    }
    let kinds = Kind::all(site.api.get(None, "/api/v1/categories").await?, words);
    let (search, category) = (wanted.q.as_str(), wanted.category.as_str());
    let title = if category.is_empty() { words.products.to_owned() } else { words.kind(category) };
    Ok(shown(&List { frame: Frame::of(visit), search, category, title, kinds, found }))
}

pub(crate) async fn one(
    State(site): State<Site>,
    visit: Visit,
    Path(product): Path<String>,
) -> Response {
    match product_page(&site, &visit, &product).await {
        Ok(response) => response,
        Err(error) => wrong(&visit, &error, &visit.here),
    }
}

async fn product_page(site: &Site, visit: &Visit, product: &str) -> Result<Response, ApiError> {
    let product = named(product)?;
    let path = format!("/api/v1/products/{product}?{}", visit.shown());
    let goods = site.api.get::<Goods>(None, &path);
    let stock = format!("/api/v1/stock?ids={product}");
    let levels = site.api.get::<Vec<Level>>(None, &stock);
    let (goods, levels) = tokio::join!(goods, levels);
    let card = Card::of(goods?, visit.words);
    let available = levels?.first().map_or(0, |level| level.available);
    let (of_kind, key) = (of_category(&card.category), site.key());
    Ok(shown(&Product { frame: Frame::of(visit), card, of_kind, available, key }))
}

pub(crate) async fn picture(State(site): State<Site>, Path(product): Path<String>) -> Response {
    let Ok(product) = named(&product) else { return StatusCode::NOT_FOUND.into_response() };
    let path = format!("/api/v1/products/{product}/picture.svg");
    match site.api.bytes(&path).await {
        Ok(picture) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CACHE_CONTROL, PICTURE_KEPT),
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
            ];
            (headers, picture).into_response()
        }
        Err(error) if error.is_nothing() => StatusCode::NOT_FOUND.into_response(),
        Err(_silent) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// What somebody calls a thing by, if that can be the name of anything: it becomes a part of an
/// address.
pub(crate) fn named(text: &str) -> Result<&str, ApiError> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let nothing = || ApiError::No { status: StatusCode::NOT_FOUND, code: String::new() };
    fits.then_some(text).ok_or_else(nothing)
}
