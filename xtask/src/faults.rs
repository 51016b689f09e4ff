//! `cargo xtask faults`: breaks each guarantee on purpose, in a copy of the sources, and shows that its test notices.
//! A test that passes on broken code is worth nothing; here each is seen to fail.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// One guarantee, how to break it, and the test that must notice.
struct Fault {
    /// What the broken code does wrong.
    does: &'static str,
    /// The source file.
    file: &'static str,
    /// The text that keeps the guarantee, once in the file, and what stands there instead.
    broken: (&'static str, &'static str),
    /// The package, the test binary and the test.
    noticed_by: (&'static str, &'static str, &'static str),
}

const FAULTS: &[Fault] = &[
    Fault {
        does: "a save is reported, but never committed",
        file: "crates/store/src/save.rs",
        broken: ("transaction.commit()?;", "drop(transaction);"),
        noticed_by: ("teranga-tests", "kill", "a_client_killed_during_saves_loses_nothing_that_it_reported"),
    },
    Fault {
        does: "a save is in its parts a moment before it is in the log",
        file: "crates/store/src/save.rs",
        broken: (
            "log_save(&transaction, save.record, own, &made)?;",
            "transaction.commit()?;\n\
             std::thread::sleep(std::time::Duration::from_millis(10));\n\
             let transaction = self.database_mut().transaction()?;\n\
             log_save(&transaction, save.record, own, &made)?;",
        ),
        noticed_by: ("teranga-tests", "kill", "a_client_killed_during_saves_loses_nothing_that_it_reported"),
    },
    Fault {
        does: "a client moves its cursor on a moment before it has the rows",
        file: "crates/store/src/uplink/answered.rs",
        broken: (
            "let mut took = take_rows(&transaction, &identity, read_rows(&answer.rows, answer.version)?)?;",
            "transaction.execute(\"UPDATE uplink SET position = ?1, running = ?2\", \
             params![integer(answer.cursor.position.0), answer.cursor.running])?;\n\
             transaction.commit()?;\n\
             std::thread::sleep(std::time::Duration::from_millis(10));\n\
             let transaction = self.database_mut().transaction()?;\n\
             let mut took = take_rows(&transaction, &identity, read_rows(&answer.rows, answer.version)?)?;",
        ),
        noticed_by: ("teranga-tests", "kill", "a_client_killed_during_sync_goes_on_where_it_stopped"),
    },
    Fault {
        does: "a client takes for received what it only sent",
        file: "crates/store/src/uplink/answered.rs",
        broken: (
            "outbox::held_above(&transaction, &answer.acknowledged)?;",
            "crate::columns::unsigned(transaction.query_row(\"SELECT coalesce(max(number), 0) FROM outbox\", [], |row| row.get(0))?);",
        ),
        noticed_by: (
            "teranga-tests",
            "kill",
            "a_link_that_cuts_every_connection_sends_at_most_one_pack_again_per_cut",
        ),
    },
    Fault {
        does: "a hub acknowledges a pack of which it did not keep the first save",
        file: "crates/store/src/ingest/logged.rs",
        broken: ("for save in &pack.saves {", "for save in pack.saves.iter().skip(1) {"),
        noticed_by: ("teranga-tests", "kill", "a_hub_killed_during_ingest_has_what_it_acknowledged"),
    },
    Fault {
        does: "a hub keeps what arrives, but does not send it on",
        file: "crates/store/src/ingest/logged.rs",
        broken: ("    outbox::enqueue(connection, manifest.replica(), manifest.batch)?;\n", ""),
        noticed_by: ("teranga-tests", "kill", "a_hub_killed_during_relay_relays_the_rest_later"),
    },
    Fault {
        does: "a client that asks what arrived goes back by three packs",
        file: "crates/store/src/uplink/answered.rs",
        broken: (
            "outbox::held_above(&transaction, &answer.acknowledged)?;",
            "outbox::held_above(&transaction, &answer.acknowledged)?\n\
             .saturating_sub(if request.pushes.is_empty() { 3 } else { 0 });",
        ),
        noticed_by: (
            "teranga-tests",
            "kill",
            "a_link_that_cuts_every_connection_sends_at_most_one_pack_again_per_cut",
        ),
    },
    Fault {
        does: "a device says safe when only its region has it",
        file: "crates/store/src/ticks.rs",
        broken: (
            "if receipt.is_none_or(|receipt| receipt.batch < batch) {",
            "if false && receipt.is_none_or(|receipt| receipt.batch < batch) {",
        ),
        noticed_by: ("teranga-store", "exchange", ""),
    },
    Fault {
        does: "what is to leave goes though no backup of the home covers it",
        file: "crates/store/src/gone.rs",
        broken: ("own, record, Assurance::BackedUp)?", "own, record, Assurance::Held)?"),
        noticed_by: ("teranga-store", "exchange", ""),
    },
    Fault {
        does: "a change that makes the merge library panic takes the hub down",
        file: "crates/document/src/guard.rs",
        broken: ("quiet::catch(tried)", "Some(tried())"),
        noticed_by: ("teranga-office", "hostile", ""),
    },
    Fault {
        does: "a change that repeats a number is applied",
        file: "crates/document/src/guard.rs",
        broken: ("admissible::check(&doc, &change)?;", ""),
        noticed_by: ("teranga-document", "document", ""),
    },
    Fault {
        does: "a change is applied after which the part never loads again",
        file: "crates/document/src/guard.rs",
        broken: (
            "let doc_again = Automerge::load(&snapshot).map_err(|_| Reason::DoesNotReload)?;",
            "let doc_again = doc.clone();",
        ),
        noticed_by: ("teranga-office", "hostile", ""),
    },
];

/// Breaks every guarantee in turn, or those whose description contains `only`.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let copy = Copy::make()?;
    let chosen: Vec<&Fault> =
        FAULTS.iter().filter(|fault| only.is_none_or(|only| fault.does.contains(only))).collect();
    ensure!(!chosen.is_empty(), "no fault is named like that");
    for fault in &chosen {
        ensure!(copy.passes(fault)?, "{} fails on sound code", fault.noticed_by.2);
    }
    let mut missed = 0;
    for fault in chosen {
        let noticed = copy.notices(fault)?;
        missed += usize::from(!noticed);
        println!("{:8} {}", if noticed { "noticed" } else { "MISSED" }, fault.does);
    }
    ensure!(missed == 0, "{missed} broken guarantees were not noticed");
    Ok(())
}

/// A copy of the tracked sources, with a build of its own.
struct Copy {
    folder: PathBuf,
    build: PathBuf,
}

impl Copy {
    fn make() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
        let copy = Self { folder: root.join("target/faults/tree"), build: root.join("target/faults/build") };
        let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output()?;
        ensure!(
            listed.status.success(),
            "git ls-files failed: faults are planted in a copy of what git tracks"
        );
        let listed = String::from_utf8(listed.stdout)?;
        let tracked: BTreeSet<&str> = listed.split_terminator('\0').collect();
        copy.drop_all_but(&copy.folder, &tracked)?;
        for name in tracked {
            let (from, to) = (root.join(name), copy.folder.join(name));
            let content = fs::read(&from).with_context(|| from.display().to_string())?;
            if fs::read(&to).is_ok_and(|there| there == content) {
                continue; // an unchanged file keeps its date, and is not built again
            }
            fs::create_dir_all(to.parent().context("a file has a folder")?)?;
            fs::write(&to, content)?;
        }
        Ok(copy)
    }

    /// Takes away what was tracked when the copy was last made and is not now: a module that moved would stand twice.
    fn drop_all_but(&self, folder: &Path, tracked: &BTreeSet<&str>) -> Result<()> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                self.drop_all_but(&path, tracked)?;
            } else if path.strip_prefix(&self.folder)?.to_str().is_none_or(|name| !tracked.contains(name)) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Whether the broken code builds and its test fails. The file is mended afterwards.
    fn notices(&self, fault: &Fault) -> Result<bool> {
        let path = self.folder.join(fault.file);
        let sound = fs::read_to_string(&path)?;
        fs::write(&path, fault.plant(&sound)?)?;
        let built = self.cargo(fault, &["--no-run"]);
        let passes = self.passes(fault);
        fs::write(&path, sound)?;
        if !built? {
            bail!("{}: the broken code does not build", fault.does);
        }
        Ok(!passes?)
    }

    fn passes(&self, fault: &Fault) -> Result<bool> {
        self.cargo(fault, &["--", fault.noticed_by.2])
    }

    fn cargo(&self, fault: &Fault, more: &[&str]) -> Result<bool> {
        let (package, binary, _) = fault.noticed_by;
        let mut command = Command::new("cargo");
        command.args(["test", "--quiet", "--locked", "--package", package]);
        if !binary.is_empty() {
            command.args(["--test", binary]);
        }
        command.args(more).current_dir(&self.folder).env("CARGO_TARGET_DIR", &self.build);
        command.env("RUSTFLAGS", "--cap-lints=warn").env("TERANGA_MOMENTS", "20");
        Ok(command.output().context("cargo does not start")?.status.success())
    }
}

impl Fault {
    fn plant(&self, sound: &str) -> Result<String> {
        let (right, wrong) = self.broken;
        let found = sound.matches(right).count();
        ensure!(found == 1, "{}: {right:?} stands {found} times in {}", self.does, self.file);
        Ok(sound.replace(right, wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_still_finds_the_line_that_it_breaks() {
        for fault in FAULTS {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(fault.file);
            let sound = fs::read_to_string(path).unwrap();
            assert_ne!(fault.plant(&sound).unwrap(), sound);
        }
    }
}
