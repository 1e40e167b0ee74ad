//! One trace as a tree: who waited for whom, and what followed upon what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ondol_trace::{Ended, Piece};
use serde::Serialize;

use super::shown::{ShownSpan, ms, shown};

/// How one span came to be because of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hop {
    /// Nothing that is kept was before it.
    Root,
    /// The one above waited for it.
    Parent,
    /// It follows what the one above has left behind, which nobody waited for.
    Link,
}

/// A trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tree {
    /// Which one.
    pub trace_id: String,
    /// What began it, and what followed; more than one where what was between is not kept.
    pub roots: Vec<Node>,
    /// How many spans more there were.
    pub left_out: usize,
}

/// A span, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// How it hangs on the one above.
    pub hop: Hop,
    /// How long after the trace had begun, in milliseconds.
    pub after_ms: f64,
    /// The span.
    #[serde(flatten)]
    pub span: ShownSpan,
    /// What came of it, in the order in which it began.
    pub children: Vec<Self>,
}

/// Makes a tree of all that is kept of a trace.
pub(super) fn grown(trace: u128, pieces: &[Arc<Piece>]) -> Tree {
    let spans = pieces.iter().flat_map(|piece| &piece.spans);
    let by_id: BTreeMap<u64, &Ended> = spans.map(|span| (span.context.parent_id(), span)).collect();
    let mut below: BTreeMap<u64, Vec<(Hop, &Ended)>> = BTreeMap::new();
    let mut roots = Vec::new();
    for span in by_id.values() {
        let own = span.context.parent_id();
        let above = match (span.parent, span.link) {
            (Some(parent), _) => Some((Hop::Parent, parent)),
            (None, Some(link)) => Some((Hop::Link, link.parent_id())),
            (None, None) => None,
        };
        match above.filter(|(_, above)| *above != own && by_id.contains_key(above)) {
            Some((hop, above)) => below.entry(above).or_default().push((hop, span)),
            None => roots.push((Hop::Root, *span)),
        }
    }
    let begun = by_id.values().map(|span| span.begun).min().unwrap_or_default();
    let mut growing = Growing { below, seen: BTreeSet::new(), begun };
    let mut roots = growing.nodes(roots);
    // Those that name each other in a circle hang on no root: nobody honest sends such.
    let lost: Vec<_> = by_id.iter().filter(|(id, _)| !growing.seen.contains(id)).collect();
    let lost: Vec<_> = lost.into_iter().map(|(_, span)| (Hop::Root, *span)).collect();
    roots.extend(growing.nodes(lost));
    let left_out = pieces.iter().map(|piece| piece.left_out).sum();
    Tree { trace_id: format!("{trace:032x}"), roots, left_out }
}

struct Growing<'a> {
    below: BTreeMap<u64, Vec<(Hop, &'a Ended)>>,
    seen: BTreeSet<u64>,
    begun: ondol_kernel::Timestamp,
}

impl Growing<'_> {
    fn nodes(&mut self, mut spans: Vec<(Hop, &Ended)>) -> Vec<Node> {
        spans.sort_by_key(|(_, span)| (span.begun, span.context.parent_id()));
        let mut nodes = Vec::with_capacity(spans.len());
        for (hop, span) in spans {
            let id = span.context.parent_id();
            if !self.seen.insert(id) {
                continue;
            }
            let below = self.below.remove(&id).unwrap_or_default();
            nodes.push(Node {
                hop,
                after_ms: ms(span.begun.since(self.begun)),
                span: shown(span),
                children: self.nodes(below),
            });
        }
        nodes
    }
}
