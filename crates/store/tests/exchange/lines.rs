//! The lines in which a child comes: a hub remembers so many, and forgets none in which something came for one in which nothing did.

use teranga_core::id::Line;
use teranga_core::time::Millis;
use teranga_store::Replica;
use teranga_store::uplink::TakeError;
use teranga_sync::attachment::LaneRequest;
use teranga_sync::bundle::Bundle;
use teranga_sync::limits::LINES_MAX;
use teranga_sync::message::{Answer, Request};
use teranga_sync::session::{Plan, PushPlan};
use teranga_sync::version::Spoken;

use crate::world::*;

/// What Awa would ask next, bringing nothing.
fn asks(world: &mut World) -> Request {
    let ask = Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 };
    world.awa.next_request(&ask, NOW).unwrap().unwrap()
}

fn is_answered(world: &mut World, request: &Request) -> bool {
    world.region.begin_exchange(request, NOW).unwrap().is_some()
}

#[test]
fn whoever_asks_in_many_lines_has_none_forgotten_in_which_something_came() {
    let mut world = world(71);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let request = asks(&mut world);
    for _ in 0..LINES_MAX + 4 {
        let elsewhere = Request { line: Line::draw(&mut world.seed), exchange: 1, ..request.clone() };
        assert!(world.region.begin_exchange(&elsewhere, Millis(NOW.0 + 1)).unwrap().is_some());
    }
    let received = world.region.received(world.awa.id(), Line::FIRST).unwrap();
    assert_eq!(received.number, 1, "what came in the first line is acknowledged there as before");
    let children = world.region.children().unwrap();
    let awa = children.iter().find(|child| child.introduction.key == world.awa.public_key()).unwrap();
    assert_eq!(awa.lines, LINES_MAX as u64, "no more are remembered");
    assert!(is_answered(&mut world, &request));
}

#[test]
fn a_line_that_is_forgotten_is_asked_in_no_more_though_a_bundle_came_in_it_since() {
    let mut world = world(72);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let request = asks(&mut world);
    // Of all lines it is silent longest.
    world.region.begin_exchange(&request, Millis(NOW.0 - 1)).unwrap().unwrap();
    for _ in 0..LINES_MAX {
        world.awa.begin_line().unwrap();
        open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
        sync(&mut world.awa, &mut world.region);
    }
    let request = Request { exchange: request.exchange + 1, ..request };
    assert!(!is_answered(&mut world, &request));
    // Nor in the lane of files, and whoever asked there is not answered for it.
    let lane = LaneRequest {
        version: request.version,
        hub: request.hub,
        replica: request.replica,
        line: request.line,
        exchange: request.exchange + 1,
        pull_bytes_max: 0,
        offers: Vec::new(),
        thumbnails: Vec::new(),
        stretches: Vec::new(),
        thumbnails_wanted: Vec::new(),
        wanted: Vec::new(),
    };
    assert!(!world.region.begin_lane(&lane, NOW).unwrap());
    assert!(!is_answered(&mut world, &request));
    let bundle = Bundle {
        version: request.version,
        hub: request.hub,
        replica: request.replica,
        line: request.line,
        opening: request.opening,
        exchange: request.exchange + 1,
        cursor: request.cursor,
        continues: false,
        confirmations: Vec::new(),
        pushes: Vec::new(),
    };
    world.region.note_bundle(&bundle, NOW).unwrap();
    let later = Request { exchange: request.exchange + 2, ..request };
    assert!(!is_answered(&mut world, &later));
    // In a line of its own everybody goes on.
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    assert_eq!(world.hq.records().unwrap().len(), LINES_MAX + 2);
}

/// A copy of Awa's disk that was made while her program ran: its opening goes on asking, and the copy knows it for its own.
#[test]
fn a_copy_of_a_running_device_whose_refusals_were_lost_learns_of_the_other_by_what_came_meanwhile() {
    let mut world = world(73);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(world.awa.folder()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let late = open_record(&mut world.awa, &mut world.seed, &[("E01", "satisfied")]);
    sync(&mut world.awa, &mut world.region);
    let mut copy = Replica::open(folder.path(), &mut world.seed).unwrap();
    // Its first requests are refused, for their numbers were given, and it never hears so.
    for _ in 0..8 {
        let ask = Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 };
        copy.next_request(&ask, NOW).unwrap().unwrap();
    }
    let ask = Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 };
    let request = copy.next_request(&ask, NOW).unwrap().unwrap();
    let answer = answered(&request.encode(copy.identity()), copy.id(), &mut world.region);
    let answer = Answer::read(&answer, &world.region.public_key(), Spoken::BUILD).unwrap();
    assert!(matches!(copy.take_answer(&request, &answer, NOW), Err(TakeError::SomebodyElse)));
    copy.begin_line().unwrap();
    sync(&mut copy, &mut world.region);
    assert_eq!(copy.parts(late).unwrap(), world.awa.parts(late).unwrap());
}
