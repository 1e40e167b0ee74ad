//! What a `use` names: `std::{fs, io::{self, Write}}` is three paths.

/// The paths of a tree.
pub(super) fn paths(tree: &str) -> Vec<String> {
    let mut paths = Vec::new();
    gather("", tree, &mut paths);
    paths
}

fn gather(before: &str, tree: &str, paths: &mut Vec<String>) {
    for branch in branches(tree) {
        match branch.split_once('{') {
            Some((stem, inside)) => {
                let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
                gather(&format!("{before}{}", stem.trim()), inside, paths);
            }
            None if branch.trim().is_empty() => {}
            None => paths.push(without_alias(&format!("{before}{}", branch.trim()))),
        }
    }
}

/// The parts between commas, those inside braces left whole.
fn branches(tree: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let outside = |letter: char| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    };
    tree.split(outside).collect()
}

/// `::std::net::TcpStream as Way` as `std::net::TcpStream`.
fn without_alias(path: &str) -> String {
    let named = path.split(" as ").next().unwrap_or(path);
    named.trim_start_matches(':').trim_end_matches("::self").to_owned()
}
