//! Everything that can be asked of the program, as one OpenAPI description and as one page: what its
//! services say of themselves, and what only the gateway in front has.

mod page;
mod shapes;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Request, StatusCode, header};
use ondol_http::Problem;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

/// What only the gateway has.
const FRONT: &str = include_str!("../assets/front.json");
const STYLE: &str = include_str!("../assets/docs.css");
/// How many bytes the services' own description may have.
const DESCRIPTION_BYTES_MAX: usize = 8 << 20;
/// How long answers are kept by whoever has them: they change with the program only.
const KEPT: &str = "public, max-age=300";
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whom to ask for what the services say, and whose tokens are believed.
#[derive(Debug, Clone)]
struct Docs {
    services: Router,
    issuer: String,
}

/// The pages, all of them under `/docs`.
pub(crate) fn pages(services: Router, issuer: &str) -> Router {
    Router::new()
        .route("/docs", get(page))
        .route("/docs/openapi.json", get(openapi))
        .route("/docs/docs.css", get(style))
        .with_state(Docs { services, issuer: issuer.to_owned() })
}

async fn page(State(docs): State<Docs>) -> Result<Response, Problem> {
    let page = page::of(&docs.description().await?).ok_or_else(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, KEPT),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, page).into_response())
}

async fn openapi(State(docs): State<Docs>) -> Result<Response, Problem> {
    let description = docs.description().await?.to_string();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, KEPT)];
    Ok((headers, description).into_response())
}

async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEPT)];
    (headers, STYLE).into_response()
}

impl Docs {
    /// What the services say, and what the gateway adds.
    async fn description(&self) -> Result<Value, Problem> {
        let mut description = self.of_services().await.ok_or_else(Problem::unavailable)?;
        let front: Value = serde_json::from_str(FRONT).map_err(|_broken| Problem::internal())?;
        for (path, item) in front["paths"].as_object().into_iter().flatten() {
            member(&mut description, "paths").insert(path.clone(), item.clone());
        }
        let discovery = format!("{}/.well-known/openid-configuration", self.issuer);
        let scheme = json!({ "type": "openIdConnect", "openIdConnectUrl": discovery });
        let components = member(&mut description, "components");
        components.insert("securitySchemes".to_owned(), json!({ "house": scheme }));
        Ok(description)
    }

    async fn of_services(&self) -> Option<Value> {
        let request = Request::get("/openapi.json").body(Body::empty()).ok()?;
        let response = self.services.clone().oneshot(request).await.ok()?;
        if response.status() != StatusCode::OK {
            return None;
        }
        let body = to_bytes(response.into_body(), DESCRIPTION_BYTES_MAX).await.ok()?;
        serde_json::from_slice(&body).ok()
    }
}

/// A member that has members, and is made if it is not there.
fn member<'a>(whole: &'a mut Value, name: &str) -> &'a mut Map<String, Value> {
    if !whole[name].is_object() {
        whole[name] = json!({});
    }
    whole[name].as_object_mut().expect("it has just been made an object")
}
