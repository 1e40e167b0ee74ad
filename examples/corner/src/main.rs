//! The corner shop: `corner up` runs all of it, `corner serve shop.stock` one service alone. With
//! `CORNER_POST_BOX=FILE` letters are posted, a line each.

use std::process::ExitCode;

use corner::PostBox;

fn main() -> ExitCode {
    let post_box = std::env::var_os("CORNER_POST_BOX").map(|file| PostBox::at(file.into()));
    corner::app(post_box).main()
}
