//! A photograph's way on real processes: attached by a volunteer, its thumbnail before it, on after a hub is killed and
//! over a link that cuts, to headquarters and into an analyst's folder, and a colleague's original on request.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use teranga_hub::bad_link::{BadLink, Cuts, Weather};
use teranga_tests::{Device, Hub, answers, command, profile, saved_record, typed};

fn form() -> Json {
    json!({
        "form_id": "visit", "version": "1", "title": {"fr": "Visite", "en": "Visit"},
        "default_language": "fr", "languages": ["fr", "en"], "record": "assessment", "sensitivity": "survey",
        "survey": [
            {"type": "image", "name": "house", "label": {"fr": "Maison", "en": "House"}, "sensitivity": "survey"},
            {"type": "file", "name": "paper", "label": {"fr": "Papier", "en": "Paper"}, "sensitivity": "personal"}
        ]
    })
}

struct Site {
    folder: tempfile::TempDir,
    home: Hub,
    region: Hub,
    awa: Device,
    case: String,
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let home = Hub::start(&folder.path().join("hq"), &[]);
    let form = answers(folder.path(), "visit.json", &form());
    home.ask(&["publish", form.to_str().unwrap()]);
    let code = home.ask(&["code", "--person", "BAOS Kaolack", "--region", "SN-KL", "--for-hub"]);
    let region = Hub::start(
        &folder.path().join("region"),
        &["--region", "SN-KL", "--parent", &home.url(), "--code", &code],
    );
    region.ask(&["sync"]);
    let awa = Device::new(folder.path(), "awa", &region, "SN-KL");
    awa.done(&["sync"]);
    let file = answers(folder.path(), "case.json", &profile(1));
    let case = saved_record(&awa.done(&["case", "--answers", file.to_str().unwrap()]));
    Site { folder, home, region, awa, case }
}

/// A PNG of so many random bytes: large, and as hard to compress as a photograph.
fn picture(folder: &Path, name: &str, side: u32) -> u64 {
    let mut mixed = 88_172_645_463_325_252u64;
    let picture = image::RgbImage::from_fn(side, side, |_, _| {
        mixed ^= mixed << 13;
        mixed ^= mixed >> 7;
        mixed ^= mixed << 17;
        let [r, g, b, ..] = mixed.to_le_bytes();
        image::Rgb([r, g, b])
    });
    let path = folder.join(name);
    picture.save_with_format(&path, image::ImageFormat::Png).unwrap();
    std::fs::metadata(path).unwrap().len()
}

fn counts(output: &[u8]) -> Json {
    serde_json::from_slice(output).unwrap()
}

fn count(summary: &Json, name: &str) -> u64 {
    summary.pointer(&format!("/files/{name}")).and_then(Json::as_u64).unwrap()
}

impl Site {
    fn visit(&self, sheet: &Json) -> String {
        let file = answers(self.folder.path(), "sheet.json", sheet);
        saved_record(&self.awa.done(&[
            "fill",
            "visit",
            "--case",
            &self.case,
            "--answers",
            file.to_str().unwrap(),
        ]))
    }

    fn pull(&self, classes: &str, out: &str) -> (std::path::PathBuf, String) {
        let token = self.home.ask(&["token", "--name", out, "--classes", classes]);
        let token = token.split_whitespace().last().unwrap();
        let out = self.folder.path().join(out);
        let pulled = command(&["--lang", "en", "pull", "--attachments", "--hub", &self.home.url()])
            .args(["--token", token, "--out"])
            .arg(&out)
            .output()
            .unwrap();
        assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));
        (out, String::from_utf8(pulled.stdout).unwrap())
    }
}

fn exported(out: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(out.join("attachments")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_photograph_goes_from_a_volunteer_to_an_analyst_and_to_a_colleague_who_asks() {
    let site = site();
    let bytes = picture(site.folder.path(), "house.png", 200);
    std::fs::write(site.folder.path().join("paper.txt"), "a paper").unwrap();
    let record = site.visit(&json!({ "house": "house.png", "paper": "paper.txt" }));
    let told = site.awa.done(&["status"]);
    assert!(told.contains("2 files wait to be sent (120 kB)"), "{told}");
    assert!(site.awa.done(&["show", &record]).contains("here only"));

    let told = site.awa.done(&["sync", "--attachments", "none"]);
    assert!(told.contains("2 files wait"), "{told}");
    assert!(site.awa.done(&["list"]).contains("at the region"), "the answers are there");
    let told = site.awa.done(&["sync", "--attachments", "30k"]);
    assert!(told.contains("used up") && told.contains("to be sent"), "{told}");
    // What that sync carried counts among what the day may.
    site.awa.done(&["network", "--cost", "metered=100k"]);
    let told = site.awa.done(&["sync"]);
    assert!(told.contains("100 kB of files a day") && told.contains("go tomorrow"), "{told}");
    assert!(told.contains("to be sent"), "{told}");
    let refused = site.awa.field(&["sync", "--network", "bureau"]).output().unwrap();
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && complaint.contains("field network bureau --cost"), "{complaint}");
    let known = site.awa.done(&["network", "bureau", "--cost", "unmetered"]);
    assert!(known.contains("bureau") && known.contains("100 kB"), "{known}");
    let told = site.awa.done(&["sync", "--network", "bureau"]);
    assert!(!told.contains("to be sent"), "{told}");
    assert!(site.awa.done(&["show", &record]).matches("at the region").count() == 2);

    let moussa = Device::new(site.folder.path(), "moussa", &site.region, "SN-KL");
    let synced = moussa.sync(&site.region.url());
    let summary = counts(&synced.stdout);
    assert_eq!((count(&summary, "thumbnails_down"), count(&summary, "down")), (1, 0));
    assert!(count(&summary, "bytes_down") < 20_000, "{summary}");
    let folder = site.folder.path().join("fetched");
    moussa.done(&["fetch", &record, "--out-files", folder.to_str().unwrap()]);
    let fetched: Vec<u64> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).collect();
    assert!(fetched.len() == 2 && fetched.contains(&bytes) && fetched.contains(&7), "{fetched:?}");

    site.region.ask(&["sync"]);
    assert!(site.home.ask(&["status"]).contains("Files held"));
    let (out, told) = site.pull("open,survey", "some");
    assert!(told.contains("1 fetched"), "{told}");
    let files = exported(&out);
    assert_eq!(files.len(), 1, "the paper is of a class that this token may not read");
    let address = files.first().and_then(|file| file.file_name()?.to_str()).unwrap().to_owned();
    assert!(std::fs::read_to_string(out.join("visit.csv")).unwrap().contains(&address));
    let (out, _) = site.pull("open,survey,personal", "all");
    assert_eq!(exported(&out).len(), 2);
    site.home.ask(&["erase", &record, "--for-good"]);
    let (out, _) = site.pull("open,survey,personal", "all");
    assert_eq!(exported(&out).len(), 0, "what was erased leaves the analyst's folder too");
}

#[test]
fn a_regional_hub_sends_no_more_of_files_in_a_day_than_its_link_to_the_home_may_cost() {
    let mut site = site();
    picture(site.folder.path(), "house.png", 300);
    site.visit(&json!({ "house": "house.png" }));
    site.awa.done(&["sync"]);
    let listen = site.region.address.to_string();
    site.region.kill();
    site.region = Hub::start_at(&site.region.data, &listen, &["--parent-network", "metered=150k"]);
    let told = site.region.ask(&["sync"]);
    assert!(told.contains("used up") && told.contains("--parent-network"), "{told}");
    let (out, told) = site.pull("open,survey", "before");
    assert!(told.contains("0 fetched") && exported(&out).is_empty(), "{told}");
    site.region.restart();
    let told = site.region.ask(&["sync"]);
    assert!(!told.contains("used up"), "{told}");
    let (out, _) = site.pull("open,survey", "after");
    assert_eq!(exported(&out).len(), 1);
}

#[test]
fn over_a_link_that_cuts_and_after_the_hub_is_killed_hardly_a_byte_goes_twice() {
    let mut site = site();
    let bytes = picture(site.folder.path(), "house.png", 900);
    site.visit(&json!({ "house": "house.png" }));
    site.awa.done(&["network", "--cost", "unmetered"]);
    site.awa.done(&["sync", "--attachments", "none"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cuts = Cuts::Some { percent: 100, bytes_max: 900_000 };
    let weather = Weather { seed: 21, cuts, delay_ms: 0, bytes_per_second: 0 };
    let link = runtime.block_on(BadLink::start(site.region.address, weather)).unwrap();
    let address = format!("http://{}", link.address);
    let part = [
        "sync",
        "--hub",
        &address,
        "--json",
        "--failures",
        "60",
        "--pause-permille",
        "2",
        "--attachments",
        "800k",
    ];
    let first = counts(site.awa.done(&part).as_bytes());
    assert!(count(&first, "waiting") == 1, "{first}");
    site.region.restart();
    let link =
        runtime.block_on(BadLink::start(site.region.address, Weather { seed: 22, ..weather })).unwrap();
    let output = site.awa.sync(&format!("http://{}", link.address));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let second = counts(&output.stdout);
    assert!(link.traffic.cuts.load(Ordering::Relaxed) > 1, "the link hardly cut: {second}");
    assert_eq!((count(&second, "up"), count(&second, "waiting")), (1, 0));
    let again = count(&first, "bytes_again") + count(&second, "bytes_again");
    assert!(again * 100 <= bytes * 3, "{again} of {bytes} twice");
    // The second run began where the first one ended, not at the beginning.
    assert!(count(&second, "bytes_up") < bytes - 600_000, "{second}");
}

#[test]
fn a_path_is_typed_at_the_question_and_what_cannot_be_attached_says_why() {
    let site = site();
    picture(site.folder.path(), "house.png", 20);
    let absent = site.folder.path().join("absent.png");
    let text = site.folder.path().join("note.png");
    std::fs::write(&text, "no image").unwrap();
    let path = site.folder.path().join("house.png");
    let lines = [absent.to_str().unwrap(), text.to_str().unwrap(), path.to_str().unwrap(), ""];
    let output = typed(site.awa.field(&["fill", "visit", "--case", &site.case]), &lines);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for said in ["there is no such file", "of another kind", "Attached: house.png"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let sheet =
        answers(site.folder.path(), "wrong.json", &json!({ "house": "absent.png", "paper": "also.pdf" }));
    let refused =
        site.awa.field(&["fill", "visit", "--case", &site.case, "--answers", sheet.to_str().unwrap()]);
    let refused = { refused }.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(told.matches("there is no such file").count(), 2, "{told}");
    assert!(site.awa.done(&["status"]).contains("1 file waits"));
}

/// A hub that refuses everything for good, and notes at which doors it was asked.
struct Refusing {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Refusing {
    fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::default();
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || drop(refuse(stream.unwrap(), &noted)));
            }
        });
        Self { address, asked }
    }

    fn was_asked_at(&self, door: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked == door)
    }
}

/// Reads one request, and refuses it.
fn refuse(stream: TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    asked.lock().unwrap().extend(first.split_whitespace().nth(1).map(str::to_owned));
    let body = r#"{"type":"urn:teranga:problem:forbidden","code":"forbidden","status":403}"#;
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nConnection: close";
    write!(&stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn what_a_hub_refuses_of_answers_keeps_no_file_from_going() {
    let mut site = site();
    picture(site.folder.path(), "house.png", 40);
    site.visit(&json!({ "house": "house.png" }));
    let refusing = Refusing::at("127.0.0.1:0".parse().unwrap());
    let refused = site.awa.sync(&format!("http://{}", refusing.address));
    assert!(!refused.status.success(), "what was refused is said");
    assert!(refusing.was_asked_at("/v1/sync") && refusing.was_asked_at("/v1/attachments"));

    // So it is with a region and headquarters.
    site.awa.done(&["sync"]);
    site.home.kill();
    let refusing = Refusing::at(site.home.address);
    let refused = command(&["hub", "sync", "--data"]).arg(&site.region.data).output().unwrap();
    assert!(!refused.status.success());
    assert!(refusing.was_asked_at("/v1/sync") && refusing.was_asked_at("/v1/attachments"));
}
