//! Files on a device: what goes to the hub without a link, what came back, and what is carried for colleagues.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use teranga_client::Device;
use teranga_client::bundle::{Heard, Imported};
use teranga_hub::world::{SystemEntropy, now};
use teranga_sync::message::More;

use super::{lists, sync};
use crate::failure::Outcome;
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
        file: PathBuf,
        #[arg(long)]
        return_of: Option<String>,
        #[arg(long)]
        overwrite: bool,
    },
    Import {
        file: PathBuf,
    },
}

pub(super) fn run(device: &mut Device, arguments: BundleArgs, messages: &Messages) -> Outcome {
    match arguments.act {
        Act::Export { file, return_of: Some(who), overwrite } => {
            parcel_file::write(&file, &device.return_of(&who)?, overwrite)?;
            let path = file.display().to_string();
            say!("{}", messages.with("bundle-return-written", &[("path", &path), ("person", &who)]));
            Ok(())
        }
        Act::Export { file, return_of: None, overwrite } => {
            parcel_file::check_free(&file, overwrite)?;
            let bundled = device.bundle(&mut SystemEntropy, now())?;
            parcel_file::write(&file, &bundled.file, overwrite)?;
            let hub = device.replica().uplink()?.map(|uplink| uplink.name).unwrap_or_default();
            say!("{}", written(&file.display().to_string(), &hub, bundled.packs, messages));
            if bundled.left_out > 0 {
                say!("{}", messages.with("bundle-left-out", &[("count", &bundled.left_out.to_string())]));
            }
            if bundled.only_asks {
                say!("{}", messages.text("bundle-only-asks"));
            }
            Ok(())
        }
        Act::Import { file } => match device.import(&parcel_file::read(&file)?)? {
            Imported::Carried { from, cut } => {
                say!("{}", messages.with("bundle-carried", &[("person", &from)]));
                if cut {
                    say!("{}", messages.text("bundle-cut"));
                }
                Ok(())
            }
            Imported::Return(heard) => {
                told(&heard, messages);
                lists::status(device, messages)
            }
        },
    }
}

/// What was written, for whom.
pub(crate) fn written(path: &str, hub: &str, packs: u64, messages: &Messages) -> String {
    let told = [("path", path), ("hub", hub), ("packs", &packs.to_string())];
    messages.with("bundle-written", &told)
}

fn told(heard: &Heard, messages: &Messages) {
    let key = if heard.moved { "bundle-return-news" } else { "bundle-return-no-news" };
    say!("{}", messages.with(key, &[("applied", &heard.applied.to_string())]));
    if heard.began_a_line {
        say!("{}", messages.text("sync-line-begun"));
    } else if heard.refused > 0 {
        say!("{}", messages.with("bundle-return-refused", &[("count", &heard.refused.to_string())]));
    }
    if let Some(erased) = sync::told_erased(heard.destroyed, messages) {
        say!("{erased}");
    }
    if heard.foreign_words > 0 {
        say!("{}", messages.text("problem-erasure-not-home"));
    }
    if heard.unreadable > 0 {
        say!("{}", messages.with("bundle-unreadable", &[("count", &heard.unreadable.to_string())]));
    }
    if heard.cut {
        say!("{}", messages.text("bundle-cut"));
    }
    if heard.more == More::Rows || heard.began_a_line {
        say!("{}", messages.text("bundle-more"));
    }
}
