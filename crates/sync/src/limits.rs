//! Every limit of the protocol, with its unit in its name and its reason beside it. Both ends refuse what exceeds
//! them before any of it is decoded.

/// The largest change. A full form of several hundred answers is 10 KB; a long note 20 KB.
pub const CHANGE_BYTES_MAX: usize = 64 * 1024;
/// The most operations in one change, counted as run lengths: an answer is one operation.
pub const CHANGE_OPS_MAX: usize = 5_000;
/// The most dependencies of one change: that many replicas wrote the same part without hearing of each other.
pub const CHANGE_DEPS_MAX: usize = 64;
/// The most other actors named by one change: openings whose values it replaces.
pub const CHANGE_ACTORS_MAX: usize = 64;
/// The most values that the operations of one change replace, for each of them: one that stands there, or as many as were
/// written apart.
pub const CHANGE_PREDECESSORS_PER_OP_MAX: u64 = 8;
/// The highest number of an operation or a change: Automerge counts them in 32 bits.
pub const CHANGE_COUNTER_MAX: u64 = u32::MAX as u64;
/// The longest message of a change: a form reference.
pub const CHANGE_MESSAGE_BYTES_MAX: usize = 256;

/// The smallest pack a sender aims for: 0.7 s of a 100 kbit/s link.
pub const PACK_BYTES_MIN: usize = 8 * 1024;
/// What a sender starts with: a day's work of one volunteer goes in one exchange.
pub const PACK_BYTES_START: usize = 16 * 1024;
/// The largest pack a sender aims for; one save never splits, so a pack may exceed it by one save.
pub const PACK_BYTES_TARGET_MAX: usize = 256 * 1024;
/// The largest pack that is taken, after decompression.
pub const PACK_RAW_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long one exchange should take, in milliseconds: a pack is what the link carries in it.
pub const EXCHANGE_MS_TARGET: u64 = 4_000;
/// The most entries in one pack.
pub const PACK_ENTRIES_MAX: usize = 20_000;
/// The most openings that one pack may announce.
pub const PACK_OPENINGS_MAX: usize = 256;
/// The most records that one pack or one answer may touch.
pub const PACK_RECORDS_MAX: usize = 20_000;
/// The most classes that one pack or one answer may name.
pub const PACK_CLASSES_MAX: usize = 64;

/// The most identities that stand before the changes of one pack or one answer: as many as the largest could spell.
pub const PACK_NAMES_MAX: usize = ROWS_RAW_BYTES_MAX / 26;

/// The most seeds of draws that one pack tells: one for each opening that it may announce.
pub const PACK_SEEDS_MAX: usize = PACK_OPENINGS_MAX;
/// The most places in the tree of questions of one pack: an answer has one, its item and its repeat as well. As many answers as
/// the largest pack may hold if each takes ten bytes; what goes beyond is not taken apart.
pub const PACK_PLACES_MAX: usize = 400_000;
/// The most segments of a key that is taken apart: repeats seven deep.
pub const KEY_SEGMENTS_MAX: usize = 16;

/// The largest pack on the wire, compressed.
pub const PACK_WIRE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The largest request on the wire: the largest pack and what stands around it, a relay's introduction included.
pub const REQUEST_BYTES_MAX: usize = PACK_WIRE_BYTES_MAX + 64 * 1024;
/// The most packs in one request.
pub const PUSHES_MAX: usize = 64;
/// The most that the packs of one request hold after decompression.
pub const REQUEST_RAW_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The largest answer on the wire: the largest block of rows, even where it does not compress.
pub const ANSWER_BYTES_MAX: usize = ROWS_RAW_BYTES_MAX + 64 * 1024;
/// The highest exchange number. It fits every integer of every language and database; one exchange a second reaches
/// it in 285 million years.
pub const EXCHANGE_MAX: u64 = (1 << 53) - 1;
/// The highest batch number: a line of 31 bits, a place in it of 32.
pub const BATCH_MAX: u64 = (1 << 63) - 1;
/// The lines of one replica that a hub remembers; of those in which nothing came, then of all, the one that was silent longest
/// gives way to a new one.
pub const LINES_MAX: usize = 16;
/// The most lines that a replica begins in one session: a hub that refuses each of them will refuse the next.
pub const LINES_BEGUN_MAX: u64 = 4;
/// The largest block of feed rows after decompression.
pub const ROWS_RAW_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most bytes of rows that a hub cuts for one answer, before compression; one row may exceed it.
pub const ROWS_CUT_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The most introductions of enrolled children in one request; the others go with the next.
pub const INTRODUCTIONS_MAX: usize = 64;
/// The most confirmations of erasures in one request or bundle, and the most erasures that a revoked replica is told of at once; the
/// others go with the next.
pub const CONFIRMATIONS_MAX: usize = 64;
/// The most judgements of changes in one request; the others go with the next.
pub const JUDGEMENTS_MAX: usize = 64;
/// The most hubs that had the place of another before it: one a year for as long as anybody remembers.
pub const SUCCESSIONS_MAX: usize = 64;
/// The most devices that a hub takes over with the place of another: ten times the largest region.
pub const HEIRS_MAX: usize = 10_000;
/// The most feed rows in one answer.
pub const ROWS_MAX: usize = 50_000;
/// The most changes in the feed rows of one answer: all that a hub cuts if each weighs the least that it counts, 32 bytes, and
/// the largest save beyond. Four bytes and a long class name would be 600 bytes of memory otherwise, two million times over.
pub const ROWS_ENTRIES_MAX: usize = ROWS_CUT_BYTES_MAX / 32 + PACK_ENTRIES_MAX;
/// The most feed rows that a hub looks at for one answer, those for others included.
pub const ROWS_LOOKED_AT_MAX: usize = 50_000;
/// The largest published resource: a form of 3,000 questions in two languages is 1.5 MB.
pub const RESOURCE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest name of a person, office, class or form on the wire.
pub const NAME_BYTES_MAX: usize = 256;

/// What a sender puts into one message of a bundle before it begins another, raw: what a cut file loses at most.
pub const BUNDLE_CUT_BYTES: usize = 512 * 1024;
/// The largest sealed message in a file: the largest answer's rows, or the largest request's packs, and the seal.
pub const SEALED_BYTES_MAX: usize = ANSWER_BYTES_MAX + 1024;
/// The largest file of sealed messages, which is written, read and sealed in memory: two months of a busy office.
pub const PARCEL_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest bundle that goes by another device's link: the largest request and its seal.
pub const LETTER_BYTES_MAX: usize = REQUEST_BYTES_MAX + 1024;
/// The most rows, before compression, in what comes back for a bundle by another device's link, in bytes.
pub const LETTER_ROWS_BYTES_MAX: usize = 256 * 1024;
/// The most packs that one return names as refused; of the others the next return speaks.
pub const REFUSED_MAX: usize = 64;
/// The most that a device keeps of others' bundles until it meets the hub, in bytes.
pub const CARRIED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most bundles of others that a device keeps: their messages, a few a bundle.
pub const CARRIED_MESSAGES_MAX: usize = 256;
/// The most devices for which a device keeps what the hub gave it for them; the oldest gives way.
pub const CARRIED_BACK_MAX: usize = 64;

/// The most saves that a round of applying goes through: one transaction, and between two an answer can go out.
pub const ROUND_SAVES_MAX: usize = 1_000;
/// The most bytes of parts that a round goes through, at most by one save of each kind more.
pub const ROUND_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a part weighs beyond which saves to it come last, in bytes of its snapshot: twenty times a form of several hundred answers.
pub const PART_LARGE_BYTES: usize = 256 * 1024;
/// The most rounds within one exchange, and for one retry: more than the largest pack of honest work.
pub const ROUNDS_PER_EXCHANGE: usize = 5;
/// The most rounds for one answer, at a child: more than what it brings takes.
pub const ROUNDS_PER_ANSWER: usize = 256;
/// How many of them go through what is written to large parts, in one transaction; the rest follows in transactions of its own.
pub const LARGE_ROUNDS_PER_ANSWER: usize = 8;
/// The most rounds for one file, while nobody else is served; the rest follows with the next exchange.
pub const ROUNDS_OF_A_FILE: usize = 64;
/// The most rounds before an office is open: whoever writes again and again to large parts does not keep it shut.
pub const ROUNDS_AT_OPENING: usize = 64;

/// Openings that a replica remembers to have asked with: a sync a day for ten years.
pub const ASKERS_MAX: i64 = 4_096;

/// The most changes of one part that wait for changes which have not arrived.
pub const WAITING_PER_PART_MAX: usize = 200;

/// The most that a hub holds aside of a revoked replica, in bytes of changes: a year of one volunteer's work. Beyond it what the
/// replica brings stays with it.
pub const REVOKED_BYTES_MAX: u64 = 16 * 1024 * 1024;

// Of a part as a whole: the most keys, bytes and changes.
pub use teranga_core::limits::{PART_BYTES_MAX, PART_CHANGES_MAX, PART_KEYS_MAX};

/// The first pause after a failed exchange, in milliseconds; doubled each time, with jitter.
pub const BACKOFF_MS_MIN: u64 = 1_000;
/// The longest pause between failed exchanges, in milliseconds.
pub const BACKOFF_MS_MAX: u64 = 60_000;

/// The largest file that is attached: the photographs of a telephone are 2 to 12 MB, a minute of its film 20.
pub const ATTACHMENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The unit in which files are kept, counted and gone on with: the smallest pack, since a link that cuts every few ten
/// kilobytes would never bring a larger one.
pub const CHUNK_BYTES: usize = 8 * 1024;
/// The most files that one request speaks of; with their hashes 9 KB.
pub const OFFERS_MAX: usize = 256;
/// The most runs of chunks in which one file is said to be held. Files are sent in order, so there is one.
pub const RUNS_MAX: usize = 64;
/// The most stretches of chunks in one message: of that many small files at once.
pub const STRETCHES_MAX: usize = 64;
/// The largest thumbnail: one chunk, so that it is never in pieces.
pub const THUMBNAIL_BYTES_MAX: usize = CHUNK_BYTES;
/// The longer side of a thumbnail in pixels: enough to tell a wall from a person on a list.
pub const THUMBNAIL_PIXELS_MAX: u32 = 160;
/// The most pixels of an image of which a thumbnail is made: a decoder needs 4 bytes for each.
pub const IMAGE_PIXELS_MAX: u64 = 64 * 1024 * 1024;
/// The most thumbnails in one message.
pub const THUMBNAILS_MAX: usize = 64;
/// The most files that one request wants, and one answer gives of.
pub const FILES_WANTED_MAX: usize = 16;
/// The largest message of the lane: a batch of the largest size, thumbnails and what stands around them.
pub const LANE_BYTES_MAX: usize = 1024 * 1024;
/// The most bytes of files in one message: a batch of the largest size, and thumbnails.
pub const LANE_FILE_BYTES_MAX: usize = 768 * 1024;
/// The most files that one part mentions: a farm is surveyed with a hundred photographs.
pub const MENTIONS_PER_PART_MAX: usize = 1_000;
/// The most questions of children about files that nothing mentions here, of all of them together.
pub const QUESTIONS_MAX: i64 = 4_096;
/// The most of them that one device has, so that the others' are kept too. A hub asks for all of its devices.
pub const QUESTIONS_PER_DEVICE_MAX: i64 = 256;
/// The most runs of the lane for which somebody is expected to come back with such a file: its owner's disk may be gone.
/// Nightly ones of most of a year, for a volunteer may be away that long.
pub const QUESTION_RUNS_MAX: i64 = 300;
/// The most bytes of files that a hub keeps of one device: 4,000 photographs.
pub const ATTACHED_PER_DEVICE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// The most bytes of a file in one answer to a pull.
pub const PULLED_FILE_BYTES_MAX: usize = 1024 * 1024;
/// What a device sends and fetches of files in a day where a network counts its bytes, unless its owner says otherwise: a
/// hundred thumbnails and two photographs, for what a cup of tea costs.
pub const METERED_BYTES_A_DAY: u64 = 5 * 1000 * 1000;

/// The most connections that are open at a hub: half of the 1,024 files that systems let a process open.
pub const CONNECTIONS_MAX: usize = 512;
/// The most of them from one address: an office of a hundred devices stands behind one, with a connection or two each.
/// Whoever floods from one leaves as many to everybody else.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = CONNECTIONS_MAX / 2;
/// The most connections that the system holds until they are let in.
pub const CONNECTIONS_WAITING_MAX: u32 = 1_024;
/// The most signed requests under way at a hub, one of which the office answers: 132 MiB of bodies, and at a second each
/// the last is answered while its child still waits. One address has half of them.
pub const REQUESTS_MAX: usize = 64;
/// The most of them that name one child. It has one under way, and those whose link broke until that is noticed; anybody
/// may name it until the signature has come.
pub const REQUESTS_PER_CHILD_MAX: usize = 4;
/// The most other requests under way at a hub: enrolments, pulls, bundles, and children that are being looked up. One
/// address has half of them.
pub const OTHER_REQUESTS_MAX: usize = 16;
/// The most requests under way at a hub's local door, where its own people ask, with a secret.
pub const LOCAL_REQUESTS_MAX: usize = 4;
/// The slowest link that is served, in bytes per second: 20 kbit/s, less what TCP and TLS take. The largest request has 19
/// minutes.
pub const LINK_BYTES_PER_SECOND_MIN: u64 = 2_000;
/// How long nothing at all may come over a link, in milliseconds: half of the time for which a child waits.
pub const STALL_MS_MAX: u64 = 60_000;
/// How long the headers of a request may take, and how long a connection may stay without one, in milliseconds: three
/// hundred bytes, and a link that just stalled.
pub const HEADERS_MS_MAX: u64 = 30_000;
/// The longest headers of a request, in bytes, and what is read of a body before somebody asks for it.
pub const HEADERS_BYTES_MAX: usize = 64 * 1024;
/// How long a TLS handshake may take, in milliseconds: 4 KB and three turns, on the slowest link.
pub const HANDSHAKE_MS_MAX: u64 = 30_000;
/// What the system keeps of an answer on its way, in bytes. A larger buffer would hide for minutes whether a slow link
/// gets forward; at 100 ms a turn it lets 5 Mbit/s through.
pub const SEND_BUFFER_BYTES: u32 = 64 * 1024;
/// What is taken and dropped of a request that is refused before it came whole, in bytes: all of any that is honest, so
/// that its sender hears the refusal and not a connection that broke.
pub const REFUSED_BYTES_MAX: usize = REQUEST_BYTES_MAX;
/// After how many seconds a hub that is busy asks to be tried again: a few exchanges of everybody who is there.
pub const BUSY_SECONDS: u64 = 5;
/// The most refusals of which a hub's log says each, in a minute: as many as somebody reads who looks for one.
pub const REFUSALS_TOLD_PER_MINUTE_MAX: usize = 60;
/// Failures in a row after which a session gives up: where no connection comes, with the pauses between, after two minutes.
pub const FAILURES_MAX: u32 = 5;
/// How long a child waits for a connection, in milliseconds.
pub const CONNECT_MS_MAX: u64 = 20_000;
/// How long a child waits for an answer of which nothing comes, in milliseconds: a pack of 256 KiB goes up in it at 20 kbit/s. What
/// comes gives it the time that the slowest link takes for that.
pub const EXCHANGE_MS_MAX: u64 = 120_000;
/// How long a code may lie on paper, in milliseconds: seven days.
pub const CODE_MS_MAX: i64 = 7 * 24 * 3_600 * 1_000;
/// The largest question of an enrolment: a code, a key and a signature in JSON.
pub const ENROLMENT_BYTES_MAX: usize = 4 * 1024;
/// The largest answer to an enrolment: an inheritance of the most children, in hexadecimal digits.
pub const ENROLLED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest page of a pull, in JSON: 500 records and every form that is published.
pub const PULLED_PAGE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The largest question at a hub's local door: a message of a file, in hexadecimal digits.
pub const LOCAL_BYTES_MAX: usize = 2 * (SEALED_BYTES_MAX + 1024);
