//! Who is in charge of a case, and answers that a hub did not take: the acts on them.

use clap::{Args, Subcommand};
use teranga_client::Device;
use teranga_client::charge::{self, Handover};
use teranga_core::grant::CASELOAD_WARN;
use teranga_core::id::RecordId;
use teranga_core::record::{Assignee, Custody};
use teranga_core::region;
use teranga_hub::world::SystemEntropy;

use super::{acts, find, show, table};
use crate::badge;
use crate::failure::Outcome;
use crate::messages::Messages;
use crate::say::say;

#[derive(Debug, Subcommand)]
pub(super) enum ChargeAct {
    Assign {
        case: String,
        #[command(flatten)]
        to: AssignArgs,
    },
    Relieve {
        case: String,
    },
    Held {
        record: Option<String>,
    },
    Again {
        record: String,
    },
    LetGo {
        record: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct AssignArgs {
    #[arg(long)]
    office: Option<String>,
    #[arg(long, requires = "office")]
    agent: Option<String>,
    #[arg(long, required_unless_present = "office")]
    in_region: Option<String>,
    #[arg(long)]
    instead: bool,
}

pub(super) fn run(device: &mut Device, act: ChargeAct, messages: &Messages) -> Outcome {
    match act {
        ChargeAct::Assign { case, to } => {
            let case = find(device, &case)?;
            assign(device, case, to, messages)
        }
        ChargeAct::Relieve { case } => {
            let case = find(device, &case)?;
            relieve(device, case, messages)
        }
        ChargeAct::Held { record } => {
            let record = record.map(|record| find_held(device, &record)).transpose()?;
            held(device, record, messages)
        }
        ChargeAct::Again { record } => {
            let record = find_held(device, &record)?;
            give_again(device, record, messages)
        }
        ChargeAct::LetGo { record } => {
            let record = find_held(device, &record)?;
            let_go(device, record, messages)
        }
    }
}

/// Puts an office or a person in charge of a case.
fn assign(device: &mut Device, case: RecordId, arguments: AssignArgs, messages: &Messages) -> Outcome {
    let own = device.replica().profile().audience.place.code().to_owned();
    let region = arguments.in_region.map_or(Ok(own), |region| region::check(&region).map(|()| region))?;
    let to = Assignee { region, office: arguments.office, person: arguments.agent };
    let handover = if arguments.instead { Handover::Instead } else { Handover::Beside };
    let language = messages.language().code();
    let changes = device.assign(case, to.clone(), handover, super::setting(language, &mut SystemEntropy))?;
    acts::report(case, &changes, messages);
    tell(device.replica().custody(case)?.as_ref(), messages);
    if let Some(held) = device.caseload_of(&to)?.filter(|held| *held >= CASELOAD_WARN) {
        let (held, most) = (held.to_string(), CASELOAD_WARN.to_string());
        say!(
            "{}",
            messages
                .with("charge-crowded", &[("name", &charge::name(&to)), ("held", &held), ("most", &most)])
        );
    }
    Ok(())
}

/// Relieves whoever is in charge of a case.
fn relieve(device: &mut Device, case: RecordId, messages: &Messages) -> Outcome {
    let language = messages.language().code();
    let changes = device.relieve(case, None, super::setting(language, &mut SystemEntropy))?;
    acts::report(case, &changes, messages);
    tell(device.replica().custody(case)?.as_ref(), messages);
    Ok(())
}

/// Says who is in charge.
pub(super) fn tell(custody: Option<&Custody>, messages: &Messages) {
    let Some(custody) = custody else { return };
    let names: Vec<String> = custody.assigned.iter().map(charge::name).collect();
    if names.is_empty() {
        say!("{}", messages.with("charge-region", &[("region", &custody.region)]));
    } else {
        say!("{}", messages.with("charge", &[("names", &names.join(" · "))]));
    }
}

/// Lists the answers that a hub did not take, of one record or of all.
fn held(device: &Device, record: Option<RecordId>, messages: &Messages) -> Outcome {
    let records = match record {
        Some(record) => vec![record],
        None => device.replica().records_held()?,
    };
    let mut rows = table(
        messages,
        &["column-record", "column-question", "column-value", "column-class", "column-reason"],
    );
    for record in &records {
        let verdicts = device.replica().standing_verdicts(*record)?;
        let mut reasons: Vec<String> =
            verdicts.iter().map(|verdict| badge::reason(&verdict.reason, messages)).collect();
        reasons.dedup();
        for answer in device.replica().held_answers(*record)? {
            rows.add_row([
                record.to_string(),
                answer.key.to_string(),
                show::plain(&answer.value),
                answer.class.as_str().to_owned(),
                reasons.join(", "),
            ]);
        }
    }
    let told = if records.is_empty() { messages.text("held-none") } else { rows.to_string() };
    say!("{told}");
    Ok(())
}

/// Gives the answers of a record again that were not taken.
fn give_again(device: &mut Device, record: RecordId, messages: &Messages) -> Outcome {
    let language = messages.language().code();
    let changes = device.give_again(record, super::setting(language, &mut SystemEntropy))?;
    acts::report(record, &changes, messages);
    Ok(())
}

/// Lets the answers of a record go that were not taken.
fn let_go(device: &mut Device, record: RecordId, messages: &Messages) -> Outcome {
    device.let_go(record)?;
    say!("{}", messages.with("held-let-go", &[("record", &record.to_string())]));
    Ok(())
}

/// A record of which answers are held aside: nothing else of it may be here.
fn find_held(device: &Device, text: &str) -> Outcome<RecordId> {
    let held = device.replica().records_held()?;
    held.into_iter().find(|record| record.to_string() == text).map_or_else(|| find(device, text), Ok)
}
