//! The corner shop: `corner up` runs all of it, `corner serve shop.stock` one service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    corner::app().main()
}
