//! Who holds more records than a device is made for is told so, and so is whoever gives them more and their office: in words,
//! with the numbers.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::Path;

use teranga_core::grant::CASELOAD_WARN;
use teranga_tests::{Device, Hub, answers, command, profile, saved_record};

/// Gives a case's row as many copies as make so many rows: who is in charge of it has as many records then.
#[expect(clippy::disallowed_methods, reason = "five thousand cases, saved one after another, take long")]
fn copy_until(data: &Path, case: &str, rows: u64) {
    let connection = rusqlite::Connection::open(data.join(teranga_store::FILE)).unwrap();
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info('record') WHERE name != 'record'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let columns = columns.join(", ");
    let sql = format!(
        "WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
         INSERT INTO record (record, {columns})
         SELECT randomblob(16), {columns} FROM record, n WHERE record = ?1"
    );
    let case: teranga_core::id::RecordId = case.parse().unwrap();
    let rows = i64::try_from(rows).unwrap();
    let copied = connection.execute(&sql, rusqlite::params![case.as_bytes(), rows]).unwrap();
    assert_eq!(i64::try_from(copied).unwrap(), rows - 1);
}

/// What the program says in French about a folder.
fn french(ask: &[&str], data: &Path, more: &[&str]) -> String {
    let mut all = vec!["--lang", "fr"];
    all.extend(ask);
    let output = command(&all).args(more).arg("--data").arg(data).output().unwrap();
    assert!(output.status.success(), "{ask:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn who_holds_more_than_a_device_is_made_for_is_named_with_the_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut hub = Hub::start(&folder.join("hub"), &["--region", "SN-KL"]);
    let awa = Device::new(folder, "Awa Exemple", &hub, "SN-KL");
    let moussa = Device { data: folder.join("moussa"), ledger: folder.join("moussa.ledger") };
    moussa.done(&["init", "--person", "Moussa Essai", "--region", "SN-KL"]);
    let whom =
        ["code", "--person", "Moussa Essai", "--office", "BAOS Essai", "--region", "SN-KL", "--caseload"];
    moussa.done(&["enrol", "--hub", &hub.url(), "--code", &hub.ask(&whom)]);
    awa.done(&["sync"]);
    let [first, second] = [1, 2].map(|number| {
        let file = answers(folder, "case.json", &profile(number));
        saved_record(&awa.done(&["case", "--answers", file.to_str().unwrap()]))
    });
    let to_moussa = ["--office", "BAOS Essai", "--agent", "Moussa Essai"];
    let give = |case: &str| {
        let more = [[case].as_slice(), &to_moussa].concat();
        french(&["field", "assign"], &awa.data, &more)
    };
    assert!(!give(&first).contains("devient lent"), "one case is not many");
    awa.done(&["sync"]);

    copy_until(&awa.data, &first, CASELOAD_WARN);
    let told = french(&["field", "status"], &awa.data, &[]);
    let large = "Cet appareil tient 5001 enregistrements ; au-delà de 5000 il devient lent.";
    assert!(told.contains(large) && told.contains("--caseload"), "{told}");
    let told = give(&second);
    let crowded =
        "Moussa Essai, BAOS Essai, SN-KL a maintenant 5001 enregistrements ; au-delà de 5000 un appareil";
    assert!(told.contains(crowded), "{told}");

    // One of them is the hub's; it does not hear of the copies, and is given as many.
    hub.kill();
    assert!(!french(&["hub", "status"], &hub.data, &[]).contains("devient lent"));
    copy_until(&hub.data, &first, CASELOAD_WARN);
    let told = french(&["hub", "status"], &hub.data, &[]);
    let own =
        "Moussa Essai (BAOS Essai) tient 5000 enregistrements ; au-delà de 5000 un appareil devient lent.";
    assert!(told.contains(own), "{told}");
    let all =
        "Awa Exemple (Awa Exemple) tient les 5001 enregistrements de la région ; au-delà de 5000 un appareil";
    assert!(told.contains(all) && told.contains("teranga hub grant"), "{told}");
}
