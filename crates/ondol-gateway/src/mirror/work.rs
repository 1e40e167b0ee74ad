//! Sends copies, and compares what comes back.

use std::future::poll_fn;
use std::io::Read;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use tokio::task::JoinSet;

use super::compare::{Answer, Fields};
use super::{Job, Mirror, Outcome};
use crate::body::{Body, wide};
use crate::config::MirrorOptions;
use crate::problem::Problem;
use crate::start::GatewayHandle;

/// Sends the copies of a route until dropped.
pub(crate) async fn work(handle: GatewayHandle, route: String, options: MirrorOptions) {
    let options = Arc::new(options);
    let mut under_way = JoinSet::new();
    loop {
        let Some(mirror) = handle.mirror(&route) else { return };
        let full = under_way.len() >= options.at_once_max;
        let job = tokio::select! {
            job = mirror.next(), if !full => job,
            Some(ended) = under_way.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a copy panicked");
                }
                continue;
            }
        };
        under_way.spawn(send(handle.clone(), mirror, job, Arc::clone(&options)));
    }
}

async fn send(
    handle: GatewayHandle,
    mirror: Arc<Mirror>,
    mut job: Box<Job>,
    options: Arc<MirrorOptions>,
) {
    if let Ok(mark) = HeaderName::from_bytes(options.mark.as_bytes()) {
        job.ask.headers.insert(mark, HeaderValue::from_static("copy"));
    }
    let candidate = ask(&handle, &job, &options.to, &options);
    let again = async {
        match &options.again {
            Some(again) => Some(ask(&handle, &job, again, &options).await),
            None => None,
        }
    };
    let (candidate, again) = tokio::join!(candidate, again);
    let answered = candidate.status.parse::<u16>().is_ok();
    mirror.count(if answered { Outcome::Sent } else { Outcome::Failed });
    if !options.compare {
        return;
    }
    let mut answer = job.answer;
    answer.body = unfolded(&answer.headers, answer.body, options.body_bytes_max);
    let mut all = [Some(answer), again, Some(candidate)];
    if all.iter().flatten().any(|answer| answer.body.is_none()) {
        // Where one of them is too large, or not there, bodies say nothing.
        all.iter_mut().flatten().for_each(|answer| answer.body = None);
    }
    let names = options.headers.iter();
    let names: Vec<_> =
        names.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()).collect();
    let fields = |answer: &Answer| Fields::of(answer, &names, &options.ignore);
    let [Some(answer), again, Some(candidate)] = all else { return };
    let (answer, again, candidate) =
        (fields(&answer), again.as_ref().map(fields), fields(&candidate));
    let show = |value: String| mirror.shown(&value, options.values);
    mirror.report().take(&answer, again.as_ref(), &candidate, show);
    mirror.count(Outcome::Compared);
}

/// What a backend answers to a copy.
async fn ask(handle: &GatewayHandle, job: &Job, backend: &str, options: &MirrorOptions) -> Answer {
    let core = handle.core();
    let answered = match handle.backend(backend) {
        Some(backend) => core.send_copy(&backend, job, handle.workers()).await,
        None => Err(Problem::NoEndpoint),
    };
    match answered {
        Ok(response) => read(response, options.body_bytes_max).await,
        Err(problem) => Answer { status: problem.code().to_owned(), ..Answer::default() },
    }
}

async fn read(response: Response<Body>, bytes_max: u64) -> Answer {
    let (parts, mut body) = response.into_parts();
    let mut bytes = BytesMut::new();
    let mut whole = true;
    while let Some(frame) = poll_fn(|cx| body.poll_next(cx)).await {
        let Ok(frame) = frame else {
            let status = format!("{} broken off", parts.status.as_u16());
            return Answer { status, headers: parts.headers, body: None };
        };
        let Some(data) = frame.data_ref() else { continue };
        if wide(bytes.len() + data.len()) > bytes_max {
            whole = false;
            break;
        }
        bytes.extend_from_slice(data);
    }
    let body = whole.then(|| bytes.freeze());
    let body = unfolded(&parts.headers, body, bytes_max);
    Answer { status: parts.status.as_u16().to_string(), headers: parts.headers, body }
}

/// A body without its coding, if that can be taken off and it is not too large then.
fn unfolded(headers: &HeaderMap, body: Option<Bytes>, bytes_max: u64) -> Option<Bytes> {
    let body = body?;
    let coding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let all = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        let read = reader.take(bytes_max + 1).read_to_end(&mut bytes);
        let fits = wide(bytes.len()) <= bytes_max;
        (read.is_ok() && fits).then(|| Bytes::from(bytes))
    };
    match coding {
        Some(b"gzip" | b"x-gzip") => all(&mut MultiGzDecoder::new(body.as_ref())),
        Some(b"deflate") => all(&mut ZlibDecoder::new(body.as_ref())),
        _ => Some(body),
    }
}
