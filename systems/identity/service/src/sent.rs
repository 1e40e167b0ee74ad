//! A form of a page of ours, sent by the browser that the page was shown to.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::Response;

use crate::asked::{Form, Params};
use crate::browser::Visit;
use crate::pages;
use crate::provider::Provider;

/// A form of a page of ours, and the visit in which it was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) visit: Visit,
    pub(crate) params: Params,
}

/// Why a form is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotOwn {
    /// It did not come from a page of ours in this browser.
    Foreign,
    /// It holds what our forms do not.
    Field,
}

impl FromRequest<Provider> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, provider: &Provider) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, provider).await?;
        let request = Request::from_parts(parts, body);
        let Ok(Form { params, .. }) = Form::from_request(request, provider).await else {
            return Err(pages::not_own(&visit, NotOwn::Field));
        };
        if visit.is_own_form(&params) {
            Ok(Self { visit, params })
        } else {
            Err(pages::not_own(&visit, NotOwn::Foreign))
        }
    }
}
