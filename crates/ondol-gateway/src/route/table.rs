//! Finds the route for a request without asking each of them.
//!
//! Routes stand in the order of their places, so the smallest index that matches wins. An index by
//! host and by the path's segments leads to those whose host and path fit; only these are asked the
//! rest.

use std::collections::HashMap;
use std::sync::Arc;

use super::criteria::{Criteria, Hosts, Seen};
use super::pattern::{Pattern, Segment};

/// A table of routes.
#[derive(Debug)]
pub(crate) struct Table<R> {
    routes: Vec<(Arc<Criteria>, Arc<R>)>,
    index: Arc<Index>,
}

/// Leads to the routes whose host and path fit, by their places.
#[derive(Debug, Default)]
struct Index {
    exact: HashMap<String, Paths>,
    below: Vec<(String, Paths)>,
    any: Paths,
}

#[derive(Debug, Default)]
struct Paths {
    root: Node,
    others: Vec<usize>,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Self>,
    parameter: Option<Box<Self>>,
    ends: Vec<usize>,
    opens: Vec<usize>,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Found<'a, R> {
    /// This route.
    Route(&'a Arc<R>),
    /// Only routes that do not take the method.
    OtherMethod,
    /// None.
    Nothing,
}

impl<R> Table<R> {
    /// A table of these. Where the criteria are the very same ones that stood in `before`, so is the way
    /// to them.
    pub(crate) fn new(mut routes: Vec<(Arc<Criteria>, Arc<R>)>, before: Option<&Self>) -> Self {
        routes.sort_by_cached_key(|(criteria, _)| criteria.place());
        let same = |before: &&Self| {
            let mut pairs = before.routes.iter().zip(&routes);
            before.routes.len() == routes.len() && pairs.all(|(a, b)| Arc::ptr_eq(&a.0, &b.0))
        };
        let index = match before.filter(same) {
            Some(before) => Arc::clone(&before.index),
            None => Arc::new(Index::of(routes.iter().map(|(criteria, _)| &**criteria))),
        };
        Self { routes, index }
    }

    /// All routes, in the order in which they are tried.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (&Criteria, &Arc<R>)> {
        self.routes.iter().map(|(criteria, route)| (&**criteria, route))
    }

    /// The route that takes a request.
    pub(crate) fn find(&self, seen: &Seen<'_>) -> Found<'_, R> {
        let mut best = Best { index: usize::MAX, other_method: false };
        let index = &*self.index;
        if let Some(paths) = index.exact.get(seen.host) {
            self.look(paths, seen, &mut best);
        }
        for (suffix, paths) in &index.below {
            if seen.host.ends_with(suffix.as_str()) {
                self.look(paths, seen, &mut best);
            }
        }
        self.look(&index.any, seen, &mut best);
        match self.routes.get(best.index) {
            Some((_, route)) => Found::Route(route),
            None if best.other_method => Found::OtherMethod,
            None => Found::Nothing,
        }
    }

    fn look(&self, paths: &Paths, seen: &Seen<'_>, best: &mut Best) {
        for index in &paths.others {
            if *index < best.index && self.routes[*index].0.pattern.matches(seen.path) {
                self.weigh(*index, seen, best);
            }
        }
        let path = seen.path.strip_prefix('/').unwrap_or(seen.path);
        self.walk(&paths.root, Some(path), seen, best);
    }

    fn walk(&self, node: &Node, rest: Option<&str>, seen: &Seen<'_>, best: &mut Best) {
        for index in &node.opens {
            self.weigh(*index, seen, best);
        }
        let Some(rest) = rest else {
            for index in &node.ends {
                self.weigh(*index, seen, best);
            }
            return;
        };
        let (part, after) = match rest.split_once('/') {
            Some((part, after)) => (part, Some(after)),
            None => (rest, None),
        };
        if let Some(next) = node.literals.get(part) {
            self.walk(next, after, seen, best);
        }
        if let Some(next) = &node.parameter
            && !part.is_empty()
        {
            self.walk(next, after, seen, best);
        }
    }

    fn weigh(&self, index: usize, seen: &Seen<'_>, best: &mut Best) {
        if index >= best.index {
            return;
        }
        match self.routes[index].0.unmet(seen) {
            None => best.index = index,
            Some(super::Mismatch::Method) => best.other_method = true,
            Some(_) => {}
        }
    }
}

impl Index {
    fn of<'a>(criteria: impl Iterator<Item = &'a Criteria>) -> Self {
        let mut index = Self::default();
        for (place, criteria) in criteria.enumerate() {
            match &criteria.hosts {
                Hosts::Any => index.any.insert(&criteria.pattern, place),
                Hosts::Exact(hosts) => {
                    for host in hosts {
                        let paths = index.exact.entry(host.clone()).or_default();
                        paths.insert(&criteria.pattern, place);
                    }
                }
                Hosts::Below(suffixes) => {
                    for suffix in suffixes {
                        index.below_mut(suffix).insert(&criteria.pattern, place);
                    }
                }
            }
        }
        index
    }

    fn below_mut(&mut self, suffix: &str) -> &mut Paths {
        let index = self.below.iter().position(|(known, _)| known == suffix);
        let index = index.unwrap_or_else(|| {
            self.below.push((suffix.to_owned(), Paths::default()));
            self.below.len() - 1
        });
        &mut self.below[index].1
    }
}

struct Best {
    index: usize,
    other_method: bool,
}

impl Paths {
    fn insert(&mut self, pattern: &Pattern, index: usize) {
        let Pattern::Segments { segments, open } = pattern else {
            self.others.push(index);
            return;
        };
        let mut node = &mut self.root;
        for segment in segments {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.clone()).or_default(),
                Segment::Parameter(_) => node.parameter.get_or_insert_default(),
            };
        }
        if *open { node.opens.push(index) } else { node.ends.push(index) }
    }
}
