//! What every page stands on, and where each is.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ondol_auth::{KeyRing, KeyRingOptions};
use ondol_doors::{Clock, Rng};
use ondol_kernel::CommandId;
use tokio::sync::Semaphore;

use crate::api::Api;
use crate::options::Options;
use crate::sealed::{KeyError, Sealer};
use crate::signin::{Attempts, Published};
use crate::visit::{Choice, Visit, referer};
use crate::{assets, cart, goods, live, orders, signin};

/// How many people are told live at once what becomes of their orders.
const LISTENERS_MAX: usize = 1_000;

/// What every page stands on. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) options: Arc<Options>,
    pub(crate) api: Api,
    pub(crate) home: Api,
    pub(crate) identity: Api,
    pub(crate) keys: KeyRing,
    pub(crate) sealer: Sealer,
    pub(crate) attempts: Attempts,
    pub(crate) listeners: Arc<Semaphore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
}

/// Why the pages cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no key to seal sign-ins with.
    #[error("sign-ins cannot be sealed")]
    Key(#[from] KeyError),
}

/// The pages, all of them under `/shop`; paths in the options are from a folder of their own.
///
/// # Errors
/// When there is no key to seal sign-ins with, and none can be made.
pub fn site(
    options: Options,
    folder: &Path,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
) -> Result<Router, OpenError> {
    let identity = Api::new(&options.identity);
    let source = Arc::new(Published(identity.clone()));
    let site = Site {
        api: Api::new(&options.api),
        home: Api::new(&options.home),
        keys: KeyRing::new(source, Arc::clone(&clock), KeyRingOptions::default()),
        sealer: Sealer::open(&folder.join(&options.key), rng.as_ref())?,
        attempts: Attempts::new(Arc::clone(&clock)),
        listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
        options: Arc::new(options),
        identity,
        clock,
        rng,
    };
    let routes = Router::new()
        .route("/shop", get(goods::home))
        .route("/shop/products", get(goods::list))
        .route("/shop/products/{product}", get(goods::one))
        .route("/shop/products/{product}/picture.svg", get(goods::picture))
        .route("/shop/cart", get(cart::cart))
        .route("/shop/cart/{product}", post(cart::put))
        .route("/shop/checkout", post(cart::check_out))
        .route("/shop/orders", get(orders::list))
        .route("/shop/orders/{order}", get(orders::one))
        .route("/shop/orders/{order}/story", get(orders::story))
        .route("/shop/orders/{order}/then", get(orders::then))
        .route("/shop/orders/{order}/live", get(live::live))
        .route("/shop/orders/{order}/cancellation", post(orders::call_off))
        .route("/shop/choice", post(choose))
        .route("/shop/sign-in", get(signin::begin))
        .route("/shop/back", get(signin::back))
        .route("/shop/sign-out", post(signin::sign_out))
        .merge(assets::routes());
    Ok(routes.layer(from_fn(guarded)).with_state(site))
}

impl Site {
    pub(crate) fn now_seconds(&self) -> u64 {
        self.clock.now().as_unix_millis() / 1_000
    }

    /// A key for a form: pressed twice, it is the same request.
    pub(crate) fn key(&self) -> String {
        self.rng.id::<CommandId>(self.clock.now()).to_string()
    }
}

async fn choose(
    State(site): State<Site>,
    _visit: Visit,
    headers: HeaderMap,
    axum::Form(choice): axum::Form<Choice>,
) -> Response {
    let mut response = Redirect::to(&referer(&headers)).into_response();
    for cookie in choice.cookies(&site) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What every answer says to browsers.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ));
    response
}

impl Site {
    /// What went wrong, as a page in words.
    pub(crate) fn said(&self, visit: &Visit, status: StatusCode, text: &str) -> Response {
        crate::page::said(visit, status, text)
    }
}
