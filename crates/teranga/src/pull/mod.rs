//! `teranga pull`: headquarters' consolidated data as files that Excel and statistics programs open. A second pull
//! fetches only what changed; the files are always whole.

mod alerts;
mod csv_files;
mod files;
mod holdings;
mod released;
mod replacement;
mod rows;
mod scores;
mod summary;

use std::path::PathBuf;

use clap::Args;
use teranga_core::problem::Problem;
use teranga_hub::link::{Link, LinkError};
use teranga_office::consolidate::Page;

use self::holdings::Holdings;
use self::replacement::Replacement;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::size;

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[arg(long)]
    hub: String,
    #[arg(long)]
    out: PathBuf,
    #[arg(long, env = "TERANGA_TOKEN", hide_env_values = true)]
    token: String,
    #[arg(long)]
    cert: Option<PathBuf>,
    #[arg(long)]
    attachments: bool,
}

impl PullArgs {
    /// A pull of everything that the token may read.
    pub(crate) fn new(hub: String, out: PathBuf, token: String) -> Self {
        Self { hub, out, token, cert: None, attachments: false }
    }
}

pub(crate) async fn run(arguments: PullArgs, messages: &Messages) -> Outcome {
    let link = Link::new(&arguments.hub, arguments.cert.as_deref())?;
    let mut holdings = Holdings::open(&arguments.out)?;
    let (fetched, anew) = fetch(&link, &arguments, &mut holdings).await?;
    let catalogue = holdings.catalogue()?;
    let rows = rows::rows(&holdings);
    let told = alerts::told(&holdings, &catalogue);
    let mut files = Replacement::of(&arguments.out)?;
    csv_files::write(&mut files, &holdings, &catalogue)?;
    scores::write(&mut files, &rows, &catalogue)?;
    alerts::write(&mut files, &told)?;
    let written = files.names().len();
    holdings.keep(&mut files)?;
    files.finish()?;
    files::forget(&holdings, &arguments.out)?;
    let done = [
        ("fetched", fetched.to_string()),
        ("records", holdings.records.len().to_string()),
        ("files", written.to_string()),
        ("path", arguments.out.display().to_string()),
    ];
    let done: Vec<(&str, &str)> = done.iter().map(|(name, value)| (*name, value.as_str())).collect();
    say!("{}", messages.with("pull-done", &done));
    if arguments.attachments {
        let fetched = files::fetch(&link, &arguments.token, &holdings, &arguments.out).await?;
        let size = size::told(fetched.bytes, messages);
        let told = [("count", fetched.files.to_string()), ("missing", fetched.missing.to_string())];
        let told = told.iter().map(|(name, value)| (*name, value.as_str()));
        let told: Vec<(&str, &str)> = told.chain([("size", size.as_str())]).collect();
        say!("{}", messages.with("pull-files", &told));
    }
    if anew {
        say!("{}", messages.text("pull-anew"));
    }
    summary::print(&rows, messages);
    alerts::print(&told, messages);
    Ok(())
}

/// Fetches page after page. Returns how many records came, and whether all had to come again because those that were
/// held told less.
async fn fetch(link: &Link, arguments: &PullArgs, holdings: &mut Holdings) -> Outcome<(usize, bool)> {
    let (mut fetched, mut anew) = (0, false);
    loop {
        let since = holdings.next;
        let path = format!("/v1/pull?touched={}&resources={}", since.touched, since.resources);
        let bytes = link.get(&path, &arguments.token).await.map_err(refused)?;
        let page: Page =
            serde_json::from_slice(&bytes).map_err(|_| Failure::new("pull-answer", Vec::new()))?;
        let (records, more) = (page.records.len(), page.more);
        if !holdings.take(page, &arguments.out)? {
            (fetched, anew) = (0, true);
            continue;
        }
        fetched += records;
        if !more {
            return Ok((fetched, anew));
        }
    }
}

/// What a hub refuses to a token that it knows is a token that may not read the envelopes.
fn refused(error: LinkError) -> Failure {
    match error {
        LinkError::Refused { problem: Problem::Forbidden, .. } => Failure::new("pull-needs-open", Vec::new()),
        other => other.into(),
    }
}
