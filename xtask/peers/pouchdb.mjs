// The work of `cargo xtask bench peers` done by PouchDB: a database in memory that replicates over HTTP, on loopback, with
// express-pouchdb in front of another one. `node pouchdb.mjs work.json` prints one line of JSON.
//
// One document a record. Requests and bodies are counted as the server sees them, compressed where its answers are.
// Requests that were under way at the same time count as one round trip.

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import express from 'express';
import expressPouchDB from 'express-pouchdb';
import HttpAdapter from 'pouchdb-adapter-http';
import MemoryAdapter from 'pouchdb-adapter-memory';
import PouchDB from 'pouchdb-core';
import MapReduce from 'pouchdb-mapreduce';
import Replication from 'pouchdb-replication';

const { version } = JSON.parse(readFileSync(new URL('node_modules/pouchdb-core/package.json', import.meta.url)));
const work = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** Headers of a request and its answer, in bytes. */
const HEADERS_BYTES = 500;

PouchDB.plugin(MemoryAdapter).plugin(HttpAdapter).plugin(Replication).plugin(MapReduce);
const InMemory = PouchDB.defaults({ adapter: 'memory' });

const counted = { requests: 0, rounds: 0, up: 0, down: 0, underWay: 0 };

function counting(app) {
  return (request, response) => {
    counted.requests += 1;
    if (counted.underWay++ === 0) counted.rounds += 1;
    counted.up += Number(request.headers['content-length'] ?? 0);
    const count = (chunk) => {
      if (chunk && typeof chunk !== 'function') counted.down += Buffer.byteLength(chunk);
    };
    const [write, end] = [response.write.bind(response), response.end.bind(response)];
    response.write = (chunk, ...rest) => {
      count(chunk);
      return write(chunk, ...rest);
    };
    response.end = (chunk, ...rest) => {
      count(chunk);
      return end(chunk, ...rest);
    };
    response.on('close', () => (counted.underWay -= 1));
    app(request, response);
  };
}

const app = express();
app.use('/', expressPouchDB(InMemory, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: '/dev/null' }));
const server = createServer(counting(app));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const address = `http://127.0.0.1:${server.address().port}`;

/** One two-way session, as an app that comes back online runs it. */
async function session(device, name) {
  const remote = new PouchDB(`${address}/${name}`, { skip_setup: true });
  Object.assign(counted, { requests: 0, rounds: 0, up: 0, down: 0 });
  const cpu = process.cpuUsage();
  const done = await device.sync(remote);
  const { user, system } = process.cpuUsage(cpu);
  for (const side of [done.push, done.pull]) {
    if (side.errors.length > 0 || side.doc_write_failures > 0) throw new Error(JSON.stringify(side));
  }
  return {
    round_trips: counted.rounds,
    messages: counted.requests,
    bytes_up: counted.up,
    bytes_down: counted.down,
    header_bytes: counted.requests * HEADERS_BYTES,
    cpu_seconds: (user + system) / 1e6,
  };
}

/** A device with these records, and the session that brings them to a server without. */
async function pushed(records, name) {
  const [device, hub] = [new InMemory(`device-${name}`), new InMemory(name)];
  await hub.info();
  await device.bulkDocs(records.map(({ id, answers }) => ({ _id: id, answers })));
  const cost = await session(device, name);
  const { doc_count: arrived } = await hub.info();
  // A session that was the first leaves a checkpoint; the one after it only confirms it.
  await session(device, name);
  if (arrived !== records.length) throw new Error(`${arrived} of ${records.length} arrived`);
  return { device, hub, name, cost };
}

async function onePercent({ device, hub, name }) {
  const set = async (database, { at, value }) => {
    const doc = await database.get(work.held[at].id);
    await database.put({ ...doc, answers: { ...doc.answers, E01: value } });
  };
  for (const change of work.changes) await set(change.by === 'device' ? device : hub, change);
  const cost = await session(device, name);
  for (const database of [device, hub]) {
    for (const { at, value } of work.changes) {
      const doc = await database.get(work.held[at].id);
      if (doc.answers.E01 !== value) throw new Error(`${doc._id} was not replicated`);
    }
  }
  return cost;
}

const rows = {};
rows.push_100 = (await pushed(work.push_100, 'hundred')).cost;
const thousand = await pushed(work.push_1000, 'thousand');
rows.push_1000 = thousand.cost;
rows.nothing_new_1000 = await session(thousand.device, thousand.name);
const held = await pushed(work.held, 'held');
rows.nothing_new_5000 = await session(held.device, held.name);
rows.one_percent = await onePercent(held);
console.log(JSON.stringify({ name: `PouchDB ${version}`, rows }));
process.exit(0);
