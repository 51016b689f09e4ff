//! `teranga pull`: headquarters' consolidated data as files that Excel and statistics programs open. A second pull
//! fetches only what changed; the files are always whole.

mod csv_files;
mod holdings;
mod scores;
pub(crate) mod summary;

use std::path::PathBuf;

use clap::Args;
use teranga_hub::link::Link;
use teranga_office::consolidate::Page;

use self::holdings::Holdings;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;

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
}

impl PullArgs {
    /// A pull of everything that the token may read.
    pub(crate) fn new(hub: String, out: PathBuf, token: String) -> Self {
        Self { hub, out, token, cert: None }
    }
}

pub(crate) async fn run(arguments: PullArgs, messages: &Messages) -> Outcome {
    let link = Link::new(&arguments.hub, arguments.cert.as_deref())?;
    let mut holdings = Holdings::open(&arguments.out)?;
    let fetched = fetch(&link, &arguments.token, &mut holdings).await?;
    let catalogue = holdings.catalogue()?;
    let files = csv_files::write(&arguments.out, &holdings, &catalogue)?;
    scores::write(&arguments.out, &holdings)?;
    holdings.keep(&arguments.out)?;
    let told = [
        ("fetched", fetched.to_string()),
        ("records", holdings.records.len().to_string()),
        ("files", (files + 1).to_string()),
        ("path", arguments.out.display().to_string()),
    ];
    let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    println!("{}", messages.with("pull-done", &told));
    summary::print(&holdings.rows(), messages);
    Ok(())
}

/// Fetches page after page. Returns how many records came.
async fn fetch(link: &Link, token: &str, holdings: &mut Holdings) -> Outcome<usize> {
    let mut fetched = 0;
    loop {
        let since = holdings.next;
        let path = format!("/v1/pull?touched={}&resources={}", since.touched, since.resources);
        let bytes = link.get(&path, token).await?;
        let page: Page =
            serde_json::from_slice(&bytes).map_err(|_| Failure::new("pull-answer", Vec::new()))?;
        fetched += page.records.len();
        let more = page.more;
        holdings.take(page);
        if !more {
            return Ok(fetched);
        }
    }
}
