//! The networks that a device goes over: what each costs, what files have cost on it today, and which one is meant.

use clap::Args;
use comfy_table::Table;
use teranga_client::Device;
use teranga_hub::world::now;
use teranga_office::names;
use teranga_store::Replica;
use teranga_store::network::{Cost, Network, NetworkName};

use crate::budget::NetworkCost;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::size;

#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    network_name: Option<String>,
    #[arg(long)]
    cost: Option<NetworkCost>,
    #[arg(long, conflicts_with = "cost", requires = "network_name")]
    forget: bool,
}

/// Says what a network costs, forgets one, and shows those that are known.
pub(super) fn run(device: &mut Device, arguments: &NetworkArgs, messages: &Messages) -> Outcome {
    let replica = device.replica_mut();
    let name = arguments.network_name.as_deref();
    name.map(|name| names::check("network", name)).transpose()?;
    let name = name.map(NetworkName::new);
    match (arguments.cost, &name) {
        (Some(NetworkCost(cost)), name) => replica.set_network(&name.clone().unwrap_or_default(), cost)?,
        (None, Some(name)) => {
            meant(replica, name.named())?;
            if arguments.forget {
                replica.forget_network(name)?;
            }
        }
        (None, None) => {}
    }
    let networks = replica.networks(now())?;
    say!("{}", shown(&networks, messages));
    Ok(())
}

/// The network that is meant; the usual one where none is named.
pub(super) fn meant(replica: &Replica, name: Option<&str>) -> Outcome<Network> {
    let networks = replica.networks(now())?;
    let meant = name.map(NetworkName::new).unwrap_or_default();
    if let Some(network) = networks.iter().find(|network| network.name == meant) {
        return Ok(network.clone());
    }
    let known: Vec<&str> = networks.iter().filter_map(|network| network.name.named()).collect();
    let known = if known.is_empty() { "-".to_owned() } else { known.join(", ") };
    let asked = meant.named().unwrap_or_default().to_owned();
    Err(Failure::new("network-unknown", vec![("name", asked), ("known", known)]))
}

fn shown(networks: &[Network], messages: &Messages) -> Table {
    let columns = ["column-network", "column-network-cost", "column-network-spent", "column-network-left"];
    let mut table = super::table(messages, &columns);
    for network in networks {
        let name = network.name.named().map_or_else(|| messages.text("network-usual"), ToOwned::to_owned);
        let nothing = || "-".to_owned();
        let [cost, spent, left] = match network.cost {
            Cost::Unmetered => [messages.text("network-unmetered"), nothing(), nothing()],
            Cost::Metered { bytes_a_day } => {
                let size = size::told(bytes_a_day, messages);
                let cost = messages.with("network-metered", &[("size", &size)]);
                let left = network.left().map_or_else(nothing, |left| size::told(left, messages));
                [cost, size::told(network.spent, messages), left]
            }
        };
        table.add_row([name, cost, spent, left]);
    }
    table
}
