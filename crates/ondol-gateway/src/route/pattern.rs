//! Patterns of paths.

use std::cmp::Reverse;

use regex::Regex;

/// A pattern of paths.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// Every path.
    Any,
    /// These segments; and, if `open`, whatever is below.
    Segments { segments: Vec<Segment>, open: bool },
    /// What the whole path must match.
    Regular(Regex),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any) => true,
            (
                Self::Segments { segments, open },
                Self::Segments { segments: others, open: other_open },
            ) => open == other_open && segments == others,
            (Self::Regular(one), Self::Regular(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

/// A part between two slashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// Exactly this.
    Literal(String),
    /// Anything, by this name.
    Parameter(String),
}

/// What the parts of a pattern stood for.
pub(crate) type Captures = Vec<(String, String)>;

/// Why a pattern means nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PatternError {
    #[error("a path begins with `/`, a regular expression with `~`")]
    Beginning,
    #[error("`*` stands for the rest and can only be the last segment")]
    Star,
    #[error("`{{parameter}}` is a whole segment with a name")]
    Parameter,
    #[error("two parameters have the same name")]
    Twice,
    #[error("it is not in the one form that paths have here (no dots, `//`, `;` or odd escapes)")]
    NotCanonical,
    #[error("the regular expression is wrong: {0}")]
    Regular(String),
}

/// How specific a pattern is: what is smaller goes first. Exact, or not, or a regular expression, or
/// anything; more literal segments; closed before open; fewer parameters.
pub(crate) type Rank = (u8, Reverse<usize>, bool, usize);

impl Pattern {
    /// Reads a pattern.
    pub(crate) fn read(text: &str) -> Result<Self, PatternError> {
        if let Some(expression) = text.strip_prefix('~') {
            let anchored = format!("^(?:{expression})$");
            let regex = Regex::new(&anchored);
            return regex
                .map(Self::Regular)
                .map_err(|error| PatternError::Regular(one_line(&error)));
        }
        let Some(rest) = text.strip_prefix('/') else { return Err(PatternError::Beginning) };
        let (rest, open) = match rest.strip_suffix('*') {
            Some("") => ("", true),
            Some(rest) => (rest.strip_suffix('/').ok_or(PatternError::Star)?, true),
            None => (rest, false),
        };
        if open && rest.is_empty() {
            return Ok(Self::Segments { segments: Vec::new(), open });
        }
        let segments = rest.split('/').map(Segment::read).collect::<Result<Vec<_>, _>>()?;
        let mut names: Vec<_> = segments.iter().filter_map(Segment::name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(PatternError::Twice);
        }
        Ok(Self::Segments { segments, open })
    }

    /// Whether a path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Regular(regex) => regex.is_match(path),
            Self::Segments { segments, open } => {
                let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
                let all = segments
                    .iter()
                    .all(|segment| parts.next().is_some_and(|part| segment.matches(part)));
                all && (*open || parts.next().is_none())
            }
        }
    }

    /// What the parameters stood for, and `rest` for the star.
    pub(crate) fn captures(&self, path: &str) -> Captures {
        match self {
            Self::Any => Vec::new(),
            Self::Regular(regex) => {
                let Some(found) = regex.captures(path) else { return Vec::new() };
                let names = regex.capture_names().flatten();
                names
                    .filter_map(|name| {
                        Some((name.to_owned(), found.name(name)?.as_str().to_owned()))
                    })
                    .collect()
            }
            Self::Segments { segments, open } => {
                let mut rest = path.strip_prefix('/').unwrap_or(path);
                let mut captures = Vec::new();
                for segment in segments {
                    let (part, after) = rest.split_once('/').unwrap_or((rest, ""));
                    if let Segment::Parameter(name) = segment {
                        captures.push((name.clone(), part.to_owned()));
                    }
                    rest = after;
                }
                if *open {
                    captures.push(("rest".to_owned(), rest.to_owned()));
                }
                captures
            }
        }
    }

    /// The names of what [`captures`](Self::captures) finds.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Any => Vec::new(),
            Self::Regular(regex) => regex.capture_names().flatten().collect(),
            Self::Segments { segments, open } => {
                segments.iter().filter_map(Segment::name).chain(open.then_some("rest")).collect()
            }
        }
    }

    /// How specific it is.
    pub(crate) fn rank(&self) -> Rank {
        match self {
            Self::Segments { segments, open } => {
                let parameters = segments.iter().filter(|segment| segment.name().is_some()).count();
                let exact = !open && parameters == 0;
                (u8::from(!exact), Reverse(segments.len() - parameters), *open, parameters)
            }
            Self::Regular(_) => (2, Reverse(0), true, 0),
            Self::Any => (3, Reverse(0), true, 0),
        }
    }

    /// The same for patterns that match the same paths.
    pub(crate) fn shape(&self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::Regular(regex) => format!("~{}", regex.as_str()),
            Self::Segments { segments, open } => {
                let mut shape = String::new();
                for segment in segments {
                    shape.push('/');
                    shape.push_str(match segment {
                        Segment::Literal(text) => text,
                        Segment::Parameter(_) => "{}",
                    });
                }
                if *open {
                    shape.push_str("/*");
                }
                shape
            }
        }
    }
}

impl Segment {
    fn read(text: &str) -> Result<Self, PatternError> {
        if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            let plain = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return plain.then(|| Self::Parameter(name.to_owned())).ok_or(PatternError::Parameter);
        }
        if text.contains(['{', '}']) {
            return Err(PatternError::Parameter);
        }
        if text.contains('*') {
            return Err(PatternError::Star);
        }
        match crate::canonical::canonical_path(format!("/{text}").as_bytes()) {
            Ok(None) => Ok(Self::Literal(text.to_owned())),
            Ok(Some(path)) if path[1..] == *text.as_bytes() => Ok(Self::Literal(text.to_owned())),
            Ok(Some(_)) | Err(_) => Err(PatternError::NotCanonical),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Parameter(name) => Some(name),
        }
    }

    fn matches(&self, part: &str) -> bool {
        match self {
            Self::Literal(text) => text == part,
            Self::Parameter(_) => !part.is_empty(),
        }
    }
}

fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}
