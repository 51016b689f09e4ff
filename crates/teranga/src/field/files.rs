//! Files of a device's records: reading one to attach it, saying where each lies, and fetching what is not here.

use std::path::{Path, PathBuf};

use clap::Args;
use teranga_client::{ClientError, Device};
use teranga_core::answers::AnswerError;
use teranga_core::attachment::{Address, FileFlaw};
use teranga_core::form::Question;
use teranga_core::value::Value;
use teranga_store::Replica;
use teranga_store::attachments::{Mentioned, Where};
use teranga_store::lane::Errand;
use teranga_store::network::Allowance;
use teranga_sync::limits;

use super::{network, sync};
use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::size;

#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    record: String,
    #[arg(long)]
    cert: Option<PathBuf>,
    #[arg(long)]
    hub: Option<String>,
    #[arg(long)]
    network: Option<String>,
    #[arg(long)]
    out_files: Option<PathBuf>,
}

/// Reads a file that is to be attached; a name without a folder lies in this one.
pub(super) fn open(folder: &Path, name: &str) -> Result<Vec<u8>, FileFlaw> {
    let path = folder.join(name);
    let limit = limits::ATTACHMENT_BYTES_MAX;
    match std::fs::metadata(&path) {
        // Nothing is read of what will not be taken.
        Ok(about) if about.len() > limit as u64 => return Err(FileFlaw::TooLarge { limit }),
        Ok(about) if !about.is_file() => return Err(FileFlaw::Unreadable),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(FileFlaw::Absent),
        Err(_) => return Err(FileFlaw::Unreadable),
    }
    std::fs::read(path).map_err(|_| FileFlaw::Unreadable)
}

/// Attaches the file whose path was typed, and says so.
pub(super) fn attach(
    device: &mut Device,
    question: &Question,
    typed: &str,
    messages: &Messages,
) -> Outcome<Result<Value, AnswerError>> {
    // A terminal into which a file was dragged puts its path in quotes.
    let path = typed.trim().trim_matches(['"', '\'']);
    if let Ok(address) = path.parse::<Address>()
        && device.replica().file_lies(&address.hash)?.0.is_some()
    {
        return Ok(Ok(Value::text(path)));
    }
    let bytes = match open(Path::new(""), path) {
        Ok(bytes) => bytes,
        Err(flaw) => return Ok(Err(AnswerError::File { question: question.id.clone(), flaw })),
    };
    match device.attach(question, path, &bytes) {
        Ok(value) => {
            let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
            let size = size::told(bytes.len() as u64, messages);
            let told = [("name", name.unwrap_or_default()), ("size", size)];
            let told: Vec<(&str, &str)> = told.iter().map(|(key, value)| (*key, value.as_str())).collect();
            say!("  {}", messages.with("file-attached", &told));
            Ok(Ok(value))
        }
        Err(ClientError::Answer(error)) => Ok(Err(error)),
        Err(error) => Err(error.into()),
    }
}

/// An answer that is a file, in words: its kind, its size and where it lies. `None` for an answer that is none.
pub(super) fn words(replica: &Replica, value: &Value, messages: &Messages) -> Outcome<Option<String>> {
    let Some(address) = Address::of(value) else { return Ok(None) };
    let (bytes, lies) = replica.file_lies(&address.hash)?;
    Ok(Some(told(&address, bytes, lies, messages)))
}

fn told(address: &Address, bytes: Option<u64>, lies: Where, messages: &Messages) -> String {
    let size = bytes.map(|bytes| size::told(bytes, messages)).unwrap_or_default();
    let lies = match lies {
        Where::Here => messages.text("file-here"),
        Where::AtRegion => messages.text("file-at-region"),
        Where::Elsewhere { arrived: 0 } => messages.text("file-elsewhere"),
        Where::Elsewhere { arrived } => {
            messages.with("file-arriving", &[("arrived", &size::told(arrived, messages))])
        }
    };
    let name: String = address.hash.to_string().chars().take(8).collect();
    let parts = [format!("{name}….{}", address.extension), size, lies];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Says which files wait, where any do.
pub(super) fn waiting(replica: &Replica, messages: &Messages) -> Outcome {
    let waiting = replica.files_waiting()?;
    if waiting.files > 0 {
        let size = size::told(waiting.bytes, messages);
        say!("{}", messages.with("files-wait", &[("count", &waiting.files.to_string()), ("size", &size)]));
    }
    if waiting.wanted > 0 {
        say!("{}", messages.with("files-wanted", &[("count", &waiting.wanted.to_string())]));
    }
    Ok(())
}

/// Fetches the files of a record, and puts them into a folder where one is named.
pub(super) async fn fetch(mut device: Device, arguments: FetchArgs, messages: &Messages) -> Outcome {
    let record = super::find(&device, &arguments.record)?;
    let network = network::meant(device.replica(), arguments.network.as_deref())?;
    device.replica_mut().want_files(record)?;
    let absent = |file: &Mentioned| matches!(file.lies, Where::Elsewhere { .. });
    let mut fetched = Ok(());
    if device.replica().files_of(record)?.iter().any(absent) {
        let way = sync::Way::new(&device, arguments.hub.as_deref(), arguments.cert.as_deref())?;
        // What somebody asks for comes whatever the day has cost, and is counted.
        let allowance = Allowance { over: network.name, bytes: None };
        (device, _, fetched) = sync::files(device, &way, Errand::Fetch, allowance, messages).await;
    }
    let files = device.replica().files_of(record)?;
    for file in &files {
        say!("{}", told(&file.address, file.bytes, file.lies, messages));
        if let Some(folder) = &arguments.out_files {
            put(device.replica(), file, folder)?;
        }
    }
    if files.is_empty() {
        say!("{}", messages.text("files-none"));
    }
    fetched?;
    if files.iter().any(absent) {
        return Err(Failure::new("file-not-at-hub", Vec::new()));
    }
    Ok(())
}

fn put(replica: &Replica, file: &Mentioned, folder: &Path) -> Outcome {
    let Some(bytes) = replica.file(&file.address.hash)? else { return Ok(()) };
    let path = folder.join(file.address.to_string());
    std::fs::create_dir_all(folder).map_err(|error| failure::file(folder, &error))?;
    std::fs::write(&path, bytes).map_err(|error| failure::file(&path, &error))
}
