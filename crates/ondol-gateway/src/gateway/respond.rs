//! Answers made here: redirects, fixed answers, and what is added about versions.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, LINK, LOCATION};
use http::{HeaderValue, Response, StatusCode};

use super::Exchange;
use crate::body::Body;
use crate::config::{RedirectOptions, RespondOptions, VersionOptions};
use crate::problem::Problem;

/// Sends the client elsewhere.
pub(super) fn redirect(
    options: &RedirectOptions,
    exchange: &Exchange,
) -> Result<Response<Body>, Problem> {
    let target = &exchange.target;
    let mut captures = exchange.route.pattern().captures(target.path());
    captures.push(("host".to_owned(), target.host.name().to_owned()));
    captures.push(("path".to_owned(), target.path().to_owned()));
    let query = target.query().map(|query| format!("?{query}"));
    captures.push(("query".to_owned(), query.unwrap_or_default()));
    let location = fill(&options.to, &captures);
    let location = HeaderValue::from_maybe_shared(Bytes::from(location))
        .map_err(|_error| Problem::BadTarget("the redirect has no place to go to"))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(options.status).unwrap_or(StatusCode::PERMANENT_REDIRECT);
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Fills `{name}` in.
pub(crate) fn fill(template: &str, captures: &[(String, String)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        let value = captures.iter().find(|(known, _)| known == name);
        out.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A fixed answer.
pub(super) fn fixed(options: &RespondOptions) -> Response<Body> {
    let mut response = Response::new(Body::full(options.body.clone()));
    *response.status_mut() = StatusCode::from_u16(options.status).unwrap_or(StatusCode::OK);
    if !options.body.is_empty() {
        let content_type = options.content_type.as_deref().unwrap_or("text/plain; charset=utf-8");
        if let Ok(content_type) = HeaderValue::from_str(content_type) {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
    }
    response
}

/// Says that a version is on its way out.
pub(super) fn tell_version(version: &VersionOptions, response: &mut Response<Body>) {
    const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
    const SUNSET: HeaderName = HeaderName::from_static("sunset");
    let headers = response.headers_mut();
    let deprecated = version.deprecated_at.map(|at| format!("@{at}"));
    let link = version.link.as_ref().map(|link| format!("<{link}>; rel=\"deprecation\""));
    for (name, value) in [(DEPRECATION, deprecated), (SUNSET, version.sunset.clone()), (LINK, link)]
    {
        if let Some(Ok(value)) = value.map(|value| HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
}
