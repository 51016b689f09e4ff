//! Reaching a hub's office from the command line: through the running hub's local door, or directly on its replica
//! while it does not run.

use std::path::Path;

use serde_json::Value as Json;
use teranga_hub::link::{DoorError, Link};
use teranga_hub::serve::{DOOR, Door};
use teranga_hub::world::{SystemEntropy, now};
use teranga_office::Office;
use teranga_office::admin::Command;
use teranga_store::{Replica, StoreError};
use teranga_sync::introduction::ReplicaKind;

use crate::failure::{Failure, Outcome};
use crate::kind;

/// Does one thing at the hub whose replica lies in `data`.
pub(crate) async fn ask(data: &Path, certificate: Option<&Path>, command: Command) -> Outcome<Json> {
    match Replica::open(data, &mut SystemEntropy) {
        Ok(replica) => {
            kind::expect(&replica, data, ReplicaKind::Hub)?;
            let mut office = Office::open(replica)?;
            office.admin(command, &mut SystemEntropy, now()).map_err(Failure::refused)
        }
        Err(StoreError::InUse(_)) => {
            let door = read_door(data)?;
            let asked = Link::new(&door.url, certificate)?.ask(&door.secret, &command).await;
            asked.map_err(|error| match error {
                DoorError::Link(error) => error.into(),
                DoorError::Refused(refusal) => Failure::refused(refusal),
            })
        }
        Err(error) => Err(error.into()),
    }
}

fn read_door(data: &Path) -> Outcome<Door> {
    let path = data.join(DOOR);
    let text = std::fs::read_to_string(&path).map_err(|error| crate::failure::file(&path, &error))?;
    serde_json::from_str(&text)
        .map_err(|_| Failure::new("hub-door", vec![("path", path.display().to_string())]))
}
