// Packs and rows of versions 1 and 2, read as sections 5 and 5a of sync-protocol.md say and held to what the vectors say of them:
// `node --test`. The client speaks version 0 alone; this shows that the document is enough for more.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { nameOf } from './replica.mjs';
import * as wire from './wire.mjs';

const vectors = [1, 2].map(version => JSON.parse(readFileSync(new URL(`../../schemas/vectors/protocol-${version}.json`, import.meta.url))));
const hex = bytes => Buffer.from(bytes).toString('hex');
const wrapped = value => BigInt.asUintN(64, value);

/** Reads bytes from the front. Numbers are whole numbers of any size. */
class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  take(length) {
    assert.ok(this.at + Number(length) <= this.bytes.length, 'the bytes end too early');
    return this.bytes.subarray(this.at, (this.at += Number(length)));
  }
  byte() { return this.take(1)[0]; }
  number() {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const next = BigInt(this.byte());
      value |= (next & 127n) << shift;
      if (next < 128n) return value;
    }
  }
  count() { return Number(this.number()); }
  /** A difference that was turned, so that small ones are short either way. */
  turned() { return unturned(this.number()); }
  run() { return this.take(this.count()); }
  text() { return this.run().toString(); }
  many(read, count = this.count()) { return Array.from({ length: count }, (_, at) => read(at)); }
  done() { assert.equal(this.at, this.bytes.length, 'bytes are left over'); }
}
const unturned = number => (number & 1n ? -(number >> 1n) - 1n : number >> 1n);

const identity = (time, random) => hex(wire.raw(time.toString(16).padStart(12, '0'))) + hex(random);
const timeOf = id => BigInt(`0x${id.slice(0, 12)}`);

/** Section 2: identities of so many, their times first. */
function identities(io, count) {
  let before = 0n;
  const times = io.many(() => (before = wrapped(before + io.turned())), count);
  return times.map(time => identity(time, io.take(10)));
}

/** What a pack and a manifest begin with. */
function front(io) {
  const [origin, batch, previous] = [hex(io.take(32)), String(io.number()), hex(io.take(32))];
  const author = io.byte() ? introduction(io) : null;
  return { origin, batch, previous, author, openings: io.many(() => hex(io.take(16))) };
}
function introduction(io) {
  const [key, kind, person, office, region, reach] = [hex(io.take(32)), io.byte(), io.text(), io.text(), io.text(), io.byte()];
  return { key, kind, person, office, region, reach, classes: io.many(() => io.text()) };
}

/** The change before an entry of the same part, or the part's first one. */
class Bases {
  last = {};
  of({ record, salt, class: cls }) { return (this.last[record + cls] ??= wire.changeHash(wire.firstChange(record, salt, cls))); }
  passed({ record, class: cls }, change) { this.last[record + cls] = change; }
  /** An entry whose body was read, or whose hash was. */
  entry(named, short, withoutDependency) {
    const body = withoutDependency ? `01${this.of(named)}${hex(short)}` : hex(short);
    return this.whole(named, wire.changeHash(body), body);
  }
  whole(named, change, body) {
    this.passed(named, change);
    return { ...named, change, body };
  }
}

/** Version 1: saves behind the three tables. */
class Named {
  constructor(io) {
    this.io = io;
    this.classes = io.many(() => io.text());
    const count = io.count();
    this.records = identities(io, count).map(record => ({ record }));
    for (const record of this.records) record.salt = hex(io.take(16));
    this.names = identities(io, io.count());
    [this.next, this.bases] = [0, new Bases()];
  }
  body() {
    const places = this.io.many(() => [this.io.count(), this.io.count()]);
    const [rest, body] = [new Reader(this.io.run()), []];
    for (const [before, back] of places) {
      body.push(rest.take(before), Buffer.from(wire.ulid(this.names[this.next - back])));
      if (back === 0) this.next += 1;
    }
    return Buffer.concat([...body, rest.take(rest.bytes.length - rest.at)]);
  }
  entry() {
    const [record, cls, kind] = [this.records[this.io.count()], this.classes[this.io.count()], this.io.byte()];
    const named = { ...record, class: cls };
    return kind === 2 ? this.bases.whole(named, hex(this.io.take(32)), null) : this.bases.entry(named, this.body(), kind === 1);
  }
  save() { return this.io.many(() => this.entry()); }
}

function packOfVersion1(bytes) {
  const io = new Reader(bytes);
  const begins = front(io);
  const named = new Named(io);
  const saves = io.many(() => named.save());
  const signature = hex(io.take(64));
  io.done();
  return { ...begins, saves, signature };
}

/** Section 5a: what was drawn, from the seeds that a pack tells. */
class Draws {
  constructor(io) { this.seeds = io.many(() => io.take(32)); }
  /** The place that stands here, from the one that is expected; none for what is no draw. */
  place(io, expected) {
    const said = io.number();
    return said === 0n ? null : expected + unturned(said - 1n);
  }
  places(io, count) {
    let expected = 0n;
    return io.many(() => {
      const place = this.place(io, expected);
      if (place !== null) expected = place + 1n;
      return place;
    }, count);
  }
  draw(place) {
    const seed = this.seeds[Number(place >> 40n)];
    assert.ok(seed, 'a seed that is not told');
    const number = wire.encode(wire.long, String(place & ((1n << 40n) - 1n)));
    return createHash('sha256').update('teranga drawn 0\n').update(seed).update(number).digest();
  }
  random(io, place) { return place === null ? io.take(10) : this.draw(place).subarray(6, 16); }
}

const sleb = number => {
  const bytes = [];
  for (let rest = BigInt(number); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    const ends = (rest >> 7n === 0n && !(low & 64)) || (rest >> 7n === -1n && low & 64);
    bytes.push(ends ? low : low | 128);
    if (ends) return Buffer.from(bytes);
  }
};
const leb = number => wire.encode(wire.long, String(number));
const counted = bytes => Buffer.concat([leb(bytes.length), bytes]);

/** A column in its shortest form: of equal values a run, what stands between as one run of different ones. */
function column(values) {
  const parts = [];
  let single = [];
  const flush = () => {
    if (single.length) parts.push(sleb(-single.length), ...single);
    single = [];
  };
  for (let at = 0; at < values.length;) {
    let end = at + 1;
    while (end < values.length && values[end].equals(values[at])) end += 1;
    if (end - at > 1) {
      flush();
      parts.push(sleb(end - at), values[at]);
    } else single.push(values[at]);
    at = end;
  }
  flush();
  return Buffer.concat(parts);
}

const COLUMNS = ['entries', 'whole', 'heads', 'newHeads', 'times', 'dependencies', 'replaced', 'questions', 'shapes', 'newShapes',
  'counts', 'identities', 'theirTimes', 'answers', 'descriptions', 'texts'];

class Apart {
  constructor(io, { origin, author, openings }) {
    Object.assign(this, { writer: author?.key ?? origin, openings, newest: [] });
    this.draws = new Draws(io);
    this.classes = io.many(() => io.text());
    const [count, { draws }] = [io.count(), this];
    const places = draws.places(io, count);
    let before = 0n;
    const times = io.many(() => (before = wrapped(before + io.turned())), count);
    this.records = places.map((place, at) => ({ record: identity(times[at], draws.random(io, place)) }));
    const salts = places.map(place => draws.place(io, place === null ? 0n : place + 1n));
    salts.forEach((place, at) => (this.records[at].salt = hex(place === null ? io.take(16) : draws.draw(place).subarray(0, 16))));
    const names = draws.places(io, io.count());
    this.names = names.map(place => draws.random(io, place));
    for (const name of COLUMNS) this[name] = new Reader(io.run());
  }

  /** A cell: what is new, or what was new so manieth in this list. */
  cell(column, list, read) {
    const number = column.count();
    return number === 0 ? list[list.push(read()) - 1] : list[number - 1];
  }

  identity(change) {
    const back = this.identities.count();
    if (back > 0) return this.newest[this.newest.length - back];
    const said = this.theirTimes.number();
    const time = said === 0n ? change.time : wrapped((change.named ?? timeOf(change.record)) + unturned(said - 1n));
    const name = identity(time, this.names[this.newest.length]);
    change.named = time;
    this.newest.push(name);
    return name;
  }

  head() {
    const io = this.newHeads;
    return { opening: io.count(), sequence: io.number(), first: io.number(), message: io.run(), others: io.many(() => io.take(16)) };
  }

  saves() {
    let [record, changes, heads, time] = [0n, [], [], 0n];
    const saves = this.entries.many(() => this.entries.many(() => {
      record += this.entries.turned();
      const change = { ...this.records[Number(record)], class: this.classes[this.entries.count()], kind: this.entries.byte() };
      changes.push(change);
      return change;
    }));
    const apart = changes.filter(({ kind }) => kind >= 4);
    for (const change of apart) {
      change.head = this.cell(this.heads, heads, () => this.head());
      time = wrapped(time + this.times.turned());
      Object.assign(change, { time, puts: [] });
      change.dependencies = change.kind === 4 ? this.dependencies.many(() => hex(this.dependencies.take(32))) : [];
      const replaced = new Reader(this.replaced.run());
      change.replaced = replaced.bytes.length ? [replaced.run(), replaced.run(), replaced.run()] : [];
      replaced.done();
    }
    for (const cls of this.classes) {
      this.branch(apart.filter(change => change.class === cls).map(change => ({ change, key: [] })));
    }
    const bases = new Bases();
    return saves.map(save => save.map(change => this.entry(change, bases)));
  }

  branch(places) {
    const names = this.questions.many(() => this.questions.text());
    const [hasItems, shapes, answers] = [this.questions.byte() === 1, [], []];
    for (const place of places) {
      place.shape = this.cell(this.shapes, shapes, () => this.newShapes.take(Math.ceil((1 + names.length) / 8)));
    }
    const has = (place, at) => (place.shape[at >> 3] >> (at & 7)) & 1;
    const counts = places.map(() => (hasItems ? this.counts.count() : 0));
    for (const place of places.filter(place => has(place, 0))) {
      const [kind, content] = this.cell(this.answers, answers, () => {
        const said = this.descriptions.count();
        return [said & 15, this.texts.take(said >> 4)];
      });
      place.change.puts.push([place.key.join('/'), kind, kind === 6 ? this.unmarked(content, place.change) : content]);
    }
    const items = places.flatMap((place, at) => Array.from({ length: counts[at] }, () => ({
      change: place.change, key: [...place.key, wire.ulid(this.identity(place.change))],
    })));
    names.forEach((name, at) => {
      const below = places.filter(place => has(place, at + 1)).map(({ change, key }) => ({ change, key: [...key, name] }));
      this.branch(below);
    });
    if (hasItems) this.branch(items);
  }

  /** A string with the identities and the times that its marks stand for. */
  unmarked(content, change) {
    return Buffer.concat(Array.from(content, byte => {
      if (byte === 0xfe) return Buffer.from(wire.ulid(this.identity(change)));
      return byte === 0xff ? Buffer.from(String(change.time)) : Buffer.of(byte);
    }));
  }

  entry({ record, salt, class: cls, kind, ...change }, bases) {
    const named = { record, salt, class: cls };
    if (kind === 2) return bases.whole(named, hex(this.whole.take(32)), null);
    if (kind < 4) return bases.entry(named, this.whole.run(), kind === 1);
    return bases.entry(named, this.body({ kind, ...change }), kind === 5);
  }

  /** A body, put together again; without its dependencies where the change before is the only one. */
  body({ kind, dependencies, head, time, puts, replaced }) {
    const sorted = puts.toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const actor = wire.raw(nameOf(this.writer, this.openings[head.opening]));
    const [zeros, actors, counters] = replaced.length ? replaced : [column(sorted.map(() => leb(0))), [], []];
    const columns = [
      [0x15, column(sorted.map(([key]) => counted(Buffer.from(key))))], [0x34, leb(sorted.length)],
      [0x42, column(sorted.map(() => leb(1)))], [0x56, column(sorted.map(([, type, bytes]) => leb((bytes.length << 4) | type)))],
      [0x57, Buffer.concat(sorted.map(([, , bytes]) => bytes))], [0x70, zeros], [0x71, actors], [0x73, counters],
    ].filter(([, bytes]) => bytes.length);
    return Buffer.concat([
      ...(kind === 4 ? [leb(dependencies.length), ...dependencies.map(wire.raw)] : []), counted(actor), leb(head.sequence), leb(head.first),
      sleb(time), counted(head.message), leb(head.others.length), ...head.others.map(counted), leb(columns.length),
      ...columns.flatMap(([name, bytes]) => [leb(name), leb(bytes.length)]), ...columns.map(([, bytes]) => bytes),
    ]);
  }
}

function packOfVersion2(bytes) {
  const io = new Reader(bytes);
  const begins = front(io);
  const apart = new Apart(io, begins);
  const saves = apart.saves();
  for (const name of COLUMNS) apart[name].done();
  assert.equal(apart.newest.length, apart.names.length, 'every name is named');
  const signature = hex(io.take(64));
  io.done();
  return { ...begins, saves, signature };
}

test('packs of version 1', () => {
  for (const name of ['pack', 'pack_of_every_kind', 'testimony']) assert.deepEqual(packOfVersion1(wire.raw(vectors[0][name])), vectors[0].fields[name]);
});

test('rows of versions 1 and 2', () => {
  for (const { rows, fields } of vectors) {
    const io = new Reader(wire.raw(rows));
    const named = new Named(io);
    assert.equal(io.count(), fields.rows.length);
    const saves = fields.rows.filter(({ entries }) => entries);
    const others = new Set(['resource', 'replica', 'opening']); // As in version 0: they end before the first save does.
    for (const row of fields.rows.slice(0, 5)) {
      const kind = io.byte();
      if (kind === 3) assert.deepEqual([row.kind, row.id, row.version, row.json], [io.text(), io.text(), io.text(), io.text()]);
      else if (kind === 1) assert.deepEqual(row.said, introduction(io));
      else if (kind === 2) assert.deepEqual([row.replica, row.nonce], [hex(io.take(16)), hex(io.take(16))]);
      else {
        if (kind === 9) assert.equal(row.witness, hex(io.take(16)));
        assert.deepEqual([row.batch, row.entries], [String(io.number()), named.save()]);
      }
      others.delete(row.row);
    }
    assert.deepEqual([saves.length, others.size], [2, 0]);
  }
});

test('packs of version 2', () => {
  const [, { fields, ...frozen }] = vectors;
  for (const name of ['pack', 'pack_of_every_kind', 'testimony', 'drawn_pack']) {
    const { seeds, ...said } = fields[name];
    assert.deepEqual(packOfVersion2(wire.raw(frozen[name])), said);
    if (seeds) assert.deepEqual(seeds.map(({ seed }) => seed), [frozen.seed]);
  }
});
