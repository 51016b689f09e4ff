//! Published resources in the store: forms, code lists, schemes, releases and classes, as their JSON. A published
//! version never changes; another text under the same name and version is refused, not replaced.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::catalogue::{Catalogue, CatalogueError, ResourceKind};
use teranga_sync::feed::ResourceRow;

use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::replica::Replica;

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It was new.
    New,
    /// It was there, with the same text.
    Known,
    /// The same name and version was published with another text: the first stands.
    Differs,
}

impl Replica {
    /// Publishes a resource here and to everyone below.
    pub fn publish(&mut self, resource: &ResourceRow) -> Result<Published> {
        let transaction = self.database_mut().transaction()?;
        let published = note(&transaction, resource)?;
        transaction.commit()?;
        Ok(published)
    }

    /// Publishes several, all or none. Of what was published before under the same name and version the first stands.
    pub fn publish_all<'a>(&mut self, resources: impl IntoIterator<Item = &'a ResourceRow>) -> Result<()> {
        let transaction = self.database_mut().transaction()?;
        for resource in resources {
            note(&transaction, resource)?;
        }
        Ok(transaction.commit()?)
    }

    /// Every published resource, in the order in which they were published.
    pub fn resources(&self) -> Result<Vec<ResourceRow>> {
        let mut statement =
            self.connection().prepare_cached("SELECT kind, id, version, json FROM resource ORDER BY row")?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }
}

impl Replica {
    /// Adds every published resource to a catalogue. One that does not fit into it — a newer version wrote it — is
    /// left out; what it is is returned.
    pub fn add_resources_to(&self, catalogue: &mut Catalogue) -> Result<Vec<(ResourceRow, CatalogueError)>> {
        let mut left_out = Vec::new();
        for resource in self.resources()? {
            let Some(kind) = ResourceKind::from_code(&resource.kind) else { continue };
            if let Err(error) = catalogue.add(kind, &resource.json) {
                left_out.push((resource, error));
            }
        }
        Ok(left_out)
    }
}

/// Notes a resource and passes it down.
pub(crate) fn note(connection: &Connection, resource: &ResourceRow) -> Result<Published> {
    let held: Option<String> = connection
        .prepare_cached("SELECT json FROM resource WHERE kind = ?1 AND id = ?2 AND version = ?3")?
        .query_row(params![resource.kind, resource.id, resource.version], |row| row.get(0))
        .optional()?;
    match held {
        Some(json) if json == resource.json => return Ok(Published::Known),
        Some(_) => return Ok(Published::Differs),
        None => {}
    }
    connection
        .prepare_cached("INSERT INTO resource (kind, id, version, json) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![resource.kind, resource.id, resource.version, resource.json])?;
    let row = connection.last_insert_rowid();
    feed::append(connection, About::Resource(row), To::All, resource.json.as_bytes())?;
    Ok(Published::New)
}

/// The resource in a row of `resource`.
pub(crate) fn row(connection: &Connection, row: i64) -> Result<ResourceRow> {
    connection
        .prepare_cached("SELECT kind, id, version, json FROM resource WHERE row = ?1")?
        .query_row([row], read)
        .optional()?
        .ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<ResourceRow> {
    Ok(ResourceRow { kind: row.get(0)?, id: row.get(1)?, version: row.get(2)?, json: row.get(3)? })
}
