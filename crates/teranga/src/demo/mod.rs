//! `teranga demo`: the whole system on one machine. Headquarters and two regional hubs run as processes of their own;
//! volunteers with their own replicas fill invented interviews offline, edit the same answers apart, sync over links
//! that cut, and the regions relay at night. At the end every tier is counted and held to the ledgers.

mod count;
mod play;
mod progress;
mod report;
mod stage;
pub(crate) mod tether;

use std::path::{Path, PathBuf};

use clap::Args;

use self::play::Play;
use self::stage::Stage;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=200))]
    volunteers: u16,
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    cases: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long)]
    once: bool,
    #[arg(long)]
    json: bool,
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub(crate) async fn run(arguments: DemoArgs, messages: &Messages) -> Outcome {
    let folder = folder(&arguments)?;
    say!("{}", messages.with("demo-folder", &[("path", &folder.display().to_string())]));
    // Listened to from the first moment, for what the demonstration starts must not outlive it.
    let mut stopped = std::pin::pin!(teranga_hub::stop::stopped());
    // Whatever ends this early drops the stage, and with it the hubs.
    let (stage, kept) = tokio::select! {
        played = perform(&arguments, &folder, messages) => played?,
        () = &mut stopped => return Err(Failure::new("demo-interrupted", Vec::new())),
    };
    if !arguments.once {
        stopped.await;
    }
    stage.close().await;
    if kept { Ok(()) } else { Err(Failure::new("demo-broken", Vec::new())) }
}

/// The whole play, and the report on it. Returns the stage with its hubs still running, and whether every promise
/// was kept.
async fn perform(arguments: &DemoArgs, folder: &Path, messages: &Messages) -> Outcome<(Stage, bool)> {
    let stage = Stage::open(folder, messages).await?;
    let mut play = Play::new(&stage, arguments.volunteers, arguments.seed, messages).await?;
    play.offline_work(arguments.cases).await?;
    day(&mut play).await?;
    play.edit_apart().await?;
    day(&mut play).await?;
    let conflicts = play.conflicts_at_home().await?;
    play.settle_half().await?;
    day(&mut play).await?;
    let count = count::count(&play).await?;
    report::show(&count, conflicts, &play, messages);
    pull(&stage, messages).await?;
    if !arguments.once {
        stage.tell(messages);
    }
    if arguments.json {
        say!("{}", report::json(&count, conflicts, &play));
    }
    let kept = count.kept();
    drop(play);
    Ok((stage, kept))
}

/// A day: everyone brings what is new, the regions relay at night, and in the morning everyone hears of it.
async fn day(play: &mut Play<'_>) -> Outcome {
    play.sync_all().await?;
    play.relay().await?;
    play.sync_all().await
}

fn folder(arguments: &DemoArgs) -> Outcome<PathBuf> {
    let folder = arguments.dir.clone().unwrap_or_else(|| {
        std::env::temp_dir().join(format!("teranga-demo-{}-{}", arguments.seed, std::process::id()))
    });
    std::fs::create_dir_all(&folder).map_err(|error| crate::failure::file(&folder, &error))?;
    let empty = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
    if empty {
        Ok(folder)
    } else {
        Err(Failure::new("demo-folder", vec![("path", folder.display().to_string())]))
    }
}

async fn pull(stage: &Stage, messages: &Messages) -> Outcome {
    let token = stage.pull_token().await?;
    let arguments = crate::pull::PullArgs::new(stage.home_url(), stage.folder().join("pull"), token);
    crate::pull::run(arguments, messages).await
}
