//! A saga as a picture: forward from top to bottom, and beside it the way back, the last first.

use std::fmt::Write as _;

use ondol_domain::{SagaShape, StepShape};

const FONTS: &str = "'Noto Sans','Noto Sans KR',ui-sans-serif,system-ui,sans-serif";
/// Around the whole.
const MARGIN: i32 = 32;
/// For the name of a saga, and what is to be said of the whole.
const TITLE: i32 = 64;
/// A box, and what is left free below it and beside it.
const HEIGHT: i32 = 52;
const BELOW: i32 = 40;
const BESIDE: i32 = 36;
const WIDTH_MIN: i32 = 140;
/// How wide a letter of a name is, about, and one of what is said of it.
const LETTER: i32 = 9;
const LETTER_SMALL: i32 = 6;
/// How many of the events that a step waits for are named.
const NAMED_MAX: usize = 2;

/// A place in the picture, in pixels.
type Point = (i32, i32);
/// What fills a box, what is around it, what is written in it.
type Style = (&'static str, &'static str, &'static str);

const STEP: Style = ("#e6f4ef", "#a5cdc0", "#17543f");
const WAIT: Style = ("#e4f3f7", "#a9cfda", "#0f4f62");
const UNDO: Style = ("#fdeced", "#e5b3b9", "#7d2431");
const END: Style = ("#ffffff", "#d8cfbd", "#6a5a3c");
const FORWARD: &str = "#17543f";
const BACK: &str = "#a04050";

/// Sagas one below the other.
pub(super) fn picture<'a>(shapes: impl Iterator<Item = &'a SagaShape>) -> String {
    let mut picture = Picture { lines: Vec::new(), top: MARGIN, right: 0 };
    shapes.for_each(|shape| picture.saga(shape));
    picture.done()
}

struct Picture {
    lines: Vec<String>,
    top: i32,
    right: i32,
}

/// How wide the boxes of a saga are.
#[derive(Clone, Copy)]
struct Columns {
    step: i32,
    undo: i32,
}

impl Columns {
    fn of(shape: &SagaShape) -> Self {
        let steps = || shape.stages.iter().flatten();
        let box_of = |step: &StepShape| {
            width(&step.name, LETTER).max(width(&said_of(step), LETTER_SMALL)) + 28
        };
        let step = steps().map(box_of).max().unwrap_or(0).max(WIDTH_MIN);
        let undone = steps().filter(|step| step.undo);
        let undo = undone.map(|step| (width(&undo_of(step), LETTER) + 28).max(WIDTH_MIN) + BESIDE);
        Self { step, undo: undo.max().unwrap_or(0) }
    }

    /// Where the box of a step begins.
    fn left(self, beside: usize) -> i32 {
        let cell = self.step + self.undo + BESIDE;
        MARGIN + i32::try_from(beside).unwrap_or(0) * cell
    }
}

fn width(text: &str, letter: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0) * letter
}

fn undo_of(step: &StepShape) -> String {
    format!("undo {}", step.name)
}

/// What is to be said of a step in its box.
fn said_of(step: &StepShape) -> String {
    let named = step.waits_for.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>();
    let more = step.waits_for.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 { format!(" or {more} others") } else { String::new() };
    let waits = (!named.is_empty()).then(|| named.join(", ") + &more);
    let within = format!("within {}", seconds(step.within_ms));
    let when = step.conditional.then(|| "when".to_owned());
    when.into_iter().chain(waits).chain([within]).collect::<Vec<_>>().join(" · ")
}

fn seconds(milliseconds: u64) -> String {
    if milliseconds.is_multiple_of(1_000) {
        format!("{} s", milliseconds / 1_000)
    } else {
        format!("{milliseconds} ms")
    }
}

impl Picture {
    fn saga(&mut self, shape: &SagaShape) {
        let columns = Columns::of(shape);
        let deadline = shape.deadline_ms.map(|limit| format!("deadline {}", seconds(limit)));
        let turned = shape.listens.iter().map(|event| format!("hears {event}"));
        let said: Vec<_> = deadline.into_iter().chain(turned).collect();
        self.write((MARGIN, self.top + 20), (20, "#3a3429"), &title(shape));
        self.write((MARGIN, self.top + 42), (12, "#6a6250"), &said.join(" · "));
        self.top += TITLE;
        let mut before: Vec<Point> = Vec::new();
        let mut undone: Vec<Point> = Vec::new();
        for (at, stage) in shape.stages.iter().enumerate() {
            if shape.pivot == Some(at) {
                self.pivot(columns, &mut before);
            }
            self.stage(columns, stage, (&mut before, &mut undone));
        }
        let done = self.boxed((MARGIN, columns.step), END, ("done", ""));
        self.join(&before, (done.0, done.1), FORWARD, "");
        self.top += HEIGHT + BELOW;
    }

    fn stage(
        &mut self,
        columns: Columns,
        stage: &[StepShape],
        (before, undone): (&mut Vec<Point>, &mut Vec<Point>),
    ) {
        let (mut below, mut back) = (Vec::new(), Vec::new());
        for (beside, step) in stage.iter().enumerate() {
            let left = columns.left(beside);
            let style = if step.waits_for.is_empty() { STEP } else { WAIT };
            let (middle, top) =
                self.boxed((left, columns.step), style, (&step.name, &said_of(step)));
            self.join(before, (middle, top), FORWARD, "");
            below.push((middle, top + HEIGHT));
            if step.undo {
                let undo_left = left + columns.step + BESIDE;
                let width = columns.undo - BESIDE;
                let (undo, _) = self.boxed((undo_left, width), UNDO, (&undo_of(step), ""));
                let side = top + HEIGHT / 2;
                self.join(&[(left + columns.step, side)], (undo_left, side), BACK, "4 4");
                undone.iter().for_each(|above| self.join(&[(undo, top)], *above, BACK, ""));
                back.push((undo, top + HEIGHT));
            }
        }
        *before = below;
        if !back.is_empty() {
            *undone = back;
        }
        self.top += HEIGHT + BELOW;
    }

    /// After it nothing is undone.
    fn pivot(&mut self, columns: Columns, before: &mut Vec<Point>) {
        let (top, right) = (self.top, MARGIN + columns.step + columns.undo);
        self.lines.push(format!(
            "<path d=\"M{MARGIN} {top} L{right} {top}\" stroke=\"#c79a2a\" stroke-width=\"3\"/>"
        ));
        self.write((MARGIN, top + 18), (12, "#7a5a10"), "pivot: from here on forward only");
        let middle = MARGIN + columns.step / 2;
        self.join(before, (middle, top), FORWARD, "");
        *before = vec![(middle, top + 24)];
        self.top += 24 + BELOW;
    }

    /// A box with a name; answers the middle of its upper side.
    fn boxed(
        &mut self,
        (left, width): (i32, i32),
        style: Style,
        (name, said): (&str, &str),
    ) -> Point {
        let ((fill, line, letters), top) = (style, self.top);
        self.right = self.right.max(left + width);
        self.lines.push(format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"10\" \
             fill=\"{fill}\" stroke=\"{line}\"/>"
        ));
        let base = if said.is_empty() { top + 31 } else { top + 23 };
        self.write((left + 14, base), (15, letters), name);
        self.write((left + 14, top + 41), (11, letters), said);
        (left + width / 2, top)
    }

    fn join(&mut self, from: &[Point], (to, end): Point, colour: &str, dashes: &str) {
        let marker = if colour == BACK { "back" } else { "forward" };
        for (begin, top) in from {
            self.lines.push(format!(
                "<path d=\"M{begin} {top} L{to} {end}\" fill=\"none\" stroke=\"{colour}\" \
                 stroke-width=\"1.8\" stroke-dasharray=\"{dashes}\" marker-end=\"url(#{marker})\"/>"
            ));
        }
    }

    fn write(&mut self, (left, base): Point, (size, colour): (u32, &str), text: &str) {
        if text.is_empty() {
            return;
        }
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let letter = if size > 14 { LETTER } else { LETTER_SMALL };
        self.right = self.right.max(left + width(&text, letter));
        self.lines.push(format!(
            "<text x=\"{left}\" y=\"{base}\" font-size=\"{size}\" fill=\"{colour}\">{text}</text>"
        ));
    }

    fn done(self) -> String {
        let (width, height) = (self.right + MARGIN, self.top);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" font-family=\"{FONTS}\">\n<defs>\n"
        );
        for (name, colour) in [("forward", FORWARD), ("back", BACK)] {
            writeln!(
                text,
                "<marker id=\"{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" \
                 markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
                 <path d=\"M0 1 L9 5 L0 9 Z\" fill=\"{colour}\"/></marker>"
            )
            .expect("a text can grow");
        }
        let paper = format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#faf8f4\"/>");
        text + "</defs>\n" + &paper + "\n" + &self.lines.join("\n") + "\n</svg>\n"
    }
}

fn title(shape: &SagaShape) -> String {
    format!("{} {}", shape.name, shape.version)
}
