//! Cases from an office's register: read by a map, refused row by row, and never added twice.

use serde_json::{Value as Json, json};
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_client::register::{Plan, RegisterMap, RowProblem};
use teranga_core::form::Form;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_sync::feed::ResourceRow;
use teranga_xforms::{Register, read_register};

use crate::world::{World, setting, sync_all, world};

fn form() -> Json {
    json!({"form_id": "dossier", "version": "1", "title": "Dossier", "record": "case", "languages": ["fr", "en"],
        "survey": [
            {"type": "text", "name": "number", "label": {"fr": "N° de dossier"}},
            {"type": "text", "name": "names", "label": {"fr": "Prénoms"}, "required": "yes"},
            {"type": "select_one", "list": "sex", "name": "sex", "label": {"fr": "Sexe", "en": "Sex"}},
            {"type": "date", "name": "returned", "label": {"fr": "Date de retour"},
                "constraint": ". <= date('2027-01-01')"},
            {"type": "select_one", "list": "regions", "name": "region", "label": {"fr": "Région"}},
            {"type": "select_multiple", "list": "needs", "name": "needs", "label": {"fr": "Besoins"}},
            {"type": "integer", "name": "children", "label": {"fr": "Enfants"}}],
        "choices": {
            "sex": [{"name": "female", "label": {"fr": "Femme"}}, {"name": "male", "label": {"fr": "Homme"}}],
            "regions": {"from_list": "sn-regions"},
            "needs": [{"name": "work", "label": {"fr": "Travail"}}, {"name": "care", "label": {"fr": "Soins"}}]}})
}

fn map() -> RegisterMap {
    serde_json::from_value(json!({"form": "dossier", "key": "number", "answers": {
        "number": "N°", "names": "Prénoms",
        "sex": {"column": "Sexe", "codes": {"F": "female", "M": "male", "?": ""}},
        "returned": "Retour", "region": "Région", "needs": "Besoins",
        "children": {"column": "Enfants", "value": 0}}}))
    .unwrap()
}

const REGISTER: &str = "\
N°;Prénoms;Sexe;Retour;Région;Besoins;Enfants
1;Awa Exemple;F;12/03/2026;Thies;Travail, Soins;2
2;Modou Essai;Homme;2026-04-01;SN-KL;;
3;Sans Date;?;31/02/2026;Kaolack;;1
4;;F;01/01/2026;Louga;;
1;Double Essai;F;01/01/2026;Louga;;
;Sans Numéro;F;01/01/2026;Louga;;
7;Trop Tard;X;01/06/2027;Louga;Danse;deux
";

fn register(text: &str) -> Register {
    read_register(text.as_bytes(), None, None).unwrap()
}

fn prepared(seed: u64) -> World {
    let mut world = world(seed);
    let text = form().to_string();
    let form = Form::read(&text).unwrap();
    let row = ResourceRow {
        kind: "form".into(),
        id: form.form_id().into(),
        version: form.version().into(),
        json: text.clone(),
    };
    world.hub.publish(&row).unwrap();
    sync_all(&mut world);
    world
}

fn plan(device: &Device, seed: &mut Seeded, text: &str) -> Plan {
    device.plan_register(&register(text), &map(), setting(seed)).unwrap()
}

fn import(device: &mut Device, seed: &mut Seeded, plan: &Plan) {
    for fresh in &plan.fresh {
        device.import_row("dossier", fresh, setting(seed)).unwrap();
    }
}

#[test]
fn rows_become_cases_and_each_refused_one_says_why() {
    let mut world = prepared(31);
    let plan = plan(&world.awa, &mut world.seed, REGISTER);
    assert_eq!(plan.fresh.iter().map(|fresh| fresh.row).collect::<Vec<_>>(), [2, 3]);
    let told: Vec<(usize, Option<&str>, bool)> = plan
        .refused
        .iter()
        .map(|error| {
            let by_form = matches!(error.problem, RowProblem::Answer(_) | RowProblem::Finding(_));
            (error.row, error.column.as_deref(), by_form)
        })
        .collect();
    let expected = [
        (4, Some("Retour"), true),
        (5, None, true),
        (6, None, false),
        (7, None, false),
        (8, Some("Enfants"), true),
        (8, Some("Besoins"), true),
        (8, Some("Sexe"), true),
    ];
    assert_eq!(told, expected);
    assert!(matches!(plan.refused[2].problem, RowProblem::SameKey { row: 2 }));
    import(&mut world.awa, &mut world.seed, &plan);
    let records = world.awa.replica().records().unwrap();
    assert_eq!(records.len(), 2);
    let of = |number: &str| {
        let values = records.iter().map(|row| world.awa.values(row.record).unwrap());
        values.into_iter().find(|values| values.get(&Key::from_text("number")) == Some(&Value::text(number)))
    };
    let values = of("1").unwrap();
    for (key, value) in [
        ("sex", Value::text("female")),
        ("returned", Value::text("2026-03-12")),
        ("region", Value::text("SN-TH")),
        ("needs/work", Value::Bool(true)),
        ("needs/care", Value::Bool(true)),
        ("children", Value::Int(2)),
    ] {
        assert_eq!(values.get(&Key::from_text(key)), Some(&value), "{key}");
    }
    let values = of("2").unwrap();
    assert_eq!(values.get(&Key::from_text("children")), Some(&Value::Int(0)));
}

#[test]
fn a_second_run_adds_nothing_on_any_device_and_tells_what_differs() {
    let mut world = prepared(32);
    let first = plan(&world.awa, &mut world.seed, REGISTER);
    import(&mut world.awa, &mut world.seed, &first);
    sync_all(&mut world);
    let mended = REGISTER.replace("31/02/2026", "28/02/2026").replace("Awa Exemple", "Awa Modèle");
    for device in [&world.awa, &world.moussa] {
        let again = plan(device, &mut world.seed, &mended);
        assert_eq!(again.fresh.iter().map(|fresh| fresh.row).collect::<Vec<_>>(), [4]);
        let known: Vec<(usize, Vec<&str>)> = again
            .known
            .iter()
            .map(|known| (known.row, known.differs.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(known, [(2, vec!["names"]), (3, vec![])]);
    }
}

#[test]
fn a_map_that_does_not_fit_is_refused_whole_and_one_can_be_suggested() {
    let mut world = prepared(33);
    let mut wrong = map();
    wrong.answers.insert("nmaes".into(), teranga_client::register::Source::Column("Prénom".into()));
    wrong.key = "sex2".into();
    let error = world.awa.plan_register(&register(REGISTER), &wrong, setting(&mut world.seed)).unwrap_err();
    let teranga_client::ClientError::RegisterMap(problems) = error else { panic!("{error:?}") };
    assert_eq!(problems.len(), 3, "{problems:?}");
    let form = world.awa.form("dossier").unwrap();
    let suggested = RegisterMap::suggested(&form, &register("id,Prénoms,groupe/sex,Autre\n"), "number");
    let columns: Vec<(&str, Option<String>)> =
        suggested.answers.iter().map(|(id, source)| (id.as_str(), source.spec().column)).collect();
    let expected = [("names", "Prénoms"), ("number", "id"), ("sex", "groupe/sex")];
    assert_eq!(columns, expected.map(|(id, column)| (id, Some(column.to_owned()))));
}
