//! What the order service knows of the catalog, of its orders, and of what was sold.

use std::collections::BTreeMap;

use ondol_domain::{Index, IndexValue, Keys, View};
use ondol_kernel::{Currency, Money, Recorded, Timestamp};
use serde::{Deserialize, Serialize};
use shop_domain::contract::OfProduct;
use shop_domain::order::{CancelReason, Event, Region};
use shop_domain::product::Names;
use shop_domain::{BuyerId, ProductId, Quantity, sale};

/// What a product is called and costs, as the catalog tells; its key is the product's. Prices are
/// looked up here and nowhere else: what a client says of them is not even read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is called.
    pub names: Names,
    /// What kind of thing it is.
    pub category: String,
    /// The currency that its price is kept in.
    pub kept_in: Option<Currency>,
    /// What it costs where the shop has set a price.
    pub prices: BTreeMap<Currency, Money>,
    /// Whether it is sold.
    pub is_on_sale: bool,
}

impl View for Offer {
    const NAME: &'static str = "offers";
    const VERSION: u32 = 1;

    type Event = OfProduct;

    fn key(event: &Recorded<OfProduct>) -> Keys {
        match &event.data {
            OfProduct::Listed { product, .. }
            | OfProduct::Renamed { product, .. }
            | OfProduct::Priced { product, .. }
            | OfProduct::Withdrawn { product }
            | OfProduct::BroughtBack { product } => Keys::one(product),
        }
    }

    fn apply(&mut self, event: &Recorded<OfProduct>) {
        match &event.data {
            OfProduct::Listed { names, category, price, .. } => {
                *self = Self {
                    names: names.clone(),
                    category: category.clone(),
                    kept_in: Some(price.currency()),
                    prices: BTreeMap::from([(price.currency(), *price)]),
                    is_on_sale: true,
                };
            }
            OfProduct::Renamed { language, name, .. } => {
                drop(self.names.insert(*language, name.clone()));
            }
            OfProduct::Priced { price, .. } => drop(self.prices.insert(price.currency(), *price)),
            OfProduct::Withdrawn { .. } => self.is_on_sale = false,
            OfProduct::BroughtBack { .. } => self.is_on_sale = true,
        }
    }
}

/// An order as it stands in a list; its key is the order's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Who bought.
    pub buyer: Option<BuyerId>,
    /// Where in the world it is dealt with.
    pub region: Option<Region>,
    /// What it costs.
    pub total: Option<Money>,
    /// How many products it is for.
    pub products: u32,
    /// When it was placed.
    pub placed: Option<Timestamp>,
    /// How far it has come.
    pub state: OrderState,
    /// Why it came to nothing.
    pub because: Option<CancelReason>,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// It was placed.
    #[default]
    Placed,
    /// The warehouse keeps the goods for it.
    Reserved,
    /// The money was taken.
    Paid,
    /// It is on its way.
    Shipped,
    /// It has arrived.
    Delivered,
    /// The buyer does not want it any more; what was done is being undone.
    CalledOff,
    /// It came to nothing.
    Cancelled,
}

impl OrderState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Reserved => "reserved",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::CalledOff => "called_off",
            Self::Cancelled => "cancelled",
        }
    }
}

impl View for OrderRow {
    const NAME: &'static str = "orders";
    const VERSION: u32 = 1;

    type Event = Event;

    fn key(event: &Recorded<Event>) -> Keys {
        Keys::one(event.stream.key())
    }

    fn apply(&mut self, event: &Recorded<Event>) {
        match &event.data {
            Event::Placed { buyer, region, lines, total, .. } => {
                *self = Self {
                    buyer: Some(*buyer),
                    region: Some(*region),
                    total: Some(*total),
                    products: u32::try_from(lines.len()).unwrap_or(u32::MAX),
                    placed: Some(event.metadata.time),
                    state: OrderState::Placed,
                    because: None,
                };
            }
            Event::Begun => {}
            Event::CalledOff { .. } => self.state = OrderState::CalledOff,
            Event::StockReserved => self.state = OrderState::Reserved,
            Event::Paid { .. } => self.state = OrderState::Paid,
            Event::Shipped { .. } => self.state = OrderState::Shipped,
            Event::Delivered => self.state = OrderState::Delivered,
            Event::Cancelled { because } => {
                self.state = OrderState::Cancelled;
                self.because = Some(*because);
            }
        }
    }

    fn indexes() -> &'static [Index<Self>] {
        const {
            &[
                Index::prefix("mine", |row: &Self| row.mine()),
                Index::equality("state", |row: &Self| row.state.name().into()),
            ]
        }
    }
}

impl OrderRow {
    /// A buyer's orders stand together, in the order in which they were placed.
    fn mine(&self) -> IndexValue {
        match (self.buyer, self.placed) {
            (Some(buyer), Some(placed)) => {
                format!("{}{:020}", Self::of(buyer), placed.as_micros()).into()
            }
            _ => IndexValue::Nothing,
        }
    }

    /// What a buyer's orders are found by.
    pub(crate) fn of(buyer: BuyerId) -> String {
        format!("{buyer}/")
    }
}

/// What was sold on a day (in universal time); its key is the day: `2026-11-28`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// How many orders.
    pub orders: u32,
    /// What was sold of each product.
    pub sold: BTreeMap<ProductId, Sold>,
}

/// What was sold of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// How many.
    pub pieces: u64,
    /// For how much, by currency.
    pub amounts: BTreeMap<Currency, Money>,
}

impl View for Day {
    const NAME: &'static str = "days";
    const VERSION: u32 = 1;

    type Event = sale::Event;

    fn key(event: &Recorded<sale::Event>) -> Keys {
        let time = event.metadata.time.to_string();
        Keys::one(time.get(..10).unwrap_or_default())
    }

    fn apply(&mut self, event: &Recorded<sale::Event>) {
        let sale::Event::Booked { lines, .. } = &event.data;
        self.orders = self.orders.saturating_add(1);
        for line in lines {
            self.sold.entry(line.product).or_default().add(line.pieces, line.price);
        }
    }
}

impl Sold {
    /// The order has checked its sum before it was recorded; were it wrong all the same, this
    /// document is parked, and no wrong amount is ever shown.
    fn add(&mut self, pieces: Quantity, price: Money) {
        self.pieces += u64::from(pieces.pieces());
        let currency = price.currency();
        let before = self.amounts.get(&currency).copied().unwrap_or(Money::zero(currency));
        let costs = price.checked_mul(i64::from(pieces.pieces()));
        let sum = costs.and_then(|costs| before.checked_add(costs));
        self.amounts.insert(currency, sum.expect("what was sold adds up to an amount"));
    }
}
