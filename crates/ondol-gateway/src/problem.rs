//! Every answer the gateway makes itself: its status, its code, and what it tells the client.
//!
//! The code is the `reason` in the access log and names a page in docs/errors. What is told never
//! holds a path, a version, an upstream's name or an error's source.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use ondol_resilience::{Kind, Rejected};

use crate::body::Body;
use crate::control::ControlProblem;
use crate::policy::{Fields, NotJson, Violation, seconds};
use crate::who::Said;

/// Why the gateway answers itself.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum Problem {
    BadFraming(Box<dyn Error + Send + Sync>),
    UnknownVersion,
    TargetTooLong,
    HeadTooLarge,
    HeadTooSlow,
    UnknownExpectation,
    BadHost(&'static str),
    BadTarget(&'static str),
    BadHeader(&'static str),
    MethodNotServed,
    BodyTooLarge,
    BodyTooSlow,
    BodyCut,
    UnknownCoding,
    NoRoute,
    OriginRefused,
    FromElsewhere,
    MethodNotAllowed,
    NoEndpoint,
    TooBusy,
    ConnectFailed,
    UpstreamFailed,
    UpstreamMalformed,
    UpstreamTimedOut,
    Rejected(Rejected),
    TooOften(Box<TooOften>),
    TooManyAtOnce,
    UnsupportedMediaType,
    QueryTooLarge,
    HeadersTooLarge,
    OperationUnknown,
    JsonMalformed(NotJson),
    Violations(Box<Violations>),
    Aborted(StatusCode),
    NotStored,
    BodyMalformed(String),
    AnswerTooLarge,
    AuditFull,
    PartMissing(String, Box<Self>),
    PartRefused(StatusCode),
    RegistrationRefused(String),
    RegistrationUnauthorised,
    Who(Box<Said>),
    Control(Box<ControlProblem>),
}

/// What is not as it is described.
#[derive(Debug)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        Self::Violations(Box::new(violations))
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Violation { place, at, rule }) in self.0.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{place} {at}: {rule}")?;
        }
        Ok(())
    }
}

impl Violations {
    /// As a member of an answer.
    fn member(&self) -> String {
        let each = self.0.iter().map(|Violation { place, at, rule }| {
            let key = if *place == "body" { "pointer" } else { "name" };
            serde_json::json!({ "in": place, key: at, "rule": rule })
        });
        format!(",\"errors\":{}", serde_json::Value::Array(each.collect()))
    }
}

/// More than a limit allows.
#[derive(Debug)]
pub(crate) struct TooOften {
    /// How long until it is not too much.
    pub(crate) wait: Duration,
    /// What the client is told of the limits.
    pub(crate) fields: Fields,
}

impl From<TooOften> for Problem {
    fn from(said: TooOften) -> Self {
        Self::TooOften(Box::new(said))
    }
}

impl Problem {
    /// The stable code: the name of its page in docs/errors.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::BadFraming(_) => "gateway-bad-framing",
            Self::UnknownVersion => "gateway-unknown-version",
            Self::TargetTooLong => "gateway-target-too-long",
            Self::HeadTooLarge => "gateway-head-too-large",
            Self::HeadTooSlow => "gateway-head-too-slow",
            Self::UnknownExpectation => "gateway-unknown-expectation",
            Self::BadHost(_) => "gateway-bad-host",
            Self::BadTarget(_) => "gateway-bad-target",
            Self::BadHeader(_) => "gateway-bad-header",
            Self::MethodNotServed => "gateway-method-not-served",
            Self::BodyTooLarge => "gateway-body-too-large",
            Self::BodyTooSlow => "gateway-body-too-slow",
            Self::BodyCut => "gateway-body-cut",
            Self::UnknownCoding => "gateway-unknown-coding",
            Self::NoRoute => "gateway-no-route",
            Self::OriginRefused => "gateway-origin-refused",
            Self::FromElsewhere => "gateway-from-elsewhere",
            Self::MethodNotAllowed => "gateway-method-not-allowed",
            Self::NoEndpoint => "gateway-no-endpoint",
            Self::TooBusy => "gateway-too-busy",
            Self::ConnectFailed => "gateway-connect-failed",
            Self::UpstreamFailed => "gateway-upstream-failed",
            Self::UpstreamMalformed => "gateway-upstream-malformed",
            Self::UpstreamTimedOut => "gateway-upstream-timed-out",
            Self::TooOften(_) => "gateway-rate-limited",
            Self::TooManyAtOnce => "gateway-too-many-at-once",
            Self::UnsupportedMediaType => "gateway-unsupported-media-type",
            Self::QueryTooLarge => "gateway-query-too-large",
            Self::HeadersTooLarge => "gateway-headers-too-large",
            Self::OperationUnknown => "gateway-operation-unknown",
            Self::JsonMalformed(_) => "gateway-json-malformed",
            Self::Violations(_) => "gateway-request-invalid",
            Self::Aborted(_) => "gateway-fault-injected",
            Self::NotStored => "gateway-not-stored",
            Self::BodyMalformed(_) => "gateway-body-malformed",
            Self::AnswerTooLarge => "gateway-answer-too-large",
            Self::AuditFull => "gateway-audit-full",
            Self::PartMissing(..) | Self::PartRefused(_) => "gateway-part-missing",
            Self::RegistrationRefused(_) => "gateway-registration-refused",
            Self::RegistrationUnauthorised => "gateway-registration-unauthorised",
            Self::Who(said) => said.code(),
            Self::Control(problem) => problem.code(),
            Self::Rejected(rejected) => match rejected.reason.kind() {
                Kind::Breaker => "gateway-breaker-open",
                Kind::Balancer => "gateway-no-endpoint",
                _ => "gateway-too-busy",
            },
        }
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadFraming(_)
            | Self::BadHost(_)
            | Self::BadTarget(_)
            | Self::BadHeader(_)
            | Self::BodyMalformed(_)
            | Self::BodyCut
            | Self::JsonMalformed(_) => StatusCode::BAD_REQUEST,
            Self::UnknownVersion => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::TargetTooLong | Self::QueryTooLarge => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge | Self::HeadersTooLarge => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::HeadTooSlow | Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownExpectation => StatusCode::EXPECTATION_FAILED,
            Self::MethodNotServed => StatusCode::NOT_IMPLEMENTED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RegistrationRefused(_) | Self::Violations(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RegistrationUnauthorised => StatusCode::UNAUTHORIZED,
            Self::UnknownCoding | Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoRoute | Self::OperationUnknown => StatusCode::NOT_FOUND,
            Self::OriginRefused | Self::FromElsewhere => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ConnectFailed
            | Self::UpstreamFailed
            | Self::UpstreamMalformed
            | Self::AnswerTooLarge => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimedOut | Self::NotStored => StatusCode::GATEWAY_TIMEOUT,
            Self::NoEndpoint | Self::TooBusy | Self::Rejected(_) | Self::AuditFull => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooOften(_) | Self::TooManyAtOnce => StatusCode::TOO_MANY_REQUESTS,
            Self::Aborted(status) => *status,
            Self::Who(said) => said.status(),
            Self::Control(problem) => problem.status(),
            Self::PartMissing(_, problem) => problem.status(),
            // That it is not there, or not for this client, is said of the whole as well.
            Self::PartRefused(status) => match status.as_u16() {
                401 | 403 | 404 | 410 => *status,
                _ => StatusCode::BAD_GATEWAY,
            },
        }
    }

    /// What the client is told, in one sentence that gives nothing away.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::BadFraming(_) => "The request is not well-formed HTTP.",
            Self::UnknownVersion => "This version of HTTP is not spoken here.",
            Self::TargetTooLong => "The request line is too long.",
            Self::HeadTooLarge => "The request has too many or too long headers.",
            Self::HeadTooSlow => "The request came too slowly.",
            Self::UnknownExpectation => "Only `100-continue` can be expected.",
            Self::BadHost(_) => "The request does not name one host.",
            Self::BadTarget(_) => "The request's path has more than one meaning or none.",
            Self::BadHeader(_) => "A header of the request cannot be accepted.",
            Self::MethodNotServed => "This method is not served by a gateway.",
            Self::BodyTooLarge => "The body is too large.",
            Self::BodyTooSlow => "The body came too slowly.",
            Self::BodyCut => "The body ended before its end.",
            Self::UnknownCoding => "The body is compressed in a way that is not accepted.",
            Self::NoRoute => "Nothing is served here.",
            Self::OriginRefused => "Pages of this site may not open a WebSocket here.",
            Self::FromElsewhere => "This is not served to where you are.",
            Self::MethodNotAllowed => "This method is not allowed here.",
            Self::NoEndpoint => "No instance of the service is available.",
            Self::TooBusy => "The service has as much to do as it can bear.",
            Self::ConnectFailed => "The service cannot be reached.",
            Self::UpstreamFailed => "The service broke off without an answer.",
            Self::UpstreamMalformed => "The service's answer cannot be understood.",
            Self::UpstreamTimedOut => "The service did not answer in time.",
            Self::TooOften(_) => "This was asked for too often.",
            Self::UnsupportedMediaType => "A body of this media type is not accepted here.",
            Self::QueryTooLarge => "The query is too long.",
            Self::HeadersTooLarge => "The request has too many or too long headers for this.",
            Self::OperationUnknown => "There is no such operation.",
            Self::JsonMalformed(_) => "The body is not JSON that means one thing.",
            Self::Violations(_) => "The request is not as the interface is described.",
            Self::TooManyAtOnce => "Too many of your requests are under way.",
            Self::Aborted(_) => "A fault was injected on purpose.",
            Self::PartMissing(..) | Self::PartRefused(_) => "A part of the answer is missing.",
            Self::AuditFull => "What is asked cannot be written down now.",
            Self::BodyMalformed(_) => "The body is not the JSON that it says it is.",
            Self::AnswerTooLarge => "The service's answer is too large.",
            Self::NotStored => "No answer is stored, and none was to be asked for.",
            Self::RegistrationRefused(_) => "The instance cannot be registered like this.",
            Self::RegistrationUnauthorised => "Whoever registers an instance shows a token.",
            Self::Who(said) => said.title(),
            Self::Control(problem) => problem.title(),
            Self::Rejected(rejected) => match rejected.reason.kind() {
                Kind::Breaker => "The service is being left alone to recover.",
                Kind::Balancer => Self::NoEndpoint.title(),
                _ => Self::TooBusy.title(),
            },
        }
    }

    /// Whether the connection cannot be trusted any more.
    const fn closes(&self) -> bool {
        matches!(
            self,
            Self::BadFraming(_)
                | Self::UnknownVersion
                | Self::TargetTooLong
                | Self::HeadTooLarge
                | Self::HeadTooSlow
                | Self::UnknownExpectation
                | Self::BadHost(_)
                | Self::BadTarget(_)
                | Self::BadHeader(_)
                | Self::MethodNotServed
                | Self::BodyTooLarge
                | Self::BodyTooSlow
                | Self::BodyCut
        )
    }

    /// More about it, for those who may know: the access log and `explain`.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::BadFraming(source) => Some(source.to_string()),
            Self::BadHost(detail) | Self::BadTarget(detail) | Self::BadHeader(detail) => {
                Some((*detail).to_owned())
            }
            Self::Rejected(rejected) => Some(rejected.to_string()),
            Self::JsonMalformed(wrong) => Some(wrong.detail().to_owned()),
            Self::Violations(violations) => Some(violations.to_string()),
            Self::RegistrationRefused(detail) | Self::BodyMalformed(detail) => Some(detail.clone()),
            Self::Who(said) => said.detail(),
            Self::Control(problem) => Some(problem.to_string()),
            Self::PartMissing(part, problem) => Some(format!("{part}: {}", problem.code())),
            _ => None,
        }
    }

    /// How long to leave it, in whole seconds.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Rejected(rejected) => {
                Some(rejected.retry_after.map_or(1, |after| after.as_secs() + 1))
            }
            Self::Who(said) => said.retry_after(),
            Self::TooBusy | Self::NoEndpoint | Self::TooManyAtOnce | Self::AuditFull => Some(1),
            Self::TooOften(said) => Some(seconds(said.wait).max(1)),
            _ => None,
        }
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response<Body> {
        let (status, code, title) = (self.status(), self.code(), self.title());
        let number = status.as_u16();
        let more = match &self {
            Self::Violations(violations) => violations.member(),
            _ => String::new(),
        };
        let body = format!(
            r#"{{"type":"https://ondol.dev/errors/{code}","title":"{title}","status":{number},"code":"{code}"{more}}}"#
        );
        let mut response = Response::new(Body::full(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.closes() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Self::Who(said) = &self
            && let Some(challenge) = said.challenge()
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Self::TooOften(said) = self {
            said.fields.tell(headers);
        }
        response
    }
}
