//! `store-torture-postgres`: hurts the event store on PostgreSQL and says what came of it.

use std::time::Duration;

use clap::Parser;

/// Hurts the event store on PostgreSQL and checks that it held.
#[derive(Debug, Parser)]
struct Args {
    /// For how long.
    #[arg(long, default_value_t = 10, conflicts_with = "short")]
    minutes: u64,
    /// For less than a minute.
    #[arg(long)]
    short: bool,
    /// What the harm follows from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let seconds = if args.short { 20 } else { args.minutes * 60 };
    let report = store_proof_postgres::run(Duration::from_secs(seconds), args.seed).await?;
    print!("{report}");
    Ok(())
}
