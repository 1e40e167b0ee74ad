//! Orders, each from its being placed to its being delivered: stock, money and parcel.

use std::sync::Arc;

use anyhow::Context as _;
use ondol_bench::{Measured, Stopwatch};
use ondol_domain::Codec;
use ondol_kernel::{Currency, Id, Money, Position};
use ondol_runtime::{Desk, Request};
use ondol_store::{EventStore, ReadAll};
use shop::BreakerTimes;
use shop_domain::order::{Command, Event, Line, Order, Region};
use shop_domain::{BuyerId, OrderId, Plain, ProductId, Quantity};
use shop_proof::Floor;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many products there are, and how many pieces of each.
const PRODUCTS: u128 = 64;
const PIECES: u32 = 1_000_000;
/// How many orders are under way at once.
pub(crate) const AT_ONCE: usize = 256;
/// How many events are looked at, at a time.
const PAGE: usize = 4_000;

pub(crate) fn delivered(runtime: &Runtime, count: u64) -> anyhow::Result<Measured> {
    runtime.block_on(async {
        let floor =
            Floor::open(BreakerTimes { failures: 1_000, open_ms: 100, answer_ms: 20_000 }).await?;
        let products = floor.offer(PRODUCTS, PIECES).await?;
        let running = floor.stage.service("shop.order").context("it runs")?;
        let (desk, store) = (running.desk()?, Arc::clone(&running.home().ground.store));
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let watch = Stopwatch::start();
        let mut placing = JoinSet::new();
        placing.spawn(place(desk, products, count, Arc::clone(&room)));
        all_at_the_door(&*store, count, &room).await?;
        let rate = watch.rate(count);
        placing.join_next().await.context("it was begun")???;
        drop(store);
        floor.close().await?;
        Ok(Measured::new(rate))
    })
}

/// Places orders, never more than there is room for.
async fn place(
    desk: Desk<Order>,
    products: Vec<ProductId>,
    count: u64,
    room: Arc<Semaphore>,
) -> anyhow::Result<()> {
    let mut placing = JoinSet::new();
    for number in 1..=u128::from(count) {
        room.acquire().await?.forget();
        let product = products[usize::try_from(number)? % products.len()];
        let desk = desk.clone();
        placing.spawn(async move {
            let order = OrderId::from_u128(number).to_string();
            let request = Request::new(Id::from_u128(1 << 64 | number));
            desk.handle(&order, order_of(number, product)?, &request).await?;
            anyhow::Ok(())
        });
        while let Some(placed) = placing.try_join_next() {
            placed??;
        }
    }
    while let Some(placed) = placing.join_next().await {
        placed??;
    }
    Ok(())
}

fn order_of(number: u128, product: ProductId) -> anyhow::Result<Command> {
    let price = Money::new(15_000, Currency::KRW);
    Ok(Command::Place {
        buyer: BuyerId::from_u128(number),
        region: Region::Asia,
        lines: vec![Line { product, pieces: Quantity::ONE, price }],
        pay_with: Plain::new("card-good")?,
        send_to: Plain::new("SEOUL-04")?,
    })
}

/// Reads along until all are delivered, and makes room for another for each that is.
async fn all_at_the_door(
    store: &dyn EventStore,
    count: u64,
    room: &Semaphore,
) -> anyhow::Result<()> {
    let (codec, mut heads) = (Codec::<Event>::new()?, store.watch());
    let (mut after, mut delivered) = (Position::START, 0);
    while delivered < count {
        let page = store.read_all(ReadAll::after(after, PAGE)).await?;
        if page.seen == after {
            heads.changed().await?;
            continue;
        }
        after = page.seen;
        for event in page.events.into_iter().filter(|event| event.stream.kind() == "order") {
            match codec.read(event)?.data {
                Event::Delivered => {
                    delivered += 1;
                    room.add_permits(1);
                }
                Event::Cancelled { because } => anyhow::bail!("an order ended: {because:?}"),
                _ => {}
            }
        }
    }
    Ok(())
}
