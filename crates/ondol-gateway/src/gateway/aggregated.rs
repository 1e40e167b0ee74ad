//! One answer out of several.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    EXPECT, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    RANGE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::choose::Key;
use super::forward::Call;
use super::{Core, Exchange, Record, headers};
use crate::aggregate::{Aggregate, Hole, Part, query_value};
use crate::body::Body;
use crate::cache::{Control, Gathered, gather};
use crate::handle::{Ask, Peer};
use crate::json::Json;
use crate::problem::Problem;
use crate::snapshot::Route;

/// Says whether all parts are there, and which are not.
const COMPLETE: HeaderName = HeaderName::from_static("ondol-complete");
/// Headers of a request that are about an answer of its own, and about no part of it.
const NOT_FOR_PARTS: [HeaderName; 10] = [
    ACCEPT_ENCODING,
    CACHE_CONTROL,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    IF_MATCH,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
];

/// What all parts are asked with.
struct Asked {
    ask: Ask,
    peer: Arc<Peer>,
    route: Arc<Route>,
}

/// What a part has answered.
struct Got {
    json: Json,
    headers: HeaderMap,
}

/// Why there is nothing of a part.
struct Lost(Problem);

impl Core {
    /// Asks for all parts and puts them together.
    pub(super) async fn aggregated(
        &self,
        aggregate: &Aggregate,
        exchange: &mut Exchange,
        record: &mut Record,
    ) -> Result<Response<Body>, Problem> {
        if !matches!(exchange.ask.method, Method::GET | Method::HEAD) {
            return Err(Problem::MethodNotAllowed);
        }
        headers::prepare(exchange, record);
        let asked = Asked {
            ask: ask_for_parts(exchange),
            peer: Arc::clone(&exchange.peer),
            route: Arc::clone(&exchange.route),
        };
        let mut got: BTreeMap<&str, Got> = BTreeMap::new();
        let mut missing = Vec::new();
        for wave in &aggregate.waves {
            let asking = wave.iter().map(|index| {
                let part = &aggregate.parts[*index];
                let target = part.path.fill(|hole| value(hole, exchange, &got));
                let hash_by = part.backend.options.hash_by.as_ref();
                let key = Key::of(hash_by, exchange, &*self.rng).hash;
                self.part(part, aggregate.part_bytes_max, target, key, &asked)
            });
            let asking = asking.map(|asking| -> Asking<'_> { Box::pin(asking) }).collect();
            let answers = all(asking).await;
            for (index, (answer, tries)) in wave.iter().zip(answers) {
                let part = &aggregate.parts[*index];
                record.tries += tries;
                match answer {
                    Ok(answer) => drop(got.insert(&part.name, answer)),
                    Err(Lost(problem)) if part.required || aggregate.all_or_nothing => {
                        return Err(Problem::PartMissing(part.name.clone(), Box::new(problem)));
                    }
                    Err(Lost(problem)) => {
                        tracing::debug!(
                            part = part.name,
                            code = problem.code(),
                            "a part is missing"
                        );
                        missing.push(part.name.as_str());
                    }
                }
            }
        }
        let mut response = together(aggregate, &got, missing);
        if exchange.ask.method == Method::HEAD {
            let length = response.body().length().unwrap_or(0);
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
            *response.body_mut() = Body::empty();
        }
        Ok(response)
    }

    /// Asks for a part, and how often that was tried.
    async fn part(
        &self,
        part: &Part,
        bytes_max: u64,
        target: Option<String>,
        key: u64,
        asked: &Asked,
    ) -> (Result<Got, Lost>, u32) {
        let Some(target) = target else {
            return (Err(Lost(Problem::BadTarget("a part has nothing to be asked for by"))), 0);
        };
        let mut record = Record::nameless(self, &asked.peer);
        let call = Call {
            ask: &asked.ask,
            target: &target,
            body: Bytes::new(),
            // A little less than for all of it, so that the guards learn of it.
            within: part.timeout - part.timeout / 20,
            meter: &asked.route.meter,
            worker: asked.peer.worker,
            key,
        };
        let asking = async {
            let response = self.call(&part.backend, call, &mut record).await.map_err(Lost)?;
            take(response, bytes_max).await
        };
        let answer = tokio::select! {
            answer = asking => answer,
            () = self.clock.sleep(part.timeout) => Err(Lost(Problem::UpstreamTimedOut)),
        };
        (answer, record.tries)
    }
}

type Asking<'a> = Pin<Box<dyn Future<Output = (Result<Got, Lost>, u32)> + Send + 'a>>;

/// What all of them come to, side by side.
async fn all(mut asking: Vec<Asking<'_>>) -> Vec<(Result<Got, Lost>, u32)> {
    let mut answers: Vec<_> = asking.iter().map(|_| None).collect();
    poll_fn(|cx| {
        let mut waiting = false;
        for (asking, answer) in asking.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match asking.as_mut().poll(cx) {
                    Poll::Ready(ready) => *answer = Some(ready),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    answers.into_iter().flatten().collect()
}

/// What every part is asked with.
fn ask_for_parts(exchange: &Exchange) -> Ask {
    let mut headers = exchange.ask.headers.clone();
    headers.remove(IF_MODIFIED_SINCE);
    for name in NOT_FOR_PARTS {
        headers.remove(name);
    }
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ask { method: Method::GET, headers }
}

/// What fills a hole.
fn value(hole: &Hole, exchange: &Exchange, got: &BTreeMap<&str, Got>) -> Option<String> {
    match hole {
        Hole::Path(name) => {
            let captures = exchange.route.pattern().captures(exchange.target.path());
            captures.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
        }
        Hole::Query(name) => query_value(exchange.target.query().unwrap_or_default(), name),
        Hole::Part(part, place) => {
            place.get(&got.get(part.as_str())?.json)?.word().map(str::to_owned)
        }
    }
}

/// Takes a part's answer.
async fn take(response: Response<Body>, bytes_max: u64) -> Result<Got, Lost> {
    let status = response.status();
    if !status.is_success() {
        return Err(Lost(Problem::PartRefused(status)));
    }
    let malformed = || Lost(Problem::UpstreamMalformed);
    let (parts, body) = response.into_parts();
    if parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(malformed());
    }
    match gather(body, bytes_max).await {
        Ok(Gathered::Whole(body)) => {
            let json = Json::read(&body).map_err(|_error| malformed())?;
            Ok(Got { json, headers: parts.headers })
        }
        Ok(Gathered::More(_)) => Err(malformed()),
        Err(error) => Err(Lost(super::cached::broken(&error))),
    }
}

/// The answer.
fn together<'a>(
    aggregate: &'a Aggregate,
    got: &BTreeMap<&str, Got>,
    mut missing: Vec<&'a str>,
) -> Response<Body> {
    let mut json = Json::empty();
    for part in &aggregate.parts {
        let Some(answer) = got.get(part.name.as_str()) else { continue };
        if !part.place(&answer.json, &mut json) {
            missing.push(&part.name);
        }
    }
    let mut response = Response::new(Body::full(json.to_bytes()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    missing.sort_unstable();
    let complete = match missing.is_empty() {
        true => "?1".to_owned(),
        false => format!("?0;missing=\"{}\"", missing.join(" ")),
    };
    if let Ok(complete) = HeaderValue::try_from(complete) {
        headers.insert(COMPLETE, complete);
    }
    for vary in got.values().flat_map(|got| got.headers.get_all(VARY)) {
        if headers.get_all(VARY).iter().all(|known| known != vary) {
            headers.append(VARY, vary.clone());
        }
    }
    if let Some(control) = control(got, missing.is_empty()) {
        headers.insert(CACHE_CONTROL, control);
    }
    *response.status_mut() = StatusCode::OK;
    response
}

/// For how long the whole is good: for as long as the part that is good for the shortest time.
fn control(got: &BTreeMap<&str, Got>, complete: bool) -> Option<HeaderValue> {
    let said: Vec<_> = got.values().map(|got| Control::of(&got.headers)).collect();
    let forbidden = |it: &Control| it.no_store || it.private || it.no_cache;
    if !complete || said.iter().any(forbidden) {
        return Some(HeaderValue::from_static("private, no-store"));
    }
    let lives = got.values().zip(&said).map(|(got, said)| {
        let age = got.headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok());
        Some(said.s_maxage.or(said.max_age)?.saturating_sub(age.unwrap_or(0)))
    });
    let seconds = lives.collect::<Option<Vec<_>>>()?.into_iter().min()?;
    let public = if said.iter().all(|it| it.public) { "public, " } else { "" };
    HeaderValue::try_from(format!("{public}max-age={seconds}")).ok()
}
