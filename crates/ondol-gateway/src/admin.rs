//! The gateway's own port: health, metrics, and instances that register. Not for the world, so it has
//! an address of its own.

mod registration;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::control;
use crate::handle::{Answer, Arrived, Handler, Peer, Sent};
use crate::http1::serve;
use crate::limits::ConnectionLimits;
use crate::problem::Problem;
use crate::start::GatewayHandle;
use crate::stay::Stay;
use crate::wire::Wire;

/// Connections at a time.
const CONNECTIONS_MAX: usize = 64;

/// Answers on the gateway's own port.
pub(crate) struct Admin {
    pub(crate) handle: GatewayHandle,
    pub(crate) stop: CancellationToken,
}

impl Handler for Admin {
    type Record = ();

    async fn handle(&self, arrived: Arrived) -> Answer<()> {
        if control::is_meant(&arrived.target) {
            let answer = control::answer(&self.handle, arrived).await;
            return Answer { response: answer.unwrap_or_else(explained), record: () };
        }
        if let Some((backend, instance)) = registration::names(&arrived.target) {
            let answer = registration::register(&self.handle, &backend, &instance, arrived).await;
            return Answer { response: answer.unwrap_or_else(explained), record: () };
        }
        let response = match (arrived.method, arrived.target.as_ref()) {
            (Method::GET | Method::HEAD, b"/metrics") => {
                text(StatusCode::OK, self.handle.metrics())
            }
            (Method::GET | Method::HEAD, b"/livez") => text(StatusCode::OK, "alive\n".to_owned()),
            (Method::GET | Method::HEAD, b"/readyz") => match self.stop.is_cancelled() {
                false => text(StatusCode::OK, "ready\n".to_owned()),
                true => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned()),
            },
            (_, b"/metrics" | b"/livez" | b"/readyz") => {
                let mut response = Problem::MethodNotAllowed.into_response();
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            }
            _ => Problem::NoRoute.into_response(),
        };
        Answer { response, record: () }
    }

    fn refuse(&self, _peer: &Arc<Peer>, problem: Problem) -> Answer<()> {
        Answer { response: problem.into_response(), record: () }
    }

    fn finished(&self, (): (), _sent: Sent) {}
}

/// An answer that says more than the world is told.
fn explained(problem: Problem) -> Response<Body> {
    let detail = problem.detail();
    let (status, code, title) = (problem.status(), problem.code(), problem.title());
    let more = match &problem {
        Problem::Control(problem) => problem.more(),
        _ => None,
    };
    let mut response = problem.into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(detail) = detail {
        let mut body = serde_json::json!({
            "type": format!("https://ondol.dev/errors/{code}"),
            "title": title,
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
        });
        if let Some((name, value)) = more {
            body[name] = value;
        }
        *response.body_mut() = Body::full(body.to_string());
    }
    response
}

fn text(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// Serves the gateway's own port until told to stop.
pub(crate) async fn administer(
    admin: Arc<Admin>,
    listener: TcpListener,
    limits: Arc<ConnectionLimits>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        let full = connections.len() >= CONNECTIONS_MAX;
        let (stream, from) = tokio::select! {
            accepted = listener.accept(), if !full => accepted?,
            Some(ended) = connections.join_next() => {
                ended.map_err(io::Error::other)?;
                continue;
            }
            () = admin.stop.cancelled() => return Ok(()),
        };
        let (admin, limits) = (Arc::clone(&admin), Arc::clone(&limits));
        connections.spawn(async move {
            let peer = Arc::new(Peer::at(from, 0));
            let (clock, stay) = (admin.handle.clock(), Stay::until(&admin.stop));
            serve(Wire::Plain(stream), peer, &*admin, &limits, clock, stay).await;
        });
    }
}
