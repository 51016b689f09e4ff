//! `teranga form`: check a form, import one that was written in Excel or for ODK, export one, compare two versions, try
//! one out.

mod diff;
mod try_out;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use teranga_core::form::{Form, FormErrors};
use teranga_core::shipped;

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
    Export {
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
        Act::Export { file, out } => export(&file, &out, messages),
        Act::Diff { before, after, json } => diff::run(&read(&before)?, &read(&after)?, json, messages),
        Act::Try { file, answers, json } => try_out::run(read(&file)?, answers.as_deref(), json, messages),
    }
}

/// Reads a form document.
fn read(file: &Path) -> Outcome<Form> {
    let text = std::fs::read_to_string(file).map_err(|error| failure::file(file, &error))?;
    Form::read(&text).map_err(refused)
}

fn refused(errors: FormErrors) -> Failure {
    Failure::listing("form-refused", vec![("count", errors.0.len().to_string())], errors.0)
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

/// The ending of a file's name, in lower case.
fn ending(file: &Path) -> String {
    file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn import(file: &Path, out: &Path, messages: &Messages) -> Outcome {
    let bytes = std::fs::read(file).map_err(|error| failure::file(file, &error))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let imported = match ending(file).as_str() {
        "md" => teranga_xforms::import_markdown(&String::from_utf8_lossy(&bytes), &name),
        "csv" => teranga_xforms::import_csv(&bytes, &name),
        "xml" => teranga_xforms::import_xform(&bytes, &name),
        _ => teranga_xforms::import_xlsx(&bytes, &name),
    };
    let imported = imported.map_err(|findings| {
        Failure::listing("import-refused", vec![("count", findings.len().to_string())], findings)
    })?;
    // As every form is written, so that what went through a workbook and came back is the same file.
    let form = Form::parse(&imported.form).map_err(refused)?;
    let json = serde_json::to_string_pretty(&form.to_json()).unwrap_or_default();
    std::fs::write(out, json + "\n").map_err(|error| failure::file(out, &error))?;
    say!("{}", messages.with("import-done", &[("path", &out.display().to_string())]));
    for remark in &imported.remarks {
        say!("  {}", failure::told(messages, remark));
    }
    Ok(())
}

/// Writes a form as what the ending of the file's name says. The code lists that it draws from are those of the house.
fn export(file: &Path, out: &Path, messages: &Messages) -> Outcome {
    let form = read(file)?;
    let lists = shipped::catalogue().map(|catalogue| catalogue.lists_for(&form)).unwrap_or_default();
    let written = match ending(out).as_str() {
        "xml" => teranga_xforms::export_xform(&form, &lists).map(String::into_bytes),
        "xlsx" => teranga_xforms::export_xlsx(&form, &lists),
        "md" => teranga_xforms::export_markdown(&form, &lists).map(String::into_bytes),
        other => return Err(Failure::new("export-ending", vec![("ending", other.to_owned())])),
    };
    let written = written.map_err(|error| Failure::listing("export-refused", Vec::new(), [error]))?;
    std::fs::write(out, written).map_err(|error| failure::file(out, &error))?;
    say!("{}", messages.with("export-done", &[("path", &out.display().to_string())]));
    for remark in teranga_xforms::export_remarks(&form, &lists) {
        say!("  {}", failure::told(messages, &remark));
    }
    Ok(())
}
