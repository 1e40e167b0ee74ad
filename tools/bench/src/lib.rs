//! What every benchmark of the house measures with.
//!
//! A figure without its machine, its sync mode, its payload and its concurrency is an advertisement,
//! and a figure from yesterday says little about today. So a bench program says its settings (it does
//! not start without them), names its cases, and names for each case the limit or the peer it is
//! compared with. Cases that are compared run in turns, A B A B A B, in the same process on the same
//! machine, and the ratio is the median of the ratios of neighbouring runs: a disk that slows down
//! slows both.
//!
//! # A bench program, whole
//!
//! In the crate's `Cargo.toml` (the second part is how `cargo xtask bench` finds it):
//!
//! ```toml
//! [[bench]]
//! name = "store"
//! harness = false
//!
//! [package.metadata.ondol]
//! benches = ["store"]
//!
//! [dev-dependencies]
//! ondol-bench.workspace = true
//! anyhow.workspace = true
//! ```
//!
//! In `benches/store.rs`:
//!
//! ```no_run
//! use ondol_bench::{Bench, Latencies, Measured, Stopwatch};
//!
//! # fn raw_writes(_: u64) {}
//! # fn appends(_: u64, latencies: &mut Latencies) -> Result<(), std::io::Error> {
//! #     latencies.record(std::time::Duration::from_millis(1));
//! #     Ok(())
//! # }
//! fn measure(mut bench: Bench<'_>) -> Result<(), Box<dyn std::error::Error>> {
//!     bench.setting("sync", "fdatasync before the answer");
//!     bench.setting("payload", "200 bytes");
//!     bench.setting("concurrency", "4096 in flight");
//!     bench.folder(std::env::temp_dir()); // the report names its filesystem
//!     let events = bench.size(1_000_000, 10_000); // the second number is for --quick
//!
//!     bench.case("raw limit").unit("events/s").measure(move || {
//!         let watch = Stopwatch::start();
//!         raw_writes(events);
//!         watch.rate(events)
//!     });
//!     // A run may fail, and may bring home more than one figure: this one also gives "append p99".
//!     bench.case("append").unit("events/s").against("raw limit").measure(move || {
//!         let mut latencies = Latencies::new();
//!         let watch = Stopwatch::start();
//!         appends(events, &mut latencies)?;
//!         let rate = watch.rate(events);
//!         Ok::<_, std::io::Error>(Measured::new(rate).also("p99", "ms", latencies.millis(0.99)))
//!     });
//!     bench.run()?;
//!     Ok(())
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     measure(Bench::from_args("store")?)
//! }
//! ```
//!
//! Asynchronous work belongs to the program: make a runtime, and call `runtime.block_on(…)` inside the
//! closure. Closures may borrow what lives longer than the `Bench`: make runtimes and folders before it,
//! or move them in, as `move` does with the sizes here. Whatever prepares a run (filling a
//! table, opening connections) is done inside the closure before the [`Stopwatch`] starts.
//!
//! # Running it
//!
//! `cargo xtask bench store`, or alone: `cargo bench -p ondol-store --bench store -- [CASE] [--quick]
//! [--runs N] [--json FILE]`. `CASE` is a part of a case's name; what a chosen case is compared with runs
//! too. `--quick` is one small run to see that it works; its figures are marked and no bar accepts them.
//!
//! # Bars
//!
//! A promise about speed is data, in `bars.toml` at the root: see [`Bars`].
//!
//! Limits: one process, one machine; at least [`RUNS_MIN`] runs of each case, at most [`RUNS_MAX`].

mod bars;
mod bench;
mod figure;
mod machine;
mod options;
mod report;
mod rounds;
mod sample;
mod watch;

pub use bars::{Bar, Bars, BarsError, Goal, Of, Outcome, Verdict};
pub use bench::{Bench, Case, Measured, Measurement, RunError, StartError};
pub use figure::{Figure, FigureError};
pub use options::{Options, RUNS_MAX, RUNS_MIN};
pub use watch::{Latencies, Stopwatch};
