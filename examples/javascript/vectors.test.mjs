// Every message of schemas/vectors/protocol-0.json that travels over a link is read and written again, byte for byte:
// `node --test`. The files of section 9 are for whoever has none.

import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { holds, nameOf } from './replica.mjs';
import * as wire from './wire.mjs';
import { byte, count, fixed, list, number, raw, run, start, struct } from './wire.mjs';

const vectors = JSON.parse(readFileSync(new URL('../../schemas/vectors/protocol-0.json', import.meta.url)));
const [device, hub] = [vectors.device_secret, vectors.hub_secret];

function signed(secret, ...parts) {
  const key = createPrivateKey({ key: raw(`302e020100300506032b657004220420${secret}`), format: 'der', type: 'pkcs8' });
  return sign(null, Buffer.concat(parts.map(part => Buffer.from(part))), key).toString('hex');
}

/** Reads bytes, writes what was read, and returns it. */
function bothWays(layout, hex) {
  const value = wire.decode(layout, raw(hex));
  assert.equal(wire.encode(layout, value).toString('hex'), hex);
  return value;
}

/** The same, of a message: its signature is that of its sender, and begins and ends where the document says. */
function message(layout, hex, secret) {
  const value = bothWays(layout, hex);
  assert.equal(signed(secret, raw(hex).subarray(0, -64)), value.signature);
  assert.equal(value.magic, wire.START.magic);
  return value;
}

test('names, the first change and a change', () => {
  assert.equal(nameOf(vectors.device_key), vectors.device);
  assert.equal(nameOf(vectors.hub_key), vectors.hub);
  assert.equal(nameOf(vectors.device_key, vectors.nonce), vectors.actor);
  const record = '11'.repeat(16);
  assert.equal(wire.ulid(record), vectors.record);
  const first = wire.firstChange(record, vectors.salt, vectors.class);
  assert.equal(wire.chunk(first).toString('hex'), vectors.first_change);
  assert.equal(wire.changeHash(first), vectors.first_change_hash);
  const body = wire.bodyOf(raw(vectors.change));
  assert.equal(wire.chunk(body).toString('hex'), vectors.change);
  assert.equal(wire.changeHash(body), vectors.change_hash);
  assert.deepEqual(wire.headOf(body), { dependencies: [vectors.first_change_hash], actor: vectors.actor });
});

test('a pack, its manifest and its signature', () => {
  const pack = bothWays(wire.pack, vectors.pack);
  assert.equal(wire.manifestHash(pack), vectors.manifest_hash);
  assert.equal(signed(device, 'teranga manifest 0\n', raw(vectors.manifest_hash)), pack.signature);
  const salts = { ['11'.repeat(16)]: vectors.salt };
  assert.deepEqual(wire.tablesOf(pack.saves, salts), pack.tables);
});

test('a testimony, which a colleague signed', () => {
  const pack = bothWays(wire.pack, vectors.testimony);
  assert.equal(wire.manifestHash(pack), vectors.testimony_hash);
  assert.equal(signed('04'.repeat(32), 'teranga manifest 0\n', raw(vectors.testimony_hash)), pack.signature);
  assert.equal(pack.author[0].key, vectors.device_key);
});

test('rows of every kind', () => {
  const { rows } = bothWays(wire.rows, vectors.rows);
  const kinds = ['erase', 'fork', 'leave', 'opening', 'receipt', 'replica', 'resource', 'save', 'verdict', 'witnessed'];
  assert.deepEqual([...new Set(rows.map(({ row }) => row))].sort(), kinds);
  const { record, at, home, signature } = rows.find(({ row }) => row === 'erase').said;
  assert.ok(holds(home, signature, 'teranga erase 0\n', raw(record), wire.encode(number, at)));
});

test('a request and an answer', () => {
  const request = message(wire.request, vectors.request, device);
  assert.equal(wire.unpack(request.pushes[0].pack).toString('hex'), vectors.pack);
  const { erasure, replica, signature } = request.confirmations[0];
  assert.equal(signed(device, 'teranga erased 0\n', raw(erasure.record), raw(replica)), signature);
  const answer = message(wire.answer, vectors.answer, hub);
  bothWays(wire.rows, wire.unpack(answer.rows).toString('hex'));
});

test('an enrolment and its answer', () => {
  const { code, key, signature } = vectors.enrol_request;
  assert.equal(signed(device, 'teranga enrol 0\n', code, raw(key)), signature);
  const answer = vectors.enrol_answer;
  assert.equal(wire.spelled(wire.sha256(raw(answer.hub_key)).slice(0, 16)), code.slice(16));
  const said = ['teranga enrolled 0\n', code, raw(key), wire.encode(wire.enrolled, answer)];
  assert.equal(signed(hub, ...said), answer.signature);
});

test('the lane of files', () => {
  const thumbnail = struct({ image: fixed(32), maker: fixed(32), jpeg: run(8192), signature: fixed(64) });
  const runs = list(struct({ left: number, chunks: number }), 64);
  const offered = struct({ file: fixed(32), length: number, thumbnail: byte });
  const below = struct({ replica: fixed(16) });
  /** One that only asks names whoever below has the file. */
  const offer = (io, given) => {
    const named = offered(io, given);
    return named.thumbnail === 2 ? { ...named, ...below(io, given) } : named;
  };
  const stretches = list(struct({ at: number, first: number, chunks: run(2 ** 20) }), 64);
  const asks = { line: number, exchange: number };
  const request = struct({
    ...start, hub: fixed(16), child: fixed(16), ...asks, wanted: number, offers: list(offer, 256),
    thumbnails: list(thumbnail, 64), stretches, thumbnailsWanted: list(fixed(32), 256),
    files: list(struct({ file: fixed(32), held: runs }), 16), signature: fixed(64),
  });
  /** What follows the kind of a state. */
  const of = { 1: struct({ proof: fixed(8) }), 2: struct({ chunks: runs }) };
  const state = (io, given) => {
    const kind = byte(io, given?.kind);
    return { kind, ...of[kind]?.(io, given), thumbnail: byte(io, given?.thumbnail) };
  };
  const answer = struct({
    ...start, child: fixed(16), ...asks, states: list(state, 256), lookedFor: count(256), thumbnails: list(thumbnail, 64),
    files: list(number, 16), stretches, signature: fixed(64),
  });
  const asked = message(request, vectors.lane_request, device);
  const { image, jpeg, signature } = asked.thumbnails[0];
  assert.equal(signed(device, 'teranga thumbnail 0\n', raw(image), raw(wire.sha256(raw(jpeg)))), signature);
  assert.equal(signature, vectors.thumbnail_signature);
  assert.equal(asked.offers[0].file, vectors.file_hash);
  message(answer, vectors.lane_answer, hub);
});

test('what is malformed is refused', () => {
  assert.throws(() => wire.decode(wire.answer, raw(`${vectors.answer}00`)));
  assert.throws(() => wire.decode(wire.answer, raw(vectors.answer.slice(0, -2))));
  assert.throws(() => wire.decode(number, raw('8000')), 'a longer spelling');
  assert.throws(() => wire.decode(wire.long, raw('ffffffffffffffffff02')), 'more than 64 bits');
  assert.equal(wire.decode(wire.long, raw('ffffffffffffffffff01')), String(2n ** 64n - 1n));
  const block = wire.decode(wire.request, raw(vectors.request)).pushes[0].pack;
  assert.throws(() => wire.unpack({ ...block, length: block.length - 1 }));
});
