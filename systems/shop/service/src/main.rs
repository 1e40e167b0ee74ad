//! The shop: `shop up` runs all of it, `shop serve shop.order` one service alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    shop::app().main()
}
