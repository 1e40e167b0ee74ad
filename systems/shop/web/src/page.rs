//! What all pages have in common: the frame, and what is said when something went wrong.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::api::ApiError;
use crate::visit::{Region, Visit};
use crate::words::Words;

/// What the frame of a page shows.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) words: &'static Words,
    pub(crate) name: Option<&'a str>,
    pub(crate) region: Region,
}

impl<'a> Frame<'a> {
    pub(crate) fn of(visit: &'a Visit) -> Self {
        let name = visit.sign_in.as_ref().map(|sign_in| sign_in.name.as_str());
        Self { words: visit.words, name, region: visit.region }
    }

    /// The regions, by the names that forms call them, and what people call them.
    pub(crate) fn regions(&self) -> [(&'static str, &'static str, bool); 3] {
        let words = self.words;
        Region::ALL.map(|region| {
            let name = match region {
                Region::Asia => words.asia,
                Region::Eu => words.eu,
                Region::Us => words.us,
            };
            (region.name(), name, region == self.region)
        })
    }
}

/// A page with nothing but a few words.
#[derive(Template)]
#[template(path = "said.html")]
struct Said<'a> {
    frame: Frame<'a>,
    text: &'a str,
}

/// A page, or a part of one.
pub(crate) fn shown(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What is to be said, as a page.
pub(crate) fn said(visit: &Visit, status: StatusCode, text: &str) -> Response {
    (status, shown(&Said { frame: Frame::of(visit), text })).into_response()
}

/// What went wrong, in words. Whoever is not known any more signs in again and comes back.
pub(crate) fn wrong(visit: &Visit, error: &ApiError, back: &str) -> Response {
    if error.is_stranger() {
        return visit.to_sign_in(back);
    }
    let words = visit.words;
    if error.is_nothing() {
        return said(visit, StatusCode::NOT_FOUND, words.not_there);
    }
    if let Some(text) = words.problem(error.code()) {
        return said(visit, StatusCode::UNPROCESSABLE_ENTITY, text);
    }
    tracing::warn!(%error, page = visit.here, "a page was not made");
    said(visit, StatusCode::SERVICE_UNAVAILABLE, words.busy)
}
