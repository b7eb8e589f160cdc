import { expect, test } from 'vitest';
import type { Event, IndicatorDetail } from './api/types';
import { stations } from './chain';
import { contains, matches, type EventFilter } from './eventFilter';
import { explain } from './explain';
import { gist } from './gist';
import { next } from './lists';
import { portLabel } from './ports';
import { indexed } from './screen';
import { refang, targets } from './search';
import { Shortcuts, typesText } from './shortcuts';
import { snippets } from './snippets';
import { indicatorState, isForever } from './state';

const SHA = 'ab'.repeat(32);
const event = (fields: Partial<Event>): Event => ({ v: 1, id: 'e', time: '2026-01-01T00:00:00Z', sensor: 's', kind: 'fault', ...fields });

test('a search leads where its text points', () => {
  expect(targets(` ${SHA.toUpperCase()} `)[0]).toEqual({ meaning: 'sample', href: `/samples/${SHA}` });
  expect(targets('01a207ec-8cd6-7545-8540-5acefd31258a')).toEqual([{ meaning: 'session', href: '/sessions/01a207ec-8cd6-7545-8540-5acefd31258a' }]);
  expect(targets('01a207ec-8cd6-8545-8540-5acefd31258a')[0]?.meaning).toBe('indicator');
  expect(targets('192.0.2[.]1').map((target) => target.href)).toEqual(['/sessions?src_ip=192.0.2.1', '/events?src_ip=192.0.2.1', '/indicators?q=192.0.2.1']);
  expect(targets('2001:db8::1')[0]?.meaning).toBe('sessions-from');
  expect(targets('hxxp://a[.]example/x')[0]).toEqual({ meaning: 'indicators', href: '/indicators?q=http%3A%2F%2Fa.example%2Fx' });
  expect(targets('mirai')[0]?.meaning).toBe('samples');
  expect(targets('  ')).toEqual([]);
  expect(refang('c2[dot]example')).toBe('c2.example');
});

test('two keys go to a page, one searches', () => {
  const keys = new Shortcuts();
  expect(keys.key('g', 0)).toBeNull();
  expect(keys.key('i', 500)).toEqual({ go: '/indicators' });
  expect(keys.key('i', 600)).toBeNull();
  keys.key('g', 1000);
  expect(keys.key('o', 5000)).toBeNull();
  expect(keys.key('/', 6000)).toBe('search');
  expect(keys.key('?', 6000)).toBe('help');
  expect(typesText({ tagName: 'INPUT' })).toBe(true);
  expect(typesText({ tagName: 'A' })).toBe(false);
});

test('keys move between rows and stop at the ends', () => {
  expect(next('ArrowDown', -1, 3)).toBe(0);
  expect(next('j', 2, 3)).toBe(2);
  expect(next('k', 0, 3)).toBe(0);
  expect(next('End', 0, 3)).toBe(2);
  expect(next('x', 0, 3)).toBeNull();
});

test('live events pass the same filters as stored ones', () => {
  const none: EventFilter = { kind: '', src_ip: '', protocol: '', sha256: '', session: '', from: '', to: '', text: '' };
  const attempt = event({ kind: 'login.attempt', src_ip: '192.0.2.1', protocol: 'telnet', user: 'root', password: 'xc3511', success: true });
  expect(matches(attempt, none)).toBe(true);
  expect(matches(attempt, { ...none, kind: 'login.attempt', protocol: 'telnet' })).toBe(true);
  expect(matches(attempt, { ...none, src_ip: '192.0.2.2' })).toBe(false);
  expect(matches(attempt, { ...none, from: '2026-02-01T00:00:00Z' })).toBe(false);
  expect(contains(attempt, 'XC35')).toBe(true);
  expect(contains(attempt, 'nothing')).toBe(false);
});

test('an event is told in one line, whatever its fields', () => {
  expect(gist(event({ kind: 'login.attempt', user: 'root', password: '', success: false }))).toBe('root :   ✗');
  expect(gist(event({ kind: 'download.result', outcome: 'refused', url: 'http://a.example/', size: 0, error: 'HTTP 404' }))).toBe('refused  http://a.example/  HTTP 404');
  expect(gist(event({ kind: 'command.input' }))).toBe('');
  expect(gist(event({ kind: 'later.kind' }))).toBe('');
});

test('the chain lists distinct stops and never links to what a peer named', () => {
  const session = { id: 's1', src_ip: '198.51.100.1', dst_ip: '192.0.2.1', dst_port: 23, protocol: 'telnet' };
  const link = (kind: string, detail: string) => ({
    evidence: { kind, time: '', event: null, session: 's1', sensor: 'x', sample: SHA, detail },
    event: event({ kind: 'download.result', url: 'http://a.example/x' }),
    session,
    sample: { sha256: SHA, names: ['x'], urls: ['http://a.example/x'], file_type: 'elf' },
  });
  const detail = {
    indicator: { id: 'i', observable: { kind: 'domain', value: 'c2.example' }, role: 'c2' },
    published_in: ['rpz'],
    chain: [link('download-served', 'wget'), link('static-hidden', 'XOR 0x22'), link('static-hidden', 'XOR 0x22')],
  } as unknown as IndicatorDetail;
  const path = stations(detail);
  expect(path.map((station) => station.count)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  const hrefs = path.flatMap((station) => station.stops.map((stop) => stop.href)).filter((href) => href !== null);
  expect(hrefs.every((href) => href.startsWith('/'))).toBe(true);
  expect(path[2]?.stops[0]?.href).toBeNull();
});

test('snippets name the feed’s own address and never a token', () => {
  const rpz = snippets({ file: 'rpz.zone', url: '/feeds/rpz.zone' }, 'https://ukai.example');
  expect(rpz.map((snippet) => snippet.name)).toEqual(['BIND', 'Unbound', 'curl']);
  expect(rpz[2]?.text).toContain('https://ukai.example/feeds/rpz.zone');
  expect(snippets({ file: 'nftables.nft', url: '' }, 'https://ukai.example')[0]?.text).toContain('nft -c -f');
  expect(snippets({ file: 'ips.txt', url: '/feeds/ips.txt' }, 'https://ukai.example').map((one) => one.name)).toEqual(['curl']);
});

test('an indicator is withheld, expired or active', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(indicatorState({ withheld: 'own address', valid_until: '2027-01-01T00:00:00Z' }, now)).toBe('withheld');
  expect(indicatorState({ withheld: null, valid_until: '2025-01-01T00:00:00Z' }, now)).toBe('expired');
  expect(indicatorState({ withheld: null, valid_until: '2027-01-01T00:00:00Z' }, now)).toBe('active');
  expect(isForever('9999-12-31T23:59:59Z')).toBe(true);
});

test('errors say what to do', () => {
  expect(explain({ status: 0, message: 'unreachable', remedy: null }).title).toBe('error.unreachable');
  expect(explain({ status: 400, message: 'bad cursor', remedy: 'start again' })).toMatchObject({ detail: 'bad cursor', remedyText: 'start again' });
  expect(explain({ status: 502, message: 'HTTP 502', remedy: null }).detail).toBeNull();
});

test('colours of the terminal and names of ports', () => {
  expect(indexed(16)).toBe('rgb(0 0 0)');
  expect(indexed(231)).toBe('rgb(255 255 255)');
  expect(indexed(232)).toBe('rgb(8 8 8)');
  expect(portLabel('23')).toBe('23 telnet');
  expect(portLabel('4')).toBe('4');
});
