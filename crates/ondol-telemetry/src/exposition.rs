//! What `/metrics` says, read as Prometheus reads it.

/// Samples of one name and kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family<'a> {
    pub(crate) name: &'a str,
    pub(crate) help: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) samples: Vec<Sample<'a>>,
}

/// A number, and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample<'a> {
    pub(crate) name: &'a str,
    pub(crate) labels: Vec<(&'a str, String)>,
    pub(crate) value: f64,
}

/// The families that a text says, in its order. A line that is none is passed over.
pub(crate) fn families(said: &str) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in said.lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let mut words = about.splitn(3, ' ');
            let (Some(what), Some(name), rest) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let family = family_of(&mut families, name);
            match what {
                "HELP" => family.help = rest.unwrap_or_default(),
                "TYPE" => family.kind = rest.unwrap_or_default(),
                _ => {}
            }
        } else if let Some(sample) = sample(line) {
            let is_part = |family: &Family<'_>| {
                let end = sample.name.strip_prefix(family.name);
                let is_histogram = family.kind == "histogram";
                end == Some("")
                    || (is_histogram && matches!(end, Some("_bucket" | "_sum" | "_count")))
            };
            match families.last_mut().filter(|family| is_part(family)) {
                Some(family) => family.samples.push(sample),
                None => family_of(&mut families, sample.name).samples.push(sample),
            }
        }
    }
    families.retain(|family| !family.samples.is_empty());
    families
}

fn family_of<'f, 'a>(families: &'f mut Vec<Family<'a>>, name: &'a str) -> &'f mut Family<'a> {
    if families.last().is_none_or(|last| last.name != name) {
        families.push(Family { name, help: "", kind: "untyped", samples: Vec::new() });
    }
    families.last_mut().expect("one was added if there was none")
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> Option<Sample<'_>> {
    let Some((name, rest)) = line.split_once('{') else {
        let (name, value) = line.split_once(' ')?;
        return Some(Sample { name, labels: Vec::new(), value: value.trim().parse().ok()? });
    };
    let mut labels = Vec::new();
    let mut rest = rest;
    while !rest.starts_with('}') {
        let (label, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match letters.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, letter) => value.push(letter),
            }
        };
        labels.push((label, value));
        rest = after[end + 1..].trim_start_matches(',');
    }
    Some(Sample { name, labels, value: rest[1..].trim().parse().ok()? })
}

#[cfg(test)]
mod tests;
