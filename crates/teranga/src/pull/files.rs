//! The files that pulled answers mention, each under its address in a folder of its own. What lies there already is not
//! fetched again, nothing takes its place that is not what its address says, and what no answer mentions any more goes.

use std::collections::BTreeSet;
use std::path::Path;

use teranga_core::attachment::Address;
use teranga_hub::link::Link;
use teranga_sync::holding::hash_of;
use teranga_sync::limits;

use super::holdings::Holdings;
use crate::failure::{self, Failure, Outcome};

/// The folder within that of the pull.
const FOLDER: &str = "attachments";
/// The chunks of one piece.
const CHUNKS: usize = limits::PULLED_FILE_BYTES_MAX / limits::CHUNK_BYTES;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Files that were fetched.
    pub(super) files: usize,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Files that have not arrived at the hub.
    pub(super) missing: usize,
}

/// Fetches what is mentioned and not here.
pub(super) async fn fetch(link: &Link, token: &str, holdings: &Holdings, out: &Path) -> Outcome<Fetched> {
    let folder = out.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|error| failure::file(&folder, &error))?;
    let mut fetched = Fetched::default();
    for address in mentioned(holdings) {
        let path = folder.join(address.to_string());
        if path.exists() {
            continue;
        }
        let bytes = download(link, token, &address).await?;
        if bytes.is_empty() {
            fetched.missing += 1;
            continue;
        }
        if hash_of(&bytes) != address.hash {
            return Err(Failure::new("file-spoilt", Vec::new()));
        }
        let beside = folder.join(format!(".{address}.new"));
        let written = std::fs::write(&beside, &bytes).and_then(|()| std::fs::rename(&beside, &path));
        written.map_err(|error| failure::file(&path, &error))?;
        fetched.files += 1;
        fetched.bytes += bytes.len() as u64;
    }
    Ok(fetched)
}

/// Removes what lies in the folder of files and no pulled answer mentions any more: it was replaced, voided or erased.
pub(super) fn forget(holdings: &Holdings, out: &Path) -> Outcome {
    let folder = out.join(FOLDER);
    if !folder.exists() {
        return Ok(());
    }
    let mentioned = mentioned(holdings);
    let unreadable = |error: &std::io::Error| failure::file(&folder, error);
    for file in std::fs::read_dir(&folder).map_err(|error| unreadable(&error))? {
        let file = file.map_err(|error| unreadable(&error))?;
        // What has another name is not ours.
        let address = file.file_name().to_str().and_then(|name| name.parse::<Address>().ok());
        if address.is_some_and(|address| !mentioned.contains(&address)) {
            std::fs::remove_file(file.path()).map_err(|error| failure::file(&file.path(), &error))?;
        }
    }
    Ok(())
}

fn mentioned(holdings: &Holdings) -> BTreeSet<Address> {
    let values = holdings.counting().flat_map(|record| record.values.values());
    values.filter_map(|value| value.as_str()?.parse().ok()).collect()
}

async fn download(link: &Link, token: &str, address: &Address) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    for piece in 0.. {
        let path = format!("/v1/pull/file?file={}&chunk={}", address.hash, piece * CHUNKS);
        let came = link.get_piece(&path, token).await?;
        let last = came.len() < limits::PULLED_FILE_BYTES_MAX;
        bytes.extend(came);
        if last || bytes.len() > limits::ATTACHMENT_BYTES_MAX {
            break;
        }
    }
    Ok(bytes)
}
