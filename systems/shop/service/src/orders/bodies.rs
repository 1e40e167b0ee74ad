//! What is sent and answered, as JSON.

use ondol_kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use shop_domain::order::{CancelReason, Order, Placed, Region, Stage};
use shop_domain::{Means, Point, ProductId, Quantity};
use utoipa::ToSchema;

use super::views::{OrderRow, OrderState};

/// How many of a product to have in the cart.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Putting {
    /// How many.
    #[schema(value_type = u32)]
    pub(super) pieces: Quantity,
}

/// To buy what is in the cart. There are no prices in it: those are the shop's.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckOut {
    /// Where in the world: `US`, `EU` or `ASIA`. The currency follows from it.
    #[schema(value_type = String)]
    pub(super) region: Region,
    /// What it is paid with, as the payment provider knows it.
    #[schema(value_type = String)]
    pub(super) pay_with: Means,
    /// Where it is picked up, as the carrier knows it.
    #[schema(value_type = String)]
    pub(super) send_to: Point,
}

/// A line of a cart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CartLine {
    /// The product.
    #[schema(value_type = String, format = Uuid)]
    pub(super) product: ProductId,
    /// What it is called.
    pub(super) name: String,
    /// How many.
    #[schema(value_type = u32)]
    pub(super) pieces: Quantity,
    /// What one costs now; nothing, when it is not sold.
    #[schema(value_type = Option<Object>)]
    pub(super) price: Option<Money>,
}

/// A cart.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CartBody {
    /// What is in it.
    pub(super) lines: Vec<CartLine>,
    /// What it costs now; nothing, when something in it is not sold.
    #[schema(value_type = Option<Object>)]
    pub(super) total: Option<Money>,
}

/// A line of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OrderLineBody {
    /// The product.
    #[schema(value_type = String, format = Uuid)]
    pub(super) product: ProductId,
    /// How many.
    #[schema(value_type = u32)]
    pub(super) pieces: Quantity,
    /// What one cost.
    #[schema(value_type = Object)]
    pub(super) price: Money,
}

/// An order, as it stands or stood.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OrderBody {
    /// Which one.
    pub(super) id: String,
    /// How many events it has.
    pub(super) version: u64,
    /// How far it has come.
    #[schema(value_type = String)]
    pub(super) state: OrderState,
    /// Where in the world it is dealt with.
    #[schema(value_type = String)]
    pub(super) region: Region,
    /// What was bought.
    pub(super) lines: Vec<OrderLineBody>,
    /// What it costs.
    #[schema(value_type = Object)]
    pub(super) total: Money,
    /// Where it is picked up.
    #[schema(value_type = String)]
    pub(super) send_to: Point,
    /// Why it came to nothing.
    #[schema(value_type = Option<String>)]
    pub(super) because: Option<CancelReason>,
}

/// An order in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RowBody {
    /// Which one.
    pub(super) id: String,
    /// How far it has come.
    #[schema(value_type = String)]
    pub(super) state: OrderState,
    /// How many products it is for.
    pub(super) products: u32,
    /// What it costs.
    #[schema(value_type = Option<Object>)]
    pub(super) total: Option<Money>,
    /// When it was placed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) placed: Option<Timestamp>,
    /// Why it came to nothing.
    #[schema(value_type = Option<String>)]
    pub(super) because: Option<CancelReason>,
}

/// A part of a list of orders.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RowPage {
    /// The orders.
    pub(super) items: Vec<RowBody>,
    /// What to ask for after these; nothing, when these are the last.
    pub(super) next: Option<String>,
}

/// How the purchase of an order goes on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FlowBody {
    /// `beginning`, `running`, `unwinding`, `stuck`, `completed` or `compensated`.
    pub(super) state: &'static str,
    /// At which step it stands, while it is under way.
    pub(super) step: Option<String>,
    /// Why it is, or was, undone.
    pub(super) because: Option<String>,
    /// Whether the payment provider cannot be reached just now: the money is asked for when it is
    /// back, and nobody has to do anything.
    pub(super) is_put_off: bool,
    /// What has happened, step by step.
    pub(super) lines: Vec<FlowLine>,
}

/// A line in the life of an order's purchase.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FlowLine {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(super) time: Timestamp,
    /// What happened, as a program reads it.
    pub(super) kind: String,
    /// To which step.
    pub(super) step: Option<String>,
}

impl OrderBody {
    /// An order at a version; nothing, while there is none.
    pub(super) fn of(id: String, order: &Order, version: u64) -> Option<Self> {
        let (placed, state, because) = match order {
            Order::Unplaced => return None,
            Order::Cancelled { placed, because } => (placed, OrderState::Cancelled, Some(*because)),
            Order::Alive { placed, .. } if placed.called_off => {
                (placed, OrderState::CalledOff, None)
            }
            Order::Alive { placed, stage } => (placed, state_of(stage), None),
        };
        let Placed { region, lines, total, send_to, .. } = placed.clone();
        let line = |line: shop_domain::order::Line| OrderLineBody {
            product: line.product,
            pieces: line.pieces,
            price: line.price,
        };
        let lines = lines.into_iter().map(line).collect();
        Some(Self { id, version, state, region, lines, total, send_to, because })
    }
}

const fn state_of(stage: &Stage) -> OrderState {
    match stage {
        Stage::Placed => OrderState::Placed,
        Stage::Reserved => OrderState::Reserved,
        Stage::Paid { .. } => OrderState::Paid,
        Stage::Shipped { .. } => OrderState::Shipped,
        Stage::Delivered => OrderState::Delivered,
    }
}

impl RowBody {
    pub(super) fn of(id: String, row: &OrderRow) -> Self {
        let OrderRow { total, products, placed, state, because, .. } = *row;
        Self { id, state, products, total, placed, because }
    }
}
