//! `teranga hub`: run a hub, and what its people ask of it.

mod bundle;
mod keep;
mod start;
mod told;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value as Json;
use teranga_core::id::RecordId;
use teranga_hub::schedule::TimeOfDay;
use teranga_office::admin::{Command, EnrolKind};
use teranga_office::people::{Reached, Scope};

use crate::budget::NetworkCost;
use crate::door;
use crate::failure::{self, Outcome};
use crate::messages::Messages;
use crate::say::{self, say};

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
    #[arg(long, default_value = "unmetered")]
    parent_network: NetworkCost,
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

/// What a device may hold of its region.
#[derive(Debug, Args)]
struct ScopeArgs {
    #[arg(long)]
    caseload: bool,
    #[arg(long, value_delimiter = ',')]
    only_classes: Vec<String>,
}

impl From<ScopeArgs> for Scope {
    fn from(arguments: ScopeArgs) -> Self {
        let reach = if arguments.caseload { Reached::Caseload } else { Reached::Everything };
        Self { reach, classes: arguments.only_classes }
    }
}

/// Whom a code enrols.
#[derive(Debug, Args)]
struct CodeArgs {
    #[arg(long, required_unless_present = "replaces")]
    person: Option<String>,
    #[arg(long)]
    office: Option<String>,
    #[arg(long)]
    region: Option<String>,
    #[arg(long)]
    for_hub: bool,
    #[arg(long, conflicts_with_all = ["person", "office", "region", "for_hub", "caseload", "only_classes"])]
    replaces: Option<String>,
    #[command(flatten)]
    scope: ScopeArgs,
}

impl From<CodeArgs> for Command {
    fn from(whom: CodeArgs) -> Self {
        if let Some(hub) = whom.replaces {
            return Self::ReplacingCode { hub };
        }
        let kind = if whom.for_hub { EnrolKind::Hub } else { EnrolKind::Device };
        let person = whom.person.unwrap_or_default();
        let (office, region) = (whom.office.unwrap_or_else(|| person.clone()), whom.region);
        Self::Code { kind, person, office, region, scope: whom.scope.into() }
    }
}

#[derive(Debug, Subcommand)]
enum Ask {
    Code {
        #[command(flatten)]
        hub: Where,
        #[command(flatten)]
        whom: CodeArgs,
    },
    Grant {
        #[command(flatten)]
        hub: Where,
        replica: String,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    Revoke {
        #[command(flatten)]
        hub: Where,
        replica: String,
    },
    Readmit {
        #[command(flatten)]
        hub: Where,
        replica: String,
    },
    Erase {
        #[command(flatten)]
        hub: Where,
        record: RecordId,
        #[arg(long, required = true)]
        for_good: bool,
        #[arg(long)]
        json: bool,
    },
    Erasures {
        #[command(flatten)]
        hub: Where,
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Keep(keep::Keep),
    Held {
        #[command(flatten)]
        hub: Where,
        #[arg(long)]
        json: bool,
    },
    Retry {
        #[command(flatten)]
        hub: Where,
        record: RecordId,
        #[arg(long)]
        json: bool,
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
        #[arg(long)]
        json: bool,
    },
    Conflicts {
        #[command(flatten)]
        hub: Where,
        #[arg(long)]
        json: bool,
    },
    Show {
        #[command(flatten)]
        hub: Where,
        record: RecordId,
        #[arg(long)]
        json: bool,
    },
    Sync {
        #[command(flatten)]
        hub: Where,
        #[arg(long)]
        json: bool,
    },
    Bundle(bundle::BundleArgs),
    Publish {
        #[command(flatten)]
        hub: Where,
        #[arg(long, default_value = "form")]
        kind: String,
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(arguments: HubArgs, messages: &Messages) -> Outcome {
    match arguments.ask {
        None => return start::run(arguments.run, messages).await,
        Some(Ask::Code { hub, whom }) => {
            let answer = ask(&hub, whom.into()).await?;
            say!("{}", told::text(&answer, "code"));
        }
        Some(Ask::Grant { hub, replica, scope }) => {
            let answer = ask(&hub, Command::Grant { replica, scope: scope.into() }).await?;
            say!("{}", messages.with("grant-changed", &[("person", told::text(&answer, "person"))]));
        }
        Some(Ask::Revoke { hub, replica }) => {
            let answer = ask(&hub, Command::Revoke { replica }).await?;
            say!("{}", messages.with("replica-revoked", &told::whom(&answer)));
        }
        Some(Ask::Readmit { hub, replica }) => {
            let answer = ask(&hub, Command::Readmit { replica }).await?;
            say!("{}", messages.with("replica-readmitted", &told::whom(&answer)));
        }
        Some(Ask::Erase { hub, record, for_good: _, json }) => {
            let answer = ask(&hub, Command::Erase { record }).await?;
            tell(&answer, json, |answer| told::erased(answer, messages));
        }
        Some(Ask::Erasures { hub, json }) => {
            let answer = ask(&hub, Command::Erasures).await?;
            tell(&answer, json, |answer| told::erasures(answer, messages));
        }
        Some(Ask::Keep(keep)) => keep::run(keep, messages).await?,
        Some(Ask::Held { hub, json }) => {
            let answer = ask(&hub, Command::Held).await?;
            tell(&answer, json, |answer| told::held(answer, messages));
        }
        Some(Ask::Retry { hub, record, json }) => {
            let answer = ask(&hub, Command::Retry { record }).await?;
            tell(&answer, json, |answer| told::retried(answer, messages));
        }
        Some(Ask::Token { hub, name, classes }) => {
            let answer = ask(&hub, Command::Token { name, classes }).await?;
            say!("{}", told::text(&answer, "token"));
        }
        Some(Ask::Status { hub, json }) => {
            let answer = ask(&hub, Command::Status).await?;
            if answer.get("insecure_lan") == Some(&Json::Bool(true)) {
                say::aloud(&messages.text("hub-insecure"));
            }
            tell(&answer, json, |answer| told::status(answer, messages));
        }
        Some(Ask::Conflicts { hub, json }) => {
            let answer = ask(&hub, Command::Conflicts).await?;
            tell(&answer, json, |answer| told::conflicts(answer, messages));
        }
        Some(Ask::Show { hub, record, json }) => {
            let answer = ask(&hub, Command::Record { record }).await?;
            tell(&answer, json, |answer| told::record(answer, messages));
        }
        Some(Ask::Sync { hub, json }) => {
            let answer = ask(&hub, Command::Relay).await?;
            tell(&answer, json, |answer| told::relay(answer, messages));
        }
        Some(Ask::Bundle(arguments)) => bundle::run(arguments, messages).await?,
        Some(Ask::Publish { hub, kind, file, json }) => {
            let text = std::fs::read_to_string(&file).map_err(|error| failure::file(&file, &error))?;
            let answer = ask(&hub, Command::Publish { kind, json: text }).await?;
            tell(&answer, json, |answer| told::published(answer, messages));
        }
    }
    Ok(())
}

async fn ask(hub: &Where, command: Command) -> Outcome<Json> {
    door::ask(&hub.data, hub.cert.as_deref(), command).await
}

/// An answer as it came, for machines, or in words.
fn tell(answer: &Json, json: bool, words: impl FnOnce(&Json)) {
    if json {
        say!("{}", serde_json::to_string_pretty(answer).unwrap_or_default());
    } else {
        words(answer);
    }
}
