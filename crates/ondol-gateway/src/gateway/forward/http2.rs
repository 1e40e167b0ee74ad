//! One try over HTTP/2.

use std::sync::Arc;

use http::header::{HOST, TE};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri, Version};

use super::{Attempt, Failed, of_body};
use ondol_resilience::Verdict;

use crate::backend::Endpoint;
use crate::body::{Body, BodyError};
use crate::http2::{Http2Body, Http2Pool, Seat};
use crate::patience::Patience;
use crate::pool::{ConnectError, Home};
use crate::problem::Problem;

impl Attempt<'_> {
    pub(super) async fn over_http2(
        &self,
        endpoint: &Arc<Endpoint>,
        home: Home,
        body: Body,
    ) -> Result<Response<Body>, Failed> {
        let unsent = || Failed::unsent(Problem::ConnectFailed);
        let Some(pool) = home.http2() else { return Err(unsent()) };
        let seat = match pool.seat() {
            Some(seat) => seat,
            None => tokio::select! {
                seat = Box::pin(take_seat(pool, &home)) => seat.map_err(|_error| unsent())?,
                // Twice: for the one who makes a connection before us, and for ourselves.
                () = home.clock().sleep(home.connect_wait() * 2) => return Err(unsent()),
            },
        };
        let request = self.http2_request(endpoint, body)?;
        let clock = home.clock();
        let sent = tokio::select! {
            sent = seat.send(request) => sent,
            () = clock.sleep(self.waits.answer) => {
                let problem = Problem::UpstreamTimedOut;
                return Err(Failed { problem, verdict: Verdict::failure() });
            }
        };
        let patience = Patience::new(Arc::clone(clock));
        let (response, place) = sent.map_err(|error| http2_failed(&error))?;
        let idle = self.waits.idle;
        Ok(response.map(|incoming| {
            Body::http2(Http2Body::of_upstream(incoming, patience, idle, (place, home)))
        }))
    }

    fn http2_request(&self, endpoint: &Endpoint, body: Body) -> Result<Request<Body>, Failed> {
        let wrong = || Failed::of_client(Problem::BadTarget("the target cannot be said in HTTP/2"));
        let mut request = Request::new(body);
        *request.method_mut() = self.ask.method.clone();
        *request.headers_mut() = self.ask.headers.clone();
        *request.version_mut() = Version::HTTP_2;
        let host = request.headers_mut().remove(HOST);
        let authority = host.as_ref().unwrap_or(&endpoint.authority);
        let target: PathAndQuery = self.target.parse().map_err(|_error| wrong())?;
        let scheme = if endpoint.secure { Scheme::HTTPS } else { Scheme::HTTP };
        let uri = Uri::builder().scheme(scheme).authority(authority.as_bytes());
        *request.uri_mut() = uri.path_and_query(target).build().map_err(|_error| wrong())?;
        if self.trailers {
            request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
        }
        Ok(request)
    }
}

/// A place on a connection that another has made meanwhile, or on a new one.
async fn take_seat(pool: &Http2Pool, home: &Home) -> Result<Seat, NoSeat> {
    let _alone = pool.alone().await;
    if let Some(seat) = pool.seat() {
        return Ok(seat);
    }
    let wire = home.dial().await.map_err(NoSeat::Connect)?;
    pool.open(wire).await.map_err(NoSeat::Handshake)
}

/// Why there is no place.
#[derive(Debug, thiserror::Error)]
enum NoSeat {
    #[error("there is no connection")]
    Connect(#[source] ConnectError),
    #[error("HTTP/2 cannot be spoken")]
    Handshake(#[source] hyper::Error),
}

fn http2_failed(error: &hyper::Error) -> Failed {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(body) = cause.downcast_ref::<BodyError>() {
            return Failed::of_client(of_body(body));
        }
        source = cause.source();
    }
    let problem = Problem::UpstreamFailed;
    match error.is_canceled() {
        true => Failed::unsent(problem),
        false => Failed { problem, verdict: Verdict::failure() },
    }
}
