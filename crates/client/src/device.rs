//! A field device: its replica and what is published to it. It works from the first minute, with the forms that ship
//! with the program, and takes over what its hub publishes.

use std::path::Path;
use std::sync::Arc;

use teranga_core::audience::Audience;
use teranga_core::catalogue::Catalogue;
use teranga_core::form::{Form, FormRef};
use teranga_core::id::Entropy;
use teranga_core::shipped;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::drawn::Drawing;
use teranga_sync::introduction::ReplicaKind;

use crate::error::ClientError;

/// A field device.
#[derive(Debug)]
pub struct Device {
    replica: Replica,
    catalogue: Catalogue,
}

impl Device {
    /// Makes a device's replica in `folder`.
    pub fn create(
        folder: &Path,
        person: &str,
        region: Option<&str>,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, ClientError> {
        let profile = Profile {
            kind: ReplicaKind::Device,
            person: person.to_owned(),
            office: String::new(),
            audience: Audience::of_region(region),
        };
        Self::over(Replica::create(folder, &profile, entropy)?)
    }

    /// Opens the replica in `folder`.
    pub fn open(folder: &Path, entropy: &mut dyn Entropy) -> Result<Self, ClientError> {
        Self::over(Replica::open(folder, entropy)?)
    }

    /// A device over an open replica.
    pub fn over(mut replica: Replica) -> Result<Self, ClientError> {
        // What was left to apply when the program was closed. Without room on the disk one can read all the same.
        match replica.apply_the_rest() {
            Ok(()) | Err(StoreError::DiskFull) => {}
            Err(error) => return Err(error.into()),
        }
        let mut device = Self { replica, catalogue: Catalogue::default() };
        device.reload_catalogue()?;
        Ok(device)
    }

    /// Reads the catalogue again, after resources came in.
    pub fn reload_catalogue(&mut self) -> Result<(), ClientError> {
        let mut catalogue = shipped::catalogue()?;
        self.replica.add_resources_to(&mut catalogue)?;
        self.catalogue = catalogue;
        Ok(())
    }

    /// The replica.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The replica, to change it.
    pub fn replica_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }

    /// What is published to this device.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// A form by its id, at its latest version, or by `id@version`.
    pub fn form(&self, name: &str) -> Result<Arc<Form>, ClientError> {
        let found = match name.parse::<FormRef>() {
            Ok(reference) => self.catalogue.form(&reference),
            Err(_) => self.catalogue.latest_form(name),
        };
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = self.catalogue.forms().into_iter().map(|form| form.form_id()).collect();
            ClientError::UnknownForm { form: name.to_owned(), known: known.join(", ") }
        })
    }

    /// The source of the identities and salts of what is begun here.
    pub fn drawing(&self) -> Drawing {
        self.replica.drawing()
    }

    /// The region that new records belong to.
    pub(crate) fn region(&self) -> Result<&str, ClientError> {
        self.replica.profile().audience.region().ok_or(ClientError::NoRegion)
    }
}
