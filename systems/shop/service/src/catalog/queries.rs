//! What anybody can ask about products.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderName, header};
use ondol_auth::Caller;
use ondol_http::{After, Json, PageAsked, Path, Problem, ProblemBody, Query, wait_after};
use ondol_kernel::Currency;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer as _, value};
use shop_domain::ProductId;
use shop_domain::product::Language;

use super::Clerk;
use super::bodies::{CategoryBody, ProductBody, ProductPage, RecommendedBody};
use super::picture::picture as draw;
use super::shelf::Goods;
use crate::access::buyer;

/// How many products are asked for by name at once.
const BATCH_MAX: usize = 100;
/// How long a picture is kept by whoever has it: it never changes.
const PICTURE_KEPT: &str = "public, max-age=86400, immutable";

/// What is on sale is the same for all, and changes seldom: so long anybody may keep it.
const KEPT: &str = "public, max-age=2";
/// Whoever has to see what he has written is not given what others have seen before him.
const KEPT_FOR: &str = "ondol-after";

/// An answer that may be kept.
type Kept<T> = ([(HeaderName, &'static str); 2], Json<T>);

/// How products are to be shown.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Said")]
pub(super) struct Shown {
    lang: Language,
    currency: Currency,
}

/// The same, as it is said: what is empty is not said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    lang: String,
    currency: String,
}

impl TryFrom<Said> for Shown {
    type Error = value::Error;

    fn try_from(Said { lang, currency }: Said) -> Result<Self, Self::Error> {
        Ok(Self { lang: read(&lang, Language::FIRST)?, currency: read(&currency, Currency::KRW)? })
    }
}

fn read<T: DeserializeOwned>(said: &str, usual: T) -> Result<T, value::Error> {
    if said.is_empty() { Ok(usual) } else { T::deserialize(said.into_deserializer()) }
}

fn kept<T>(body: T) -> Kept<T> {
    ([(header::CACHE_CONTROL, KEPT), (header::VARY, KEPT_FOR)], Json(body))
}

/// Which products are asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    category: Option<String>,
    q: Option<String>,
    ids: Option<String>,
}

impl Clerk {
    fn body(&self, goods: &Goods, shown: Shown) -> ProductBody {
        ProductBody::of(goods, shown.lang, shown.currency, &self.rates)
    }

    /// A currency that nobody knows the price of anything in is no currency here.
    fn check(&self, shown: Shown) -> Result<(), Problem> {
        if self.rates.knows(shown.currency) {
            return Ok(());
        }
        let title = "The shop has no prices in this currency.";
        Err(Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "shop-currency", title))
    }
}

/// Products: all, of a category, by words, or those with these ids.
#[utoipa::path(
    get,
    path = "/api/v1/products",
    params(
        ("q" = Option<String>, Query, description = "Words; what has been typed of them will do"),
        ("category" = Option<String>, Query, description = "Of this category only"),
        ("ids" = Option<String>, Query, description = "These, with commas between"),
        ("lang" = Option<String>, Query, description = "ko or en"),
        ("currency" = Option<String>, Query, description = "KRW, USD, EUR, JPY or GBP"),
        ("after" = Option<String>, Query, description = "What the page before has named as next"),
        ("limit" = Option<u32>, Query, description = "At most so many, 200 at the most"),
        ("Ondol-After" = Option<String>, Header, description = "What it has to show at least"),
    ),
    responses(
        (status = 200, body = ProductPage),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(clerk): State<Clerk>,
    Query(wanted): Query<Wanted>,
    Query(shown): Query<Shown>,
    page: PageAsked,
    after: After,
) -> Result<Kept<ProductPage>, Problem> {
    clerk.check(shown)?;
    let anew = after.0.is_some();
    wait_after(clerk.shelf.cards(), after).await?;
    let stand = clerk.shelf.stand(anew).await?;
    if let Some(ids) = &wanted.ids {
        let ids = ids.split(',').take(BATCH_MAX).filter_map(|id| id.parse().ok());
        let found = ids.filter_map(|id: ProductId| stand.get(id));
        let items = found.map(|goods| clerk.body(goods, shown)).collect();
        return Ok(kept(ProductPage { items, next: None }));
    }
    let from = page.after.as_deref().map(str::parse::<ProductId>).transpose();
    let from = from.map_err(|_no_id| Problem::no_such_page())?;
    if from.is_some_and(|id| stand.get(id).is_none()) {
        return Err(Problem::no_such_page());
    }
    let search = wanted.q.as_deref().unwrap_or_default();
    let mut found = stand.find(wanted.category.as_deref(), search, from);
    let items: Vec<_> =
        found.by_ref().take(page.limit).map(|goods| clerk.body(goods, shown)).collect();
    let has_more = found.next().is_some();
    let next = items.last().filter(|_| has_more).map(|last| last.id.to_string());
    Ok(kept(ProductPage { items, next }))
}

/// A product.
#[utoipa::path(
    get,
    path = "/api/v1/products/{product}",
    params(
        ("product" = String, Path, description = "Which one"),
        ("lang" = Option<String>, Query, description = "ko or en"),
        ("currency" = Option<String>, Query, description = "KRW, USD, EUR, JPY or GBP"),
        ("Ondol-After" = Option<String>, Header, description = "What it has to show at least"),
    ),
    responses(
        (status = 200, body = ProductBody),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn one(
    State(clerk): State<Clerk>,
    Path(product): Path<ProductId>,
    Query(shown): Query<Shown>,
    after: After,
) -> Result<Kept<ProductBody>, Problem> {
    clerk.check(shown)?;
    let anew = after.0.is_some();
    wait_after(clerk.shelf.cards(), after).await?;
    let stand = clerk.shelf.stand(anew).await?;
    let goods = stand.get(product).ok_or_else(Problem::nothing_by_that_name)?;
    Ok(kept(clerk.body(goods, shown)))
}

/// A picture of a product.
#[utoipa::path(
    get,
    path = "/api/v1/products/{product}/picture.svg",
    params(("product" = String, Path, description = "Which one")),
    responses(
        (status = 200, content_type = "image/svg+xml", body = String),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn picture(
    State(clerk): State<Clerk>,
    Path(product): Path<ProductId>,
) -> Result<impl IntoResponse, Problem> {
    let stand = clerk.shelf.stand(false).await?;
    let goods = stand.get(product).ok_or_else(Problem::nothing_by_that_name)?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, PICTURE_KEPT),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, draw(product, &goods.card.category)))
}

/// The categories, and how many products each has.
#[utoipa::path(
    get,
    path = "/api/v1/categories",
    responses(
        (status = 200, body = Vec<CategoryBody>),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn categories(
    State(clerk): State<Clerk>,
) -> Result<Kept<Vec<CategoryBody>>, Problem> {
    let stand = clerk.shelf.stand(false).await?;
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for goods in &stand.goods {
        *counted.entry(&goods.card.category).or_default() += 1;
    }
    let body = |(category, products): (&str, usize)| CategoryBody {
        category: category.to_owned(),
        products,
    };
    Ok(kept(counted.into_iter().map(body).collect()))
}

/// What whoever asks may like; what is popular, for somebody who does not say who he is, and when
/// the engine cannot be asked.
#[utoipa::path(
    get,
    path = "/api/v1/recommendations",
    params(
        ("lang" = Option<String>, Query, description = "ko or en"),
        ("currency" = Option<String>, Query, description = "KRW, USD, EUR, JPY or GBP"),
    ),
    responses(
        (status = 200, body = RecommendedBody),
        (status = "default", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn recommended(
    State(clerk): State<Clerk>,
    caller: Result<Caller, ondol_auth::AuthProblem>,
    Query(shown): Query<Shown>,
) -> Result<Json<RecommendedBody>, Problem> {
    clerk.check(shown)?;
    let stand = clerk.shelf.stand(false).await?;
    let somebody = caller.ok().map(|caller| buyer(&caller));
    let recommended = clerk.recommender.recommend(somebody, &stand).await?;
    let goods = recommended.products.iter().filter_map(|id| stand.get(*id));
    let items = goods.map(|goods| clerk.body(goods, shown)).collect();
    Ok(Json(RecommendedBody { items, is_fallback: recommended.is_fallback }))
}
