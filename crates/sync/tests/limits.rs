//! The limits that `sync-protocol.md` names are those of the code: whoever writes another end goes by the text.

#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a helper that cannot go on must stop the test"
)]

use teranga_sync::limits::*;

/// A number as the text spells it.
fn plain(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().ok().unwrap().to_string();
    let mut spelled = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            spelled.push(',');
        }
        spelled.push(digit);
    }
    spelled
}

/// So many bytes as the text spells them.
fn bytes(number: impl TryInto<u64>) -> String {
    let number = number.try_into().ok().unwrap();
    match number {
        0..1_024 => format!("{number} bytes"),
        1_024..0x10_0000 => format!("{} KiB", number >> 10),
        0x10_0000..0x4000_0000 if number % 0x10_0000 > 0 => {
            format!("{} MiB + {} KiB", number >> 20, (number % 0x10_0000) >> 10)
        }
        0x10_0000..0x4000_0000 => format!("{} MiB", number >> 20),
        _ => format!("{} GiB", number >> 30),
    }
}

fn seconds(ms: u64) -> String {
    format!("{} s", ms / 1_000)
}

fn of(number: usize, what: &str) -> String {
    format!("{} {what}", plain(number))
}

/// A row of the table with what stands in it.
type Row = (&'static str, Vec<String>);

/// What packs hold, and what they are put into.
fn of_packs() -> Vec<Row> {
    vec![
        (
            "a change",
            vec![
                bytes(CHANGE_BYTES_MAX),
                of(CHANGE_OPS_MAX, "operations"),
                of(CHANGE_DEPS_MAX, "dependencies"),
                of(CHANGE_ACTORS_MAX, "other actors"),
                format!("{} of message", bytes(CHANGE_MESSAGE_BYTES_MAX)),
                format!("{} replaced values", plain(CHANGE_PREDECESSORS_PER_OP_MAX)),
            ],
        ),
        (
            "a pack",
            vec![
                format!("{} raw, {} on the wire", bytes(PACK_RAW_BYTES_MAX), bytes(PACK_WIRE_BYTES_MAX)),
                of(PACK_ENTRIES_MAX, "entries"),
                of(PACK_RECORDS_MAX, "records"),
                of(PACK_CLASSES_MAX, "classes"),
                of(PACK_OPENINGS_MAX, "openings"),
                of(PACK_NAMES_MAX, "identities"),
                of(PACK_SEEDS_MAX, "seeds"),
                of(PACK_PLACES_MAX, "places"),
                of(KEY_SEGMENTS_MAX, "segments"),
                format!(
                    "{} to {}, {} at first",
                    PACK_BYTES_MIN >> 10,
                    bytes(PACK_BYTES_TARGET_MAX),
                    PACK_BYTES_START >> 10
                ),
            ],
        ),
        ("a batch, an exchange, a line", vec![of(LINES_MAX, "lines"), format!("begins {LINES_BEGUN_MAX}")]),
        ("an inheritance", vec![of(SUCCESSIONS_MAX, "successions"), of(HEIRS_MAX, "children")]),
    ]
}

/// What goes over a link.
fn of_messages() -> Vec<Row> {
    vec![
        (
            "a request",
            vec![
                bytes(REQUEST_BYTES_MAX),
                of(INTRODUCTIONS_MAX, "introductions"),
                of(CONFIRMATIONS_MAX, "confirmations"),
                of(JUDGEMENTS_MAX, "judgements"),
                of(PUSHES_MAX, "packs"),
                format!("{} raw together", bytes(REQUEST_RAW_BYTES_MAX)),
                format!("{} of rows wanted", bytes(ROWS_RAW_BYTES_MAX)),
            ],
        ),
        (
            "an answer",
            vec![
                bytes(ANSWER_BYTES_MAX),
                format!("rows {} raw, {}", bytes(ROWS_RAW_BYTES_MAX), plain(ROWS_MAX)),
                of(ROWS_ENTRIES_MAX, "changes"),
                format!("a resource {}", bytes(RESOURCE_BYTES_MAX)),
                format!("cuts {}", bytes(ROWS_CUT_BYTES_MAX)),
                of(ROWS_LOOKED_AT_MAX, "places of its feed"),
            ],
        ),
        ("a name", vec![bytes(NAME_BYTES_MAX)]),
        (
            "a part",
            vec![
                of(WAITING_PER_PART_MAX, "waiting"),
                of(PART_KEYS_MAX, "keys"),
                bytes(PART_BYTES_MAX),
                of(PART_CHANGES_MAX, "changes"),
                of(MENTIONS_PER_PART_MAX, "files"),
            ],
        ),
    ]
}

/// What goes in files, and of files.
fn of_files() -> Vec<Row> {
    vec![
        ("a bundle's message", vec![of(REFUSED_MAX, "refused"), bytes(BUNDLE_CUT_BYTES)]),
        (
            "a file of such messages",
            vec![
                bytes(PARCEL_BYTES_MAX),
                bytes(SEALED_BYTES_MAX),
                bytes(LETTER_BYTES_MAX),
                bytes(LETTER_ROWS_BYTES_MAX),
            ],
        ),
        (
            "a carrier",
            vec![
                bytes(CARRIED_BYTES_MAX),
                of(CARRIED_MESSAGES_MAX, "messages"),
                of(CARRIED_BACK_MAX, "of them"),
            ],
        ),
        (
            "an attached file",
            vec![
                bytes(ATTACHMENT_BYTES_MAX),
                bytes(CHUNK_BYTES),
                bytes(ATTACHED_PER_DEVICE_BYTES_MAX),
                bytes(PULLED_FILE_BYTES_MAX),
            ],
        ),
        (
            "a thumbnail",
            vec![
                bytes(THUMBNAIL_BYTES_MAX),
                format!("{THUMBNAIL_PIXELS_MAX} pixels"),
                format!("{} Mi pixels", IMAGE_PIXELS_MAX >> 20),
            ],
        ),
        (
            "a message of the lane",
            vec![
                bytes(LANE_BYTES_MAX),
                bytes(LANE_FILE_BYTES_MAX),
                of(OFFERS_MAX, "offers"),
                of(FILES_WANTED_MAX, "files wanted"),
                of(THUMBNAILS_MAX, "thumbnails"),
                of(STRETCHES_MAX, "stretches"),
                of(RUNS_MAX, "runs of one file"),
                format!("{} questions", plain(QUESTIONS_MAX)),
                format!("{QUESTIONS_PER_DEVICE_MAX} of one device"),
                format!("{QUESTION_RUNS_MAX} runs"),
            ],
        ),
    ]
}

/// How both ends bear with each other.
fn of_ends() -> Vec<Row> {
    vec![
        ("an enrolment", vec![bytes(ENROLMENT_BYTES_MAX), bytes(ENROLLED_BYTES_MAX)]),
        ("a revoked device", vec![bytes(REVOKED_BYTES_MAX)]),
        (
            "a child's patience",
            vec![
                seconds(CONNECT_MS_MAX),
                seconds(EXCHANGE_MS_MAX),
                format!("{FAILURES_MAX} failures in a row"),
                format!("{} to {}", BACKOFF_MS_MIN / 1_000, seconds(BACKOFF_MS_MAX)),
            ],
        ),
        (
            "a hub's patience",
            vec![
                seconds(HEADERS_MS_MAX),
                bytes(HEADERS_BYTES_MAX),
                seconds(STALL_MS_MAX),
                format!("{} bytes a second", plain(LINK_BYTES_PER_SECOND_MIN)),
            ],
        ),
        (
            "a hub's room",
            vec![
                of(CONNECTIONS_MAX, "connections"),
                of(CONNECTIONS_PER_ADDRESS_MAX, "from one address"),
                of(REQUESTS_MAX, "signed requests"),
                of(REQUESTS_PER_CHILD_MAX, "in one child's name"),
                of(OTHER_REQUESTS_MAX, "others"),
                format!("{BUSY_SECONDS} s"),
            ],
        ),
    ]
}

#[test]
fn every_limit_that_another_end_meets_stands_in_the_text() {
    let text = include_str!("../../../sync-protocol.md");
    let (_, section) = text.split_once("\n## 8. Limits\n").unwrap();
    for (name, limits) in [of_packs(), of_messages(), of_files(), of_ends()].concat() {
        let begins = format!("| {name} | ");
        let row = section.lines().find_map(|line| line.strip_prefix(begins.as_str()));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        for limit in limits {
            // "120 s" does not say "20 s".
            let stands =
                |at: usize| !row[..at].ends_with(|before: char| before.is_ascii_digit() || before == ',');
            assert!(row.match_indices(&limit).any(|(at, _)| stands(at)), "{name}: {limit}");
        }
    }
}
