import { expect, test } from 'vitest';
import { bytes, change, clock, compact, duration, encodingName, endpoint, hex, instant, integer, readable, relative, short, shortId, signed, zoneName } from './format';

test('sizes have binary units and at most three digits', () => {
  expect([0, 1023, 1536, 49_196, 7_340_032_000].map(bytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '48.0 KiB', '6.8 GiB']);
});

test('counts stay exact until five digits, then get a letter', () => {
  expect([0, 9999, 11_640, 1_284_402, 123_456_789_012].map(compact)).toEqual(['0', '9,999', '11.6k', '1.3M', '123G']);
  expect(integer(1_284_402, 'ja')).toBe('1,284,402');
});

test('durations go from milliseconds to days', () => {
  expect([0, 340, 5200, 42_000, 65_000, 7_500_000, 458_000_000].map(duration)).toEqual(['0 ms', '340 ms', '5.2 s', '42 s', '1 m 05 s', '2 h 05 m', '5 d 07 h']);
  expect(clock(65.4)).toBe('1:05');
});

test('instants keep their order as text, and nonsense stays readable', () => {
  expect(instant('2026-11-23T09:54:55.123456789Z', true)).toBe('2026-11-23 09:54:55');
  expect(instant('2026-11-23T09:54:55.123456789Z', true, 'ms')).toBe('2026-11-23 09:54:55.123');
  expect(instant('2026-11-23T09:54:55Z', true, 'min')).toBe('2026-11-23 09:54');
  expect(instant('soon', true)).toBe('soon');
});

test('zones are named by their offset', () => {
  expect(zoneName(false, 540)).toBe('UTC+09:00');
  expect(zoneName(false, -210)).toBe('UTC-03:30');
  expect(zoneName(true, 540)).toBe('UTC');
});

test('how long ago, in both languages', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  expect(relative('2026-11-23T11:57:00Z', now, 'ja')).toBe('3 分前');
  expect(relative('2026-11-21T11:00:00Z', now, 'en')).toBe('2 days ago');
  expect(relative('never', now, 'en')).toBe('');
});

test('changes are signed, and nothing before is no change', () => {
  expect(change(5, 0)).toBeNull();
  expect([0.2, 12.4, -3.5, 1150].map(signed)).toEqual(['±0%', '+12%', '−3%', '×13']);
});

test('addresses, identities and encodings', () => {
  expect(endpoint('2001:db8::1', 23)).toBe('[2001:db8::1]:23');
  expect(endpoint('192.0.2.1', undefined)).toBe('192.0.2.1');
  expect(endpoint(undefined, 1)).toBe('');
  expect(short('0123456789abcdef')).toBe('0123456789ab…');
  expect(shortId('01a207ec-8cd6-7545-8540-5acefd31258a')).toBe('01a207ec…258a');
  expect(hex(0x1f40)).toBe('0x1f40');
  expect(encodingName({ encoding: 'xor', key: 2 })).toBe('XOR 0x02');
  expect(encodingName({ encoding: 'xorlong', key: 'deadbeef' })).toBe('XOR 0xdeadbeef');
});

test('paths of Windows have single backslashes, and escaped bytes stay marked', () => {
  expect(readable(String.raw`C:\\users\\a\x0ab`)).toBe(String.raw`C:\users\a\x0ab`);
  expect(readable(String.raw`C:\\x64\\b`)).toBe(String.raw`C:\\x64\b`);
});
