//! Orders, each from its being placed to its being delivered: stock, money and parcel.

use std::sync::Arc;

use anyhow::Context as _;
use ondol_bench::{Measured, Stopwatch};
use ondol_kernel::{Currency, Id, Money};
use ondol_runtime::{Desk, Request};
use shop_domain::order::{Command, Line, Order, Region, Stage};
use shop_domain::{BuyerId, OrderId, Plain, ProductId, Quantity};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::floor::Floor;

/// How many products there are.
const PRODUCTS: u128 = 64;
/// How many orders are placed at once.
const AT_ONCE: usize = 256;

pub(crate) fn delivered(runtime: &Runtime, count: u64) -> anyhow::Result<Measured> {
    runtime.block_on(async {
        let floor = Floor::open().await?;
        let products = Arc::new(floor.offer(PRODUCTS).await?);
        let desk: Desk<Order> = floor.stage.service("shop.order").context("it runs")?.desk()?;
        let watch = Stopwatch::start();
        let mut orders = JoinSet::new();
        for number in 0..count {
            if orders.len() >= AT_ONCE {
                orders.join_next().await.context("one is under way")???;
            }
            orders.spawn(bought(desk.clone(), Arc::clone(&products), u128::from(number) + 1));
        }
        while let Some(order) = orders.join_next().await {
            order??;
        }
        let rate = watch.rate(count);
        drop(desk);
        floor.close().await?;
        Ok(Measured::new(rate))
    })
}

/// Places an order and waits until it is at the door.
async fn bought(
    desk: Desk<Order>,
    products: Arc<Vec<ProductId>>,
    number: u128,
) -> anyhow::Result<()> {
    let at = usize::try_from(number)? % products.len();
    let line = Line {
        product: products[at],
        pieces: Quantity::ONE,
        price: Money::new(15_000, Currency::KRW),
    };
    let place = Command::Place {
        buyer: BuyerId::from_u128(number),
        region: Region::Asia,
        lines: vec![line],
        pay_with: Plain::new("card-good")?,
        send_to: Plain::new("SEOUL-04")?,
    };
    let order = OrderId::from_u128(number).to_string();
    let mut heads = desk.watch();
    desk.handle(&order, place, &Request::new(Id::from_u128(1 << 64 | number))).await?;
    loop {
        match desk.standing(&order).await?.state {
            Order::Alive { stage: Stage::Delivered, .. } => return Ok(()),
            Order::Alive { .. } => heads.changed().await?,
            state @ (Order::Unplaced | Order::Cancelled { .. }) => {
                anyhow::bail!("order {order} ended otherwise: {state:?}")
            }
        }
    }
}
