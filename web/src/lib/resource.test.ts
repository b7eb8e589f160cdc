import { expect, test } from 'vitest';
import { ApiError } from './api/client';
import type { Page } from './api/types';
import { List, Resource } from './resource.svelte';

const pages: Record<string, Page<number>> = {
  first: { items: [9, 8, 7], next: 'a' },
  a: { items: [6, 5], next: null },
};
const from = (before: string | null): Promise<Page<number>> => Promise.resolve(pages[before ?? 'first'] as Page<number>);

test('a list is read page by page, newest first', async () => {
  const list = new List<number>();
  await list.start(from);
  expect([list.items, list.more, list.ready]).toEqual([[9, 8, 7], true, true]);
  await list.loadMore();
  expect([list.items, list.more]).toEqual([[9, 8, 7, 6, 5], false]);
  await list.loadMore();
  expect(list.items).toHaveLength(5);
});

test('live rows go on top; when they push others out, paging on is offered only afresh', async () => {
  const list = new List<number>();
  await list.start(from);
  list.prepend([10], 4);
  expect([list.items, list.more, list.cut]).toEqual([[10, 9, 8, 7], true, false]);
  list.prepend([12, 11], 4);
  expect([list.items, list.more, list.cut]).toEqual([[12, 11, 10, 9], false, true]);
  await list.refresh();
  expect([list.items, list.more, list.cut]).toEqual([[9, 8, 7], true, false]);
});

test('an error is kept for the reader, and what was read stays', async () => {
  const list = new List<number>();
  await list.start(from);
  await list.start(() => Promise.reject(new ApiError(503, 'busy', 'wait')));
  expect([list.error?.status, list.ready, list.loading]).toEqual([503, false, false]);
});

test('a later load wins over an earlier one that is slower', async () => {
  const one = new Resource<string>();
  let release: (value: string) => void = () => {};
  const slow = one.load(() => new Promise((done) => (release = done)));
  await one.load(() => Promise.resolve('new'));
  release('old');
  await slow;
  expect([one.data, one.loading, one.error]).toEqual(['new', false, null]);
});
