//! `teranga verify`: reads a replica through, a device's or a hub's, and names what is not as it was written.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use teranga_core::id::{Batch, ReplicaId};
use teranga_hub::world::SystemEntropy;
use teranga_store::Replica;
use teranga_store::verify::Flaw;
use teranga_sync::introduction::ReplicaKind;

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
    let person = |origin: ReplicaId| {
        let author = replica.introduction(origin).ok().flatten().map(|author| author.person);
        author.unwrap_or_else(|| origin.to_string())
    };
    let lines: Vec<String> = flaws.iter().map(|flaw| told(flaw, person, messages)).collect();
    if arguments.json {
        say!("{}", json!({ "changes": changes, "packs": packs, "parts": parts, "flaws": lines }));
    } else {
        for line in &lines {
            say!("  ✗ {line}");
        }
    }
    if !flaws.is_empty() {
        // What is to be done depends on whose it is: only a hub has backups, and only a device a hub that has the same.
        let code = match replica.profile().kind {
            ReplicaKind::Device => "verify-flawed",
            ReplicaKind::Hub => "verify-flawed-hub",
        };
        return Err(Failure::new(code, vec![("count", flaws.len().to_string())]));
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
fn told(flaw: &Flaw, person: impl Fn(ReplicaId) -> String, messages: &Messages) -> String {
    let one = |key, name, value: &dyn ToString| messages.with(key, &[(name, &value.to_string())]);
    let pack = |key, origin, batch: Batch| {
        messages.with(key, &[("person", &person(origin)), ("batch", &batch.0.to_string())])
    };
    match flaw {
        Flaw::Log(path) => one("verify-log", "file", &path.display()),
        Flaw::Pages(detail) => one("verify-pages", "detail", detail),
        Flaw::Layout(name) => one("verify-layout", "name", name),
        Flaw::Table(table) => one("verify-table", "what", &one("verify-table-name", "table", table)),
        Flaw::Unreadable { table, why } => {
            let table = one("verify-table-name", "table", table);
            messages.with("verify-unreadable", &[("what", &table), ("detail", why)])
        }
        Flaw::Change { record, class, hash } => messages.with(
            "verify-change",
            &[("record", &record.to_string()), ("class", class.as_str()), ("hash", &hash.to_string())],
        ),
        Flaw::Pack { origin, batch } => pack("verify-pack", *origin, *batch),
        Flaw::Chain { origin, batch } => pack("verify-chain", *origin, *batch),
        Flaw::Part(part) => messages
            .with("verify-part", &[("record", &part.record.to_string()), ("class", part.class.as_str())]),
        Flaw::Record(record) => one("verify-record", "record", record),
        Flaw::File(file) => one("verify-file", "file", file),
        Flaw::Thumbnail(image) => one("verify-thumbnail", "file", image),
        Flaw::Resource { name } => one("verify-resource", "name", name),
        Flaw::Feed { position } => one("verify-feed", "position", position),
        Flaw::Identity(replica) => one("verify-identity", "person", &person(*replica)),
        Flaw::Erasure(record) => one("verify-erasure", "record", record),
        Flaw::Confirmation { record, replica } => messages
            .with("verify-confirmation", &[("record", &record.to_string()), ("person", &person(*replica))]),
        Flaw::Hub => messages.text("verify-hub"),
        Flaw::Keys(what) => one("verify-keys", "what", what),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use teranga_core::class::ClassId;
    use teranga_core::id::{ChangeHash, FileHash, RecordId};
    use teranga_store::verify::{Unsound, UnsoundPart};

    use super::*;
    use crate::language::Language;

    #[test]
    fn every_flaw_is_told_in_both_languages_and_like_no_other() {
        let (record, class, origin) = (RecordId([1; 16]), ClassId::new("survey"), ReplicaId([5; 16]));
        let (hash, file, name) = (ChangeHash([2; 32]), FileHash([3; 32]), "list a@1".to_owned());
        let flaws = [
            Flaw::Log("replica.sqlite-wal-damaged".into()),
            Flaw::Pages("row 1 missing".into()),
            Flaw::Layout("uplink".into()),
            Flaw::Table("draft".into()),
            Flaw::Table("no_such_table".into()),
            Flaw::Unreadable { table: "erased", why: "why".into() },
            Flaw::Change { record, class: class.clone(), hash },
            Flaw::Pack { origin, batch: Batch(7) },
            Flaw::Chain { origin, batch: Batch(7) },
            Flaw::Part(UnsoundPart { record, class, wrong: Unsound::Absent }),
            Flaw::Record(record),
            Flaw::File(file),
            Flaw::Thumbnail(file),
            Flaw::Resource { name },
            Flaw::Feed { position: 7 },
            Flaw::Identity(origin),
            Flaw::Erasure(record),
            Flaw::Confirmation { record, replica: ReplicaId([4; 16]) },
            Flaw::Hub,
            Flaw::Keys("share".into()),
        ];
        let mut lines = BTreeSet::new();
        for language in [Language::Fr, Language::En] {
            let messages = Messages::new(language);
            for flaw in &flaws {
                let line = told(flaw, |_| "Awa Exemple".into(), &messages);
                assert!(!line.contains("verify-") && !line.contains('{'), "{line}");
                assert!(lines.insert(line));
            }
        }
        assert!(lines.iter().any(|line| line.contains("les entretiens en cours")));
        assert!(lines.iter().any(|line| line.contains("Awa Exemple") && line.contains('7')));
    }
}
