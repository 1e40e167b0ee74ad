//! Which way each line takes.
//!
//! Within a panel a line goes straight across. From one panel to another it runs to the right of
//! all panels, or to the left, and crosses in the gap above the panel it leads to. Lines that come
//! from one place and lead into one panel share their lanes.

use std::collections::BTreeMap;

use super::Point;
use super::layout::{LANE, Layout};
use crate::map::{Column, Edge, Map, Place};

/// How many lanes there are, and which one belongs to whom.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) left: usize,
    pub(super) right: usize,
    above: BTreeMap<usize, usize>,
    within: BTreeMap<usize, usize>,
    routes: BTreeMap<Route, Taken>,
}

/// Lines that run together: from one place into one panel, on one side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// From a feed, around, to what listens.
    Around(Place, usize),
    /// From a feed to what is shown elsewhere.
    Right(Place, usize),
    /// From one who asks to a contract elsewhere.
    Left(Place, Place),
    /// From what is shown back to one who reads it, below the cards.
    Below(Place, Place),
    /// Straight across.
    Across,
}

/// The lanes of a route, from 1 on; nought is none.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    left: usize,
    right: usize,
    above: usize,
    within: usize,
}

impl Lanes {
    pub(super) fn above(&self, context: usize) -> usize {
        self.above.get(&context).copied().unwrap_or(0)
    }

    pub(super) fn within(&self, context: usize) -> usize {
        self.within.get(&context).copied().unwrap_or(0)
    }
}

/// Gives each route its lanes.
pub(super) fn lanes(map: &Map) -> Lanes {
    let mut lanes = Lanes::default();
    for edge in &map.edges {
        let route = route_of(edge);
        if lanes.routes.contains_key(&route) {
            continue;
        }
        let mut taken = Taken::default();
        if matches!(route, Route::Around(..) | Route::Right(..)) {
            lanes.right += 1;
            taken.right = lanes.right;
        }
        if matches!(route, Route::Around(..) | Route::Left(..)) {
            lanes.left += 1;
            taken.left = lanes.left;
        }
        if let Route::Around(_, context) = route {
            let above = lanes.above.entry(context).or_default();
            *above += 1;
            taken.above = *above;
        }
        if let Route::Below(..) = route {
            let within = lanes.within.entry(edge.to.context).or_default();
            *within += 1;
            taken.within = *within;
        }
        lanes.routes.insert(route, taken);
    }
    lanes
}

fn route_of(edge: &Edge) -> Route {
    let Edge { from, to, .. } = *edge;
    if from.context != to.context {
        return match (from.column, to.column) {
            (Column::Shown, Column::Doors) => Route::Around(from, to.context),
            (Column::Shown, _) => Route::Right(from, to.context),
            _ => Route::Left(from, to),
        };
    }
    if from.column == Column::Shown { Route::Below(from, to) } else { Route::Across }
}

/// On which side of a card a line begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

fn sides(edge: &Edge) -> (Side, Side) {
    match route_of(edge) {
        // Back to where something comes in.
        Route::Across if edge.from.column > edge.to.column => (Side::Left, Side::Right),
        Route::Around(..) | Route::Across => (Side::Right, Side::Left),
        Route::Right(..) => (Side::Right, Side::Right),
        Route::Left(..) => (Side::Left, Side::Left),
        Route::Below(..) => (Side::Left, Side::Right),
    }
}

/// The corners of each line, in the order of the lines.
pub(super) fn paths(map: &Map, layout: &Layout, lanes: &Lanes) -> Vec<Vec<Point>> {
    let ports = Ports::of(map, layout);
    map.edges.iter().enumerate().map(|(at, edge)| path(at, edge, (layout, lanes, &ports))).collect()
}

fn path(at: usize, edge: &Edge, (layout, lanes, ports): (&Layout, &Lanes, &Ports)) -> Vec<Point> {
    let (begin, end) = ports.ends[at];
    let route = route_of(edge);
    let taken = lanes.routes[&route];
    let to = layout.panels[edge.to.context];
    let lane = |number: usize| i32::try_from(number).unwrap_or(0) * LANE;
    let (right, left) = (to.right() + lane(taken.right), to.left - lane(taken.left));
    match route {
        Route::Across => vec![begin, end],
        Route::Right(..) => vec![begin, (right, begin.1), (right, end.1), end],
        Route::Left(..) => vec![begin, (left, begin.1), (left, end.1), end],
        Route::Around(..) => {
            let above = to.top - lane(taken.above);
            vec![begin, (right, begin.1), (right, above), (left, above), (left, end.1), end]
        }
        Route::Below(..) => {
            let below = to.bottom() - lane(taken.within);
            let (near, far) = (begin.0 - LANE, end.0 + LANE);
            vec![begin, (near, begin.1), (near, below), (far, below), (far, end.1), end]
        }
    }
}

/// One end of a line at a side of a card: how high its other end is, which line, and whether it
/// begins here.
type User = (i32, usize, bool);

/// Where lines begin and end: those of one side of a card share it evenly.
struct Ports {
    ends: Vec<(Point, Point)>,
}

impl Ports {
    fn of(map: &Map, layout: &Layout) -> Self {
        // What arrives at a card comes from somewhere, and is sorted by how high that is.
        let mut users: BTreeMap<(Place, Side), Vec<User>> = BTreeMap::new();
        for (at, edge) in map.edges.iter().enumerate() {
            let (first, last) = sides(edge);
            let height = |place: Place| layout.card(place).top;
            users.entry((edge.from, first)).or_default().push((height(edge.to), at, true));
            users.entry((edge.to, last)).or_default().push((height(edge.from), at, false));
        }
        let mut ends = vec![((0, 0), (0, 0)); map.edges.len()];
        for ((place, side), mut used) in users {
            used.sort_unstable();
            let card = layout.card(place);
            let count = i32::try_from(used.len()).unwrap_or(1);
            for (nth, (_, at, is_begin)) in (1..).zip(used) {
                let x = if side == Side::Left { card.left } else { card.right() };
                let point = (x, card.top + card.height * nth / (count + 1));
                if is_begin {
                    ends[at].0 = point;
                } else {
                    ends[at].1 = point;
                }
            }
        }
        Self { ends }
    }
}
