//! Where everything stands.

use std::collections::BTreeMap;

use super::route::Lanes;
use super::{Area, Point, text_width};
use crate::map::{Column, Context, Kind, Map, Node, Place};

/// Around the whole.
const MARGIN: i32 = 32;
/// For the title above all.
const TITLE: i32 = 64;
/// For the legend below all.
const LEGEND: i32 = 44;
/// Between two panels, besides what runs there.
const BETWEEN: i32 = 28;
/// Between two lanes.
pub(super) const LANE: i32 = 14;
/// Within a panel: around it, for its name, between its columns, between its cards.
const PADDING: i32 = 28;
const NAME: i32 = 48;
const COLUMN_GAP: i32 = 84;
const CARD_GAP: i32 = 20;
/// Within a card: its head, a row, its foot.
pub(super) const HEAD: i32 = 50;
pub(super) const ROW: i32 = 26;
const FOOT: i32 = 8;
/// Letters of a card's name and of its rows, in tenths of a pixel.
const NAME_LETTER: i32 = 96;
pub(super) const ROW_LETTER: i32 = 68;
const CARD_WIDTH_MIN: i32 = 170;

/// Where everything stands.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) panels: Vec<Area>,
    pub(super) cards: BTreeMap<Place, Area>,
    pub(super) legend: Point,
}

impl Layout {
    pub(super) fn of(map: &Map, lanes: &Lanes) -> Self {
        let columns = [Column::Doors, Column::Things, Column::Shown];
        let widths = columns.map(|column| {
            let nodes = map.contexts.iter().flat_map(|context| context.column(column));
            nodes.map(card_width).max().unwrap_or(0)
        });
        let gaps = widths.iter().filter(|width| **width > 0).count().saturating_sub(1);
        let gaps = i32::try_from(gaps).unwrap_or(0) * COLUMN_GAP;
        let inner = widths.iter().sum::<i32>() + gaps + 2 * PADDING;
        let left = MARGIN + lanes_width(lanes.left);
        let mut top = MARGIN + TITLE;
        let (mut panels, mut cards) = (Vec::new(), BTreeMap::new());
        for (at, context) in map.contexts.iter().enumerate() {
            top += lanes_width(lanes.above(at));
            let height = NAME + tallest(context) + PADDING + lanes_width(lanes.within(at));
            let panel = Area { left, top, width: inner, height };
            place(at, context, (panel, widths), &mut cards);
            panels.push(panel);
            top = panel.bottom() + BETWEEN;
        }
        let width = left + inner + lanes_width(lanes.right) + MARGIN;
        Self { width, height: top + LEGEND, panels, cards, legend: (left, top + 12) }
    }

    pub(super) fn card(&self, place: Place) -> Area {
        self.cards[&place]
    }
}

fn lanes_width(lanes: usize) -> i32 {
    let lanes = i32::try_from(lanes).unwrap_or(0);
    if lanes == 0 { 0 } else { (lanes + 1) * LANE }
}

fn tallest(context: &Context) -> i32 {
    let columns = [&context.doors, &context.things, &context.shown];
    columns.map(|nodes| column_height(nodes)).into_iter().max().unwrap_or(0)
}

fn column_height(nodes: &[Node]) -> i32 {
    let gaps = i32::try_from(nodes.len()).unwrap_or(0).saturating_sub(1).max(0) * CARD_GAP;
    nodes.iter().map(card_height).sum::<i32>() + gaps
}

/// Each column stands in the middle of its panel.
fn place(
    at: usize,
    context: &Context,
    (panel, widths): (Area, [i32; 3]),
    cards: &mut BTreeMap<Place, Area>,
) {
    let mut left = panel.left + PADDING;
    let room = tallest(context);
    for (column, width) in [Column::Doors, Column::Things, Column::Shown].into_iter().zip(widths) {
        let nodes = context.column(column);
        let mut top = panel.top + NAME + (room - column_height(nodes)) / 2;
        for (row, node) in nodes.iter().enumerate() {
            let height = card_height(node);
            cards.insert(Place { context: at, column, row }, Area { left, top, width, height });
            top += height + CARD_GAP;
        }
        left += if width > 0 { width + COLUMN_GAP } else { 0 };
    }
}

fn card_height(node: &Node) -> i32 {
    let rows = if node.kind == Kind::Aggregate {
        node.commands.len().max(node.events.len())
    } else {
        node.commands.len() + node.events.len()
    };
    let rows = i32::try_from(rows).unwrap_or(0);
    HEAD + rows * ROW + if rows > 0 { FOOT } else { 0 }
}

fn card_width(node: &Node) -> i32 {
    let widest = |rows: &[String]| rows.iter().map(|row| pill_width(row)).max().unwrap_or(0);
    let rows = if node.kind == Kind::Aggregate {
        // What is asked on the left, what happens on the right.
        widest(&node.commands) + widest(&node.events) + 24
    } else {
        widest(&node.commands).max(widest(&node.events))
    };
    (text_width(&node.name, NAME_LETTER) + 32).max(rows + 24).max(CARD_WIDTH_MIN)
}

/// How wide a row is, with what is around its text.
pub(super) fn pill_width(row: &str) -> i32 {
    text_width(row, ROW_LETTER) + 20
}
