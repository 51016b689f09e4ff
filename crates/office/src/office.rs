//! A hub's office: one replica and the catalogue of what is published in it.

use std::collections::BTreeMap;

use teranga_core::catalogue::Catalogue;
use teranga_core::id::ReplicaId;
use teranga_store::{Replica, Result};
use teranga_sync::limits;

use crate::bundle::RefusedBefore;
use crate::publish;

/// A hub without its network.
#[derive(Debug)]
pub struct Office {
    replica: Replica,
    catalogue: Catalogue,
    /// What was refused so far of files that are being brought, by who made them.
    pub(crate) refused_before: BTreeMap<ReplicaId, RefusedBefore>,
}

impl Office {
    /// Opens the office over a replica: applies what an interrupted run left logged, or most of it, and reads the catalogue.
    pub fn open(mut replica: Replica) -> Result<Self> {
        for _ in 0..limits::ROUNDS_AT_OPENING {
            if !replica.apply_logged()?.is_left() {
                break;
            }
        }
        let catalogue = publish::catalogue(&replica)?;
        Ok(Self { replica, catalogue, refused_before: BTreeMap::new() })
    }

    /// The replica.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The replica, to change it.
    pub fn replica_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }

    /// What is published here.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Reads the catalogue again, after resources came in.
    pub fn reload_catalogue(&mut self) -> Result<()> {
        self.catalogue = publish::catalogue(&self.replica)?;
        Ok(())
    }
}
