//! Starting a hub. Whatever can be wrong with a start is found before its replica is made or changed: a refused start
//! leaves nothing behind that the next one would stumble over.

use std::net::SocketAddr;
use std::path::Path;

use teranga_core::audience::Audience;
use teranga_core::region;
use teranga_hub::HubOptions;
use teranga_hub::link::Link;
use teranga_hub::serve;
use teranga_hub::world::SystemEntropy;
use teranga_office::{names, publish};
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::code;
use teranga_sync::introduction::ReplicaKind;

use super::RunArgs;
use crate::demo::tether;
use crate::enrolment::{self, HubBefore};
use crate::failure::{Failure, Outcome};
use crate::kind;
use crate::messages::Messages;
use crate::say;

pub(super) async fn run(arguments: RunArgs, messages: &Messages) -> Outcome {
    let data = arguments.data.clone().ok_or_else(|| Failure::new("data-missing", Vec::new()))?;
    let options = HubOptions {
        data: data.clone(),
        listen: arguments.listen,
        tls: arguments.tls_cert.clone().zip(arguments.tls_key.clone()),
        insecure_lan: arguments.insecure_lan,
        sync_at: arguments.sync_at,
        parent_certificate: arguments.parent_cert.clone(),
        parent_network: arguments.parent_network.0,
    };
    serve::check(&options)?;
    let mut replica = match Replica::open(&data, &mut SystemEntropy) {
        Err(StoreError::Absent(_)) => make(&data, &arguments)?,
        other => reopen(other?, &data, &arguments)?,
    };
    join(&mut replica, &arguments, messages).await?;
    if replica.children()?.is_empty() {
        say::mention(&messages.text("hub-first-code"));
    }
    drop(replica);
    let ready = |address: SocketAddr| {
        say::mention(&messages.with("hub-ready", &[("address", &address.to_string())]));
    };
    tokio::select! {
        served = serve(options, ready) => Ok(served?),
        () = tether::parted(arguments.until_stdin_closes) => Ok(()),
    }
}

/// Makes the replica at the first start.
fn make(data: &Path, arguments: &RunArgs) -> Outcome<Replica> {
    let region = arguments.region.as_deref();
    region.map(region::check).transpose()?;
    let name = arguments.name.as_deref().or(region).unwrap_or("HQ").to_owned();
    names::check("name", &name)?;
    check_parent(arguments)?;
    let profile = Profile {
        kind: ReplicaKind::Hub,
        person: name.clone(),
        office: name,
        audience: Audience::of_region(region),
    };
    Ok(Replica::create(data, &profile, &mut SystemEntropy)?)
}

/// A later start says the same as the first, or nothing. What it says otherwise would not come to be, and is refused.
fn reopen(replica: Replica, data: &Path, arguments: &RunArgs) -> Outcome<Replica> {
    kind::expect(&replica, data, ReplicaKind::Hub)?;
    let region = replica.profile().audience.region();
    if let Some(asked) = arguments.region.as_deref().filter(|asked| Some(*asked) != region) {
        let region = region.unwrap_or("-").to_owned();
        let known =
            vec![("path", data.display().to_string()), ("region", region), ("asked", asked.to_owned())];
        return Err(Failure::new("hub-other-region", known));
    }
    match (replica.uplink()?, arguments.parent.as_deref()) {
        (Some(uplink), Some(asked)) if !same_address(&uplink.url, asked) => {
            let known = vec![("hub", uplink.name), ("url", uplink.url), ("asked", asked.to_owned())];
            Err(Failure::new("hub-other-parent", known))
        }
        (None, Some(_)) => check_parent(arguments).map(|()| replica),
        (Some(_), _) | (None, None) => Ok(replica),
    }
}

fn same_address(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// Whether a parent that is yet to be joined can be: its address, its authority, and the code it gave.
fn check_parent(arguments: &RunArgs) -> Outcome {
    let Some(parent) = arguments.parent.as_deref() else { return Ok(()) };
    Link::new(parent, arguments.parent_cert.as_deref())?;
    let typed = arguments.code.as_deref().ok_or_else(|| Failure::new("hub-needs-code", Vec::new()))?;
    code::normalise(typed).map(|_| ()).ok_or_else(|| Failure::new("enrolment-code", Vec::new()))
}

/// Enrols at the parent, where there is one; headquarters publishes what ships with the program.
async fn join(replica: &mut Replica, arguments: &RunArgs, messages: &Messages) -> Outcome {
    if let (None, Some(url), Some(code)) = (replica.uplink()?, &arguments.parent, &arguments.code) {
        let certificate = arguments.parent_cert.as_deref();
        let answer = enrolment::enrol(replica, url, certificate, code, HubBefore::Stays).await?;
        say::mention(&messages.with("hub-enrolled", &[("hub", &answer.hub_name)]));
        if !answer.inheritance.0.is_empty() {
            let count = replica.children()?.len().to_string();
            say::aloud(&messages.with("hub-took-over", &[("count", &count)]));
        }
    }
    if replica.uplink()?.is_none() {
        publish::publish_shipped(replica)?;
    }
    Ok(())
}
