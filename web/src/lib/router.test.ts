import { expect, test } from 'vitest';
import { afterLogin, route, section } from './router';

const UUID = '01a207ec-8cd6-7545-8540-5acefd31258a';
const SHA = 'ab'.repeat(32);

test('every page has its address', () => {
  expect(route('/')).toEqual({ page: 'overview' });
  for (const page of ['events', 'sessions', 'samples', 'indicators', 'feeds', 'login'] as const) {
    expect(route(`/${page}`)).toEqual({ page });
    expect(route(`/${page}/`)).toEqual({ page });
  }
  expect(route(`/sessions/${UUID}`)).toEqual({ page: 'session', id: UUID });
  expect(route(`/indicators/${UUID}`)).toEqual({ page: 'indicator', id: UUID });
  expect(route(`/samples/${SHA.toUpperCase()}`)).toEqual({ page: 'sample', id: SHA });
  expect(route(`/samples/${SHA}/bytes`)).toEqual({ page: 'bytes', id: SHA });
});

test('what is no address of ours is unknown', () => {
  for (const path of ['/nowhere', '/sessions/1', `/samples/${SHA}0`, '/events/1', '/a/b/c']) {
    expect(route(path)).toEqual({ page: 'unknown' });
  }
});

test('a single thing belongs to its list', () => {
  expect(section(route(`/samples/${SHA}`))).toBe('samples');
  expect(section(route('/login'))).toBeNull();
});

test('logging in leads to a page of ours only', () => {
  expect(afterLogin('/events?kind=fault')).toBe('/events?kind=fault');
  for (const next of [null, '', 'https://evil.example/', '//evil.example', '/\\evil.example', '/\t/evil.example', '/login?next=/login']) {
    expect(afterLogin(next)).toBe('/');
  }
});
