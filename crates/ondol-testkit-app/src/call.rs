//! Calling the routes of an app as what they are: a function from a request to an answer.

use axum::body::Body;
use http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{Reply, TestApp};

impl TestApp {
    /// Asks for a path.
    ///
    /// # Panics
    /// When it is no path, or no answer ever comes.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.call(request(Method::GET, path, &[], Body::empty()))
    }

    /// Asks for a path, and to see at least what a consistency token speaks of.
    ///
    /// # Panics
    /// When it is no path, or no answer ever comes.
    #[track_caller]
    pub fn get_after(&self, path: &str, token: &str) -> Reply {
        self.call(request(Method::GET, path, &[("ondol-after", token)], Body::empty()))
    }

    /// Sends JSON to a path, under an idempotency key.
    ///
    /// # Panics
    /// When it is no path, or no answer ever comes.
    #[track_caller]
    pub fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        let headers =
            [("idempotency-key", key), (header::CONTENT_TYPE.as_str(), "application/json")];
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.call(request(Method::POST, path, &headers, body))
    }

    /// Sends any request.
    ///
    /// # Panics
    /// When no answer ever comes, or none that ends.
    #[track_caller]
    pub fn call(&self, request: Request<Body>) -> Reply {
        let router = self.stage().router.clone();
        self.run(async move {
            let answered = router.oneshot(request).await.expect("a router has no errors");
            let (parts, body) = answered.into_parts();
            let body = body.collect().await.expect("an answer in memory is whole").to_bytes();
            Reply { status: parts.status, headers: parts.headers, body }
        })
    }
}

#[track_caller]
fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).expect("the path and the headers can be sent")
}
