import { expect, test } from 'vitest';
import type { Event } from './api/types';
import { withoutIdle, type Frame } from './asciicast';
import { find, isBare, marks, moved, neighbour, plain, words } from './player';
import { asText, highlighted, lineRuns } from './screen';
import { makeTerminal, type Terminal } from './terminal';

const out = (time: number, data: string): Frame => ({ time, kind: 'o', data });
const written = async (output: string, cols = 20, rows = 5): Promise<Terminal> => {
  const terminal = makeTerminal(cols, rows);
  await new Promise<void>((done) => terminal.write(output, done));
  return terminal;
};

test('text without what does not show', () => {
  expect(plain('\x1b[1;32m#\x1b[0m ls\r\n\x1b]0;title\x07a\x08b\x1b(B')).toBe('# ls\nab');
});

test('words are found over frames and sequences, whatever their case', () => {
  const frames = [out(0, 'u'), out(1, 'na\x1b['), out(2, '31mME -a\r\n'), { ...out(2.5, 'uname'), kind: 'i' as const }, out(3, 'Linux; uname')];
  const recorded = words(frames);
  expect(recorded.text).toBe('uname -a\nlinux; uname');
  expect(find(recorded, 'UNAME')).toEqual([2, 4]);
  expect(find(recorded, 'linux')).toEqual([4]);
  expect(find(recorded, '')).toEqual([]);
  expect(find(recorded, 'wget')).toEqual([]);
});

test('output without a terminal in between is recognised', () => {
  expect(isBare([out(0, 'a\nb\n')])).toBe(true);
  expect(isBare([out(0, 'a\r\nb\n')])).toBe(false);
  expect(isBare([out(0, 'a')])).toBe(false);
});

test('marks are in seconds since the start, and lead on and back', () => {
  const event = (kind: string, time: string): Event => ({ v: 1, id: time, sensor: 's', kind, time });
  const all = marks(
    [event('session.open', '2026-01-01T00:00:00Z'), event('login.attempt', '2026-01-01T00:00:01.5Z'), event('command.input', '2026-01-01T00:00:03Z')],
    '2026-01-01T00:00:00Z',
    (one) => one.kind,
  );
  expect(all.map((mark) => mark.time)).toEqual([1.5, 3]);
  expect(neighbour(all, 0, 1)?.time).toBe(1.5);
  expect(neighbour(all, 1.5, 1)?.time).toBe(3);
  expect(neighbour(all, 3, 1)).toBeNull();
  expect(neighbour(all, 3, -1)?.time).toBe(1.5);
});

test('a moment keeps its place when pauses are cut', () => {
  const frames = [out(1, 'a'), out(11, 'b'), out(12, 'c')];
  const cut = withoutIdle(frames, 2);
  expect([0.5, 1, 6, 11, 12, 99].map((time) => moved(frames, cut, time))).toEqual([0.5, 1, 2, 3, 4, 4]);
  expect(moved(cut, frames, 2)).toBe(6);
});

test('the cursor moves, lines are erased, wide characters take two cells', async () => {
  expect(asText(lineRuns(await written('abc\rX\x1b[K\r\nsecond\x1b[1A\x1b[3Gup')))).toBe('X up\nsecond');
  expect(asText(lineRuns(await written('日本\x1b[5Gx')))).toBe('日本x');
  expect(asText(lineRuns(await written('below\x1b[?1049h\x1b[Habove')))).toBe('above');
  expect(asText(lineRuns(await written('below\x1b[?1049h\x1b[Habove\x1b[?1049l')))).toBe('below');
});

test('the cursor is a cell of its own look', async () => {
  const runs = lineRuns(await written('ab'));
  expect(runs[0]?.map((run) => run.text)).toEqual(['ab', ' ', '']);
  expect(runs[0]?.[1]?.background).not.toBeNull();
});

test('what is looked for becomes a run of its own, over changes of colour', async () => {
  const lines = highlighted(lineRuns(await written('xx wg\x1b[31met yy wget')), 'wget');
  expect(lines[0]?.filter((run) => run.found).map((run) => run.text)).toEqual(['wg', 'et', 'wget']);
  expect(asText(lines)).toBe('xx wget yy wget');
});

test('no sequence keeps the reader waiting or leads anywhere', async () => {
  const many = '2147483647';
  const finals = [...'bILMSTZ@PXABCDEFGHdefrGJK`a'];
  const begun = performance.now();
  for (const final of finals) expect(asText(lineRuns(await written(`a\x1b[${many}${final}`))).length).toBeLessThan(20_000);
  const links = await written('\x1b]8;;http://evil.example/\x07link\x1b]8;;\x07\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b[21t\x1b[6n\x1b[c');
  expect(asText(lineRuns(links))).toBe('link');
  expect(performance.now() - begun).toBeLessThan(4000);
});
