//! The map as a picture of its own: one panel a service, what comes in on the left, things in the
//! middle, what is told and shown on the right. What leads from one service to another runs
//! beside the panels and between them, in lanes of its own, so that nothing is crossed out.

mod layout;
mod paint;
mod route;

use super::{Map, Way};
use layout::Layout;
use paint::Canvas;

/// The map, drawn.
pub(super) fn drawn(map: &Map) -> String {
    let lanes = route::lanes(map);
    let layout = Layout::of(map, &lanes);
    let mut canvas = Canvas::new(layout.width, layout.height);
    canvas.title(&map.title);
    for (at, context) in map.contexts.iter().enumerate() {
        canvas.panel(layout.panels[at], &context.name);
    }
    for (edge, points) in map.edges.iter().zip(route::paths(map, &layout, &lanes)) {
        canvas.line(edge.way, &points);
    }
    for (place, area) in &layout.cards {
        canvas.card(*area, map.at(*place));
    }
    canvas.legend(layout.legend, &[Way::Heard, Way::Asked, Way::Shown, Way::Read]);
    canvas.done()
}

/// A rectangle of the picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    left: i32,
    top: i32,
    width: i32,
    height: i32,
}

impl Area {
    const fn right(self) -> i32 {
        self.left + self.width
    }

    const fn bottom(self) -> i32 {
        self.top + self.height
    }
}

/// A point of the picture, in pixels.
type Point = (i32, i32);

/// How wide a text is, about, in letters of so many pixels.
fn text_width(text: &str, letter_tenths: i32) -> i32 {
    let letters = i32::try_from(text.chars().count()).unwrap_or(i32::MAX / 1_000);
    letters * letter_tenths / 10
}
