//! The map as a flowchart of Mermaid: what GitHub and many others draw.

use std::fmt::Write as _;

use super::{Column, Context, Kind, Map, Node, Place, Way};

pub(super) fn drawn(map: &Map) -> String {
    let mut text = format!("---\ntitle: {}\n---\nflowchart LR\n", map.title);
    let mut line = |line: String| {
        writeln!(text, "{line}").expect("a text takes what is written to it");
    };
    for (at, context) in map.contexts.iter().enumerate() {
        line(format!("  subgraph c{at}[\"{}\"]", escaped(&context.name)));
        for (place, node) in places(at, context) {
            line(format!("    {}", shaped(place, node)));
        }
        line("  end".to_owned());
    }
    for edge in &map.edges {
        let arrow = match edge.way {
            Way::Heard => "-. hears .->",
            Way::Asked => "-- asks -->",
            Way::Shown => "-->",
            Way::Read => "-. reads .->",
        };
        line(format!("  {} {arrow} {}", id(edge.from), id(edge.to)));
    }
    for (kind, style) in STYLES {
        line(format!("  classDef {} {style}", kind.said()));
    }
    text
}

const STYLES: [(Kind, &str); 7] = [
    (Kind::Contract, "fill:#e6e9f2,stroke:#8a93b2,color:#2f3a5f"),
    (Kind::Policy, "fill:#ece1f7,stroke:#a98bc9,color:#4d2c7a"),
    (Kind::Effect, "fill:#fbdfe2,stroke:#d69aa2,color:#7d2431"),
    (Kind::Saga, "fill:#dcefe9,stroke:#86b8a8,color:#17543f"),
    (Kind::Aggregate, "fill:#fff6d1,stroke:#dcc465,color:#544608"),
    (Kind::View, "fill:#dff2da,stroke:#94c389,color:#235c1f"),
    (Kind::Feed, "fill:#d6edf3,stroke:#86b9c8,color:#0f4f62"),
];

fn places(context: usize, of: &Context) -> impl Iterator<Item = (Place, &Node)> {
    let columns = [Column::Doors, Column::Things, Column::Shown];
    columns.into_iter().flat_map(move |column| {
        let nodes = of.column(column).iter().enumerate();
        nodes.map(move |(row, node)| (Place { context, column, row }, node))
    })
}

fn id(place: Place) -> String {
    let column = match place.column {
        Column::Doors => "d",
        Column::Things => "t",
        Column::Shown => "s",
    };
    format!("c{}{column}{}", place.context, place.row)
}

fn shaped(place: Place, node: &Node) -> String {
    let (id, kind) = (id(place), node.kind.said());
    let mut rows = vec![format!("<b>{}</b>", escaped(&node.name)), format!("<i>{kind}</i>")];
    if !node.commands.is_empty() {
        rows.push(escaped(&node.commands.join(", ")));
    }
    if !node.events.is_empty() {
        rows.push(format!("→ {}", escaped(&node.events.join(", "))));
    }
    let label = rows.join("<br/>");
    let shape = match node.kind {
        Kind::Contract => format!("([\"{label}\"])"),
        Kind::Policy | Kind::Effect | Kind::Saga => format!("{{{{\"{label}\"}}}}"),
        Kind::Aggregate => format!("[\"{label}\"]"),
        Kind::View => format!("[(\"{label}\")]"),
        Kind::Feed => format!("[/\"{label}\"/]"),
    };
    format!("{id}{shape}:::{kind}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "#quot;")
}
