//! What routes say of themselves in the API's description, said once: the headers that they take
//! and the answers that they give.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, OpenApi, ToSchema};

use crate::{Done, Happened, ProblemBody};

/// The shapes that the answers of all routes share.
#[derive(OpenApi)]
#[openapi(components(schemas(Done, Happened, ProblemBody)))]
struct Shared;

/// A description without any routes: what the routes of all services share.
pub fn shared_description() -> utoipa::openapi::OpenApi {
    Shared::openapi()
}

/// The headers of a request that makes something.
#[derive(Debug, Clone, Copy)]
pub struct Makes;

/// The headers of a request that changes something which may have been seen.
#[derive(Debug, Clone, Copy)]
pub struct Changes;

/// The headers of a query that may wait for what its asker has written.
#[derive(Debug, Clone, Copy)]
pub struct Waits;

/// What a command is answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered;

/// What a command that makes something is answered.
#[derive(Debug, Clone, Copy)]
pub struct Made;

/// What anything may be answered instead.
#[derive(Debug, Clone, Copy)]
pub struct OrProblem;

impl IntoParams for Makes {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header("Idempotency-Key", Required::True, "The request's own key")]
    }
}

impl IntoParams for Changes {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut headers = Makes::into_params(place);
        headers.push(header("If-Match", Required::False, "The version that was seen"));
        headers
    }
}

impl IntoParams for Waits {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![header("Ondol-After", Required::False, "What it has to show at least")]
    }
}

impl IntoResponses for Answered {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        with_problem("200", "It is done; ETag is the version, Ondol-Position where to read it")
    }
}

impl IntoResponses for Made {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        with_problem("201", "It is there; Location says where")
    }
}

impl IntoResponses for OrProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let media = "application/problem+json";
        let problem = answer::<ProblemBody>(media, "What was in the way, with a code");
        BTreeMap::from([("default".to_owned(), problem)])
    }
}

fn with_problem(status: &str, description: &str) -> BTreeMap<String, RefOr<Response>> {
    let mut responses = OrProblem::responses();
    responses.insert(status.to_owned(), answer::<Done>("application/json", description));
    responses
}

fn answer<T: ToSchema>(media: &str, description: &str) -> RefOr<Response> {
    let schema = Ref::from_schema_name(T::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content(media, content).build().into()
}

fn header(name: &str, required: Required, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
