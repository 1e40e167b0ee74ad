//! From an order to a notice: the same tests in one process, in three over HTTP, in three over
//! PostgreSQL, by configuration alone; killed in a loop, and over a faulty network.

#[path = "flow/client.rs"]
mod client;
#[path = "flow/town.rs"]
mod town;
#[path = "flow/wire.rs"]
mod wire;

use town::{Kind, Town};
use wire::Weather;

const ORDERS: u32 = 40;
const FILLED: u32 = 100_000;

/// Places orders and sees that everything follows from each of them once, and nothing else does.
async fn everything_follows_once(town: &Town) {
    town.fill("plums", FILLED).await;
    town.place("plums", ORDERS).await;
    town.settled(ORDERS).await;
    town.books_are_right("plums", FILLED, ORDERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_everything_follows_once() {
    let town = Town::start(Kind::OneProcess, false).await;
    everything_follows_once(&town).await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_three_processes_over_http_everything_follows_once() {
    let town = Town::start(Kind::ThreeProcesses, false).await;
    everything_follows_once(&town).await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_three_processes_on_postgresql_everything_follows_once() {
    let town = Town::start(Kind::ThreeOnPostgres, false).await;
    everything_follows_once(&town).await;
    town.stop().await;
}

/// Kills each of them again and again while orders are placed.
async fn killed_in_a_loop(kind: Kind, rounds: u32) {
    let town = Town::start(kind, false).await;
    town.fill("plums", FILLED).await;
    for round in 0..rounds {
        let placing = town.place_from("plums", round * ORDERS, ORDERS);
        let killing = async {
            for victim in ["shop.stock", "shop.notice", "shop.order"] {
                town.kill(victim).await;
                town.begin(victim).await;
            }
        };
        tokio::join!(placing, killing);
    }
    town.settled(rounds * ORDERS).await;
    town.books_are_right("plums", FILLED, rounds * ORDERS).await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_loop_everything_follows_once() {
    killed_in_a_loop(Kind::ThreeProcesses, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_loop_on_postgresql_everything_follows_once() {
    killed_in_a_loop(Kind::ThreeOnPostgres, 3).await;
}

/// Places orders in every weather.
async fn over_a_faulty_network(kind: Kind) {
    let town = Town::start(kind, true).await;
    town.fill("plums", FILLED).await;
    let weathers = [Weather::Cut, Weather::Slow, Weather::OneWay, Weather::Twice, Weather::Fair];
    let rounds = u32::try_from(weathers.len()).expect("few");
    for (round, weather) in (0_u32..).zip(weathers) {
        town.weather(weather);
        town.place_from("plums", round * ORDERS, ORDERS).await;
        town.weather_was_met(weather).await;
    }
    town.settled(rounds * ORDERS).await;
    town.books_are_right("plums", FILLED, rounds * ORDERS).await;
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_faulty_network_everything_follows_once() {
    over_a_faulty_network(Kind::ThreeProcesses).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_faulty_network_on_postgresql_everything_follows_once() {
    over_a_faulty_network(Kind::ThreeOnPostgres).await;
}
