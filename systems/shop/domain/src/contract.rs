//! What the shop's services ask and tell each other: public words, kept for as long as anybody uses
//! them, whatever becomes of the inner ones.
//!
//! An order has one charge and one shipment, and both go by the order's id.

use ondol_domain::{Contract, Facts};
use ondol_kernel::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::product::{Language, Names};
use crate::{Means, OrderId, Point, ProductId, Quantity, charge, shipment, stock};

/// The service that knows what is sold.
pub const CATALOG: &str = "shop.catalog";
/// The service that knows how many there are.
pub const STOCK: &str = "shop.stock";
/// The service that knows what was bought.
pub const ORDER: &str = "shop.order";
/// The service that takes money.
pub const PAYMENT: &str = "shop.payment";
/// The service that has things carried.
pub const SHIPPING: &str = "shop.shipping";

/// What the warehouse is asked by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a warehouse would name them")]
pub enum Warehouse {
    /// Promise pieces to an order.
    Reserve { product: ProductId, order: OrderId, pieces: Quantity, until: Timestamp },
    /// Take back the promise made to an order.
    LetGo { product: ProductId, order: OrderId },
    /// Let pieces leave with the order that they are promised to.
    HandOver { product: ProductId, order: OrderId },
}

/// What the cashier is asked by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a cashier would name them")]
pub enum Cashier {
    /// Ask for the money of an order.
    Request { order: OrderId, amount: Money, means: Means },
    /// End the promise of money, or the asking for it.
    Void { order: OrderId },
    /// Take what was promised.
    Capture { order: OrderId },
}

/// What those who ship are asked by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a clerk would name them")]
pub enum Dispatch {
    /// Have the goods of an order carried.
    Ship { order: OrderId, to: Point, pieces: Quantity },
    /// It is not needed.
    CallOff { order: OrderId },
}

/// What others hear of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum OfProduct {
    /// It is offered for sale.
    Listed { product: ProductId, names: Names, category: String, price: Money },
    /// It is called something else in a language.
    Renamed { product: ProductId, language: Language, name: String },
    /// It costs this in the currency of the price.
    Priced { product: ProductId, price: Money },
    /// It is sold no more.
    Withdrawn { product: ProductId },
    /// It is sold again.
    BroughtBack { product: ProductId },
}

/// What others hear of the stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a warehouse would name them")]
pub enum OfStock {
    /// Pieces are promised to an order.
    Reserved { order: OrderId, product: ProductId },
    /// There were too few for an order that had claimed some.
    RanShort { order: OrderId, product: ProductId },
}

/// What others hear of pre-orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a shopkeeper would name them")]
pub enum OfPreorder {
    /// It was placed: the pieces are to be kept for it, until a moment.
    Placed { order: OrderId, product: ProductId, pieces: Quantity, until: Timestamp },
    /// The pieces are kept: this is to be paid.
    Reserved { order: OrderId, total: Money, pay_with: Means },
    /// It stands: the money is to be taken.
    Confirmed { order: OrderId },
    /// It came to nothing: what was done for it is to be undone.
    Failed { order: OrderId, product: ProductId },
}

/// What others hear of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a cashier would name them")]
pub enum OfPayment {
    /// The money is promised.
    Authorized { order: OrderId },
    /// The provider has said no.
    Declined { order: OrderId, because: String },
    /// The provider cannot be reached: it is asked again later.
    PutOff { order: OrderId },
}

/// What others hear of shipments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a clerk would name them")]
pub enum OfShipment {
    /// The carrier has taken it.
    Taken { order: OrderId },
    /// The carrier has said no.
    Refused { order: OrderId, because: String },
    /// It has arrived.
    Arrived { order: OrderId },
}

/// What others hear of sales: a fact for each product of an order whose money was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named as a bookkeeper would name them")]
pub enum OfSale {
    /// So many were sold.
    Sold { order: OrderId, product: ProductId, pieces: Quantity },
}

impl Contract for Warehouse {
    const SERVICE: &'static str = STOCK;
    type Reply = ();
    type Refusal = stock::Refusal;

    fn key(&self) -> String {
        match self {
            Self::Reserve { product, .. }
            | Self::LetGo { product, .. }
            | Self::HandOver { product, .. } => product.to_string(),
        }
    }
}

impl Contract for Cashier {
    const SERVICE: &'static str = PAYMENT;
    type Reply = ();
    type Refusal = charge::Refusal;

    fn key(&self) -> String {
        match self {
            Self::Request { order, .. } | Self::Void { order } | Self::Capture { order } => {
                order.to_string()
            }
        }
    }
}

impl Contract for Dispatch {
    const SERVICE: &'static str = SHIPPING;
    type Reply = ();
    type Refusal = shipment::Refusal;

    fn key(&self) -> String {
        match self {
            Self::Ship { order, .. } | Self::CallOff { order } => order.to_string(),
        }
    }
}

impl Warehouse {
    /// The same in the stock's own words.
    pub fn command(self) -> stock::Command {
        match self {
            Self::Reserve { order, pieces, until, .. } => {
                stock::Command::Reserve { order, pieces, until }
            }
            Self::LetGo { order, .. } => {
                stock::Command::LetGo { order, because: stock::LetGoReason::OrderEnded }
            }
            Self::HandOver { order, .. } => stock::Command::HandOver { order },
        }
    }
}

impl Cashier {
    /// The same in the charge's own words.
    pub fn command(self) -> charge::Command {
        match self {
            Self::Request { order, amount, means } => {
                charge::Command::Request { order, amount, means }
            }
            Self::Void { .. } => charge::Command::Void,
            Self::Capture { .. } => charge::Command::Capture,
        }
    }
}

impl Dispatch {
    /// The same in the shipment's own words.
    pub fn command(self) -> shipment::Command {
        match self {
            Self::Ship { order, to, pieces } => shipment::Command::Request { order, to, pieces },
            Self::CallOff { .. } => shipment::Command::CallOff,
        }
    }
}

impl Facts for OfProduct {
    const KIND: &'static str = CATALOG;
    const SERVICE: Option<&'static str> = Some(CATALOG);
}

impl Facts for OfPayment {
    const KIND: &'static str = PAYMENT;
    const SERVICE: Option<&'static str> = Some(PAYMENT);
}

impl Facts for OfShipment {
    const KIND: &'static str = SHIPPING;
    const SERVICE: Option<&'static str> = Some(SHIPPING);
}

impl Facts for OfStock {
    const KIND: &'static str = STOCK;
    const SERVICE: Option<&'static str> = Some(STOCK);
}

impl Facts for OfPreorder {
    const KIND: &'static str = "shop.preorder";
    const SERVICE: Option<&'static str> = Some(ORDER);
}

impl Facts for OfSale {
    const KIND: &'static str = ORDER;
    const SERVICE: Option<&'static str> = Some(ORDER);
}
