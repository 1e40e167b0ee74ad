//! What is sent and answered, as JSON.

use ondol_kernel::{Currency, Money};
use serde::{Deserialize, Serialize};
use shop_domain::ProductId;
use shop_domain::product::{Language, Names};
use utoipa::ToSchema;

use super::shelf::Goods;
use crate::rates::Rates;

/// To offer a product.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    /// What it is called, by language; in Korean at least.
    #[schema(value_type = Object)]
    pub(super) names: Names,
    /// What kind of thing it is.
    pub(super) category: String,
    /// What it costs.
    #[schema(value_type = Object)]
    pub(super) price: Money,
}

/// To call a product something.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Naming {
    /// In which language.
    #[schema(value_type = String)]
    pub(super) language: Language,
    /// What.
    pub(super) name: String,
}

/// To set a price.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pricing {
    /// What it costs, in the currency of the price.
    #[schema(value_type = Object)]
    pub(super) price: Money,
}

/// A product as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProductBody {
    /// Which one.
    #[schema(value_type = String, format = Uuid)]
    pub(super) id: ProductId,
    /// What it is called in the language that was asked for.
    pub(super) name: String,
    /// What kind of thing it is.
    pub(super) category: String,
    /// What it costs in the currency that was asked for; nothing, if nobody knows.
    #[schema(value_type = Option<Object>)]
    pub(super) price: Option<Money>,
    /// Whether the price was converted at a rate.
    pub(super) is_converted: bool,
    /// Where its picture is.
    pub(super) picture: String,
}

/// A part of a list of products.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ProductPage {
    /// The products.
    pub(super) items: Vec<ProductBody>,
    /// What to ask for after these; nothing, when these are the last.
    pub(super) next: Option<String>,
}

/// A category, and how many products it has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CategoryBody {
    /// What it is called.
    pub(super) category: String,
    /// How many.
    pub(super) products: usize,
}

/// What somebody may like.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RecommendedBody {
    /// The products.
    pub(super) items: Vec<ProductBody>,
    /// Whether it is only what is popular.
    pub(super) is_fallback: bool,
}

impl ProductBody {
    pub(super) fn of(goods: &Goods, language: Language, currency: Currency, rates: &Rates) -> Self {
        let (id, card) = (goods.id, &goods.card);
        let price = card.kept_in.and_then(|kept_in| rates.price(&card.prices, kept_in, currency));
        Self {
            id,
            name: card.name(language).to_owned(),
            category: card.category.clone(),
            is_converted: price.is_some() && !card.prices.contains_key(&currency),
            price,
            picture: format!("/api/v1/products/{id}/picture.svg"),
        }
    }
}
