//! `view list`.

use ondol_views::ViewStatus;
use serde_json::json;

use super::super::failure::Failure;
use super::super::{App, service, tables};
use crate::adapters::Adapters;
use crate::{Config, Output};

pub(super) async fn list(
    app: &App,
    config: &Config,
    names: &[String],
    output: Output,
) -> Result<(), Failure> {
    let adapters = Adapters::new(config.clone());
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    for hosted in service::chosen(app, names)? {
        let name = hosted.service.name();
        // What has never been folded has no views, and looking makes none.
        let Some(views) = adapters.views_there(name).await? else { continue };
        for status in views.list().await? {
            values.push(told(name, &status));
            rows.push(row(name, &status));
        }
    }
    let head = ["SERVICE", "VIEW", "SERVES", "DOCUMENTS", "PARKED", "FOLDED"];
    Ok(tables::write(output, &values, head, &rows)?)
}

fn row(service: &str, status: &ViewStatus) -> [String; 6] {
    let folded = status.checkpoints.iter().map(|one| one.checkpoint.position.to_string());
    [
        service.to_owned(),
        status.definition.id.to_string(),
        if status.is_serving { "yes" } else { "no" }.to_owned(),
        status.documents.to_string(),
        status.parked.to_string(),
        folded.collect::<Vec<_>>().join(" "),
    ]
}

fn told(service: &str, status: &ViewStatus) -> serde_json::Value {
    json!({
        "service": service,
        "view": status.definition.id.to_string(),
        "is_serving": status.is_serving,
        "documents": status.documents,
        "parked": status.parked,
        "checkpoints": status.checkpoints.iter().map(|one| json!({
            "log": one.source,
            "position": one.checkpoint.position,
        })).collect::<Vec<_>>(),
    })
}
