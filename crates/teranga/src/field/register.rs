//! Cases from a register: first what would come of each row, then, once the person agrees, the cases.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use teranga_client::register::{Plan, RegisterMap};
use teranga_client::{ClientError, Device};
use teranga_hub::world::SystemEntropy;
use teranga_xforms::{Finding, Register, read_register};

use super::lists::table;
use super::setting;
use crate::failure::{self, Failure, Outcome};
use crate::ledger;
use crate::messages::Messages;
use crate::say::say;

/// Refused rows and rows that differ that are told one by one; the others are counted.
const TOLD_MAX: usize = 50;

#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    file: PathBuf,
    #[arg(long, required_unless_present = "suggest_map")]
    map: Option<PathBuf>,
    #[arg(long, conflicts_with_all = ["map", "yes"])]
    suggest_map: Option<PathBuf>,
    #[arg(long, default_value = "profile")]
    form: String,
    #[arg(long, default_value = "register_number")]
    key_question: String,
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(device: &mut Device, arguments: &RegisterArgs, messages: &Messages) -> Outcome {
    if let Some(out) = &arguments.suggest_map {
        return suggest(device, arguments, out, messages);
    }
    let Some(path) = &arguments.map else { return Ok(()) };
    let map = read_map(path)?;
    let register = read(&arguments.file, map.sheet.as_deref(), map.head)?;
    let language = messages.language().code();
    let planned = device.plan_register(&register, &map, setting(language, &mut SystemEntropy));
    let plan = planned.map_err(|error| match error {
        ClientError::RegisterMap(problems) => {
            Failure::listing("register-map", vec![("count", problems.len().to_string())], problems)
        }
        other => other.into(),
    })?;
    preview(&plan, messages);
    if arguments.yes {
        import(device, &map, &plan, messages)?;
    } else {
        say!("{}", messages.text("register-agree"));
    }
    if plan.refused.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<usize> = plan.refused.iter().map(|error| error.row).collect();
    rows.dedup();
    Err(Failure::new("register-refused", vec![("count", rows.len().to_string())]))
}

fn read(file: &Path, sheet: Option<&str>, head: Option<usize>) -> Outcome<Register> {
    let bytes = std::fs::read(file).map_err(|error| failure::file(file, &error))?;
    read_register(&bytes, sheet, head).map_err(|finding: Finding| {
        Failure::listing("register-unreadable", vec![("path", file.display().to_string())], [finding])
    })
}

fn read_map(path: &Path) -> Outcome<RegisterMap> {
    let text = std::fs::read_to_string(path).map_err(|error| failure::file(path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        let arguments = [("path", path.display().to_string()), ("detail", error.to_string())];
        Failure::new("register-map-shape", arguments.into())
    })
}

/// Writes a map to begin with.
fn suggest(device: &Device, arguments: &RegisterArgs, out: &Path, messages: &Messages) -> Outcome {
    let form = device.form(&arguments.form)?;
    let register = read(&arguments.file, None, None)?;
    let map = RegisterMap::suggested(&form, &register, &arguments.key_question);
    let text = serde_json::to_string_pretty(&map).unwrap_or_default();
    std::fs::write(out, text + "\n").map_err(|error| failure::file(out, &error))?;
    let (path, mapped) = (out.display().to_string(), map.answers.len().to_string());
    let columns = register.columns.len().to_string();
    let told = [("path", path.as_str()), ("mapped", &mapped), ("columns", &columns)];
    say!("{}", messages.with("register-suggested", &told));
    Ok(())
}

fn preview(plan: &Plan, messages: &Messages) {
    let mut counts = table(messages, &["column-rows", "column-number"]);
    counts.add_row([messages.text("register-fresh"), plan.fresh.len().to_string()]);
    counts.add_row([messages.text("register-known"), plan.known.len().to_string()]);
    let mut refused: Vec<usize> = plan.refused.iter().map(|error| error.row).collect();
    refused.dedup();
    counts.add_row([messages.text("register-refused"), refused.len().to_string()]);
    say!("{counts}");
    for known in plan.known.iter().filter(|known| !known.differs.is_empty()).take(TOLD_MAX) {
        let (row, differs) = (known.row.to_string(), known.differs.join(", "));
        let record = known.record.to_string();
        let told = [("row", row.as_str()), ("record", &record), ("questions", &differs)];
        say!("  {}", messages.with("register-differs", &told));
    }
    for error in plan.refused.iter().take(TOLD_MAX) {
        let (row, problem) = (error.row.to_string(), failure::told(messages, &error.problem));
        let column =
            error.column.as_deref().map(|column| messages.with("register-in-column", &[("column", column)]));
        let told = [("row", row.as_str()), ("column", &column.unwrap_or_default()), ("problem", &problem)];
        say!("  {}", messages.with("register-row", &told));
    }
    if let Some(more) = plan.refused.len().checked_sub(TOLD_MAX).filter(|more| *more > 0) {
        say!("  {}", messages.with("register-more", &[("count", &more.to_string())]));
    }
}

fn import(device: &mut Device, map: &RegisterMap, plan: &Plan, messages: &Messages) -> Outcome {
    let bar = ProgressBar::new(plan.fresh.len() as u64);
    for fresh in &plan.fresh {
        let finished =
            device.import_row(&map.form, fresh, setting(messages.language().code(), &mut SystemEntropy))?;
        if let Some(ledger) = ledger::of_process() {
            ledger.saved(finished.record, &finished.changes);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    say!("{}", messages.with("register-done", &[("count", &plan.fresh.len().to_string())]));
    Ok(())
}
