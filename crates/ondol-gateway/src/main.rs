//! The gateway as a program of its own.

mod cli;

fn main() -> anyhow::Result<()> {
    cli::main()
}
