// A stand-in for the hub: serves web/dist under the hub's Content-Security-Policy and answers
// the API from made-up data. For developing the UI and for its walk; never part of the product.
// Usage: node mock/server.mjs [--port N] [--empty]   (token: UKAI_TOKEN or "mock-token")

import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as world from './data.mjs';

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const token = process.env.UKAI_TOKEN ?? 'mock-token';
const empty = process.argv.includes('--empty');
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
const cookies = new Set();
const falsePositives = new Map();
const streams = new Set();
const judgements = new Map();

const json = (response, body, status = 200, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};
const missing = (response) => json(response, { error: 'not found', remedy: 'check the address' }, 404);

/** A page of `items` after the cursor, by position. */
function page(response, items, params) {
  const from = Number(params.get('before') ?? 0) || 0;
  const limit = Math.min(Number(params.get('limit') ?? 100) || 100, 1000);
  const next = from + limit < items.length ? String(from + limit) : null;
  json(response, { items: empty ? [] : items.slice(from, from + limit), next: empty ? null : next });
}

const said = (session, params, name, kind, fits) =>
  !params.get(name) || world.eventsOf(session.id).some((event) => event.kind === kind && fits(event, params.get(name).toLowerCase()));
const same = (params, name, value) => !params.get(name) || params.get(name) === String(value);
const standing = (one) => (one.withheld ? 'withheld' : Date.parse(one.valid_until) < Date.now() ? 'expired' : 'active');
const marked = (one) => (falsePositives.has(one.id) ? { ...one, current_confidence: 0, withheld: 'reported as a false positive' } : one);
const failed = world.samples.find((one) => one.analysed === 'failed');
let quarantine = [{ id: 7, kind: 'static', sha256: failed.sha256, priority: 0, state: 'quarantined', attempts: 3, created: failed.first_seen, not_before: failed.first_seen, lease_until: null, worker: null, last_error: 'the child process was ended by SIGXCPU' }];

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

const routes = [
  ['GET', /^\/api\/status$/, (request, response) => json(response, { ...world.status(), queue: { waiting: 3, leased: 1, quarantined: quarantine.length } })],
  ['GET', /^\/api\/overview$/, (request, response, params) => {
    const overview = world.overview(params.get('range') ?? '24h');
    if (!empty) return json(response, overview);
    const zero = Object.fromEntries(Object.keys(overview.totals).map((name) => [name, 0]));
    return json(response, { ...overview, buckets: overview.buckets.map(({ time }) => ({ time, ...zero })), totals: zero, previous: zero, top_ports: [], top_sources: [], top_credentials: [], top_commands: [], canaries: [], recent_sessions: [], recent_samples: [], recent_indicators: [] });
  }],
  ['GET', /^\/api\/telescope$/, (request, response, params) => {
    const view = world.telescope(params.get('range') ?? '24h');
    if (!empty) return json(response, view);
    json(response, Object.fromEntries(Object.entries(view).map(([name, value]) => [name, Array.isArray(value) ? [] : value])));
  }],
  ['GET', /^\/api\/telescope\/sources\/([^/]+)$/, (request, response, params, address) => json(response, world.source(address))],
  ['GET', /^\/api\/credentials$/, (request, response, params) => {
    const all = world.loginsOf(params.get('range') ?? '24h', params.get('protocol'));
    const none = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, Array.isArray(value) ? [] : value]));
    return json(response, empty ? none : all);
  }],
  ['GET', /^\/api\/credentials\/export$/, (request, response, params) => {
    const list = world.loginsOf('24h', params.get('protocol'))[params.get('list').replace('-', '_')];
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-disposition': `attachment; filename="ukai-${params.get('list')}.txt"` });
    return response.end(list.map((one) => `${one.value}\n`).join(''));
  }],
  ['GET', /^\/api\/events$/, (request, response, params) => page(response, world.events.filter((one) =>
    ['kind', 'src_ip', 'session', 'sha256', 'protocol'].every((name) => same(params, name, one[name])) &&
    (!params.get('from') || one.time >= params.get('from')) && (!params.get('to') || one.time <= params.get('to'))), params)],
  ['GET', /^\/api\/events\/stream$/, (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    streams.add(response);
    request.on('close', () => streams.delete(response));
  }],
  ['GET', /^\/api\/sessions$/, (request, response, params) => page(response, world.sessions.filter((one) =>
    same(params, 'src_ip', one.src_ip) && same(params, 'protocol', one.protocol) &&
    (!params.get('has') || one[{ login: 'logins', command: 'commands', download: 'downloads', sample: 'samples', recording: 'recorded' }[params.get('has')]] > 0) &&
    said(one, params, 'command', 'command.input', (event, wanted) => event.line.toLowerCase().includes(wanted)) &&
    said(one, params, 'user', 'login.attempt', (event, wanted) => event.user === wanted) &&
    said(one, params, 'fingerprint', 'client.fingerprint', (event, wanted) => event.value.startsWith(wanted) || (event.software ?? '').toLowerCase().includes(wanted))), params)],
  ['GET', /^\/api\/sessions\/([^/]+)$/, (request, response, params, id) => {
    const session = world.sessions.find((one) => one.id === id);
    if (!session) return missing(response);
    const samples = world.samples.filter((one) => world.samplesOf.get(id)?.includes(one.sha256));
    const indicators = world.indicators.filter((one) => one.evidence.some((piece) => piece.session === id)).slice(0, 12);
    return json(response, { session, events: world.eventsOf(id), samples, indicators });
  }],
  ['GET', /^\/api\/sessions\/([^/]+)\/recording$/, (request, response, params, id) => {
    const text = world.recording(id);
    if (text === null) return missing(response);
    response.writeHead(200, { 'content-type': 'application/x-asciicast' });
    return response.end(text);
  }],
  ['GET', /^\/api\/samples$/, (request, response, params) => {
    const wanted = (params.get('q') ?? '').toLowerCase();
    const all = [...world.samples].sort((a, b) => (a.last_seen < b.last_seen ? 1 : -1));
    return page(response, all.filter((one) => same(params, 'file_type', one.file_type) && JSON.stringify(one).toLowerCase().includes(wanted)), params);
  }],
  ['POST', /^\/api\/samples$/, async (request, response) => {
    const bytes = await body(request);
    return bytes.length === 0 ? json(response, { error: 'the body is empty', remedy: 'send the file as the body' }, 400) : json(response, { sha256: world.samples[0].sha256 });
  }],
  ['GET', /^\/api\/samples\/([^/]+)$/, (request, response, params, id) => {
    const sample = world.samples.find((one) => one.sha256 === id);
    if (!sample) return missing(response);
    const sightings = world.events.filter((one) => one.kind === 'sample.captured' && one.sha256 === id).slice(0, 50)
      .map((one) => ({ sha256: id, time: one.time, event: one.id, sensor: one.sensor, session: one.session, src_ip: one.src_ip, how: one.how, name: one.name, url: one.url }));
    const analysis = world.analyses.get(id);
    const indicators = world.indicators.filter((one) => one.evidence.some((piece) => piece.sample === id)).slice(0, 12);
    const opinions = { antivirus: world.scanned(sample), antivirus_job: null, lookups: world.lookedUp(sample), lookups_job: null, analyst: judgements.get(id) ?? null };
    return json(response, { opinions, sample, sightings, analyses: analysis ? [analysis] : [], indicators, job: analysis ? null : { id: 9, kind: 'static', sha256: id, created: sample.first_seen, state: 'leased', attempts: 1, last_error: null } });
  }],
  ['GET', /^\/api\/samples\/([^/]+)\/cart$/, (request, response, params, id) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': `attachment; filename="${id}.cart"` });
    response.end('CART');
  }],
  ['POST', /^\/api\/samples\/([^/]+)\/ask$/, (request, response) => json(response, { queued: true }, 202)],
  ['PUT', /^\/api\/samples\/([^/]+)\/analyst$/, async (request, response, params, id) => {
    const judged = { ...JSON.parse(await body(request)), time: new Date().toISOString() };
    judgements.set(id, judged);
    return json(response, judged);
  }],
  ['GET', /^\/api\/samples\/([^/]+)\/similar$/, (request, response, params, id) => {
    const items = world.samples.filter((one) => one.sha256 !== id && one.file_type === 'elf').slice(0, 4).map((sample, i) => ({ distance: 7 + 19 * i, sample }));
    return json(response, { items: empty ? [] : items, compared: world.samples.length });
  }],
  ['GET', /^\/api\/samples\/([^/]+)\/(bytes|texts|code)$/, (request, response, params, id, what) => json(response, world.view(what, Number(params.get('offset') ?? 0), (params.get('find') ?? '').toLowerCase()))],
  ['POST', /^\/api\/samples\/([^/]+)\/reanalyze$/, (request, response) => json(response, { queued: true }, 202)],
  ['GET', /^\/api\/behaviours$/, (request, response, params) => page(response, [], params)],
  ['GET', /^\/api\/jobs\/quarantined$/, (request, response) => json(response, { items: quarantine, next: null })],
  ['POST', /^\/api\/jobs\/(\d+)\/retry$/, (request, response) => {
    quarantine = [];
    response.writeHead(202).end();
  }],
  ['GET', /^\/api\/indicators$/, (request, response, params) => {
    const wanted = (params.get('q') ?? '').toLowerCase();
    return page(response, world.indicators.map(marked).filter((one) =>
      same(params, 'kind', one.observable.kind) && same(params, 'role', one.role) && same(params, 'state', standing(one)) &&
      one.current_confidence >= Number(params.get('min_confidence') ?? 0) && one.observable.value.toLowerCase().includes(wanted)), params);
  }],
  ['GET', /^\/api\/indicators\/([^/]+)$/, (request, response, params, id) => {
    const found = world.indicators.find((one) => one.id === id);
    if (!found) return missing(response);
    const indicator = marked(found);
    const files = { ip: ['ips', 'nftables'], domain: ['domains', 'rpz'], url: ['urls'], sha256: ['hashes'], endpoint: [] }[found.observable.kind];
    const chain = found.evidence.map((evidence) => ({
      evidence,
      event: world.events.find((one) => one.id === evidence.event) ?? null,
      session: world.sessions.find((one) => one.id === evidence.session) ?? null,
      sample: world.samples.find((one) => one.sha256 === evidence.sample) ?? null,
    }));
    return json(response, { indicator, published_in: indicator.withheld ? [] : [...files, 'indicators-csv', 'indicators-json'], false_positive: falsePositives.get(id) ?? null, chain });
  }],
  ['POST', /^\/api\/indicators\/([^/]+)\/false-positive$/, async (request, response, params, id) => {
    falsePositives.set(id, { reason: JSON.parse(String(await body(request))).reason, time: new Date().toISOString() });
    json(response, falsePositives.get(id));
  }],
  ['DELETE', /^\/api\/indicators\/([^/]+)\/false-positive$/, (request, response, params, id) => {
    falsePositives.delete(id);
    response.writeHead(204).end();
  }],
  ['GET', /^\/api\/feeds$/, (request, response) => json(response, { items: world.feeds.map((one) => one.item) })],
  ['GET', /^\/feeds\/([^/]+)$/, (request, response, params, file) => {
    const feed = world.feeds.find((one) => one.item.file === file);
    if (!feed) return missing(response);
    response.writeHead(200, { 'content-type': feed.item.media_type, etag: feed.item.etag });
    return response.end(feed.body);
  }],
];

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

async function file(path, response) {
  const safe = normalize(path).replace(/^[/\\]+/, '');
  const known = extname(safe) === '' ? null : await readFile(join(dist, safe)).catch(() => null);
  const type = known ? (TYPES[extname(safe)] ?? 'application/octet-stream') : TYPES['.html'];
  const bytes = known ?? (await readFile(join(dist, 'index.html')).catch(() => Buffer.from('run npm run build first')));
  response.writeHead(200, { 'content-type': type, 'content-security-policy': CSP, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  response.end(bytes);
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://mock');
  if (!pathname.startsWith('/api/') && !pathname.startsWith('/feeds/')) return file(pathname, response);
  if (pathname === '/api/login' && request.method === 'POST') {
    if (JSON.parse(String(await body(request))).token !== token) return json(response, { error: 'wrong token', remedy: 'see the token file' }, 401);
    const cookie = randomBytes(16).toString('hex');
    cookies.add(cookie);
    return json(response, { user: 'operator' }, 200, { 'set-cookie': `ukai_session=${cookie}; HttpOnly; SameSite=Strict; Path=/` });
  }
  const cookie = /ukai_session=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (!cookies.has(cookie ?? '')) return json(response, { error: 'nobody is logged in', remedy: 'log in' }, 401);
  if (pathname === '/api/me') return json(response, { user: 'operator' });
  if (pathname === '/api/logout') {
    cookies.delete(cookie);
    return response.writeHead(204, { 'set-cookie': 'ukai_session=; Max-Age=0; Path=/' }).end();
  }
  for (const [method, pattern, action] of routes) {
    const match = pattern.exec(pathname);
    if (match && method === request.method) return action(request, response, searchParams, ...match.slice(1).map((part) => decodeURIComponent(part ?? '')));
  }
  return missing(response);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => json(response, { error: String(error), remedy: '' }, 500));
});
server.listen(Number(argument('--port', 4780)), '127.0.0.1', () => {
  console.log(JSON.stringify({ ready: true, url: `http://127.0.0.1:${server.address().port}`, token }));
});

// Something is always happening: a new session every few seconds, its events one by one.
let pending = [];
setInterval(() => {
  if (empty) return;
  if (pending.length === 0) {
    const { session, events, samples } = world.makeSession(Date.now());
    world.sessions.unshift(session);
    world.samplesOf.set(session.id, samples);
    pending = [...events];
  }
  const event = pending.shift();
  event.time = new Date().toISOString().replace('Z', '000000Z');
  world.events.unshift(event);
  for (const stream of streams) stream.write(`event: event\ndata: ${JSON.stringify(event)}\n\n`);
}, 700);
setInterval(() => {
  for (const stream of streams) stream.write(': keep-alive\n\n');
}, 15_000);
process.on('SIGTERM', () => process.exit(0));
