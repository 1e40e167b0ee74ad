//! Pictures of products, drawn: the same for the same product, and no two alike.

use aws_lc_rs::digest;
use shop_domain::ProductId;

/// A picture of a product of a category, as SVG. Nothing in it comes from outside but numbers.
pub(super) fn picture(product: ProductId, category: &str) -> String {
    let seed = digest::digest(&digest::SHA256, &product.into_bytes());
    let number = |at: usize, below: u32| u32::from(seed.as_ref()[at]) * below / 256;
    let hue = number(0, 360);
    let (light, dark) =
        (format!("hsl({hue} 65% 88%)"), format!("hsl({} 55% 42%)", (hue + 20) % 360));
    let accent = format!("hsl({} 70% 60%)", (hue + 160 + number(1, 60)) % 360);
    let thing = thing(category, &dark, &accent, 6 + number(2, 14));
    let dots: String = (0..5)
        .map(|dot| {
            let (x, y, r) =
                (number(3 + dot * 3, 320), number(4 + dot * 3, 240), 3 + number(5 + dot * 3, 10));
            format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{accent}\" opacity=\".35\"/>")
        })
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 320 240\" role=\"img\">\
         <defs><linearGradient id=\"g\" x1=\"0\" y1=\"0\" x2=\"1\" y2=\"1\">\
         <stop stop-color=\"#fff\"/><stop offset=\"1\" stop-color=\"{light}\"/></linearGradient></defs>\
         <rect width=\"320\" height=\"240\" fill=\"url(#g)\"/>{dots}\
         <ellipse cx=\"160\" cy=\"206\" rx=\"82\" ry=\"10\" fill=\"#000\" opacity=\".12\"/>{thing}</svg>"
    )
}

/// What kind of thing it is, by a few shapes; `turn` makes each a little different.
fn thing(category: &str, dark: &str, accent: &str, turn: u32) -> String {
    match category {
        "tea" => format!(
            "<path d=\"M96 96h108v58a46 46 0 0 1-46 46h-16a46 46 0 0 1-46-46z\" fill=\"{dark}\"/>\
             <path d=\"M204 112h16a22 22 0 0 1 0 52h-20\" fill=\"none\" stroke=\"{dark}\" stroke-width=\"12\"/>\
             <path d=\"M124 78q{turn}-18 0-36M152 78q{turn}-18 0-36M180 78q{turn}-18 0-36\" fill=\"none\" \
             stroke=\"{accent}\" stroke-width=\"6\" stroke-linecap=\"round\"/>"
        ),
        "kitchen" => format!(
            "<rect x=\"92\" y=\"104\" width=\"136\" height=\"96\" rx=\"{turn}\" fill=\"{dark}\"/>\
             <rect x=\"80\" y=\"92\" width=\"160\" height=\"20\" rx=\"10\" fill=\"{accent}\"/>\
             <circle cx=\"160\" cy=\"82\" r=\"12\" fill=\"{dark}\"/>"
        ),
        "book" => format!(
            "<g transform=\"rotate({} 160 120)\"><rect x=\"104\" y=\"48\" width=\"112\" height=\"152\" \
             rx=\"6\" fill=\"{dark}\"/><rect x=\"104\" y=\"48\" width=\"18\" height=\"152\" fill=\"#000\" \
             opacity=\".25\"/><rect x=\"138\" y=\"76\" width=\"60\" height=\"12\" rx=\"6\" fill=\"{accent}\"/>\
             <rect x=\"138\" y=\"98\" width=\"42\" height=\"8\" rx=\"4\" fill=\"#fff\" opacity=\".7\"/></g>",
            turn / 2
        ),
        "light" => format!(
            "<path d=\"M120 128l{turn}-76h{}l{turn} 76z\" fill=\"{accent}\"/>\
             <rect x=\"152\" y=\"128\" width=\"12\" height=\"66\" fill=\"{dark}\"/>\
             <rect x=\"118\" y=\"192\" width=\"80\" height=\"12\" rx=\"6\" fill=\"{dark}\"/>",
            80 - 2 * turn
        ),
        _ => format!(
            "<path d=\"M88 92l72-36 72 36v76l-72 36-72-36z\" fill=\"{dark}\"/>\
             <path d=\"M88 92l72 36 72-36M160 128v76\" fill=\"none\" stroke=\"#fff\" stroke-width=\"{}\" \
             opacity=\".6\"/><circle cx=\"160\" cy=\"128\" r=\"{turn}\" fill=\"{accent}\"/>",
            2 + turn / 5
        ),
    }
}
