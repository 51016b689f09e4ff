//! `teranga hub`: run a hub, and what its people ask of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value as Json;
use teranga_core::grant::Audience;
use teranga_core::id::RecordId;
use teranga_hub::schedule::TimeOfDay;
use teranga_hub::serve::HubOptions;
use teranga_hub::world::SystemEntropy;
use teranga_office::admin::{Command, EnrolKind};
use teranga_office::publish;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::feed::ReplicaKind;

use crate::door;
use crate::enrolment;
use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HubArgs {
    #[command(subcommand)]
    ask: Option<Ask>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[arg(long, env = "TERANGA_DATA")]
    data: Option<PathBuf>,
    #[arg(long, default_value = "127.0.0.1:8470")]
    listen: SocketAddr,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    region: Option<String>,
    #[arg(long)]
    parent: Option<String>,
    #[arg(long, env = "TERANGA_CODE", hide_env_values = true)]
    code: Option<String>,
    #[arg(long)]
    parent_cert: Option<PathBuf>,
    #[arg(long, default_value = "22:00")]
    sync_at: TimeOfDay,
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[arg(long)]
    insecure_lan: bool,
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Debug, Args)]
struct Where {
    #[arg(long, env = "TERANGA_DATA")]
    data: PathBuf,
    #[arg(long)]
    cert: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Ask {
    Code {
        #[command(flatten)]
        hub: Where,
        #[arg(long)]
        person: String,
        #[arg(long)]
        office: Option<String>,
        #[arg(long)]
        region: Option<String>,
        #[arg(long)]
        for_hub: bool,
    },
    Token {
        #[command(flatten)]
        hub: Where,
        #[arg(long)]
        name: String,
        #[arg(long, value_delimiter = ',', default_value = "open,survey")]
        classes: Vec<String>,
    },
    Status {
        #[command(flatten)]
        hub: Where,
    },
    Conflicts {
        #[command(flatten)]
        hub: Where,
    },
    Show {
        #[command(flatten)]
        hub: Where,
        record: RecordId,
    },
    Sync {
        #[command(flatten)]
        hub: Where,
    },
    Publish {
        #[command(flatten)]
        hub: Where,
        #[arg(long, default_value = "form")]
        kind: String,
        file: PathBuf,
    },
}

pub(crate) async fn run(arguments: HubArgs, messages: &Messages) -> Outcome {
    match arguments.ask {
        None => serve(arguments.run, messages).await,
        Some(Ask::Code { hub, person, office, region, for_hub }) => {
            let kind = if for_hub { EnrolKind::Hub } else { EnrolKind::Device };
            let office = office.unwrap_or_else(|| person.clone());
            let command = Command::Code { kind, person, office, region };
            let answer = ask(&hub, command).await?;
            println!("{}", text(&answer, "code"));
            Ok(())
        }
        Some(Ask::Token { hub, name, classes }) => {
            let answer = ask(&hub, Command::Token { name, classes }).await?;
            println!("{}", text(&answer, "token"));
            Ok(())
        }
        Some(Ask::Status { hub }) => {
            let answer = ask(&hub, Command::Status).await?;
            if answer.get("insecure_lan") == Some(&Json::Bool(true)) {
                eprintln!("{}", messages.text("hub-insecure"));
            }
            show(&answer);
            Ok(())
        }
        Some(Ask::Conflicts { hub }) => {
            show(&ask(&hub, Command::Conflicts).await?);
            Ok(())
        }
        Some(Ask::Show { hub, record }) => {
            show(&ask(&hub, Command::Record { record }).await?);
            Ok(())
        }
        Some(Ask::Sync { hub }) => {
            show(&ask(&hub, Command::Relay).await?);
            Ok(())
        }
        Some(Ask::Publish { hub, kind, file }) => {
            let json = std::fs::read_to_string(&file).map_err(|error| failure::file(&file, &error))?;
            show(&ask(&hub, Command::Publish { kind, json }).await?);
            Ok(())
        }
    }
}

async fn ask(hub: &Where, command: Command) -> Outcome<Json> {
    door::ask(&hub.data, hub.cert.as_deref(), command).await
}

fn show(answer: &Json) {
    println!("{}", serde_json::to_string_pretty(answer).unwrap_or_default());
}

fn text<'a>(answer: &'a Json, key: &str) -> &'a str {
    answer.get(key).and_then(Json::as_str).unwrap_or_default()
}

async fn serve(arguments: RunArgs, messages: &Messages) -> Outcome {
    let data = arguments.data.clone().ok_or_else(|| Failure::new("data-missing", Vec::new()))?;
    prepare(&data, &arguments, messages).await?;
    let options = HubOptions {
        data,
        listen: arguments.listen,
        tls: arguments.tls_cert.zip(arguments.tls_key),
        insecure_lan: arguments.insecure_lan,
        sync_at: arguments.sync_at,
        parent_certificate: arguments.parent_cert,
    };
    let ready = |address: SocketAddr| {
        println!("{}", messages.with("hub-ready", &[("address", &address.to_string())]));
    };
    tokio::select! {
        served = teranga_hub::serve(options, ready) => Ok(served?),
        () = crate::demo::tether::parted(arguments.until_stdin_closes) => Ok(()),
    }
}

/// Makes the replica at the first start, publishes what ships with the program at headquarters, and enrols at the
/// parent.
async fn prepare(data: &Path, arguments: &RunArgs, messages: &Messages) -> Outcome {
    let mut replica = match Replica::open(data, &mut SystemEntropy) {
        Err(StoreError::Absent(_)) => {
            let name = arguments
                .name
                .clone()
                .unwrap_or_else(|| arguments.region.clone().unwrap_or_else(|| "HQ".into()));
            let profile = Profile {
                kind: ReplicaKind::Hub,
                person: name.clone(),
                office: name,
                audience: Audience::of_region(arguments.region.as_deref()),
            };
            Replica::create(data, &profile, &mut SystemEntropy)?
        }
        other => other?,
    };
    let enrolled = replica.uplink()?.is_some();
    match (&arguments.parent, &arguments.code) {
        (Some(url), Some(code)) if !enrolled => {
            let answer = enrolment::enrol(&mut replica, url, arguments.parent_cert.as_deref(), code).await?;
            println!("{}", messages.with("hub-enrolled", &[("hub", &answer.hub_name)]));
        }
        (Some(_), None) if !enrolled => return Err(Failure::new("hub-needs-code", Vec::new())),
        _ => {}
    }
    if replica.uplink()?.is_none() {
        publish::publish_shipped(&mut replica)?;
    }
    if replica.children()?.is_empty() {
        println!("{}", messages.text("hub-first-code"));
    }
    Ok(())
}
