//! What the API answers, as far as pages show it.

use ondol_kernel::Money;
use serde::Deserialize;

/// A part of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A product.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Goods {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) price: Option<Money>,
}

/// What the first page shows, as far as it can be had.
#[derive(Debug, Deserialize)]
pub(crate) struct Home {
    pub(crate) recommended: Option<Recommended>,
    pub(crate) categories: Option<Vec<Category>>,
}

/// What somebody may like.
#[derive(Debug, Deserialize)]
pub(crate) struct Recommended {
    pub(crate) items: Vec<Goods>,
    pub(crate) is_fallback: bool,
}

/// A category.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Category {
    pub(crate) category: String,
    pub(crate) products: usize,
}

/// How many of a product there are.
#[derive(Debug, Deserialize)]
pub(crate) struct Level {
    pub(crate) available: u32,
}

/// A cart.
#[derive(Debug, Deserialize)]
pub(crate) struct Cart {
    pub(crate) lines: Vec<Line>,
    pub(crate) total: Option<Money>,
}

/// A line of a cart, or of an order.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Line {
    pub(crate) product: String,
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) pieces: u32,
    pub(crate) price: Option<Money>,
}

/// An order in a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) products: u32,
    pub(crate) total: Option<Money>,
    pub(crate) placed: Option<String>,
}

/// An order, as it stands or stood.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) state: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) total: Money,
    pub(crate) send_to: String,
    pub(crate) because: Option<String>,
}

/// How a purchase goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Flow {
    pub(crate) state: String,
    pub(crate) step: Option<String>,
    pub(crate) is_put_off: bool,
    pub(crate) lines: Vec<FlowLine>,
}

/// A line in its life.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct FlowLine {
    pub(crate) time: String,
    pub(crate) kind: String,
    pub(crate) step: Option<String>,
}

/// Something that has happened to an order.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Happened {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) version: u64,
    pub(crate) time: String,
}

impl Flow {
    /// Whether nothing more will come of it.
    pub(crate) fn has_ended(&self) -> bool {
        ["completed", "compensated"].contains(&self.state.as_str())
    }
}
