//! What is wrong with what a route does to answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::Checker;
use crate::aggregate::{Hole, Template};
use crate::config::model::{OneOrMany, RouteOptions};
use crate::config::{
    AggregateOptions, CacheOptions, ChangesOptions, CompressOptions, PartOptions, TransformOptions,
};
use crate::json::Pointer;
use crate::route::Pattern;
use crate::transform::{JsonChange, is_ours};

impl Checker<'_> {
    /// What is wrong with what a route does to its answers.
    pub(super) fn answers(&mut self, name: &str, route: &RouteOptions) {
        let key = |field: &str| format!("routes.{name}.{field}");
        if let Some(audit) = &route.audit {
            let audits = self.config.audits.keys().map(String::as_str);
            self.known(&key("audit.to"), "audit", &audit.to, audits);
        }
        if let Some(aggregate) = &route.aggregate {
            self.aggregate(&key("aggregate"), aggregate, route);
        }
        if let Some(transform) = &route.transform {
            self.transform(&key("transform"), transform, route);
        }
        if let Some(compress) = &route.compress {
            self.compress(&key("compress"), compress, route);
        }
        if let Some(cache) = &route.cache {
            self.cache(&key("cache"), cache, route);
        }
    }

    fn aggregate(&mut self, key: &str, aggregate: &AggregateOptions, route: &RouteOptions) {
        let parts = &aggregate.parts;
        if !(1..=AggregateOptions::PARTS_MAX).contains(&parts.len()) {
            let most = AggregateOptions::PARTS_MAX;
            self.found(&format!("{key}.parts"), format!("an answer has 1 to {most} parts"));
        }
        let forwarding = [
            ("strip_prefix", route.strip_prefix.is_some()),
            ("rewrite", route.rewrite.is_some()),
            ("timeout", route.timeout.is_some()),
            ("fallback", route.fallback.is_some()),
            ("mirror", route.mirror.is_some()),
        ];
        for (field, _) in forwarding.into_iter().filter(|(_, given)| *given) {
            let what = format!("`{field}` is for what is forwarded; parts have their own paths");
            self.found(key, what);
        }
        for (name, part) in parts {
            self.part(&format!("{key}.parts.{name}"), name, part, aggregate, route);
        }
        if has_ring(parts) {
            self.found(&format!("{key}.parts"), "some parts wait for each other");
        }
    }

    fn part(
        &mut self,
        key: &str,
        name: &str,
        part: &PartOptions,
        aggregate: &AggregateOptions,
        route: &RouteOptions,
    ) {
        self.named(&format!("{key}.from"), Some(&part.from));
        if part.timeout.is_zero() {
            self.found(&format!("{key}.timeout"), "nothing is done in no time");
        }
        if name.contains([' ', '"', '\\']) || !name.is_ascii() {
            self.found(key, "a part's name is plain letters: it is told in a header");
        }
        let places = [("pick", &part.pick), ("drop", &part.drop)];
        let places =
            places.into_iter().flat_map(|(field, all)| all.iter().map(move |it| (field, it)));
        let renamed = part.rename.keys().map(|it| ("rename", it));
        for (field, place) in places.chain(renamed).chain(part.at.iter().map(|it| ("at", it))) {
            match Pointer::read(place) {
                Err(error) => self.found(&format!("{key}.{field}"), format!("`{place}`: {error}")),
                Ok(read) if field == "at" && read.is_many() => {
                    self.found(&format!("{key}.at"), "a part goes to one place");
                }
                Ok(_) => {}
            }
        }
        let key = format!("{key}.path");
        let template = match Template::read(&part.path) {
            Ok(template) => template,
            Err(error) => return self.found(&key, format!("`{}`: {error}", part.path)),
        };
        let pattern = route.path.as_deref().map_or(Ok(Pattern::Any), Pattern::read);
        let known = pattern.map(|it| it.names().into_iter().map(str::to_owned).collect::<Vec<_>>());
        for hole in template.holes() {
            match hole {
                Hole::Path(name) => {
                    if let Ok(known) = &known {
                        self.known(&key, "parameter", name, known.iter().map(String::as_str));
                    }
                }
                Hole::Part(part, _) => {
                    let parts = aggregate.parts.keys().map(String::as_str);
                    self.known(&key, "part", part, parts);
                }
                Hole::Query(_) => {}
            }
        }
    }

    fn transform(&mut self, key: &str, transform: &TransformOptions, route: &RouteOptions) {
        let ways = [("request", &transform.request), ("answer", &transform.answer)];
        if ways.iter().all(|(_, changes)| changes.is_none()) {
            self.found(key, "it needs changes of the `request` or of the `answer`");
        }
        if transform.request.is_some() && (route.redirect.is_some() || route.respond.is_some()) {
            self.found(&format!("{key}.request"), "what is answered here goes to no backend");
        }
        for (way, changes) in ways {
            if let Some(changes) = changes {
                self.changes(&format!("{key}.{way}"), changes);
            }
        }
    }

    fn changes(&mut self, key: &str, changes: &ChangesOptions) {
        let ChangesOptions { remove, rename, set, add, json, body_bytes_max } = changes;
        if remove.is_empty()
            && rename.is_empty()
            && set.is_empty()
            && add.is_empty()
            && json.is_empty()
        {
            self.found(key, "it changes nothing");
        }
        let renamed = rename.iter().flat_map(|(from, to)| [from, to]);
        for name in remove.iter().chain(renamed).chain(set.keys()).chain(add.keys()) {
            match HeaderName::from_bytes(name.as_bytes()) {
                Err(_) => self.found(key, format!("`{name}` is not a header's name")),
                Ok(read) if is_ours(&read) => {
                    self.found(key, format!("`{name}` is the gateway's own and not for changing"));
                }
                Ok(_) => {}
            }
        }
        for value in set.values().chain(add.values()) {
            if HeaderValue::from_str(value).is_err() {
                self.found(key, format!("`{value}` cannot stand in a header"));
            }
        }
        if json.iter().any(|change| JsonChange::new(change).is_none()) {
            let what = "a change is `set` and `to` (JSON), `remove`, or `rename` and `to`; a place is \
                        `/name/name`";
            self.found(&format!("{key}.json"), what);
        }
        if *body_bytes_max == 0 {
            self.found(&format!("{key}.body_bytes_max"), "there is room for nothing");
        }
    }

    fn compress(&mut self, key: &str, compress: &CompressOptions, route: &RouteOptions) {
        if route.redirect.is_some() {
            self.found(key, "a redirect has no body");
        }
        if !(1..=9).contains(&compress.level) {
            self.found(&format!("{key}.level"), "it is between 1 and 9");
        }
        if compress.types.is_empty() {
            self.found(&format!("{key}.types"), "nothing is compressed");
        }
        for kind in compress.types.iter().filter(|kind| !kind.contains('/')) {
            self.found(&format!("{key}.types"), format!("`{kind}` is not a media type"));
        }
    }

    fn cache(&mut self, key: &str, cache: &CacheOptions, route: &RouteOptions) {
        if route.redirect.is_some() || route.respond.is_some() {
            self.found(key, "what is answered here is not asked for, and so not stored");
        }
        let methods: Vec<_> = route.method.iter().flat_map(OneOrMany::as_slice).collect();
        if !methods.is_empty() && !methods.iter().any(|method| *method == "GET") {
            self.found(key, "only answers to GET are stored, and this route has no GET");
        }
        for (field, time) in [
            ("fresh", cache.fresh),
            ("stale_while_revalidate", cache.stale_while_revalidate),
            ("stale_if_error", cache.stale_if_error),
        ] {
            if time == Some(Duration::ZERO) {
                self.found(&format!("{key}.{field}"), "no time at all is what it is without it");
            }
        }
        if cache.answer_bytes_max == 0 || cache.answer_bytes_max > cache.bytes_max {
            let what = "`answer_bytes_max` is at least 1 and not more than `bytes_max`";
            self.found(&format!("{key}.answer_bytes_max"), what);
        }
    }
}

/// Whether some parts can never be asked for, because each waits for another.
fn has_ring(parts: &BTreeMap<String, PartOptions>) -> bool {
    let needs = |part: &PartOptions| -> Vec<String> {
        let template = Template::read(&part.path).ok();
        let names = template.iter().flat_map(Template::parts).map(str::to_owned);
        names.filter(|name| parts.contains_key(name)).collect()
    };
    let mut left: BTreeSet<&String> = parts.keys().collect();
    loop {
        let before = left.len();
        let ready = |name: &&String| !needs(&parts[*name]).iter().any(|it| left.contains(it));
        let ready: Vec<_> = left.iter().copied().filter(ready).collect();
        for name in ready {
            left.remove(name);
        }
        if left.is_empty() || left.len() == before {
            return !left.is_empty();
        }
    }
}
