// What travels: each layout of sync-protocol.md is declared once, as a function that reads it or, given a value, writes it.
// Above this file bytes are hexadecimal strings, and a number that may need 64 bits is a string of its digits.
import { createHash } from 'node:crypto';
import { Decompress } from 'fzstd';
export const raw = hex => Buffer.from(hex, 'hex');
export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
const check = (holds, what) => { if (!holds) throw new Error(`malformed: ${what}`); };
export const decode = (layout, bytes, io = { bytes, at: 0 }, value = layout(io)) =>
  check(io.at === bytes.length, 'bytes are left over') ?? value;
export const encode = (layout, value, io = { written: [], at: 0 }) => (layout(io, value), Buffer.concat(io.written));
export const fixed = length => (io, hex) => { // Section 2: the grains.
  io.at += length;
  check(io.written ? hex.length === 2 * length : io.at <= io.bytes.length, `not ${length} bytes`);
  io.written?.push(raw(hex));
  return hex ?? io.bytes.toString('hex', io.at - length, io.at);
};
export const byte = (io, value) => parseInt(fixed(1)(io, value?.toString(16).padStart(2, '0')), 16);
export function long(io, digits) {
  for (let rest = BigInt(digits ?? 0), value = 0n, shift = 0n; ; rest >>= 7n, shift += 7n) {
    const next = byte(io, io.written && Number(rest & 127n) | (rest > 127n ? 128 : 0));
    value |= BigInt(next & 127) << shift;
    check(value < 1n << 64n && (next || !shift), 'a number');
    if (next < 128) return String(value);
  }
}
export const count = limit => (io, given, value = Number(long(io, given))) => check(value <= limit, 'too many') ?? value;
export const number = count(Number.MAX_SAFE_INTEGER);
export const run = (limit = 65536) => (io, hex) => fixed(count(limit)(io, hex && hex.length / 2))(io, hex);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const textTo = limit => (io, value) => utf8.decode(raw(run(limit)(io, io.written && Buffer.from(value ?? '').toString('hex'))));
export const text = textTo(256);
export const list = (layout, limit) => (io, values) =>
  Array.from({ length: count(limit)(io, values?.length) }, (_, at) => layout(io, values?.[at]));
export const struct = fields => (io, value) =>
  Object.fromEntries(Object.entries(fields).map(([name, layout]) => [name, layout(io, value?.[name])]));
export const block = struct({ encoding: byte, length: count(2 ** 23), stored: run(2 ** 23) });
export function unpack({ encoding, length, stored }) {
  let bytes = raw(encoding === 0 ? stored : '');
  const keep = part => check((bytes = Buffer.concat([bytes, part])).length <= length, 'a length'); // It would fill the memory.
  if (encoding === 1) new Decompress(keep).push(raw(stored), true);
  return check(encoding < 2 && bytes.length === length, 'a block') ?? bytes;
}
const grant = { person: text, office: text, region: text, reach: byte, classes: list(text, 64) };
export const introduction = struct({ key: fixed(32), kind: byte, ...grant });
export const enrolled = struct({ kind: byte, hub_name: text, ...grant, home_key: (io, key) => run(32)(io, key ?? ''), inheritance: run() });
const erasure = struct({ record: fixed(16), at: number, home: fixed(32), signature: fixed(64) });
export const confirmation = struct({ erasure, replica: fixed(16), signature: fixed(64) }), judgement = struct({ record: fixed(16), cls: text, change: fixed(32), stance: count(1) });
export const succession = struct({ replica: fixed(16), key: fixed(32), signature: fixed(64) });
// Section 3: changes. A body with magic, checksum, type and length before it is a chunk, which Automerge reads.
const symbols = values => Array.from(values, value => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[value % 32]).join(''); // Crockford's
export const spelled = hex => symbols(raw(hex));
export const ulid = hex => symbols(Array.from(BigInt(`0x${hex}`).toString(32).padStart(26, '0'), digit => parseInt(digit, 32)));
const framed = body => Buffer.concat([Buffer.of(1), encode(run(), body)]);
export const changeHash = body => sha256(framed(body));
export const chunk = body => Buffer.concat([raw(`856f4a83${changeHash(body).slice(0, 8)}`), framed(body)]);
export const bodyOf = chunk => decode(struct({ front: fixed(9), body: run() }), chunk).body;
export const headOf = body => struct({ dependencies: list(fixed(32), 64), actor: run() })({ bytes: raw(body), at: 0 });
export function firstChange(record, salt, cls) {
  const hex = value => encode(number, value).toString('hex');
  const values = Buffer.from(ulid(record) + cls);
  const actor = sha256('teranga first change 0\n', raw(record), cls, raw(salt)).slice(0, 32);
  const sizes = values.length === 52 ? '02a603' : `7ea603${hex((values.length - 26) * 16 + 6)}`;
  const columns = `0615103401420256${hex(sizes.length / 2)}57${hex(values.length)}7002`;
  return `0010${actor}0101000000${columns}7e075f7265636f7264065f636c617373020201${sizes}${values.toString('hex')}0200`;
}
function tables(io, given) { // Section 5: packs. An entry names record and class by their places in the tables.
  const { classes, records } = struct({ classes: list(text, 64), records: list(fixed(16), 20000) })(io, given);
  const saltOf = record => fixed(16)(io, given && (given.salts[record] ?? record)); // Of an erased record any will do.
  const salts = Object.fromEntries(records.map(record => [record, saltOf(record)]));
  return Object.assign(io, { last: {}, tables: { classes, records, salts } }).tables;
}
function entry(io, given) {
  const place = (table, name) => io.tables[table][number(io, given && io.tables[table].indexOf(name))];
  const [record, cls] = [place('records', given?.record), place('classes', given?.cls)];
  const last = (io.last[`${record}/${cls}`] ??= changeHash(firstChange(record, io.tables.salts[record], cls)));
  const kind = byte(io, given && (!given.body ? 2 : given.body.startsWith(`01${last}`) ? 1 : 0));
  check(cls !== undefined && kind <= 2, 'an entry');
  const stem = kind === 1 ? `01${last}` : ''; // A dependency that is the part's change before it is left out.
  const body = kind === 2 ? null : stem + run()(io, given?.body.slice(stem.length));
  const hash = (io.last[`${record}/${cls}`] = kind < 2 ? changeHash(body) : fixed(32)(io, given?.hash));
  return { record, cls, hash, body };
}
const front = { origin: fixed(32), batch: long, previous: fixed(32), author: list(introduction, 1), openings: list(fixed(16), 256) };
const saves = list(struct({ entries: list(entry, 20000) }), 20000);
export const pack = struct({ ...front, tables, saves, signature: fixed(64) });
const all = (saves, name) => [...new Set(saves.flatMap(({ entries }) => entries.map(entry => entry[name])))];
export const tablesOf = (saves, salts) => ({ classes: all(saves, 'cls'), records: all(saves, 'record'), salts });
export function manifestHash(pack) {
  const named = list(struct({ record: fixed(16), cls: text, hash: fixed(32) }), 20000);
  return sha256('teranga manifest 0\n', encode(struct(front), pack), ...pack.saves.map(({ entries }) => encode(named, entries)));
}
const kinds = Object.entries({ // Section 6: rows, in the order of their kinds.
  save: struct({ batch: long, entries: list(entry, 20000) }), replica: introduction,
  opening: struct({ replica: fixed(16), nonce: fixed(16) }), resource: struct({ type: text, id: text, version: text, json: textTo(2 ** 22) }),
  receipt: struct({ origin: fixed(16), batch: long, mark: fixed(8), what: count(1) }),
  verdict: struct({ origin: fixed(16), batch: long, record: fixed(16), cls: text, hash: fixed(32), reason: text }),
  leave: struct({ record: fixed(16), cls: text }), erase: erasure, fork: struct({ origin: fixed(16), batch: long }),
  witnessed: struct({ witness: fixed(16), batch: long, entries: list(entry, 20000) }),
});
function row(io, given) {
  const [name, layout] = kinds[byte(io, given && kinds.findIndex(([name]) => name === given.row))] ?? [];
  return check(name, 'a kind of row') ?? { row: name, said: layout(io, given?.said) };
}
export const rows = struct({ tables, rows: list(row, 50000) });
export const START = { magic: '54524741', version: 0 }; // Section 4: the two messages begin with TRGA.
export const start = { magic: fixed(4), type: byte, version: byte };
const asks = { line: number, opening: fixed(8), exchange: number };
const cursor = struct({ position: long, running: fixed(32), within: long });
const pushes = list(struct({ number, introduction: list(introduction, 1), pack: block }), 64);
const wants = { cursor, wanted: number, introductions: list(introduction, 64), confirmations: list(confirmation, 64), judgements: list(judgement, 64), pushes, signature: fixed(64) };
const gives = { acknowledged: number, mark: fixed(8), now: number, cursor, more: byte, rows: block, signature: fixed(64) };
export const request = struct({ ...start, hub: fixed(16), child: fixed(16), ...asks, ...wants });
export const answer = struct({ ...start, newest: byte, child: fixed(16), ...asks, ...gives });
