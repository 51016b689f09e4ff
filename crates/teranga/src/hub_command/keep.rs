//! Keeping a hub: its backups, and the printed share that puts its wrapping key in its place again. A share is read from
//! the standard input: never from the command line, where the system shows it to everybody.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use teranga_office::admin::Command;
use teranga_store::seal;
use teranga_sync::code;

use super::{Where, ask, told};
use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;
use crate::say::{self, say};

#[derive(Debug, Subcommand)]
pub(crate) enum Keep {
    Backup {
        #[command(flatten)]
        hub: Where,
        folder: PathBuf,
    },
    Share {
        #[command(flatten)]
        hub: Where,
    },
    Recover {
        #[arg(long, env = "TERANGA_DATA")]
        data: PathBuf,
    },
}

pub(super) async fn run(keep: Keep, messages: &Messages) -> Outcome {
    match keep {
        Keep::Backup { hub, folder } => {
            // The hub that is asked may stand in another folder.
            let folder = std::path::absolute(&folder).map_err(|error| failure::file(&folder, &error))?;
            let answer = ask(&hub, Command::Backup { folder }).await?;
            say!("{}", messages.with("backup-written", &[("path", told::text(&answer, "file"))]));
        }
        Keep::Share { hub } => {
            let answer = ask(&hub, Command::RecoveryShare).await?;
            say!("{}", told::text(&answer, "share"));
            say::aloud(&messages.text("share-shown-once"));
        }
        Keep::Recover { data } => recover(&data, messages)?,
    }
    Ok(())
}

fn recover(data: &Path, messages: &Messages) -> Outcome {
    say::aloud(&messages.text("share-asked"));
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed).map_err(|error| failure::file(Path::new("-"), &error))?;
    let share = code::normalise_share(&typed).ok_or_else(|| Failure::new("share-misread", Vec::new()))?;
    if !seal::recover(data, &share)? {
        return Err(Failure::new("share-of-another", Vec::new()));
    }
    say!("{}", messages.text("share-taken"));
    Ok(())
}
