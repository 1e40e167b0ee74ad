//! The cart, and buying what is in it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, header};
use serde::Deserialize;
use serde_json::json;

use crate::api::{self, ApiError};
use crate::goods::named;
use crate::page::{Frame, shown, wrong};
use crate::price;
use crate::site::Site;
use crate::visit::Known;

/// A line as it is shown.
struct Line {
    product: String,
    name: String,
    pieces: u32,
    /// What one costs; nothing, when it is not sold.
    price: Option<String>,
    key: String,
}

#[derive(Template)]
#[template(path = "cart.html")]
struct Cart<'a> {
    frame: Frame<'a>,
    lines: Vec<Line>,
    /// What it costs; nothing, when something in it is not sold.
    total: Option<String>,
    key: String,
}

/// How many to have in the cart; none takes it out.
#[derive(Debug, Deserialize)]
pub(crate) struct Putting {
    pieces: String,
    key: String,
}

/// On which terms to buy.
#[derive(Debug, Deserialize)]
pub(crate) struct CheckOut {
    pay_with: String,
    send_to: String,
    key: String,
}

pub(crate) async fn cart(State(site): State<Site>, known: Known) -> Response {
    match cart_page(&site, &known).await {
        Ok(response) => response,
        Err(error) => wrong(&known.visit, &error, "/shop/cart"),
    }
}

async fn cart_page(site: &Site, Known { visit, token }: &Known) -> Result<Response, ApiError> {
    let path = format!("/api/v1/cart?{}", visit.shown());
    let cart: api::Cart = site.api.get(Some(token), &path).await?;
    let line = |line: api::Line| Line {
        product: line.product,
        name: line.name,
        pieces: line.pieces,
        price: line.price.map(price::shown),
        key: site.key(),
    };
    let lines = cart.lines.into_iter().map(line).collect();
    let total = cart.total.map(price::shown);
    Ok(shown(&Cart { frame: Frame::of(visit), lines, total, key: site.key() }))
}

pub(crate) async fn put(
    State(site): State<Site>,
    known: Known,
    Path(product): Path<String>,
    Form(Putting { pieces, key }): Form<Putting>,
) -> Response {
    let asked = async {
        let path = format!("/api/v1/cart/{}", named(&product)?);
        // What is no number is refused by the shop, in its own words.
        let pieces = pieces.trim().parse().unwrap_or(u64::MAX);
        if pieces == 0 {
            return site.api.ask(&known.token, (Method::DELETE, &path), &key, None).await;
        }
        let body = json!({ "pieces": pieces });
        site.api.ask(&known.token, (Method::PUT, &path), &key, Some(&body)).await
    };
    match asked.await {
        Ok(_head) => Redirect::to("/shop/cart").into_response(),
        Err(error) => wrong(&known.visit, &error, &format!("/shop/products/{product}")),
    }
}

pub(crate) async fn check_out(
    State(site): State<Site>,
    known: Known,
    Form(CheckOut { pay_with, send_to, key }): Form<CheckOut>,
) -> Response {
    let region = known.visit.region.name();
    let body = json!({ "region": region, "pay_with": pay_with, "send_to": send_to });
    let asked = (Method::POST, "/api/v1/orders");
    match site.api.ask(&known.token, asked, &key, Some(&body)).await {
        Ok(head) => {
            let location = head.get(header::LOCATION).and_then(|to| to.to_str().ok());
            let order = location.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            Redirect::to(&format!("/shop/orders/{order}")).into_response()
        }
        Err(error) => wrong(&known.visit, &error, "/shop/cart"),
    }
}
