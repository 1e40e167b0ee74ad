//! A description of a bank, and requests that are as it says and that are not.

use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::policy::openapi::Violation;

fn read(paths: &Value) -> Result<Document, Wrong> {
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "a bank", "version": "1" },
        "servers": [{ "url": "https://bank.test/v1" }],
        "paths": paths,
        "components": {
            "schemas": {
                "Money": {
                    "type": "object",
                    "required": ["amount"],
                    "properties": {
                        "amount": { "type": "integer", "minimum": 1 },
                        "note": { "type": "string", "maxLength": 5 },
                        "then": { "$ref": "#/components/schemas/Money" }
                    },
                    "additionalProperties": false
                },
                "Id": { "type": "integer", "minimum": 1 }
            },
            "parameters": {
                "Id": {
                    "name": "id", "in": "path", "required": true,
                    "schema": { "$ref": "#/components/schemas/Id" }
                }
            },
            "requestBodies": {
                "Money": {
                    "required": true,
                    "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/Money" } }
                    }
                }
            }
        }
    });
    read_document(document.to_string().as_bytes(), None)
}

fn accounts() -> Document {
    let document = read(&json!({
        "/accounts/{id}": {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": {
                "parameters": [
                    { "name": "limit", "in": "query", "schema": { "type": "integer", "maximum": 100 } },
                    { "name": "tag", "in": "query", "schema": {
                        "type": "array", "items": { "type": "string", "maxLength": 3 }, "maxItems": 2 } },
                    { "name": "ids", "in": "query", "explode": false, "schema": {
                        "type": "array", "items": { "type": "integer" } } },
                    { "name": "deep", "in": "query", "schema": { "type": "boolean" } },
                    { "name": "X-Partner", "in": "header", "required": true,
                      "schema": { "type": "string", "pattern": "^[a-z]+$" } },
                    { "name": "filter", "in": "query", "content": {
                        "application/json": { "schema": { "type": "object", "maxProperties": 1 } } } }
                ]
            },
            "post": { "requestBody": { "$ref": "#/components/requestBodies/Money" } }
        },
        "/accounts/mine": { "get": {} },
        "/accounts/{id}:close": { "post": {} }
    }));
    document.expect("a description")
}

fn told(document: &Document, path: &str, query: &str, partner: Option<&str>) -> Vec<String> {
    let Match::Operation(operation, values) = document.find(&Method::GET, path) else {
        return vec!["unknown".to_owned()];
    };
    let mut headers = HeaderMap::new();
    if let Some(partner) = partner {
        headers.insert("x-partner", partner.parse().expect("a value"));
    }
    let mut violations = Vec::new();
    operation.judge_parameters(&values, query, &headers, &mut violations);
    let said = |Violation { place, at, rule }: Violation| format!("{place} {at} {rule}");
    violations.into_iter().map(said).collect()
}

#[test]
fn a_request_is_found_below_the_server_and_the_exact_path_comes_first() {
    let document = accounts();
    let known = |method, path| match document.find(&method, path) {
        Match::Operation(_, values) => Some(values.len()),
        Match::OtherMethod => Some(100),
        Match::Nothing => None,
    };
    assert_eq!(known(Method::GET, "/v1/accounts/7"), Some(1));
    assert_eq!(known(Method::HEAD, "/v1/accounts/7"), Some(1), "what can be got");
    assert_eq!(known(Method::GET, "/v1/accounts/mine"), Some(0));
    assert_eq!(known(Method::POST, "/v1/accounts/7:close"), Some(1));
    assert_eq!(known(Method::DELETE, "/v1/accounts/7"), Some(100));
    for path in
        ["/accounts/7", "/v1/accounts", "/v1/accounts/", "/v1/accounts/7/", "/v1x/accounts/7"]
    {
        assert_eq!(known(Method::GET, path), None, "{path}");
    }
}

#[test]
fn parameters_are_held_against_their_schemas_and_told_by_name() {
    let document = accounts();
    let told = |path, query, partner| told(&document, path, query, partner);
    let good = "limit=10&tag=a%20b&tag=c&ids=1,2,3&deep=true&filter=%7B%22a%22%3A1%7D&other=x";
    assert_eq!(told("/v1/accounts/7", good, Some("one")), Vec::<String>::new());
    assert_eq!(told("/v1/accounts/0", "", Some("one")), ["path id minimum"]);
    assert_eq!(told("/v1/accounts/x", "", Some("one")), ["path id type"]);
    assert_eq!(told("/v1/accounts/7", "", None), ["header x-partner required"]);
    assert_eq!(told("/v1/accounts/7", "", Some("ONE")), ["header x-partner pattern"]);
    for (query, said) in [
        ("limit=101", "query limit maximum"),
        ("limit=1_0", "query limit type"),
        ("limit=", "query limit type"),
        ("limit=1&limit=2", "query limit once"),
        ("tag=a&tag=b&tag=c", "query tag maxItems"),
        ("tag=long", "query tag/0 maxLength"),
        ("ids=1,x", "query ids/1 type"),
        ("deep=yes", "query deep type"),
        ("filter=%7B%22a%22%3A1%2C%22a%22%3A2%7D", "query filter json"),
        ("filter=%7B%22a%22%3A1%2C%22b%22%3A2%7D", "query filter maxProperties"),
        ("limit=%ff", "query  encoding"),
        ("limit=%4", "query  encoding"),
    ] {
        assert_eq!(told("/v1/accounts/7", query, Some("one")), [said], "{query}");
    }
}

#[test]
fn a_body_is_held_against_its_schema_and_told_by_pointer_and_never_by_value() {
    let document = accounts();
    let found = document.find(&Method::POST, "/v1/accounts/7");
    let Match::Operation(Operation { body: Some(rule), .. }, _) = found else {
        unreachable!("{found:?}")
    };
    let schema = rule.contents[0].1.as_ref().expect("a schema");
    let told = |body: Value| {
        let mut violations = Vec::new();
        schema.judge(&body, "body", "", &mut violations);
        let said = |Violation { at, rule, .. }: Violation| format!("{at} {rule}");
        let mut told: Vec<_> = violations.into_iter().map(said).collect();
        told.sort();
        told
    };
    assert_eq!(told(json!({ "amount": 1, "then": { "amount": 2 } })), Vec::<String>::new());
    assert_eq!(told(json!({ "amount": 0 })), ["/amount minimum"]);
    assert_eq!(told(json!({})), [" required"]);
    assert_eq!(
        told(json!({ "amount": 1.5, "note": "secret" })),
        ["/amount type", "/note maxLength"]
    );
    assert_eq!(told(json!({ "amount": 1, "then": { "amount": -1 } })), ["/then/amount minimum"]);
    assert_eq!(told(json!({ "amount": 1, "role": "admin" })), [" additionalProperties"]);
    assert_eq!(told(json!([])), [" type"]);
}

#[test]
fn a_description_that_cannot_be_held_against_is_refused_with_the_place() {
    let wrong = |paths: Value| read(&paths).expect_err("something wrong").join("\n");
    let get = |parameter: Value| json!({ "/a": { "get": { "parameters": [parameter] } } });
    let at = "`/paths/~1a/get/parameters/0`";
    for (parameter, what) in [
        (json!({ "$ref": "#/components/parameters/No" }), "leads nowhere"),
        (json!({ "$ref": "https://elsewhere.test/p.json" }), "leads nowhere"),
        (json!({ "in": "query", "schema": {} }), "it has no `name`"),
        (json!({ "name": "a", "in": "body", "schema": {} }), "it is `in` nothing"),
        (json!({ "name": "a", "in": "query" }), "neither `schema` nor `content`"),
        (json!({ "name": "a", "in": "query", "schema": { "type": "object" } }), "an object as"),
    ] {
        let wrong = wrong(get(parameter.clone()));
        assert!(wrong.starts_with(at) && wrong.contains(what), "{parameter}: {wrong}");
    }
    let schema = |schema: Value| get(json!({ "name": "a", "in": "query", "schema": schema }));
    for bad in [
        json!({ "type": "nothing" }),
        json!({ "pattern": "(?=a)a" }),
        json!({ "pattern": "(" }),
        json!({ "$ref": "#/components/schemas/No" }),
        json!({ "$ref": "https://elsewhere.test/schema.json" }),
        json!({ "minimum": "1" }),
    ] {
        let wrong = wrong(schema(bad.clone()));
        assert!(wrong.contains("/paths/~1a/get/parameters/0"), "{bad}: {wrong}");
    }
    assert!(wrong(json!({ "a": {} })).contains("begins with a slash"));
    assert!(wrong(json!({ "/{a": {} })).contains("is like `{name}`"));
    assert!(wrong(json!({ "/{a}-{b}": {} })).contains("one parameter at most"));
    let old = read_document(br#"{"openapi":"3.0.3","paths":{}}"#, None).expect_err("too old");
    assert_eq!(old, ["`/openapi`: it is `3.0.3`, and has to be 3.1"]);
    let twice = read_document(br#"{"openapi":"3.1.0","openapi":"3.1.1"}"#, None);
    assert_eq!(twice.expect_err("twice"), ["an object has a key twice"]);
}
