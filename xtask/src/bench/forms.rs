//! `cargo xtask bench forms`: one answer in a large form, and loading one, in our engine, in JavaRosa (the engine of ODK
//! Collect) and in that of ODK Web Forms: the same form, the same answers, one run. Engines that are not at hand are
//! left out, which is said.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use teranga_alike::Play;
use teranga_core::answers::read_element;
use teranga_core::flow::{Answers, Filling, FlowContext};
use teranga_core::form::{Form, Lists};
use teranga_core::key::Key;
use teranga_core::time::Millis;

use crate::oracle::{engine, validate};

use crate::said::Manner;

/// Answers of one interview, interviews that are played, and forms that are held at once to measure their memory.
const ANSWERS: usize = 300;
const ROUNDS: usize = 6;
const HELD: usize = 8;
/// Questions of the generated form.
const GENERATED: usize = 1_000;

/// What one engine needed for one form.
struct Measured {
    load: f64,
    median: f64,
    p99: f64,
    memory: f64,
}

pub(super) fn run(manner: Manner) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("target/oracle");
    std::fs::create_dir_all(&folder)?;
    let mut told = serde_json::Map::new();
    for (name, form) in forms(&root)? {
        let play = Play::record(&form, &Lists::new(), 1, ANSWERS, Millis(1_795_000_000_000));
        let (xml, tsv) = (folder.join(format!("{name}.xml")), folder.join(format!("{name}.tsv")));
        std::fs::write(&xml, teranga_xforms::export_xform(&form, &Lists::new())?)?;
        let mut lines = String::new();
        for (reference, value) in play.answers() {
            let _ = writeln!(lines, "{reference}\t{value}");
        }
        std::fs::write(&tsv, lines)?;
        let mut engines = vec![("Teranga", ours(&form, &play)?)];
        engines.extend(javarosa(&root, &folder, &xml, &tsv)?.map(|measured| ("JavaRosa", measured)));
        engines.extend(web_forms(&root, &xml, &tsv)?.map(|measured| ("ODK Web Forms", measured)));
        manner.say(&format!(
            "{name}: {} questions, {} answers",
            form.questions().count(),
            play.answers().len()
        ));
        manner
            .say(&format!("  {:14} {:>10} {:>12} {:>12} {:>10}", "", "load ms", "answer µs", "p99 µs", "MB"));
        for (engine, m) in &engines {
            manner.say(&format!(
                "  {engine:14} {:>10.1} {:>12.1} {:>12.1} {:>10.1}",
                m.load * 1e3,
                m.median * 1e6,
                m.p99 * 1e6,
                m.memory / 1e6
            ));
        }
        told.insert(name, engines.iter().map(|(engine, m)| ((*engine).to_owned(), m.to_json())).collect());
    }
    manner.end(&Json::Object(told));
    Ok(())
}

impl Measured {
    fn to_json(&self) -> Json {
        json!({ "load_s": self.load, "p50_s": self.median, "p99_s": self.p99, "memory_bytes": self.memory })
    }

    /// What another engine's script printed on its last line.
    fn read(output: &[u8]) -> Option<Self> {
        let said = String::from_utf8_lossy(output);
        let json: Json = serde_json::from_str(said.lines().last()?).ok()?;
        let number = |name: &str| json.get(name)?.as_f64();
        Some(Self {
            load: number("load_ns")? / 1e9,
            median: number("p50_ns")? / 1e9,
            p99: number("p99_ns")? / 1e9,
            memory: number("memory_bytes")?,
        })
    }
}

/// The largest form in common use, where it is at hand, and a generated one.
fn forms(root: &Path) -> Result<Vec<(String, Arc<Form>)>> {
    let mut forms = Vec::new();
    let path = root.join("../shared/forms/who-verbal-autopsy.xlsx");
    match std::fs::read(&path) {
        Ok(bytes) => {
            let imported = teranga_xforms::import_xlsx(&bytes, "who-verbal-autopsy").ok();
            let imported = imported.context("who-verbal-autopsy is refused")?;
            forms.push(("who-verbal-autopsy".to_owned(), Arc::new(Form::parse(&imported.form)?)));
        }
        Err(_) => eprintln!("skipped: who-verbal-autopsy is not here"),
    }
    forms.push((format!("generated-{GENERATED}"), Arc::new(generated()?)));
    Ok(forms)
}

/// A form in which every answer reaches others: skip logic on an earlier answer, constraints, and sums of sums.
fn generated() -> Result<Form> {
    let mut survey = Vec::new();
    for number in 0..GENERATED {
        let mut row = if number % 10 == 9 {
            let terms: Vec<String> =
                (number - 9..number).map(|other| format!("coalesce(${{q{other}}}, 0)")).collect();
            let before = if number > 10 { format!(" + ${{q{}}}", number - 10) } else { String::new() };
            json!({ "type": "calculate", "calculation": format!("{}{before}", terms.join(" + ")) })
        } else {
            json!({ "type": "integer", "label": format!("Question {number}"), "constraint": ". >= 0 and . < 1000" })
        };
        if let Some(members) = row.as_object_mut() {
            members.insert("name".to_owned(), format!("q{number}").into());
            if number >= 20 && number % 10 != 9 {
                let other = number - 13 - usize::from((number - 13) % 10 == 9);
                members.insert("relevant".to_owned(), format!("not(${{q{other}}} > 120)").into());
            }
        }
        survey.push(row);
    }
    Ok(Form::parse(&json!({ "form_id": "generated", "version": "1", "survey": survey }))?)
}

fn ours(form: &Arc<Form>, play: &Play) -> Result<Measured> {
    let text = form.to_json().to_string();
    let mut loads = Vec::new();
    let mut answers = Vec::new();
    let open = || -> Result<Filling> {
        let form = Arc::new(Form::read(&text)?);
        Ok(Filling::new(form, &Lists::new(), Answers::new(), FlowContext::default()))
    };
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let mut filling = open()?;
        loads.push(begin.elapsed());
        for (reference, text) in play.answers() {
            // Outside repeats a question's key is its id; answers within items are left to the conformance runs.
            let question = form.questions().find(|question| question.path == *reference);
            let Some(question) = question.filter(|question| question.repeat.is_none()) else { continue };
            let (key, value) = (Key::question(&question.id), read_element(question, text));
            let begin = Instant::now();
            let taken = filling.take(&key, value);
            answers.push(begin.elapsed());
            drop(taken);
        }
    }
    let before = resident()?;
    let held: Vec<Filling> = (0..HELD).map(|_| open()).collect::<Result<_>>()?;
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let memory = (resident()? - before) / held.len() as f64;
    Ok(Measured { load: at(&mut loads, 50), median: at(&mut answers, 50), p99: at(&mut answers, 99), memory })
}

fn at(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(place).map_or(0.0, Duration::as_secs_f64)
}

/// Memory of this process, in bytes (`/proc/self/statm`, pages of 4 KiB).
fn resident() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/statm").context("memory is measured on Linux only")?;
    let pages: f64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).context("statm")?;
    Ok(pages * 4096.0)
}

fn javarosa(root: &Path, folder: &Path, xml: &Path, tsv: &Path) -> Result<Option<Measured>> {
    if !validate::answers(Command::new("java").arg("-version")) {
        eprintln!("skipped: there is no Java here");
        return Ok(None);
    }
    let Some(jar) = validate::jar(folder)? else {
        eprintln!("skipped: there is no ODK_Validate.jar here");
        return Ok(None);
    };
    let program: PathBuf = root.join("xtask/oracle/JavaRosa.java");
    let output = Command::new("java")
        .arg("-cp")
        .arg(jar)
        .arg(program)
        .args([xml, tsv])
        .arg((ROUNDS * 2).to_string())
        .output()?;
    let measured = Measured::read(&output.stdout);
    Ok(Some(measured.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?))
}

fn web_forms(root: &Path, xml: &Path, tsv: &Path) -> Result<Option<Measured>> {
    let Some(engine) = engine::prepare(root)? else { return Ok(None) };
    let output = Command::new("node")
        .arg("--expose-gc")
        .arg(engine)
        .arg("bench")
        .args([xml, tsv])
        .arg(ROUNDS.to_string())
        .output()?;
    let measured = Measured::read(&output.stdout);
    Ok(Some(measured.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?))
}
