//! What has happened to the users of other systems, played here: each test names the report, says what was lost there,
//! and holds our replicas to what must not be. They are acted by the real client, office, protocol and disks of the
//! simulation, and every one of them ends with its oracles: nothing that was saved is lost, everybody shows the same,
//! and no tick says more than is true.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod anki;
mod builds;
mod cht;
mod duplicates;
mod emptied;
mod fhir;
mod first_sync;
mod forks;
mod odk;
mod primero;
mod stage;
mod survey_solutions;
mod tangerine;
