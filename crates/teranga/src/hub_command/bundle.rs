//! Files at a hub: what children brought on a stick, what goes back to them, and what goes to the parent. A file goes to
//! the hub message by message, through its local door or directly, so that one that was cut or damaged gives what it has.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use teranga_core::problem::{Explain as _, Problem};
use teranga_office::admin::Command;
use teranga_sync::hex::Hex;
use teranga_sync::parcel::{Parcel, ParcelError};

use super::{Where, ask, told};
use crate::failure::{Failure, Outcome};
use crate::field;
use crate::messages::Messages;
use crate::parcel_file;
use crate::say::say;

#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Export {
        #[command(flatten)]
        hub: Where,
        file: PathBuf,
        #[arg(long)]
        overwrite: bool,
    },
    Import {
        #[command(flatten)]
        hub: Where,
        file: PathBuf,
        #[arg(long = "return")]
        return_file: Option<PathBuf>,
        #[arg(long)]
        overwrite: bool,
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(arguments: BundleArgs, messages: &Messages) -> Outcome {
    match arguments.act {
        Act::Export { hub, file, overwrite } => {
            parcel_file::check_free(&file, overwrite)?;
            let answer = ask(&hub, Command::BundleExport).await?;
            parcel_file::write(&file, &bytes(&answer, "file"), overwrite)?;
            let (packs, left_out) = (number(&answer, "packs"), number(&answer, "left_out"));
            let path = file.display().to_string();
            say!("{}", field::bundle_written(&path, told::text(&answer, "hub"), packs, messages));
            if left_out > 0 {
                say!("{}", messages.with("bundle-left-out", &[("count", &left_out.to_string())]));
            }
            if answer.get("only_asks") == Some(&Json::Bool(true)) {
                say!("{}", messages.text("bundle-only-asks"));
            }
        }
        Act::Import { hub, file, return_file, overwrite, json } => {
            if let Some(back) = &return_file {
                parcel_file::check_free(back, overwrite)?;
            }
            let mut import = Import::default();
            import.file(&hub, &parcel_file::read(&file)?).await?;
            if let (Some(path), Some(back)) = (&return_file, &import.back) {
                parcel_file::write(path, back, overwrite)?;
            }
            if json {
                say!("{}", import.told());
            } else if !import.answers.is_empty() {
                import.tell(return_file.as_deref(), messages);
            }
            return import.revoked.map_or(Ok(()), Err);
        }
    }
    Ok(())
}

/// What came of the messages of a file.
#[derive(Debug, Default)]
struct Import {
    answers: Vec<Json>,
    unreadable: u64,
    cut: bool,
    /// The return for the last message: it says the most.
    back: Option<Vec<u8>>,
    /// That whoever made the file is revoked: what they bring lies aside then, of every message, and what goes back says only what
    /// they are to destroy.
    revoked: Option<Failure>,
}

impl Import {
    async fn file(&mut self, hub: &Where, bytes: &[u8]) -> Outcome {
        let parcel = Parcel::read(bytes)?;
        self.cut = parcel.cut;
        for (place, sealed) in (1..).zip(&parcel.sealed) {
            let letter = Hex(parcel.head.letter(sealed));
            let last = place == parcel.sealed.len();
            match ask(hub, Command::BundleImport { letter, last }).await {
                Ok(answer) => self.note(answer),
                Err(failure) if failure == Failure::from(ParcelError::Damaged) => self.unreadable += 1,
                Err(failure) if failure.is(Problem::Revoked.code()) => {
                    self.revoked = Some(Failure::new("bundle-of-the-revoked", Vec::new()));
                }
                Err(failure) => return Err(failure),
            }
        }
        if self.answers.is_empty() && self.revoked.is_none() {
            Err(ParcelError::Damaged.into())
        } else {
            Ok(())
        }
    }

    fn note(&mut self, mut answer: Json) {
        if answer.get("revoked") == Some(&Json::Bool(true)) {
            self.revoked = Some(Failure::new("bundle-of-the-revoked", Vec::new()));
        }
        if let Some(back) = answer.as_object_mut().and_then(|answer| answer.remove("back")) {
            self.back = serde_json::from_value::<Hex>(back).ok().map(|back| back.0);
        }
        self.answers.push(answer);
    }

    fn sum(&self, name: &str) -> u64 {
        self.answers.iter().map(|answer| number(answer, name)).sum()
    }

    fn any(&self, name: &str) -> bool {
        self.answers.iter().any(|answer| answer.get(name) == Some(&Json::Bool(true)))
    }

    /// Whether the file ends before its maker ended it.
    fn is_cut(&self) -> bool {
        let goes_on =
            self.answers.last().is_some_and(|last| last.get("continues") == Some(&Json::Bool(true)));
        self.cut || (goes_on && self.unreadable == 0)
    }

    fn refused(&self) -> impl Iterator<Item = &Json> {
        self.answers.iter().filter_map(|answer| answer.get("refused")?.as_array()).flatten()
    }

    fn told(&self) -> Json {
        let refused: Vec<&Json> = self.refused().collect();
        json!({
            "kind": self.answers.first().and_then(|answer| answer.get("kind")),
            "messages": self.answers.len(), "unreadable": self.unreadable, "cut": self.is_cut(),
            "logged": self.sum("logged"), "known": self.sum("known"), "after_gap": self.sum("after_gap"),
            "applied": self.sum("applied"), "moved": self.any("moved"), "refused": refused,
            "foreign_words": self.any("foreign_words"), "revoked": self.revoked.is_some(),
        })
    }

    fn tell(&self, return_file: Option<&Path>, messages: &Messages) {
        let counted = |key: &str, count: u64| {
            if count > 0 {
                say!("{}", messages.with(key, &[("count", &count.to_string())]));
            }
        };
        if let Some(answer) = self.answers.iter().find(|answer| told::text(answer, "kind") == "bundle") {
            let (logged, known) = (self.sum("logged").to_string(), self.sum("known").to_string());
            let person = told::text(answer, "person");
            let told = [("person", person), ("logged", logged.as_str()), ("known", &known)];
            let key = if self.revoked.is_some() { "bundle-to-destroy" } else { "bundle-taken" };
            say!("{}", messages.with(key, &told));
            counted("bundle-after-gap", self.sum("after_gap"));
            for pack in self.refused() {
                let pack = (number(pack, "number").to_string(), told::text(pack, "code"));
                say!("{}", messages.with("bundle-pack-refused", &[("number", &pack.0), ("code", pack.1)]));
            }
            let key = if return_file.is_some() { "bundle-return-written" } else { "bundle-return-wanted" };
            let path = return_file.map(|path| path.display().to_string()).unwrap_or_default();
            say!("{}", messages.with(key, &[("path", &path), ("person", person)]));
        } else {
            let key = if self.any("moved") { "bundle-return-news" } else { "bundle-return-no-news" };
            say!("{}", messages.with(key, &[("applied", &self.sum("applied").to_string())]));
            counted("bundle-return-refused", self.sum("refused"));
            if self.any("began_a_line") {
                say!("{}", messages.text("hub-line-begun"));
            }
            if self.any("foreign_words") {
                say!("{}", messages.text("problem-erasure-not-home"));
            }
            if self.answers.last().is_some_and(|last| last.get("more") == Some(&Json::Bool(true))) {
                say!("{}", messages.text("bundle-more"));
            }
        }
        counted("bundle-unreadable", self.unreadable);
        if self.is_cut() {
            say!("{}", messages.text("bundle-cut"));
        }
    }
}

fn number(answer: &Json, name: &str) -> u64 {
    answer.get(name).and_then(Json::as_u64).unwrap_or_default()
}

fn bytes(answer: &Json, name: &str) -> Vec<u8> {
    let hex = answer.get(name).cloned().and_then(|hex| serde_json::from_value::<Hex>(hex).ok());
    hex.map(|hex| hex.0).unwrap_or_default()
}
