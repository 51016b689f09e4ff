//! `teranga verify`: reads a replica through, a device's or a hub's, and names what is not as it was written.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use teranga_hub::world::SystemEntropy;
use teranga_store::Replica;
use teranga_store::verify::Flaw;

use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[arg(long, env = "TERANGA_DATA")]
    data: PathBuf,
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &VerifyArgs, messages: &Messages) -> Outcome {
    let replica = Replica::open(&arguments.data, &mut SystemEntropy)?;
    let mut flaws = Vec::new();
    let verified = replica.verify(|flaw| flaws.push(flaw))?;
    let (changes, packs, parts) = (verified.changes, verified.packs, verified.parts);
    let lines: Vec<String> = flaws.iter().map(|flaw| told(flaw, &replica, messages)).collect();
    if arguments.json {
        say!("{}", json!({ "changes": changes, "packs": packs, "parts": parts, "flaws": lines }));
    } else {
        for line in &lines {
            say!("  ✗ {line}");
        }
    }
    if !flaws.is_empty() {
        return Err(Failure::new("verify-flawed", vec![("count", flaws.len().to_string())]));
    }
    if !arguments.json {
        let counts =
            [("changes", changes.to_string()), ("packs", packs.to_string()), ("parts", parts.to_string())];
        let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
        say!("{}", messages.with("verify-sound", &counts));
    }
    Ok(())
}

/// A flaw in words. Of people only the names of those who wrote a pack are told, to whoever holds the replica.
fn told(flaw: &Flaw, replica: &Replica, messages: &Messages) -> String {
    let person = |origin| {
        let author = replica.introduction(origin).ok().flatten().map(|author| author.person);
        author.unwrap_or_else(|| origin.to_string())
    };
    match flaw {
        Flaw::Pages(detail) => messages.with("verify-pages", &[("detail", detail)]),
        Flaw::Change { record, class, hash } => messages.with(
            "verify-change",
            &[("record", &record.to_string()), ("class", class.as_str()), ("hash", &hash.to_string())],
        ),
        Flaw::Pack { origin, batch } => {
            messages.with("verify-pack", &[("person", &person(*origin)), ("batch", &batch.0.to_string())])
        }
        Flaw::Chain { origin, batch } => {
            messages.with("verify-chain", &[("person", &person(*origin)), ("batch", &batch.0.to_string())])
        }
        Flaw::Part(part) => messages
            .with("verify-part", &[("record", &part.record.to_string()), ("class", part.class.as_str())]),
        Flaw::File(file) => messages.with("verify-file", &[("file", &file.to_string())]),
        Flaw::Resource { name } => messages.with("verify-resource", &[("name", name)]),
    }
}
