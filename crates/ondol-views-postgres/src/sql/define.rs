//! Sets of documents come, serve and go.

use ondol_postgres::{Fault, Session};
use ondol_views::{DefineError, Definition, ViewId, ViewStatus};
use tokio_postgres::types::Type;

use super::{VIEW, find, read, serving};
use crate::convert::{self, column};
use crate::error::FromFault;
use crate::schema;

pub(crate) async fn create(
    session: &Session,
    schema: &str,
    definition: &Definition,
) -> Result<(), DefineError> {
    let id = &definition.id;
    let indexes = serde_json::Value::from(definition.indexes.clone()).to_string();
    let text = format!(
        "INSERT INTO {schema}.ondol_views (name, version, build, indexes, fold, made)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id"
    );
    let rows = session
        .query(
            &text,
            &[
                (&id.name.as_str(), Type::TEXT),
                (&i64::from(id.version), Type::INT8),
                (&i64::from(id.build), Type::INT8),
                (&indexes, Type::TEXT),
                (&definition.fold.cast_signed(), Type::INT8),
                (&definition.made.as_micros(), Type::INT8),
            ],
        )
        .await
        .map_err(DefineError::of)?;
    if let Some(row) = rows.first() {
        let table = column(row, 0).map_err(DefineError::of)?;
        return schema::make_documents(session, schema, table).await.map_err(DefineError::of);
    }
    match find(session, schema, id, false).await.map_err(DefineError::of)? {
        Some(known) => definition.must_be(&known.definition),
        None => Err(DefineError::UnknownView { asked: id.clone() }),
    }
}

pub(crate) async fn serve(
    session: &Session,
    schema: &str,
    view: &ViewId,
) -> Result<Option<ViewId>, DefineError> {
    let known = find(session, schema, view, true).await.map_err(DefineError::of)?;
    let known = known.ok_or_else(|| DefineError::UnknownView { asked: view.clone() })?;
    let before = serving(session, schema, view.name.as_str()).await.map_err(DefineError::of)?;
    let text = format!(
        "INSERT INTO {schema}.ondol_serving (name, view) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET view = excluded.view"
    );
    let parameters: [ondol_postgres::Parameter<'_>; 2] =
        [(&view.name.as_str(), Type::TEXT), (&known.table, Type::INT8)];
    session.execute(&text, &parameters).await.map_err(DefineError::of)?;
    Ok(before.map(|before| before.definition.id))
}

pub(crate) async fn drop_view(
    session: &Session,
    schema: &str,
    view: &ViewId,
) -> Result<(), DefineError> {
    let known = find(session, schema, view, true).await.map_err(DefineError::of)?;
    let known = known.ok_or_else(|| DefineError::UnknownView { asked: view.clone() })?;
    let serving = serving(session, schema, view.name.as_str()).await.map_err(DefineError::of)?;
    if serving.is_some_and(|serving| serving.table == known.table) {
        return Err(DefineError::Serving { view: view.clone() });
    }
    schema::drop_documents(session, schema, known.table).await.map_err(DefineError::of)
}

pub(crate) async fn list(session: &Session, schema: &str) -> Result<Vec<ViewStatus>, Fault> {
    let text = format!(
        "SELECT {VIEW}, v.documents, s.view IS NOT NULL,
                (SELECT count(*) FROM {schema}.ondol_parked p WHERE p.view = v.id)
         FROM {schema}.ondol_views v LEFT JOIN {schema}.ondol_serving s ON s.view = v.id
         ORDER BY v.name, v.version, v.build"
    );
    let mut listed = Vec::new();
    for row in session.query(&text, &[]).await? {
        listed.push(ViewStatus {
            definition: convert::definition(&row)?,
            documents: column::<i64>(&row, 7)?.cast_unsigned(),
            is_serving: column(&row, 8)?,
            parked: column::<i64>(&row, 9)?.cast_unsigned(),
            checkpoints: read::checkpoints(session, schema, column(&row, 0)?).await?,
        });
    }
    Ok(listed)
}
