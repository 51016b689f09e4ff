// Speaking with the hub: sections 4, 6 and 7 of sync-protocol.md, in version 0 alone, which every hub speaks.
import { setTimeout as pause } from 'node:timers/promises';
import { holds, lineOf, nameOf } from './replica.mjs';
import * as wire from './wire.mjs';
const problem = said => Object.assign(new Error(), said);
const lose = (error, after) => { throw Object.assign(error, { lost: true, after }); }; // Only then it asks again.
async function post(url, body, type) {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) throw new Error('not https');
  let [left, parts, patience] = [120, [], new AbortController()]; // Seconds of silence, of which 2,000 bytes give one.
  const clock = setInterval(() => (left -= 1) > 0 || patience.abort(), 1000);
  const keep = part => parts.push(part) && (left = Math.min(120, left + part.length / 2000));
  const whole = async answer => { for await (const part of answer.body ?? []) keep(part); return answer; };
  const options = { method: 'POST', headers: { 'content-type': type }, redirect: 'manual', signal: patience.signal };
  const { status, headers } = await fetch(url, { ...options, body }).then(whole).catch(lose).finally(() => clearInterval(clock));
  if (status === 200 && headers.get('content-type') === type) return Buffer.concat(parts);
  if (status >= 500 || status === 429) lose(new Error(`status ${status}`), headers.get('retry-after'));
  const { code, succession } = headers.get('content-type') === 'application/problem+json' ? JSON.parse(Buffer.concat(parts)) : {};
  throw code ? problem({ code, status, word: wire.raw(succession ?? '') }) : new Error('this is no hub');
}
export async function enrol(held, url, spelled) {
  const code = spelled.toUpperCase().replace(/[^0-9A-Z]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  const body = { protocol: [0, 0], code, key: held.key, signature: held.sign(`teranga enrol 0\n${code}`, held.key) };
  const told = JSON.parse(await post(`${url}/v1/enrol`, JSON.stringify(body), 'application/json'));
  const { hub_key: key, home_key: home, region, kind, signature } = told;
  const meant = kind === 0 && wire.spelled(wire.sha256(wire.raw(key)).slice(0, 16)) === code.slice(16);
  const moves = held.hub && (held.hub.key !== key || held.hub.region !== region); // That needs another folder.
  const said = [`teranga enrolled 0\n${code}`, held.key, wire.encode(wire.enrolled, told)];
  if (!meant || moves || !holds(key, signature, ...said)) throw new Error('another hub, or another region');
  Object.assign(held, { hub: { url, key, region, home: home ?? held.hub?.home } }).save();
}
const follow = (held, { replica, key, signature }, { home, key: before } = held.hub) => // Who has the place of our hub.
  home && replica === nameOf(before) && holds(home, signature, 'teranga succeeds 0\n', replica, key)
    && held.startOver({ ...held.hub, key });
function ask(held, size, sending) {
  if (sending && held.acknowledged === held.outbox.length && held.pending.length) held.cut(size);
  held.exchange += 1;
  held.save(); // A number that may have been sent is never used again, whatever happens now.
  const pushes = held.outbox.slice(held.acknowledged).slice(0, sending ? 1 : 0).map(batch => held.pack(batch)).map(pack => {
    const stored = wire.encode(wire.pack, { ...pack, tables: wire.tablesOf(pack.saves, held.salts) }).toString('hex');
    return { number: held.acknowledged + 1, introduction: [], pack: { encoding: 0, length: stored.length / 2, stored } };
  });
  const sides = { hub: nameOf(held.hub.key), child: held.id, opening: held.openings.at(-1).slice(0, 16), signature: '00'.repeat(64) };
  const content = { wanted: 4 * size, introductions: [], confirmations: held.unconfirmed.slice(0, 64), judgements: [], pushes };
  const front = wire.encode(wire.request, { ...held, ...wire.START, type: 1, ...sides, ...content }).subarray(0, -64);
  return { bytes: Buffer.concat([front, wire.raw(held.sign(front))]), pushes, at: Date.now() };
}
const take = { // What the rows of a feed do to what is held.
  save(held, { batch, witness, entries }, { salts }) {
    const whole = entries.filter(({ record, body }) => body && !held.erased[record]);
    const authors = whole.map(({ body }) => held.actors[wire.headOf(body).actor]);
    if (authors.includes(undefined)) throw new Error('a change by somebody whom the hub has not named');
    // What a copy has sent need not be sent again, and what went up in another pack since is held as of that one.
    const stays = save => !save.entries.every(({ hash }) => whole.some(entry => entry.hash === hash));
    for (const list of ['pending', 'received']) held[list] = held[list].filter(stays);
    const bodies = new Set(held.log.flatMap(save => save.entries).filter(({ body }) => body).map(({ hash }) => hash));
    for (const { record, cls, hash } of whole) {
      held.salts[record] ??= salts[record];
      for (const place of [`${record}/`, `${record}/${cls}`]) delete held.left[place];
      delete held.refused[hash]; // It was taken after all.
    }
    const fresh = whole.filter(({ hash }) => !bodies.has(hash));
    if (fresh.length) held.received.push({ batch, witness, ...authors[0], entries: fresh });
  },
  replica: (held, { key }) => (held.keys[nameOf(key)] = key),
  opening: (held, of) => held.keys[of.replica] && (held.actors[nameOf(held.keys[of.replica], of.nonce)] = of),
  resource: (held, { type, id, version, json }) => type === 'form' && (held.forms[`${id}@${version}`] = JSON.parse(json)),
  receipt: (held, { origin, batch, mark, what }) => what === 1 // It speaks of the home's backup.
    && (origin !== held.id || held.pack(batch)?.hash.startsWith(mark)) && (held.backedUp[`${origin}/${lineOf(batch)}`] = batch),
  verdict: (held, { hash, reason }) => (held.refused[hash] = reason),
  leave: (held, of) => (held.left[`${of.record}/${of.cls}`] = of),
  fork(held, { origin, batch }) { // What can go no further is offered once more, and its refusal begins a line.
    const ends = other => origin === held.id && lineOf(other) === lineOf(batch) && BigInt(other) >= BigInt(batch);
    held.outbox.push(...held.packs.map(pack => pack.batch).filter(ends));
  },
  erase(held, erasure, tables, foreign, { record, at, home, signature } = erasure) {
    const isSigned = holds(home, signature, 'teranga erase 0\n', record, wire.encode(wire.number, at));
    if (!isSigned) throw new Error('an erasure that its own key did not sign'); // Then nothing is taken.
    if ((held.hub.home ?? home) !== home) return foreign.push(record); // Only the home destroys; the rest is taken.
    held.forget(record);
    delete held.salts[record];
    const word = { erasure, replica: held.id, signature: held.sign('teranga erased 0\n', record, held.id) };
    held.unconfirmed.push((held.erased[record] = word));
  },
};
function hear(held, bytes, foreign = []) { // Takes an answer, all of it or nothing.
  if (!holds(held.hub.key, bytes.toString('hex', bytes.length - 64), bytes.subarray(0, -64))) throw new Error('not signed by the hub');
  const said = wire.decode(wire.answer, bytes);
  const asked = { ...wire.START, type: 2, child: held.id, line: held.line, exchange: held.exchange };
  if (Object.keys(asked).some(name => said[name] !== asked[name])) throw new Error('an answer to something else');
  // Did a copy of this replica ask before, or bring what is acknowledged? Then nothing of this answer is for us.
  const ours = ['00'.repeat(8), ...held.openings, ...held.packs.map(({ hash }) => hash)];
  if (![said.opening, said.mark].every(start => ours.some(name => name.startsWith(start)))) throw problem({ code: 'replayed' });
  if (BigInt(said.cursor.position) < BigInt(held.cursor.position)) throw problem({ code: 'replayed', anew: 'startOver' });
  held.unconfirmed.splice(0, 64);
  const { tables, rows } = wire.decode(wire.rows, said.rows.length ? wire.unpack(said.rows) : Buffer.alloc(3)); // Of nothing.
  for (const { row, said } of rows) take[row === 'witnessed' ? 'save' : row](held, said, tables, foreign);
  // A number above what was acknowledged may be another pack's by now; else the hub has less than it had.
  const same = held.pack(held.outbox[said.acknowledged - 1])?.hash.startsWith(said.mark);
  if (same || said.acknowledged <= held.acknowledged) held.acknowledged = same ? said.acknowledged : 0;
  Object.assign(held, { cursor: said.cursor, reading: held.reading && said.more === 1, heard: held.exchange });
  if (!held.reading) held.letGo();
  held.save();
  return { more: said.more === 1, isLie: foreign.some(record => held.savesOf(record).length) };
}
const paced = (size, bytes, ms) => // What four seconds of the link carry, where an exchange says something of that.
  2 * bytes < size ? (ms > 4000 ? size >> 1 : size) : Math.min(Math.trunc(4000 * bytes / ms), 2 * size, 2 ** 18);
export async function synchronise(held, sending) { // Until nothing is left. Unsure, it first asks what arrived.
  const place = () => JSON.stringify([held.acknowledged, held.cursor, Object.keys(held.erased)]);
  let [passed, lie, brings, asks, failures, lines] = [null, null, false, held.exchange > held.heard, 0, 0];
  const waits = () => sending && !passed && held.pending.length + held.outbox.length > held.acknowledged;
  for (let size = asks ? 8192 : 16384; ; size = Math.max(size, 8192)) {
    const [before, { bytes, pushes, at }] = [place(), ask(held, size, waits() && !asks && (brings || !held.reading))];
    try {
      const answer = await post(`${held.hub.url}/v1/sync`, bytes, 'application/octet-stream');
      size = paced(size, bytes.length + answer.length, Date.now() - at);
      const { more, isLie } = hear(held, answer);
      if (isLie) lie = new Error('another than the home would destroy a record that is here'); // All else goes on.
      if (!more && !waits() && !held.unconfirmed.length) return lie ?? (passed?.code === 'erased' ? null : passed);
      if (place() === before && (more || pushes.length)) lose(new Error('nothing moves'));
      [failures, asks] = [asks ? failures : 0, false];
    } catch (error) {
      Object.assign(held, held.saved());
      const { code, status, word, after, anew = ['replayed', 'broken-chain'].includes(code) && 'newLine' } = error;
      size = anew === 'startOver' ? 0 : error.lost ? size >> 1 : size; // As small as it may be; smaller.
      if (anew && lines++ < 4) held[anew](held.hub);
      else if (code === 'succeeded' && follow(held, wire.decode(wire.succession, word))) [asks, size] = [false, 16384];
      else if (code === 'revoked' && !pushes.length && (asks || !brings) && waits()) [brings, asks] = [true, false];
      else if (pushes.length && [400, 401, 403, 409, 410, 413].includes(status)) passed = error; // Until the next session.
      else if (!error.lost || ++failures === 5) throw error;
      else asks = await pause(1000 * (Math.min(Number(after) || 0, 60) + 2 ** (failures - 2) * (1 + Math.random())), true);
    }
  }
}
