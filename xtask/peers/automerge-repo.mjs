// The work of `cargo xtask bench peers` done by automerge-repo: a client's Repo and a server's, over a link that counts
// what its WebSocket adapter would send. `node automerge-repo.mjs work.json` prints one line of JSON.
//
// One document a record, its answers a flat map of scalars. Before each session both Repos begin anew over their storage,
// as a phone and a server do that were apart. The link carries in flights: everything that one end has to say goes, the
// other end takes it, and so on until both are silent. That is the fewest round trips that the protocol allows.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { ImmutableString } from '@automerge/automerge';
import { cbor, NetworkAdapter, Repo } from '@automerge/automerge-repo';

const { version } = JSON.parse(
  readFileSync(new URL('node_modules/@automerge/automerge-repo/package.json', import.meta.url)),
);
const work = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** Longer than anything that a Repo puts off. */
const SILENCE_MS = 300;
/** Headers of the request that opens the WebSocket, and of its answer. */
const UPGRADE_BYTES = 500;

/** A storage in memory, with a shelf for each document. */
class Memory {
  shelves = new Map();
  shelf([document]) {
    if (!this.shelves.has(document)) this.shelves.set(document, new Map());
    return this.shelves.get(document);
  }
  async load(key) {
    return this.shelf(key).get(key.join('/'));
  }
  async save(key, data) {
    this.shelf(key).set(key.join('/'), data);
  }
  async remove(key) {
    this.shelf(key).delete(key.join('/'));
  }
  async loadRange(prefix) {
    const under = prefix.join('/') + '/';
    const found = [...this.shelf(prefix)].filter(([key]) => key.startsWith(under));
    return found.map(([key, data]) => ({ key: key.split('/'), data }));
  }
  async removeRange(prefix) {
    for (const { key } of await this.loadRange(prefix)) await this.remove(key);
  }
}

/** The header of a WebSocket frame; a client masks what it sends. */
function frame(bytes, fromClient) {
  const length = bytes < 126 ? 2 : bytes < 65536 ? 4 : 10;
  return length + (fromClient ? 4 : 0);
}

class End extends NetworkAdapter {
  sent = [];
  bytes = 0;
  messages = 0;
  constructor(isClient) {
    super();
    this.isClient = isClient;
  }
  isReady() {
    return true;
  }
  async whenReady() {}
  connect(peerId, peerMetadata) {
    this.peerId = peerId;
    this.peerMetadata = peerMetadata;
  }
  disconnect() {}
  send(message) {
    const bytes = cbor.encode(message);
    this.count(bytes);
    this.sent.push(bytes);
  }
  count(bytes) {
    this.bytes += bytes.length + frame(bytes.length, this.isClient);
    this.messages += 1;
  }
}

/** Introduces both ends to each other as the WebSocket adapter does: the client joins, the server answers. */
function introduce(client, server) {
  const { peerId: from, peerMetadata } = client;
  client.count(cbor.encode({ type: 'join', senderId: from, peerMetadata, supportedProtocolVersions: ['1'] }));
  const answer = { type: 'peer', senderId: server.peerId, targetId: from, selectedProtocolVersion: '1' };
  server.count(cbor.encode({ ...answer, peerMetadata: server.peerMetadata }));
  client.emit('peer-candidate', { peerId: server.peerId, peerMetadata: server.peerMetadata });
  server.emit('peer-candidate', { peerId: from, peerMetadata });
}

/** Carries what both have to say until they are silent, and returns the flights that it took. */
async function carry(client, server) {
  for (let flights = 0; ; flights++) {
    let before;
    do {
      before = client.messages + server.messages;
      await sleep(SILENCE_MS);
    } while (client.messages + server.messages > before);
    const [up, down] = [client.sent.splice(0), server.sent.splice(0)];
    if (up.length + down.length === 0) return flights;
    for (const bytes of up) server.emit('message', cbor.decode(bytes));
    for (const bytes of down) client.emit('message', cbor.decode(bytes));
  }
}

/** One session between the two storages, after `client` and `server` have been worked on. */
async function session(storages, urls, work = async () => {}) {
  const [client, server] = [new End(true), new End(false)];
  const repo = (end, storage, generous) =>
    new Repo({
      network: [end],
      storage,
      peerId: end.isClient ? 'client' : 'server',
      // A server answers whoever asks for a document, and offers none on its own.
      sharePolicy: async () => generous,
    });
  const repos = [repo(client, storages[0], true), repo(server, storages[1], false)];
  await sleep(SILENCE_MS);
  for (const url of urls) await repos[0].find(url);
  await work(...repos);
  await sleep(SILENCE_MS);
  const cpu = process.cpuUsage();
  introduce(client, server);
  const flights = await carry(client, server);
  const { user, system } = process.cpuUsage(cpu);
  for (const one of repos) await one.flush();
  return {
    repos,
    cost: {
      // The upgrade and the introduction are a round trip each.
      round_trips: 2 + Math.ceil(flights / 2),
      messages: client.messages + server.messages,
      bytes_up: client.bytes,
      bytes_down: server.bytes,
      header_bytes: UPGRADE_BYTES,
      cpu_seconds: (user + system) / 1e6,
    },
  };
}

function initial({ answers }) {
  const scalar = (value) => (typeof value === 'string' ? new ImmutableString(value) : value);
  return { answers: Object.fromEntries(Object.entries(answers).map(([key, value]) => [key, scalar(value)])) };
}

/** What both sides hold after a session, for the process of the next one. */
const kept = (name) => new URL(`${name}.storage`, import.meta.url);

function keep(name, storages, urls) {
  writeFileSync(kept(name), serialize({ shelves: storages.map(({ shelves }) => shelves), urls }));
}

function held(name) {
  const { shelves, urls } = deserialize(readFileSync(kept(name)));
  return { storages: shelves.map((shelves) => Object.assign(new Memory(), { shelves })), urls };
}

/** The session that brings these records to a server that lacks them. */
async function push(name) {
  const storages = [new Memory(), new Memory()];
  const urls = [];
  const { repos, cost } = await session(storages, [], async (client) => {
    for (const record of work[name]) urls.push(client.create(initial(record)).url);
  });
  for (const url of urls) {
    const handle = await repos[1].find(url);
    // What did not arrive would look cheap.
    if (!handle.isReady() || handle.heads().length === 0) throw new Error(`${url} did not arrive`);
  }
  keep(name, storages, urls);
  return cost;
}

async function nothingNew(name) {
  const { storages, urls } = held(name);
  const { cost } = await session(storages, urls);
  keep(name, storages, urls);
  return cost;
}

async function onePercent(name) {
  const { storages, urls } = held(name);
  const set = (repo, { at, value }) =>
    repo.find(urls[at]).then((handle) => handle.change((doc) => (doc.answers.E01 = new ImmutableString(value))));
  const { repos, cost } = await session(storages, urls, async (client, server) => {
    for (const change of work.changes) await set(change.by === 'device' ? client : server, change);
  });
  for (const repo of repos) {
    for (const { at, value } of work.changes) {
      const handle = await repo.find(urls[at]);
      if (handle.doc().answers.E01.toString() !== value) throw new Error(`${urls[at]} was not merged`);
    }
  }
  return cost;
}

const ROWS = {
  push_100: () => push('push_100'),
  push_1000: () => push('push_1000'),
  nothing_new_1000: () => nothingNew('push_1000'),
  held: () => push('held'),
  nothing_new_5000: () => nothingNew('held'),
  one_percent: () => onePercent('held'),
};

if (process.argv[3]) {
  console.log(JSON.stringify(await ROWS[process.argv[3]]()));
} else {
  // Each session in a process of its own: what documents of the one before leave in memory would slow it down.
  const one = (row) => execFileSync(process.execPath, [process.argv[1], process.argv[2], row], { encoding: 'utf8' });
  const rows = Object.fromEntries(Object.keys(ROWS).map((row) => [row, JSON.parse(one(row))]));
  console.log(JSON.stringify({ name: `automerge-repo ${version}`, rows }));
}
process.exit(0);
