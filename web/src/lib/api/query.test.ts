import { expect, test } from 'vitest';
import { localToRfc3339, pick, query, rfc3339ToLocal } from './query';

test('only what is set stands in a query, escaped', () => {
  expect(query({ kind: 'login.attempt', src_ip: '2001:db8::1', before: null, limit: 100, q: '', to: undefined })).toBe('?kind=login.attempt&src_ip=2001%3Adb8%3A%3A1&limit=100');
  expect(query({})).toBe('');
});

test('a query can be read back', () => {
  const text = query({ q: 'a&b=c #%', role: 'c2' });
  expect(pick(new URLSearchParams(text), ['q', 'role', 'kind'] as const)).toEqual({ q: 'a&b=c #%', role: 'c2', kind: '' });
});

test('times of a form field become RFC 3339 and come back', () => {
  expect(localToRfc3339('2026-11-23T09:54', true)).toBe('2026-11-23T09:54:00.000Z');
  for (const utc of [true, false]) {
    expect(rfc3339ToLocal(localToRfc3339('2026-11-23T09:54', utc), utc)).toBe('2026-11-23T09:54');
  }
  expect(localToRfc3339('yesterday', true)).toBe('');
  expect(rfc3339ToLocal('yesterday', true)).toBe('');
});
