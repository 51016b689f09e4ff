//! `teranga form`: check a form, import one that was written in Excel, compare two versions, try one out.

mod diff;
mod try_out;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use teranga_core::form::Form;

use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

#[derive(Debug, Args)]
pub(crate) struct FormArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Check {
        file: PathBuf,
    },
    Import {
        file: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    Diff {
        before: PathBuf,
        after: PathBuf,
        #[arg(long)]
        json: bool,
    },
    Try {
        file: PathBuf,
        #[arg(long)]
        answers: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(arguments: FormArgs, messages: &Messages) -> Outcome {
    match arguments.act {
        Act::Check { file } => check(&file, messages),
        Act::Import { file, out } => import(&file, &out, messages),
        Act::Diff { before, after, json } => diff::run(&read(&before)?, &read(&after)?, json, messages),
        Act::Try { file, answers, json } => try_out::run(read(&file)?, answers.as_deref(), json, messages),
    }
}

/// Reads a form document.
fn read(file: &Path) -> Outcome<Form> {
    let text = std::fs::read_to_string(file).map_err(|error| failure::file(file, &error))?;
    Form::read(&text).map_err(|errors| {
        Failure::listing("form-refused", vec![("count", errors.0.len().to_string())], errors.0)
    })
}

fn check(file: &Path, messages: &Messages) -> Outcome {
    let form = read(file)?;
    let questions = form.questions().filter(|question| question.kind.is_asked()).count();
    say!(
        "{}",
        messages.with(
            "form-ok",
            &[("form", &form.reference().to_string()), ("questions", &questions.to_string())]
        )
    );
    for warning in form.warnings() {
        say!("  {}", failure::told(messages, warning));
    }
    Ok(())
}

fn import(file: &Path, out: &Path, messages: &Messages) -> Outcome {
    let bytes = std::fs::read(file).map_err(|error| failure::file(file, &error))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_xml = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
    let read = if is_xml { teranga_xforms::import_xform } else { teranga_xforms::import_xlsx };
    let imported = read(&bytes, &name).map_err(|findings| {
        Failure::listing("import-refused", vec![("count", findings.len().to_string())], findings)
    })?;
    let json = serde_json::to_string_pretty(&imported.form).unwrap_or_default();
    std::fs::write(out, json + "\n").map_err(|error| failure::file(out, &error))?;
    say!("{}", messages.with("import-done", &[("path", &out.display().to_string())]));
    for remark in &imported.remarks {
        say!("  {}", failure::told(messages, remark));
    }
    Ok(())
}
