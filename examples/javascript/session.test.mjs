// The client beside a hub that is only as much of one as a test needs: it speaks by schemas/vectors, with their keys, and says what
// a hub says when something has happened to it: `node --test`.

import * as Automerge from '@automerge/automerge';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { holds, nameOf } from './replica.mjs';
import { enrol } from './session.mjs';
import * as wire from './wire.mjs';
import { raw } from './wire.mjs';

const read = name => JSON.parse(fs.readFileSync(new URL(`../../schemas/vectors/${name}.json`, import.meta.url)));
const [vectors, refusals] = [read('protocol-0'), read('refusals')];
const [HOME, COLLEAGUE, HEIR] = ['03', '04', '05'].map(byte => byte.repeat(32));
const [ZEROS, START] = ['00'.repeat(64), { position: '0', running: '00'.repeat(32), within: '0' }];
const CLIENT = fileURLToPath(new URL('client.mjs', import.meta.url));

const der = secret => raw(`302e020100300506032b657004220420${secret}`);
const secretKey = secret => createPrivateKey({ key: der(secret), format: 'der', type: 'pkcs8' });
const keyOf = secret => createPublicKey(secretKey(secret)).export({ format: 'der', type: 'spki' }).toString('hex', 12);
const joined = parts => Buffer.concat(parts.map(part => Buffer.from(part)));
const signed = (secret, ...parts) => sign(null, joined(parts), secretKey(secret)).toString('hex');

/** A refusal as its vector says it, with other members where a test needs them. */
function refusal(code, members) {
  const { status, content_type: type, members: known } = refusals.find(({ members }) => members.code === code);
  return { status, type, body: JSON.stringify({ ...known, ...members }) };
}

/** Of a hub that speaks later versions alone. */
const UPGRADE = refusal('upgrade-needed', { versions: [1, 3] });

// A case that a colleague made, and a form with one question.
const [CASE, SALT, NONCE] = ['11', '22', '44'].map(byte => byte.repeat(16));
const COLLEAGUE_NAME = nameOf(keyOf(COLLEAGUE));
const FORM = { record: 'case', sensitivity: 'survey', survey: [{ type: 'text', name: 'nickname' }] };
const resource = { row: 'resource', said: { type: 'form', id: 'essai', version: '1', json: JSON.stringify(FORM) } };
const granted = { kind: 0, person: 'Awa Exemple', office: 'BAOS Kaolack', region: 'SN-KL', reach: 0, classes: [] };
const colleague = { row: 'replica', said: { key: keyOf(COLLEAGUE), ...granted } };
const opening = (replica, nonce) => ({ row: 'opening', said: { replica, nonce } });
const save = (batch, ...entries) => ({ row: 'save', said: { batch, entries } });
const receipt = (origin, batch, mark) => ({ row: 'receipt', said: { origin, batch, mark, what: 1 } });

/** An entry of a colleague: what they put into a part of the case that nobody else has written in. */
function entry(cls, values) {
  const first = wire.chunk(wire.firstChange(CASE, SALT, cls));
  const [before] = Automerge.applyChanges(Automerge.init({ actor: nameOf(keyOf(COLLEAGUE), NONCE) }), [first]);
  const put = part => void Object.assign(part, values);
  const after = Automerge.change(before, { message: 'essai@1', time: 1_772_442_000_000 }, put);
  const body = wire.bodyOf(Buffer.from(Automerge.getLastLocalChange(after)));
  return { record: CASE, cls, hash: wire.changeHash(body), body };
}
const text = said => new Automerge.ImmutableString(said);
const ENVELOPE = entry('open', { _form: text('essai@1'), _region: text('SN-KL') });
const ANSWER = entry('survey', { nickname: text('Awa') });
const FEED = [resource, colleague, opening(COLLEAGUE_NAME, NONCE), save('1', ENVELOPE), save('2', ANSWER)];

class Hub {
  static async start(t) {
    const hub = new Hub();
    hub.server = http.createServer((request, response) => hub.serve(request, response));
    await new Promise(done => hub.server.listen(0, '127.0.0.1', done));
    t.after(() => hub.server.close());
    hub.url = `http://127.0.0.1:${hub.server.address().port}`;
    return hub;
  }
  secret = vectors.hub_secret;
  feed = FEED;
  /** By line: the packs that are held of it, and the last number that was used. */
  lines = {};
  /** Every request that came, and what the next ones are answered instead of what they would be. */
  asked = [];
  instead = [];

  serve(request, response) {
    const parts = [];
    request.on('data', part => parts.push(part)).on('end', () => {
      const body = Buffer.concat(parts);
      const json = request.url === '/v1/enrol';
      const answer = json ? this.enrol(JSON.parse(body)) : this.answer(body);
      const { status = 200, type = json ? 'application/json' : 'application/octet-stream' } = answer;
      if (answer.isLost) return response.destroy();
      response.writeHead(status, { 'content-type': type }).end(answer.body ?? answer);
    });
  }
  enrol({ code, key, signature }) {
    const instead = this.instead.shift();
    if (instead) return instead;
    assert.deepEqual([code, key, signature], [vectors.enrol_request.code, vectors.device_key, vectors.enrol_request.signature]);
    return JSON.stringify(vectors.enrol_answer);
  }
  answer(bytes) {
    const request = wire.decode(wire.request, bytes);
    const packs = request.pushes.map(({ pack }) => wire.decode(wire.pack, wire.unpack(pack)));
    this.asked.push({ ...request, packs });
    assert.ok(holds(vectors.device_key, request.signature, bytes.subarray(0, -64)));
    const instead = this.instead.shift();
    if (instead?.status) return instead;
    const line = (this.lines[request.line] ??= { packs: [], used: 0 });
    assert.equal(request.hub, nameOf(keyOf(this.secret)));
    assert.ok(request.exchange > line.used, 'a number serves once');
    line.used = request.exchange;
    const takes = instead?.takes ?? true;
    for (const [at, pack] of packs.entries()) {
      const hash = wire.manifestHash(pack);
      assert.ok(holds(pack.origin, pack.signature, 'teranga manifest 0\n', raw(hash)));
      if (takes && request.pushes[at].number === line.packs.length + 1) line.packs.push({ ...pack, hash });
    }
    const rows = this.feed.slice(Number(request.cursor.position));
    const acknowledged = line.packs.length;
    const answer = this.signed(request, {
      acknowledged, mark: acknowledged ? line.packs.at(-1).hash.slice(0, 16) : '00'.repeat(8), opening: '00'.repeat(8),
      cursor: { ...START, position: String(this.feed.length) }, rows, ...instead,
    });
    return instead?.isLost ? instead : answer;
  }
  signed({ child, line, exchange }, { rows, ...said }) {
    const saves = rows.filter(({ said }) => said.entries).map(({ said }) => said);
    const written = rows.length ? wire.encode(wire.rows, { tables: wire.tablesOf(saves, { [CASE]: SALT }), rows }) : Buffer.of();
    const block = { encoding: 0, length: written.length, stored: written.toString('hex') };
    const front = { ...wire.START, type: 2, newest: 2, child, line, exchange, now: 0, more: 0 };
    const whole = { ...front, signature: ZEROS, ...said, rows: block };
    const bytes = wire.encode(wire.answer, whole).subarray(0, -64);
    return Buffer.concat([bytes, raw(signed(this.secret, bytes))]);
  }
  /** What of the requests since the last time that this was asked. */
  since(what) { return this.asked.splice(0).flatMap(what); }
  get packs() { return Object.values(this.lines).flatMap(({ packs }) => packs); }
}

/** A device with the key of the vectors, and the folder that it has. */
class Device {
  constructor(t) {
    this.folder = fs.mkdtempSync(path.join(tmpdir(), 'teranga-'));
    t.after(() => fs.rmSync(this.folder, { recursive: true }));
    this.keep({ secret: vectors.device_secret });
  }
  static async at(t, hub) {
    const device = new Device(t);
    if (!Device.begun) {
      await device.done('enrol', hub.url, vectors.enrol_request.code);
      await device.done('pull');
      Device.begun = device.held; // The others need not do it again.
    }
    device.keep({ ...Device.begun, hub: { ...Device.begun.hub, url: hub.url } });
    hub.asked = [];
    return device;
  }
  keep(held) { fs.writeFileSync(path.join(this.folder, 'replica.json'), JSON.stringify(held)); }
  get held() { return JSON.parse(fs.readFileSync(path.join(this.folder, 'replica.json'))); }
  run(...words) {
    const env = { ...process.env, TERANGA_DATA: this.folder, TERANGA_LANG: 'en' };
    const told = (error, out, said) => ({ code: error?.code ?? 0, out, said });
    return new Promise(done => execFile(process.execPath, [CLIENT, ...words], { env }, (...all) => done(told(...all))));
  }
  async done(...words) {
    const { code, out, said } = await this.run(...words);
    assert.equal(code, 0, said);
    return out;
  }
  async failed(...words) {
    const { code, said } = await this.run(...words);
    assert.equal(code, 1);
    return said;
  }
  set(value) { return this.done('set', wire.ulid(CASE), 'nickname', value); }
  async shows(value) { return (await this.done('show')).includes(`nickname: ${value}\n`); }
}

/** The opening and the saves of packs that came, as a feed brings them to another copy of who sent them. */
const comesDown = packs => packs.flatMap(({ batch, openings, saves }) => [
  ...openings.map(nonce => opening(vectors.device, nonce)), ...saves.map(({ entries }) => save(batch, ...entries)),
]);
const numbers = ({ pushes }) => pushes.map(({ number }) => number);
const hashes = packs => packs.flatMap(({ saves }) => saves).flatMap(({ entries }) => entries).map(({ hash }) => hash);

test('it enrols, pulls a case, changes an answer and pushes it', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  assert.ok(await device.shows('Awa'));
  await device.set('Moussa');
  await device.done('push');
  assert.ok(await device.shows('Moussa'));
  const [{ batch, saves }] = hub.packs;
  assert.deepEqual([batch, saves.length, hub.packs.length], ['1', 1, 1]);
});

test('a hub that speaks later versions alone: nothing is lost, and goes up once both speak one', async t => {
  const hub = await Hub.start(t);
  const device = new Device(t);
  hub.instead = [UPGRADE];
  assert.match(await device.failed('enrol', hub.url, vectors.enrol_request.code), /Update this program; nothing is lost/);
  await device.done('enrol', hub.url, vectors.enrol_request.code); // The code stays good.
  await device.done('pull');
  await device.set('Un');
  hub.asked = [];
  hub.instead = [UPGRADE];
  assert.match(await device.failed('push'), /Update this program; nothing is lost/);
  assert.equal(hub.asked.length, 1, 'there is no version in which to ask again');
  const { packs, pending } = device.held;
  const before = hashes([...packs, { saves: pending }]);
  assert.equal(before.length, 1);
  assert.ok(await device.shows('Un'));
  await device.set('Deux');
  await device.done('push');
  assert.deepEqual(hashes(hub.packs).slice(0, 1), before);
  assert.deepEqual([hashes(hub.packs).length, device.held.pending.length], [2, 0]);
  assert.deepEqual(device.held.packs.map(({ hash }) => hash), hub.packs.map(({ hash }) => hash));
});

test('after a lost answer it asks first what arrived', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  hub.instead = [{ isLost: true }];
  await device.done('push');
  assert.deepEqual([hub.asked.map(numbers), hub.packs.length, device.held.acknowledged], [[[1], []], 1, 1]);
});

test('a number above the acknowledged one, with the mark of another pack of ours, says nothing', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.done('push');
  await device.set('Deux');
  hub.instead = [{ takes: false, acknowledged: 7, mark: hub.packs[0].hash.slice(0, 16) }];
  await device.done('push');
  assert.deepEqual(hub.since(numbers), [1, 2, 2]);
  // At the acknowledged one or below, the hub has less than it had: everything is offered again.
  hub.instead = [{ acknowledged: 1, mark: hub.packs[1].hash.slice(0, 16) }];
  await device.done('pull');
  assert.equal(device.held.acknowledged, 0);
  await device.done('push');
  assert.deepEqual([hub.since(numbers), device.held.acknowledged], [[1], 2]);
});

test('a pack that it never sent is acknowledged: a copy of it was there', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  const { cursor } = device.held;
  const others = { acknowledged: 1, mark: 'ab'.repeat(8), cursor: { ...cursor, position: '99' }, takes: false };
  hub.instead = [others];
  await device.done('push');
  const [first, second, ...rest] = hub.asked;
  assert.deepEqual([first.line, second.exchange, second.packs], [0, 1, []]);
  assert.deepEqual(second.cursor, cursor, 'nothing of that answer was taken');
  assert.ok(second.line > 0 && rest.every(({ line }) => line === second.line));
  assert.deepEqual([hub.packs.length, BigInt(hub.packs[0].batch) >> 32n], [1, BigInt(second.line)]);
  // A hub that says so each time is not asked for ever.
  hub.instead = Array(9).fill(others);
  hub.asked = [];
  assert.match(await device.failed('push'), /replayed/);
  assert.equal(new Set(hub.since(({ line }) => line)).size, 5);
});

test('what a copy has sent is not sent again, and stays', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  // The copy has this answer too, and was faster.
  const { pending, openings } = device.held;
  hub.feed = [...FEED, ...comesDown([{ batch: '1', openings, saves: pending }])];
  hub.instead = [refusal('replayed')];
  await device.done('push');
  const [first, second] = hub.asked;
  assert.deepEqual([hub.asked.length, first.packs.length, second.packs.length, device.held.pending.length], [2, 1, 0, 0]);
  assert.ok(await device.shows('Un'));
});

test('a change of an actor whom the hub has not named is not taken', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  const before = device.held;
  const [id, theirs] = [nameOf(keyOf(HEIR)), nameOf(keyOf(HEIR), NONCE)];
  const introduction = { row: 'replica', said: { key: keyOf(HEIR), ...granted, person: 'Fatou Essai' } };
  /** A save of somebody who writes under this name. */
  const by = actor => {
    const body = ANSWER.body.replace(wire.headOf(ANSWER.body).actor, actor);
    return save('1', { ...ANSWER, body, hash: wire.changeHash(body) });
  };
  const unnamed = [
    [by(theirs)],
    [introduction, opening(id, SALT), by(theirs)],
    [introduction, opening(COLLEAGUE_NAME, NONCE), by(theirs)],
    [opening(id, NONCE), by(theirs)], // Of whom no key is known.
    [opening(id, NONCE), by(nameOf(NONCE))],
  ];
  for (const rows of unnamed) {
    hub.feed = [...FEED, ...rows];
    hub.asked = [];
    assert.match(await device.failed('pull'), /has not named/);
    const { cursor, received } = device.held;
    assert.equal(hub.asked.length, 1);
    assert.deepEqual([cursor, received], [before.cursor, before.received], 'an answer is taken whole or not at all');
  }
  hub.feed = [...FEED, introduction, opening(id, NONCE), by(theirs)];
  await device.done('pull');
  assert.equal(device.held.received.length, before.received.length + 1);
});

/** The home's word that the heir has the place of a hub. */
function word(home, hub, key) {
  const said = [raw(nameOf(hub)), raw(key)];
  const value = { replica: nameOf(hub), key, signature: signed(home, 'teranga succeeds 0\n', ...said) };
  return refusal('succeeded', { succession: wire.encode(wire.succession, value).toString('hex') });
}

test('another hub has the place of its own, by the home’s word: it goes on there with all that it has', async t => {
  assert.equal(keyOf(HOME), vectors.enrol_answer.home_key);
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.done('push');
  await device.set('Deux');
  const [sent] = hub.packs;
  // What the hub before did not take, this one decides anew.
  const [hash] = hashes([sent]);
  const verdict = { origin: vectors.device, batch: '1', record: CASE, cls: 'survey', hash, reason: 'not-granted' };
  hub.feed = [...FEED, { row: 'verdict', said: verdict }];
  await device.done('pull');
  assert.ok(await device.shows('Awa'));
  Object.assign(hub, { secret: HEIR, lines: {}, feed: FEED, asked: [], instead: [word(HOME, vectors.hub_key, keyOf(HEIR))] });
  await device.done('push');
  const [first, second, ...rest] = hub.asked;
  assert.equal(first.hub, vectors.hub);
  assert.deepEqual([second.exchange, second.cursor, second.packs], [1, START, []], 'first it reads what this one has');
  assert.ok(second.line > 0 && [second, ...rest].every(({ hub, line }) => hub === nameOf(keyOf(HEIR)) && line === second.line));
  assert.deepEqual([hub.packs[0].hash, hub.packs.length], [sent.hash, 2], 'what was sent goes up as it was');
  assert.deepEqual([device.held.hub.key, device.held.hub.url, device.held.refused], [keyOf(HEIR), hub.url, {}]);
  assert.ok(await device.shows('Deux'));
});

test('a word that is not the home’s, or not of its hub, is not followed', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  const { hub: pinned, line } = device.held;
  for (const [home, before] of [[COLLEAGUE, vectors.hub_key], [HOME, keyOf(COLLEAGUE)]]) {
    hub.instead = [word(home, before, keyOf(HEIR))];
    assert.match(await device.failed('pull'), /succeeded/);
    assert.deepEqual([device.held.hub, device.held.line], [pinned, line]);
  }
  assert.equal(hub.asked.length, 2);
});

test('a hub that was put back is told again what it lost, and asked for the rest', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.done('push');
  const [sent] = hub.packs;
  const forgot = { acknowledged: 0, mark: '00'.repeat(8), cursor: START, rows: [], more: 1 };
  Object.assign(hub, { lines: {}, asked: [], instead: [forgot] });
  await device.done('push');
  assert.deepEqual(hub.asked[1].cursor, START);
  assert.deepEqual(hub.packs.map(({ hash }) => hash), [sent.hash]);
  assert.ok(await device.shows('Un'));
});

test('a fork: what can go no further is offered once more, and cut anew in another line', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.done('push');
  const [sent] = hub.packs;
  hub.feed = [...FEED, { row: 'fork', said: { origin: vectors.device, batch: '1' } }];
  await device.done('pull');
  hub.instead = [refusal('broken-chain')];
  hub.asked = [];
  await device.done('push');
  assert.deepEqual(hub.asked[0].packs.map(pack => wire.manifestHash(pack)), [sent.hash]);
  const { line } = device.held;
  assert.deepEqual(hashes(hub.lines[line].packs), hashes([sent]));
});

test('what left is let go once the home’s backup has it, unless it comes back before', async t => {
  const hub = await Hub.start(t);
  const left = { row: 'leave', said: { record: CASE, cls: '' } };
  const safe = receipt(COLLEAGUE_NAME, '2', 'ab'.repeat(8));
  for (const [feed, stays] of [[[left], true], [[left, safe], false], [[left, ...FEED, safe], true]]) {
    hub.feed = FEED;
    hub.lines = {};
    const device = await Device.at(t, hub);
    hub.feed = [...FEED, ...feed];
    await device.done('pull');
    assert.equal(await device.shows('Awa'), stays);
  }
});

/** What a hub says of a device that enrols, the one of the vectors if it is none other, with other members. */
function enrolled(members, code = vectors.enrol_request.code, secret = vectors.hub_secret) {
  const answer = { ...vectors.enrol_answer, hub_key: keyOf(secret), ...members };
  const said = [code, raw(vectors.device_key), wire.encode(wire.enrolled, answer)];
  return JSON.stringify({ ...answer, signature: signed(secret, 'teranga enrolled 0\n', ...said) });
}

test('a code is read as people type it, and what it enrols must be what this is', async t => {
  const hub = await Hub.start(t);
  const device = new Device(t);
  const [first, ...rest] = vectors.enrol_request.code.toLowerCase();
  assert.equal(first, '1');
  hub.instead = [enrolled({ kind: 1 })];
  assert.match(await device.failed('enrol', hub.url, vectors.enrol_request.code), /another hub/);
  await device.done('enrol', hub.url, ['l', '-', ...rest].join(''));
  assert.equal(device.held.hub.key, vectors.hub_key);
});

test('a folder that is enrolled brings nothing of its region or hub to another one', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  const { hub: pinned } = device.held;
  hub.instead = [enrolled({ region: 'SN-TC' })];
  assert.match(await device.failed('enrol', hub.url, vectors.enrol_request.code), /another region/);
  const others = vectors.enrol_request.code.slice(0, 16) + wire.spelled(wire.sha256(raw(keyOf(HEIR))).slice(0, 16));
  hub.instead = [enrolled({}, others, HEIR)];
  assert.match(await device.failed('enrol', hub.url, others), /another hub/);
  assert.deepEqual(device.held.hub, pinned);
  await device.done('enrol', hub.url, vectors.enrol_request.code); // The same code once more, for the answer was lost.
});

test('a refusal, which nobody signs, makes it do no more than a refusal may', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  const { line, cursor } = device.held;
  const forged = { code: 'unheard-of', status: 400, anew: 'startOver', lost: true, message: 'Bonjour' };
  hub.instead = [{ ...refusal('forbidden'), body: JSON.stringify(forged) }];
  assert.equal(await device.failed('pull'), 'Refused: unheard-of\n');
  assert.deepEqual([hub.asked.length, device.held.line, device.held.cursor], [1, line, cursor]);
});

test('who is revoked and only asked, for an answer was lost before, brings what there is all the same', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  device.keep({ ...device.held, exchange: device.held.exchange + 1 }); // A request of which nothing was heard.
  // What it brings is held aside, there is more, and whoever asks on is revoked.
  const aside = { rows: [], cursor: device.held.cursor, more: 1 };
  hub.instead = [refusal('revoked'), aside, refusal('revoked')];
  assert.match(await device.failed('push'), /revoked/);
  assert.deepEqual([hub.since(({ pushes }) => pushes.length), hub.packs.length], [[0, 1, 0], 1]);
  hub.instead = [refusal('revoked'), {}];
  device.keep({ ...device.held, exchange: device.held.exchange + 1 });
  assert.match(await device.failed('push'), /revoked/);
  assert.equal(hub.asked.length, 1, 'it ends where nothing is left');
});

test('who is revoked and reads behind brings all that there is, of now on also while it reads behind, once for each time that it asks', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.set('Deux');
  device.keep({ ...device.held, reading: true });
  const aside = { rows: [], cursor: device.held.cursor, more: 1 };
  hub.instead = [refusal('revoked'), aside, refusal('revoked'), aside];
  assert.match(await device.failed('push'), /revoked/);
  assert.deepEqual([hub.since(({ pushes }) => pushes.length), hashes(hub.packs).length], [[0, 1, 0], 2]);
  assert.deepEqual([device.held.reading, device.held.acknowledged], [true, 1]);
  // Who was not heard meanwhile asks, is revoked again, and brings what is left all the same.
  await device.set('Trois');
  hub.instead = [refusal('revoked'), { isLost: true, takes: false }, refusal('revoked'), aside, refusal('revoked')];
  assert.match(await device.failed('push'), /revoked/);
  assert.deepEqual(hub.since(({ pushes }) => pushes.length), [0, 1, 0, 1, 0]);
});

/** A word on the case: who decides it, who signs it. */
function erase(home, signer = home) {
  const at = 1_772_442_000_000;
  const signature = signed(signer, 'teranga erase 0\n', raw(CASE), wire.encode(wire.number, at));
  return { row: 'erase', said: { record: CASE, at, home: keyOf(home), signature } };
}

test('the home’s word destroys, and is confirmed', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  hub.feed = [...FEED, erase(HOME)];
  await device.done('pull');
  assert.equal(await device.shows('Awa'), false);
  assert.deepEqual(hub.asked.map(({ confirmations }) => confirmations.length), [0, 1]);
});

test('a word whose signature does not hold under the key that it names: nothing of the answer is taken', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  const later = { row: 'resource', said: { ...resource.said, version: '2' } };
  // The key of the home, and one of small order with a signature for which no secret is needed.
  const [{ said: { at } }, point] = [erase(HOME), `01${'00'.repeat(31)}`];
  const forged = { row: 'erase', said: { record: CASE, at, home: point, signature: point + '00'.repeat(32) } };
  for (const [word, home] of [[erase(HOME, COLLEAGUE), keyOf(HOME)], [erase(COLLEAGUE, HEIR), keyOf(HOME)], [forged, undefined]]) {
    device.keep({ ...device.held, hub: { ...device.held.hub, home } });
    const { cursor, acknowledged, forms, erased } = device.held;
    hub.feed = [...FEED, later, word];
    hub.asked = [];
    assert.match(await device.failed('push'), /its own key did not sign/);
    assert.equal(hub.asked.length, 1);
    const { held } = device;
    assert.deepEqual([held.cursor, held.acknowledged, held.forms, held.erased], [cursor, acknowledged, forms, erased]);
    assert.ok(await device.shows('Un'));
  }
});

test('a word of another than the home destroys nothing: all else is taken and sent, and where the record stands it is told', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.set('Deux');
  const later = { row: 'resource', said: { ...resource.said, version: '2' } };
  hub.feed = [...FEED, erase(COLLEAGUE), later];
  hub.instead = [{ takes: false, acknowledged: 0, mark: '00'.repeat(8) }]; // The pack goes up after the word came.
  assert.match(await device.failed('push'), /another than the home/);
  const { forms, cursor, acknowledged, erased } = device.held;
  assert.deepEqual([Object.keys(forms), cursor.position, acknowledged, erased], [['essai@1', 'essai@2'], String(hub.feed.length), 1, {}]);
  assert.ok(await device.shows('Deux'));
  // It was read past. Of a record that is gone the same word says nothing.
  await device.done('pull');
  hub.feed = [...hub.feed, erase(HOME), erase(COLLEAGUE)];
  await device.done('pull');
  assert.equal(await device.shows('Deux'), false);
});

test('rows are asked for by what the link carries, from four times 16 KiB on, and of 8 KiB after a request of which nothing was heard', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.done('pull');
  hub.instead = [{ isLost: true }];
  await device.done('pull');
  device.keep({ ...device.held, exchange: device.held.exchange + 1 });
  await device.done('pull');
  assert.deepEqual(hub.since(({ wanted }) => wanted), [65536, 65536, 32768, 32768]);
  // Rows that come fast are followed by twice as many.
  const long = { row: 'resource', said: { ...resource.said, version: '3', json: JSON.stringify({ survey: [], title: 'é'.repeat(40_000) }) } };
  hub.feed = [...FEED, long];
  hub.instead = [{ more: 1, cursor: { ...START, position: String(hub.feed.length) } }];
  await device.done('pull');
  assert.deepEqual(hub.since(({ wanted }) => wanted), [65536, 131072]);
});

test('an answer is waited for 120 s, and on as long as it comes', async t => {
  let response;
  const server = http.createServer((_, answer) => (response = answer.writeHead(200)));
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  t.mock.timers.enable({ apis: ['setInterval'] });
  let lost = null;
  const url = `http://127.0.0.1:${server.address().port}`;
  const ends = enrol({ key: '', sign: () => '' }, url, vectors.enrol_request.code).catch(error => (lost = error.lost));
  /** Lets so many seconds go by once what is on its way has come. */
  const wait = async seconds => {
    await new Promise(done => setTimeout(done, 500));
    t.mock.timers.tick(1000 * seconds);
    await new Promise(done => setTimeout(done, 100));
  };
  await wait(119);
  response.write(Buffer.alloc(6000));
  await wait(3);
  assert.equal(lost, null);
  response.write(Buffer.alloc(2 ** 20)); // No more than 120 of them are given back.
  await wait(119);
  assert.equal(lost, null);
  await wait(1);
  assert.equal(lost, true);
  await ends;
});

test('a pack holds what the link carries, and what is left goes up in the next', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  for (const value of ['a', 'b', 'c']) await device.set(value.repeat(12_000));
  await device.done('push');
  assert.deepEqual([hub.packs.map(({ saves }) => saves.length), device.held.pending], [[2, 1], []]);
});

test('what went up once more in another pack is safe by the receipt of that one', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  const [first, second] = [1n, 2n].map(place => String((7n << 32n) + place));
  const again = [save(first, ENVELOPE), save(second, ANSWER)];
  const left = { row: 'leave', said: { record: CASE, cls: '' } };
  hub.feed = [...FEED, ...again, left, receipt(COLLEAGUE_NAME, second, 'ab'.repeat(8))];
  await device.done('pull');
  assert.equal(await device.shows('Awa'), false);
});

test('a row that withholds a body takes nothing away', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  const { pending: [{ entries: [mine] }], openings } = device.held;
  hub.feed = [...FEED, opening(vectors.device, openings.at(-1)), save('1', { ...mine, body: null })];
  await device.done('pull');
  assert.ok(await device.shows('Un'));
  assert.equal(device.held.pending.length, 1);
});

test('nothing is let go before the feed has been read to its end', async t => {
  const hub = await Hub.start(t);
  const device = await Device.at(t, hub);
  await device.set('Un');
  await device.done('push');
  device.keep({ ...device.held, reading: true });
  const mark = hub.packs[0].hash.slice(0, 16);
  const left = { row: 'leave', said: { record: CASE, cls: '' } };
  const gone = [left, receipt(COLLEAGUE_NAME, '2', 'ab'.repeat(8)), receipt(vectors.device, '1', mark)];
  // Further on the case comes back; but what it brought itself in this line nobody would bring once more.
  hub.feed = [...FEED, ...gone, ...FEED];
  hub.instead = [{ rows: gone, more: 1, cursor: { ...START, position: String(FEED.length + gone.length) } }];
  await device.done('pull');
  assert.deepEqual([hub.asked.length, device.held.reading], [3, false]);
  assert.ok(await device.shows('Un'));
});
