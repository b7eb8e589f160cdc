import { expect, test } from 'vitest';
import { framesUntil, length, parse, size, withoutIdle } from './asciicast';

const cast = ['{"version":2,"width":80,"height":24,"timestamp":1700000000}', '[0.5,"o","a"]', '[1.0,"i","b"]', '[9.0,"o","c\\r\\n"]'].join('\n');

test('a recording is read with its times', () => {
  const read = parse(cast);
  expect(read).toMatchObject({ width: 80, height: 24, started: 1_700_000_000 });
  expect(read?.frames.map((frame) => frame.time)).toEqual([0.5, 1, 9]);
  expect(length(read?.frames ?? [])).toBe(9);
});

test('a cut-off or odd line is skipped, and time never runs backwards', () => {
  const read = parse(`${cast}\n[4,"o","late"]\n[-1,"o","x"]\n[10,"z","x"]\n["1","o","x"]\n[10,"o","cut`);
  expect(read?.frames.map((frame) => frame.time)).toEqual([0.5, 1, 9, 9]);
});

test('other formats are refused', () => {
  for (const text of ['', '[]', 'null', '{"version":1}', '{"version":3}', 'hello']) expect(parse(text)).toBeNull();
});

test('sides of the screen are bounded', () => {
  expect(parse('{"version":2,"width":1e9,"height":-1}')).toMatchObject({ width: 500, height: 24 });
  expect(size('100x40')).toEqual([100, 40]);
  expect(size('9999x40')).toEqual([500, 40]);
  expect(size('wide')).toBeNull();
});

test('pauses are cut to a length, the rest keeps its rhythm', () => {
  const frames = parse(cast)?.frames ?? [];
  expect(withoutIdle(frames, 1.5).map((frame) => frame.time)).toEqual([0.5, 1, 2.5]);
});

test('what has happened by a moment', () => {
  const frames = parse(cast)?.frames ?? [];
  expect([0, 0.5, 1.2, 100].map((time) => framesUntil(frames, time))).toEqual([0, 1, 2, 3]);
});
