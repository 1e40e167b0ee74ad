//! Paths with something to be filled in.

use crate::policy::openapi::operation::{Values, decode};

/// A path of a description.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Segment>);

/// What stands between two slashes.
#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Open { before: String, name: String, behind: String },
}

impl Template {
    pub(super) fn read(path: &str) -> Result<Self, &'static str> {
        let path = path.strip_prefix('/').ok_or("a path begins with a slash")?;
        path.split('/').map(Segment::read).collect::<Result<_, _>>().map(Self)
    }

    /// How much is to be filled in.
    pub(super) fn open(&self) -> usize {
        self.0.iter().filter(|segment| matches!(segment, Segment::Open { .. })).count()
    }

    /// What a path has where something is to be filled in, if it is such a path.
    pub(super) fn fits<'a>(&'a self, path: &'a str) -> Option<Values<'a>> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let mut values = Vec::new();
        for segment in &self.0 {
            let part = parts.next()?;
            match segment {
                Segment::Fixed(fixed) if fixed == part => {}
                Segment::Fixed(_) => return None,
                Segment::Open { before, name, behind } => {
                    let value = part.strip_prefix(before.as_str())?;
                    let value = value.strip_suffix(behind.as_str())?;
                    if value.is_empty() {
                        return None;
                    }
                    values.push((name.as_str(), decode(value, false)?));
                }
            }
        }
        parts.next().is_none().then_some(values)
    }
}

impl Segment {
    fn read(text: &str) -> Result<Self, &'static str> {
        let Some((before, rest)) = text.split_once('{') else {
            let fixed = !text.contains('}');
            return if fixed { Ok(Self::Fixed(text.to_owned())) } else { Err(BRACES) };
        };
        let (name, behind) = rest.split_once('}').ok_or(BRACES)?;
        if name.is_empty() || name.contains('{') || before.contains('}') {
            return Err(BRACES);
        }
        if behind.contains(['{', '}']) {
            return Err("between two slashes there is one parameter at most");
        }
        let [before, name, behind] = [before, name, behind].map(str::to_owned);
        Ok(Self::Open { before, name, behind })
    }
}

const BRACES: &str = "a parameter is like `{name}`";
