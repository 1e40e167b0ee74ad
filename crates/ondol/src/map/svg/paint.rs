//! How everything looks.

use std::fmt::Write as _;

use super::layout::{HEAD, ROW, pill_width};
use super::{Area, Point};
use crate::map::{Kind, Node, Way};

/// How round the corners of lines are.
const CORNER: i32 = 9;
const FONTS: &str = "'Noto Sans','Noto Sans KR',ui-sans-serif,system-ui,sans-serif";

/// A picture that is being drawn.
pub(super) struct Canvas {
    text: String,
}

/// The colours of a card: what fills it, what is around it, what is written on it.
const fn colours(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Contract => ("#eef0f7", "#b4bbd4", "#2f3a5f"),
        Kind::Policy => ("#f3ebfb", "#c7b0e0", "#4d2c7a"),
        Kind::Effect => ("#fdeced", "#e5b3b9", "#7d2431"),
        Kind::Saga => ("#e6f4ef", "#a5cdc0", "#17543f"),
        Kind::Aggregate => ("#fffaf0", "#e2d3a4", "#4a3f14"),
        Kind::View => ("#ebf6e7", "#b3d5aa", "#235c1f"),
        Kind::Feed => ("#e4f3f7", "#a9cfda", "#0f4f62"),
    }
}

/// The colour of a line, and whether it is broken.
const fn stroke(way: Way) -> (&'static str, &'static str, &'static str) {
    match way {
        Way::Heard => ("heard", "#1686a0", "hears"),
        Way::Asked => ("asked", "#3a62b8", "asks"),
        Way::Shown => ("shown", "#a39a86", "is shown or told"),
        Way::Read => ("read", "#4b9a41", "reads"),
    }
}

const WAYS: [Way; 4] = [Way::Heard, Way::Asked, Way::Shown, Way::Read];

impl Canvas {
    pub(super) fn new(width: i32, height: i32) -> Self {
        let mut canvas = Self { text: String::new() };
        canvas.put(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" font-family=\"{FONTS}\">"
        ));
        canvas.put("<defs>");
        for (name, colour, _) in WAYS.map(stroke) {
            canvas.put(&format!(
                "<marker id=\"{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" \
                 markerWidth=\"7\" markerHeight=\"7\" orient=\"auto-start-reverse\">\
                 <path d=\"M0 1 L9 5 L0 9 Z\" fill=\"{colour}\"/></marker>"
            ));
        }
        canvas.put("</defs>");
        canvas.put(&format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#faf8f4\"/>"));
        canvas
    }

    fn put(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a text takes what is written to it");
    }

    fn write(&mut self, (left, base): Point, (size, weight, colour): Letters<'_>, text: &str) {
        let text = escaped(text);
        self.put(&format!(
            "<text x=\"{left}\" y=\"{base}\" font-size=\"{size}\" font-weight=\"{weight}\" \
             fill=\"{colour}\">{text}</text>"
        ));
    }

    fn fill(&mut self, area: Area, round: i32, (fill, line): (&str, &str)) {
        let Area { left, top, width, height } = area;
        self.put(&format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\" \
             fill=\"{fill}\" stroke=\"{line}\"/>"
        ));
    }

    pub(super) fn title(&mut self, title: &str) {
        self.write((32, 62), (26, 700, "#3a3429"), title);
    }

    /// A service.
    pub(super) fn panel(&mut self, area: Area, name: &str) {
        self.fill(area, 16, ("#ffffff", "#e6dfd2"));
        self.write((area.left + 28, area.top + 31), (16, 700, "#6a5a3c"), name);
    }

    /// A line along its corners, which are rounded; one without corners swings across.
    pub(super) fn line(&mut self, way: Way, points: &[Point]) {
        let path = match points {
            [(left, from), (right, to)] => {
                let middle = i32::midpoint(*left, *right);
                format!("M{left} {from} C{middle} {from} {middle} {to} {right} {to}")
            }
            points => rounded(points),
        };
        let (name, colour, _) = stroke(way);
        let broken = if way == Way::Read { " stroke-dasharray=\"5 4\"" } else { "" };
        self.put(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"{broken} \
             marker-end=\"url(#{name})\"/>"
        ));
    }

    /// Something that a service has.
    pub(super) fn card(&mut self, area: Area, node: &Node) {
        let (fill, line, letters) = colours(node.kind);
        self.fill(area, 10, (fill, line));
        self.write((area.left + 14, area.top + 19), (10, 600, KIND), node.kind.said());
        self.write((area.left + 14, area.top + 38), (15, 700, letters), &node.name);
        let top = area.top + HEAD;
        if node.kind == Kind::Aggregate {
            for (top, command) in rows(top).zip(&node.commands) {
                self.pill((area.left + 12, top), COMMAND, command);
            }
            for (top, event) in rows(top).zip(&node.events) {
                self.pill((area.right() - 12 - pill_width(event), top), EVENT, event);
            }
            return;
        }
        let style = if node.kind == Kind::Saga { STEP } else { COMMAND };
        let commands = node.commands.iter().map(|command| (command, style));
        let all = commands.chain(node.events.iter().map(|event| (event, EVENT)));
        for (top, (row, style)) in rows(top).zip(all) {
            self.pill((area.left + 12, top), style, row);
        }
    }

    fn pill(&mut self, (left, top): Point, (fill, line, letters): Style, text: &str) {
        let area = Area { left, top, width: pill_width(text), height: ROW - 5 };
        self.fill(area, 10, (fill, line));
        self.write((left + 10, top + 15), (12, 500, letters), text);
    }

    /// What the lines mean.
    pub(super) fn legend(&mut self, (left, top): Point, ways: &[Way]) {
        let mut left = left;
        for way in ways {
            let (_, _, said) = stroke(*way);
            let middle = top + 8;
            self.line(*way, &[(left, middle), (left + 18, middle), (left + 40, middle)]);
            self.write((left + 50, top + 12), (12, 500, "#6a6250"), said);
            left += 50 + super::text_width(said, 70) + 36;
        }
    }

    pub(super) fn done(mut self) -> String {
        self.put("</svg>");
        self.text
    }
}

/// The size of letters, how heavy they are, and their colour.
type Letters<'a> = (u32, u32, &'a str);
/// What fills a row, what is around it, what is written on it.
type Style = (&'static str, &'static str, &'static str);

/// The colour in which it is written what a card is.
const KIND: &str = "#8a8271";
const COMMAND: Style = ("#dfebfb", "#b3cdf0", "#1d4478");
const EVENT: Style = ("#ffe6cc", "#f2c48f", "#7a420a");
const STEP: Style = ("#ffffff", "#a5cdc0", "#17543f");

fn rows(top: i32) -> impl Iterator<Item = i32> {
    (0..).map(move |row| top + row * ROW)
}

/// A path along corners that are rounded.
fn rounded(points: &[Point]) -> String {
    let mut path = String::new();
    let mut put = |text: String| path.push_str(&text);
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 {
            put(format!("M{x} {y}"));
        } else if at + 1 == points.len() {
            put(format!(" L{x} {y}"));
        } else {
            let corner = (*x, *y);
            let (before, after) =
                (towards(corner, points[at - 1]), towards(corner, points[at + 1]));
            put(format!(" L{} {} Q{x} {y} {} {}", before.0, before.1, after.0, after.1));
        }
    }
    path
}

/// A little way from a corner towards another point.
fn towards((x, y): Point, (to_x, to_y): Point) -> Point {
    let step = |from: i32, to: i32| {
        let most = CORNER.min((to - from).abs() / 2);
        (to - from).clamp(-most, most)
    };
    (x + step(x, to_x), y + step(y, to_y))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
