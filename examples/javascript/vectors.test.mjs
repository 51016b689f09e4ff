// Every vector of schemas/vectors that the client's version of the protocol has is read and written again, byte for byte, and says
// what stands beside it: `node --test`. Of later versions the messages are, in which only packs and rows differ; of the files of
// section 9, which are for whoever has no link, the messages and the seal.

import * as Automerge from '@automerge/automerge';
import assert from 'node:assert/strict';
import { createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { holds, nameOf } from './replica.mjs';
import * as wire from './wire.mjs';
import { byte, count, fixed, list, long, number, raw, run, start, struct, text } from './wire.mjs';

const read = name => JSON.parse(readFileSync(new URL(`../../schemas/vectors/${name}.json`, import.meta.url)));
const every = [0, 1, 2].map(version => read(`protocol-${version}`));
const [vectors] = every;
const [device, hub, home] = [vectors.device_secret, vectors.hub_secret, '03'.repeat(32)];
const HOME_KEY = vectors.enrol_answer.home_key;

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

/** The bytes that a block holds; nothing where it is empty. */
const held = block => wire.unpack(block).toString('hex');

/** What was read, as the vectors say it. */
function told(value) {
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  const names = { cls: 'class', hash: 'change' };
  const of = ([name, member]) => {
    if (name === 'introduction' || name === 'author') return [name, member.length ? told(member[0]) : null];
    const isBlock = name === 'pack' || (name === 'rows' && !Array.isArray(member));
    return [names[name] ?? name, isBlock ? held(member) : told(member)];
  };
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'magic').map(of));
}

/** Entries as the vectors say them, with the salt of their record. */
const entriesTold = (entries, { salts }) => entries.map(entry => ({ ...told(entry), salt: salts[entry.record] }));
const packTold = ({ tables, saves, ...pack }) => ({ ...told(pack), saves: saves.map(({ entries }) => entriesTold(entries, tables)) });
function rowTold({ row, said }, tables) {
  if (row === 'replica' || row === 'erase') return { row, said: told(said) };
  const { type, entries, ...rest } = said;
  return { row, ...told(rest), ...(type && { kind: type }), ...(entries && { entries: entriesTold(entries, tables) }) };
}

/** Both ways, of a message in each version: it says what the vector says, and its signature is that of its sender, and begins and ends
 * where the document says. */
function message(layout, name, secret) {
  return every.map(({ fields, protocol, [name]: hex }) => {
    const value = bothWays(layout, hex);
    assert.equal(signed(secret, raw(hex).subarray(0, -64)), value.signature);
    assert.deepEqual([value.magic, value.version], [wire.START.magic, protocol]);
    assert.deepEqual(told(value), fields[name]);
    return value;
  })[0];
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

test('what a change puts, made and read by Automerge', () => {
  const { puts, actor, message, time, ...said } = vectors.fields.change;
  const first = wire.chunk(wire.firstChange(said.record, said.salt, said.class));
  const [before] = Automerge.applyChanges(Automerge.init({ actor }), [first]);
  const [after] = Automerge.applyChanges(before, [raw(vectors.change)]);
  const values = Object.fromEntries(Object.entries(after).map(([key, value]) => [key, value?.val ?? value]));
  assert.deepEqual(values, { _record: vectors.record, _class: said.class, ...puts });
  const { deps, startOp, seq, ops, ...head } = Automerge.decodeChange(raw(vectors.change));
  assert.deepEqual([deps, startOp, seq, ops.length], [said.dependencies, said.first_operation, said.sequence, said.operations]);
  assert.deepEqual([head.actor, head.message, head.time], [actor, message, time]);
});

test('a pack, its manifest and its signature', () => {
  const pack = bothWays(wire.pack, vectors.pack);
  assert.equal(wire.manifestHash(pack), vectors.manifest_hash);
  assert.equal(signed(device, 'teranga manifest 0\n', raw(vectors.manifest_hash)), pack.signature);
  const salts = { ['11'.repeat(16)]: vectors.salt };
  assert.deepEqual(wire.tablesOf(pack.saves, salts), pack.tables);
  assert.deepEqual(packTold(pack), vectors.fields.pack);
});

test('a testimony, which a colleague signed', () => {
  const pack = bothWays(wire.pack, vectors.testimony);
  assert.equal(wire.manifestHash(pack), vectors.testimony_hash);
  assert.equal(signed('04'.repeat(32), 'teranga manifest 0\n', raw(vectors.testimony_hash)), pack.signature);
  assert.equal(pack.author[0].key, vectors.device_key);
  assert.deepEqual(packTold(pack), vectors.fields.testimony);
});

test('rows of every kind', () => {
  const { rows, tables } = bothWays(wire.rows, vectors.rows);
  assert.deepEqual(rows.map(row => rowTold(row, tables)), vectors.fields.rows);
  const kinds = ['erase', 'fork', 'leave', 'opening', 'receipt', 'replica', 'resource', 'save', 'verdict', 'witnessed'];
  assert.deepEqual([...new Set(rows.map(({ row }) => row))].sort(), kinds);
  const { record, at, home, signature } = rows.find(({ row }) => row === 'erase').said;
  assert.ok(holds(home, signature, 'teranga erase 0\n', raw(record), wire.encode(number, at)));
});

test('a request and an answer', () => {
  const request = message(wire.request, 'request', device);
  assert.equal(wire.unpack(request.pushes[0].pack).toString('hex'), vectors.pack);
  const { erasure, replica, signature } = request.confirmations[0];
  assert.equal(signed(device, 'teranga erased 0\n', raw(erasure.record), raw(replica)), signature);
  const answer = message(wire.answer, 'answer', hub);
  bothWays(wire.rows, wire.unpack(answer.rows).toString('hex'));
});

test('an enrolment and its answer', () => {
  for (const { enrol_request, enrol_answer: answer, fields } of every) {
    const { code, key, signature } = enrol_request;
    const asked = ['teranga enrol 0\n', code, raw(key)];
    assert.equal(signed(device, ...asked), signature);
    assert.equal(Buffer.concat(asked.map(part => Buffer.from(part))).toString('hex'), fields.enrol_request.signed);
    assert.equal(wire.spelled(wire.sha256(raw(answer.hub_key)).slice(0, 16)), code.slice(16));
    const said = ['teranga enrolled 0\n', code, raw(key), wire.encode(wire.enrolled, answer)];
    assert.equal(signed(hub, ...said), answer.signature);
    assert.equal(Buffer.concat(said.map(part => Buffer.from(part))).toString('hex'), fields.enrol_answer.signed);
  }
});

test('the word that a hub has the place of another, and what comes with it', () => {
  const inheritance = struct({ successions: list(wire.succession, 64), children: list(wire.introduction, 10_000) });
  const word = bothWays(wire.succession, vectors.succession);
  assert.ok(holds(HOME_KEY, word.signature, 'teranga succeeds 0\n', raw(word.replica), raw(word.key)));
  assert.equal(signed(home, 'teranga succeeds 0\n', raw(word.replica), raw(word.key)), word.signature);
  assert.deepEqual(word, vectors.fields.succession);
  assert.deepEqual(told(bothWays(inheritance, vectors.inheritance)), vectors.fields.inheritance);
});

test('every refusal', () => {
  const refusals = read('refusals');
  for (const { status, content_type, body, members, retry_after } of refusals) {
    assert.deepEqual(JSON.parse(body), members);
    assert.deepEqual([members.type, members.status], [`urn:teranga:problem:${members.code}`, status]);
    assert.equal(content_type, 'application/problem+json');
    assert.equal(retry_after !== undefined, members.code === 'busy');
  }
  const of = name => refusals.find(({ members }) => members.code === name).members;
  assert.deepEqual(of('upgrade-needed').versions, [0, 2]);
  assert.deepEqual(bothWays(wire.succession, of('succeeded').succession), vectors.fields.succession);
});

const cursor = struct({ position: long, running: fixed(32), within: long });
const pushes = list(struct({ number, introduction: list(wire.introduction, 1), pack: wire.block }), 64);

test('a bundle and a return', () => {
  const line = { line: number, opening: fixed(8), exchange: number };
  const front = { ...start, hub: fixed(16), child: fixed(16), ...line, cursor, continues: byte };
  const bundle = struct({ ...front, confirmations: list(wire.confirmation, 64), pushes, signature: fixed(64) });
  const refused = list(struct({ number, mark: fixed(8), code: text }), 64);
  const rest = { refused, now: number, from: cursor, cursor, more: byte, rows: wire.block, signature: fixed(64) };
  const back = struct({ ...start, newest: byte, child: fixed(16), ...line, acknowledged: number, mark: fixed(8), ...rest });
  message(bundle, 'bundle', device);
  message(back, 'return', hub);
});

/** HPKE in base mode, as section 9 names it, by what RFC 9180 says of it. */
function opened({ one_time }, sealed, secret, beside) {
  const kem = Buffer.from('KEM\x00\x20', 'latin1');
  const suite = Buffer.from('HPKE\x00\x20\x00\x01\x00\x03', 'latin1');
  const extract = (of, salt, label, ikm) => createHmac('sha256', salt).update(Buffer.concat([Buffer.from('HPKE-v1'), of, Buffer.from(label), ikm])).digest();
  const expand = (of, key, label, info, length) => {
    const labelled = Buffer.concat([Buffer.of(0, length), Buffer.from('HPKE-v1'), of, Buffer.from(label), info, Buffer.of(1)]);
    return createHmac('sha256', key).update(labelled).digest().subarray(0, length);
  };
  const none = Buffer.alloc(0);
  const own = bytes => createPrivateKey({ key: Buffer.concat([raw('302e020100300506032b656e04220420'), bytes]), format: 'der', type: 'pkcs8' });
  const spelled = key => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
  const other = bytes => createPublicKey({ key: Buffer.concat([raw('302a300506032b656e032100'), bytes]), format: 'der', type: 'spki' });
  // The one-time key pair, derived from what the vector names.
  const drawn = own(expand(kem, extract(kem, none, 'dkp_prk', raw(one_time)), 'sk', none, 32));
  const front = raw(sealed).subarray(0, 32);
  assert.equal(spelled(drawn).toString('hex'), front.toString('hex'));
  const mine = own(createHash('sha512').update(raw(secret)).digest().subarray(0, 32));
  const shared = diffieHellman({ privateKey: mine, publicKey: other(front) });
  const context = Buffer.concat([front, spelled(mine)]);
  const secretOf = expand(kem, extract(kem, none, 'eae_prk', shared), 'shared_secret', context, 32);
  const schedule = Buffer.concat([Buffer.of(0), extract(suite, none, 'psk_id_hash', none), extract(suite, none, 'info_hash', Buffer.from('teranga bundle 0\n'))]);
  const key = extract(suite, secretOf, 'secret', none);
  const [cipherKey, nonce] = [expand(suite, key, 'key', schedule, 32), expand(suite, key, 'base_nonce', schedule, 12)];
  const cipher = createDecipheriv('chacha20-poly1305', cipherKey, nonce, { authTagLength: 16 });
  const bytes = raw(sealed);
  cipher.setAAD(raw(beside));
  cipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(32, -16)), cipher.final()]).toString('hex');
}

test('seals and files', () => {
  for (const { fields, ...vector } of every) {
    const said = fields.sealed_for_the_hub;
    assert.equal(opened(said, vector.sealed_for_the_hub, hub, said.beside), said.message);
    for (const [name, secret] of [['bundle_file', hub], ['return_file', device]]) {
      const { kind, to, from, head, messages } = fields[name];
      const layout = struct({ magic: fixed(4), version: byte, kind: byte, to: fixed(16), from: fixed(16), sealed: run(2 ** 23) });
      const file = bothWays(layout, vector[name]);
      assert.deepEqual([file.magic, file.version, file.kind, file.to, file.from], ['54524742', 0, kind, to, from]);
      assert.equal(vector[name].slice(0, 76), head);
      assert.deepEqual([opened(fields[name], file.sealed, secret, head)], messages);
      assert.equal(messages[0], vector[name.slice(0, -5)]);
    }
  }
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
    thumbnails: list(thumbnail, 64), stretches, thumbnails_wanted: list(fixed(32), 256),
    files: list(struct({ file: fixed(32), held: runs }), 16), signature: fixed(64),
  });
  /** What follows the kind of a state. */
  const of = { 1: struct({ proof: fixed(8) }), 2: struct({ chunks: runs }) };
  const state = (io, given) => {
    const kind = byte(io, given?.kind);
    return { kind, ...of[kind]?.(io, given), thumbnail: byte(io, given?.thumbnail) };
  };
  const answer = struct({
    ...start, child: fixed(16), ...asks, states: list(state, 256), looked_for: count(256), thumbnails: list(thumbnail, 64),
    files: list(number, 16), stretches, signature: fixed(64),
  });
  const asked = message(request, 'lane_request', device);
  const { image, jpeg, signature } = asked.thumbnails[0];
  assert.equal(signed(device, 'teranga thumbnail 0\n', raw(image), raw(wire.sha256(raw(jpeg)))), signature);
  assert.equal(signature, vectors.thumbnail_signature);
  assert.equal(asked.offers[0].file, vectors.file_hash);
  message(answer, 'lane_answer', hub);
});

test('signatures are verified strictly: no key and no R of small order holds, in any spelling', () => {
  const [P, L] = [2n ** 255n - 19n, 2n ** 252n + 27742317777372353535851937790883648493n];
  const little = number => Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse();
  const numberOf = bytes => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  // Points that are nothing once they are doubled thrice: y is 0, 1 or −1, or a root of dy⁴ + 2y² − 1, where d is −121665/121666.
  const isSmall = y => (y * (y * y - 1n) * (121665n * y ** 4n - 243332n * y * y + 121666n)) % P === 0n;
  const eighth = numberOf(raw('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'));
  const ys = [0n, 1n, P - 1n, eighth, P - eighth, P, P + 1n];
  assert.ok(ys.every(isSmall) && ![2n, 3n, P - 2n, eighth + 1n].some(isSmall));
  const points = ys.flatMap(y => [little(y), little(y + (1n << 255n))]).map(bytes => bytes.toString('hex'));
  // Under such a key one of a few texts holds with S = 0 for a library that is not strict.
  const accepts = (key, mark, text) => verify(null, Buffer.from(text), { key: raw(`302a300506032b6570032100${key}`), format: 'der', type: 'spki' }, raw(mark));
  let lenient = 0;
  for (const key of points) {
    for (const point of points) {
      for (const text of ['un', 'deux', 'trois', 'quatre', 'cinq', 'six', 'sept', 'huit']) {
        const mark = point + '00'.repeat(32);
        lenient += accepts(key, mark, text);
        assert.equal(holds(key, mark, text), false);
        assert.equal(holds(key.toUpperCase(), mark.toUpperCase(), text), false);
      }
    }
  }
  assert.ok(lenient > points.length, 'else this shows nothing');
  // Whoever has a good key can use an R of small order: S is then its secret, times what is hashed.
  const secret = createHash('sha512').update(raw(device)).digest().subarray(0, 32);
  [secret[0], secret[31]] = [secret[0] & 248, (secret[31] & 127) | 64];
  for (const point of points) {
    const hashed = numberOf(createHash('sha512').update(raw(point)).update(raw(vectors.device_key)).update('un').digest());
    const mark = point + little((hashed * numberOf(secret)) % L).toString('hex');
    if (point === points[2]) assert.ok(accepts(vectors.device_key, mark, 'un'), 'else this shows nothing');
    assert.equal(holds(vectors.device_key, mark, 'un'), false);
  }
  // S at or above the order, and an honest signature.
  const honest = signed(device, 'un');
  assert.ok(holds(vectors.device_key, honest, 'un'));
  const above = honest.slice(0, 64) + little(numberOf(raw(honest.slice(64))) + L).toString('hex');
  assert.equal(holds(vectors.device_key, above, 'un'), false);
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
