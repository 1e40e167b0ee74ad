//! Places in a document: `/a/b/0` as RFC 6901 has it, and with `*` for every member or value.

use super::Json;

/// A place, or with `*` several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Named(String),
    Every,
}

/// Why a text names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PointerError {
    #[error("a place is `/name/name`, with `~0` for `~` and `~1` for `/`")]
    Malformed,
}

impl Pointer {
    /// Reads `/a/b`; nothing at all is the whole document.
    pub(crate) fn read(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self { steps: Vec::new() });
        }
        let rest = text.strip_prefix('/').ok_or(PointerError::Malformed)?;
        let steps = rest.split('/').map(|step| match step {
            "*" => Ok(Step::Every),
            step => unescape(step).map(Step::Named),
        });
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }

    /// Whether it is the whole document.
    pub(crate) const fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it may be several places.
    pub(crate) fn is_many(&self) -> bool {
        self.steps.contains(&Step::Every)
    }

    /// What is there. Of several places, the first.
    pub(crate) fn get<'a>(&self, document: &'a Json) -> Option<&'a Json> {
        find(&self.steps, document)
    }

    /// Puts a value there; objects on the way are made. Whether there is such a place.
    pub(crate) fn set(&self, document: &mut Json, value: &Json) -> bool {
        let Some((Step::Named(last), before)) = self.steps.split_last() else {
            if self.is_root() {
                *document = value.clone();
            }
            return self.is_root();
        };
        let mut done = false;
        make(before, document, &mut |parent| done |= put(parent, last, value));
        done
    }

    /// Takes out what is there.
    pub(crate) fn remove(&self, document: &mut Json) {
        let Some((last, before)) = self.steps.split_last() else { return };
        each(before, document, &mut |parent| match (parent, last) {
            (Json::Object(members), Step::Named(name)) => members.retain(|(it, _)| it != name),
            (Json::Array(values), Step::Named(name)) => {
                if let Some(at) = index(name).filter(|at| *at < values.len()) {
                    values.remove(at);
                }
            }
            (Json::Object(members), Step::Every) => members.clear(),
            (Json::Array(values), Step::Every) => values.clear(),
            _ => {}
        });
    }

    /// Gives the member that is there another name, in its place; what had that name before is gone.
    pub(crate) fn rename(&self, document: &mut Json, to: &str) {
        let Some((Step::Named(last), before)) = self.steps.split_last() else { return };
        each(before, document, &mut |parent| {
            let Json::Object(members) = parent else { return };
            if last != to && members.iter().any(|(name, _)| name == last) {
                members.retain(|(name, _)| name != to);
                for (name, _) in members.iter_mut().filter(|(name, _)| name == last) {
                    to.clone_into(name);
                }
            }
        });
    }

    /// A copy of a document in which nothing is but what is at these places.
    pub(crate) fn pick(places: &[Self], document: &Json) -> Json {
        let steps: Vec<_> = places.iter().map(|place| place.steps.as_slice()).collect();
        pick(&steps, document).unwrap_or_else(Json::empty)
    }
}

fn unescape(step: &str) -> Result<String, PointerError> {
    let mut parts = step.split('~');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (letter, rest) = match part.as_bytes().first() {
            Some(b'0') => ('~', &part[1..]),
            Some(b'1') => ('/', &part[1..]),
            _ => return Err(PointerError::Malformed),
        };
        name.push(letter);
        name.push_str(rest);
    }
    Ok(name)
}

fn index(name: &str) -> Option<usize> {
    let plain = name == "0" || !name.starts_with('0');
    name.parse().ok().filter(|_| plain && name.bytes().all(|byte| byte.is_ascii_digit()))
}

fn find<'a>(steps: &[Step], value: &'a Json) -> Option<&'a Json> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match (value, step) {
        (Json::Object(members), Step::Named(name)) => {
            find(rest, members.iter().find(|(known, _)| known == name).map(|(_, it)| it)?)
        }
        (Json::Array(values), Step::Named(name)) => find(rest, values.get(index(name)?)?),
        (Json::Object(members), Step::Every) => {
            members.iter().find_map(|(_, value)| find(rest, value))
        }
        (Json::Array(values), Step::Every) => values.iter().find_map(|value| find(rest, value)),
        _ => None,
    }
}

fn each(steps: &[Step], value: &mut Json, act: &mut impl FnMut(&mut Json)) {
    let Some((step, rest)) = steps.split_first() else { return act(value) };
    match (value, step) {
        (Json::Object(members), Step::Named(name)) => {
            for (_, value) in members.iter_mut().filter(|(known, _)| known == name) {
                each(rest, value, act);
            }
        }
        (Json::Array(values), Step::Named(name)) => {
            if let Some(value) = index(name).and_then(|at| values.get_mut(at)) {
                each(rest, value, act);
            }
        }
        (Json::Object(members), Step::Every) => {
            members.iter_mut().for_each(|(_, value)| each(rest, value, act));
        }
        (Json::Array(values), Step::Every) => {
            values.iter_mut().for_each(|value| each(rest, value, act));
        }
        _ => {}
    }
}

/// The same, with objects made where there is nothing.
fn make(steps: &[Step], value: &mut Json, act: &mut impl FnMut(&mut Json)) {
    let Some((step, rest)) = steps.split_first() else { return act(value) };
    match (value, step) {
        (Json::Object(members), Step::Named(name)) => {
            if !members.iter().any(|(known, _)| known == name) {
                members.push((name.clone(), Json::empty()));
            }
            for (_, value) in members.iter_mut().filter(|(known, _)| known == name) {
                make(rest, value, act);
            }
        }
        (value, step) => each(std::slice::from_ref(step), value, &mut |it| make(rest, it, act)),
    }
}

fn put(parent: &mut Json, name: &str, value: &Json) -> bool {
    match parent {
        Json::Object(members) => {
            match members.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value.clone(),
                None => members.push((name.to_owned(), value.clone())),
            }
            true
        }
        Json::Array(values) => match index(name).and_then(|at| values.get_mut(at)) {
            Some(known) => {
                *known = value.clone();
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn pick(places: &[&[Step]], value: &Json) -> Option<Json> {
    if places.iter().any(|steps| steps.is_empty()) {
        return Some(value.clone());
    }
    let below = |name: &str| -> Vec<&[Step]> {
        let leads = |step: &Step| *step == Step::Every || *step == Step::Named(name.to_owned());
        places.iter().filter(|steps| leads(&steps[0])).map(|steps| &steps[1..]).collect()
    };
    let taken = |name: &str, value: &Json| {
        let places = below(name);
        if places.is_empty() { None } else { pick(&places, value) }
    };
    match value {
        Json::Object(members) => {
            let members = members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), taken(name, value)?)));
            Some(Json::Object(members.collect()))
        }
        Json::Array(values) => {
            let values = values.iter().enumerate();
            Some(Json::Array(
                values.filter_map(|(at, value)| taken(&at.to_string(), value)).collect(),
            ))
        }
        Json::Text(_) | Json::Plain(_) => None,
    }
}
