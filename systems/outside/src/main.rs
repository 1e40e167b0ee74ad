//! `outside run` starts the outside world, `outside set payment --latency-ms 500` changes it.

use clap::Parser as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    outside::Command::parse().run().await
}
