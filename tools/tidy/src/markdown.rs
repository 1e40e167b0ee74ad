//! Documents, coarsely: headings, sections, links, and words in backticks.

/// A document's lines, knowing which are code.
#[derive(Debug)]
pub(crate) struct Markdown<'t> {
    lines: Vec<Line<'t>>,
}

#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    number: usize,
    text: &'t str,
    is_code: bool,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading<'t> {
    pub(crate) level: usize,
    pub(crate) title: &'t str,
    pub(crate) line: usize,
}

/// Something on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) line: usize,
    pub(crate) what: T,
}

impl<'t> Markdown<'t> {
    /// Reads a document.
    pub(crate) fn new(text: &'t str) -> Self {
        let mut fenced = false;
        let lines = text.lines().enumerate().map(|(index, text)| {
            let fence = text.trim_start().starts_with("```");
            let is_code = fenced || fence;
            fenced ^= fence;
            Line { number: index + 1, text, is_code }
        });
        Self { lines: lines.collect() }
    }

    /// All headings.
    pub(crate) fn headings(&self) -> Vec<Heading<'t>> {
        let lines = self.lines.iter().filter(|line| !line.is_code);
        lines
            .filter_map(|line| {
                let level = line.text.len() - line.text.trim_start_matches('#').len();
                let title = line.text[level..].strip_prefix(' ').filter(|_| level > 0)?.trim();
                Some(Heading { level, title: title.trim_matches('`'), line: line.number })
            })
            .collect()
    }

    /// The heading of this level and title, and all below it up to the next of its level or above.
    pub(crate) fn section(&self, level: usize, title: &str) -> Option<(usize, Self)> {
        let headings = self.headings();
        let start =
            headings.iter().position(|heading| heading.level == level && heading.title == title)?;
        let next = headings[start + 1..].iter().find(|heading| heading.level <= level);
        let (from, to) = (headings[start].line, next.map_or(usize::MAX, |heading| heading.line));
        let lines = self.lines.iter().filter(|line| from < line.number && line.number < to);
        Some((from, Self { lines: lines.copied().collect() }))
    }

    /// Whether there is anything to read between a heading and the next one.
    pub(crate) fn has_text(&self) -> bool {
        let before =
            self.lines.iter().take_while(|line| line.is_code || !line.text.starts_with('#'));
        before.into_iter().any(|line| !line.text.trim().is_empty())
    }

    /// The lines that are not code.
    pub(crate) fn prose(&self) -> impl Iterator<Item = At<&'t str>> + '_ {
        let lines = self.lines.iter().filter(|line| !line.is_code);
        lines.map(|line| At { line: line.number, what: line.text })
    }

    /// All lines.
    pub(crate) fn all(&self) -> impl Iterator<Item = At<&'t str>> + '_ {
        self.lines.iter().map(|line| At { line: line.number, what: line.text })
    }

    /// The items of a list, each with the lines that continue it.
    pub(crate) fn items(&self) -> Vec<At<String>> {
        let mut items: Vec<At<String>> = Vec::new();
        let mut open = false;
        for At { line, what } in self.prose() {
            if let Some(text) = what
                .strip_prefix("- ")
                .or_else(|| what.strip_prefix("* "))
                .or_else(|| numbered(what))
            {
                items.push(At { line, what: text.to_owned() });
                open = true;
            } else if let Some(item) = items.last_mut().filter(|_| open && what.starts_with(' ')) {
                item.what.push(' ');
                item.what.push_str(what.trim());
            } else {
                open = false;
            }
        }
        items
    }

    /// The targets of links, outside of code.
    pub(crate) fn links(&self) -> Vec<At<String>> {
        let inline = self.prose().flat_map(|At { line, what }| {
            let text = without_ticks(what);
            let parts: Vec<_> = text.split("](").skip(1).map(str::to_owned).collect();
            parts.into_iter().filter_map(move |part| {
                let target = part.split([')', ' ']).next()?.trim_matches(['<', '>']);
                Some(At { line, what: target.to_owned() })
            })
        });
        let defined = self.prose().filter_map(|At { line, what }| {
            let (_, target) = what.strip_prefix('[')?.split_once("]: ")?;
            Some(At { line, what: target.split_whitespace().next()?.to_owned() })
        });
        inline.chain(defined).collect()
    }
}

/// `1. text`
fn numbered(line: &str) -> Option<&str> {
    let (number, text) = line.split_once(". ")?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// The words in backticks.
pub(crate) fn ticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A text without what is in backticks.
pub(crate) fn without_ticks(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// What a link to a heading is called: lower case, hyphens for spaces, no punctuation.
pub(crate) fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.flat_map(char::to_lowercase)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests;
