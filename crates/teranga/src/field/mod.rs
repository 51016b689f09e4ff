//! `teranga field`: what a volunteer does on a device.

mod acts;
mod alerts;
mod bundle;
mod charge;
mod draft;
mod files;
mod fill;
mod keep;
mod lists;
mod network;
mod register;
mod review;
mod show;
mod sync;
mod upgrade;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use teranga_client::Device;
use teranga_client::interview::Setting;
use teranga_core::id::RecordId;
use teranga_core::region;
use teranga_hub::world::{SystemEntropy, now};
use teranga_office::names;
use teranga_store::{FILE, StoreError};
use teranga_sync::introduction::ReplicaKind;

use crate::failure::{Failure, Outcome};
use crate::kind;
use crate::messages::Messages;
use crate::say::say;

pub(crate) use bundle::written as bundle_written;
pub(crate) use lists::table;

#[derive(Debug, Args)]
pub(crate) struct FieldArgs {
    #[arg(long, global = true, env = "TERANGA_DATA")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Init {
        #[arg(long)]
        person: String,
        #[arg(long)]
        region: Option<String>,
    },
    Enrol(sync::EnrolArgs),
    Case(fill::AnswersArgs),
    Fill {
        form: String,
        #[arg(long)]
        case: Option<String>,
        #[command(flatten)]
        answers: fill::AnswersArgs,
    },
    Resume {
        record: Option<String>,
        #[command(flatten)]
        answers: fill::AnswersArgs,
    },
    Edit {
        record: String,
        #[command(flatten)]
        answers: fill::AnswersArgs,
    },
    Upgrade {
        record: String,
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        answers: fill::AnswersArgs,
    },
    Drop {
        record: String,
    },
    List,
    Show {
        record: String,
    },
    Move {
        record: String,
        #[arg(long)]
        to: String,
    },
    Void {
        record: String,
        #[arg(long)]
        reason: String,
    },
    Restore {
        record: String,
    },
    Settle {
        record: String,
        key: String,
        value: String,
    },
    #[command(flatten)]
    Charge(charge::ChargeAct),
    #[command(flatten)]
    Review(review::ReviewAct),
    ImportCases(register::RegisterArgs),
    Sync(sync::SyncArgs),
    Bundle(bundle::BundleArgs),
    Fetch(files::FetchArgs),
    Network(network::NetworkArgs),
    Status,
    Forms,
}

pub(crate) async fn run(arguments: FieldArgs, messages: &Messages) -> Outcome {
    let data = arguments.data.ok_or_else(|| Failure::new("data-missing", Vec::new()))?;
    if let Act::Init { person, region } = &arguments.act {
        names::check("person", person)?;
        region.as_deref().map(region::check).transpose()?;
        let device = Device::create(&data, person, region.as_deref(), &mut SystemEntropy)?;
        say!("{}", messages.with("field-made", &[("replica", &device.replica().id().to_string())]));
        return Ok(());
    }
    let device = Device::open(&data, &mut SystemEntropy)?;
    kind::expect(device.replica(), &data, ReplicaKind::Device)?;
    let done = match arguments.act {
        Act::Enrol(enrol) => sync::enrol(device, enrol, messages).await,
        Act::Sync(arguments) => sync::run(device, arguments, messages).await,
        Act::Fetch(arguments) => files::fetch(device, arguments, messages).await,
        other => at_device(device, other, messages),
    };
    done.map_err(|failure| with_path(failure, &data.join(FILE)))
}

/// A failure of the database with the path of its file: once it is open, the store does not know where it lies.
fn with_path(failure: Failure, path: &Path) -> Failure {
    let of_database = [
        StoreError::Damaged,
        StoreError::Foreign,
        StoreError::ReadOnly,
        StoreError::NoPermission,
        StoreError::Unopenable,
        StoreError::DiskFails,
        StoreError::InUse,
    ];
    let bare = |error: &fn(PathBuf) -> StoreError| failure == error(PathBuf::from(FILE)).into();
    match of_database.into_iter().find(bare) {
        Some(error) => error(path.to_owned()).into(),
        None => failure,
    }
}

fn at_device(mut device: Device, act: Act, messages: &Messages) -> Outcome {
    let language = messages.language().code();
    match act {
        Act::Init { .. } | Act::Enrol(_) | Act::Sync(_) | Act::Fetch(_) => Ok(()),
        Act::Case(answers) => {
            let sheet = answers.read()?;
            fill::begin(&mut device, "profile", None, sheet.as_ref(), messages)
        }
        Act::Fill { form, case, answers } => {
            let sheet = answers.read()?;
            let case = case.map(|case| find(&device, &case)).transpose()?;
            fill::begin(&mut device, &form, case, sheet.as_ref(), messages)
        }
        Act::Resume { record, answers } => {
            let sheet = answers.read()?;
            fill::resume(&mut device, record.as_deref(), sheet.as_ref(), messages)
        }
        Act::Edit { record, answers } => {
            let sheet = answers.read()?;
            let record = find(&device, &record)?;
            fill::edit(&mut device, record, sheet.as_ref(), messages)
        }
        Act::Upgrade { record, yes, answers } => {
            let sheet = answers.read()?;
            let record = upgrade::find(&device, &record)?;
            upgrade::run(&mut device, record, yes, sheet.as_ref(), messages)
        }
        Act::Drop { record } => acts::drop_draft(&mut device, &record, messages),
        Act::ImportCases(arguments) => register::run(&mut device, &arguments, messages),
        Act::Bundle(arguments) => bundle::run(&mut device, arguments, messages),
        Act::Network(arguments) => network::run(&mut device, &arguments, messages),
        Act::List => lists::list(&device, messages),
        Act::Status => lists::status(&device, messages),
        Act::Forms => {
            lists::forms(&device, messages);
            Ok(())
        }
        Act::Show { record } => show::run(&device, find(&device, &record)?, messages),
        Act::Move { record, to } => {
            let (record, case) = (find(&device, &record)?, find(&device, &to)?);
            let changes = device.move_to(record, case, setting(language, &mut SystemEntropy))?;
            acts::report(record, &changes, messages);
            Ok(())
        }
        Act::Void { record, reason } => {
            if reason.trim().is_empty() {
                return Err(Failure::new("reason-empty", Vec::new()));
            }
            let record = find(&device, &record)?;
            let changes = device.void(record, &reason, setting(language, &mut SystemEntropy))?;
            acts::report(record, &changes, messages);
            Ok(())
        }
        Act::Restore { record } => {
            let record = find(&device, &record)?;
            let changes = device.restore(record, setting(language, &mut SystemEntropy))?;
            acts::report(record, &changes, messages);
            Ok(())
        }
        Act::Charge(act) => charge::run(&mut device, act, messages),
        Act::Review(act) => review::run(&mut device, act, messages),
        Act::Settle { record, key, value } => {
            let record = find(&device, &record)?;
            acts::settle(&mut device, record, &key, &value, messages)
        }
    }
}

/// The time, the language and the randomness of an act.
fn setting<'a>(language: &'a str, entropy: &'a mut SystemEntropy) -> Setting<'a> {
    Setting { now: now(), language, entropy }
}

fn find(device: &Device, text: &str) -> Outcome<RecordId> {
    device.find(text)?.ok_or_else(|| Failure::new("record-unknown", vec![("record", text.to_owned())]))
}
