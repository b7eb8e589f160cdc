import { expect, test } from 'vitest';
import type { SandboxProcess } from './api/types';
import { nested } from './processes';

const process = (pid: number, parent?: number): SandboxProcess => ({
  run: 1,
  pid,
  ...(parent === undefined ? {} : { parent }),
  started_ms: pid,
  programs: [],
  threads: 0,
  children: 0,
  did: [],
});
const told = (list: SandboxProcess[]): string => nested(list).map(({ process: { pid }, depth }) => `${depth}:${pid}`).join(' ');

test('children stand below the one that made them', () => {
  expect(told([process(1), process(2, 1), process(3, 1), process(4, 2)])).toBe('0:1 1:2 2:4 1:3');
});

test('a guest that lies makes no loop', () => {
  expect(told([process(1, 2), process(2, 1), process(2, 2), process(5, 9)])).toBe('0:1 1:2 0:5');
});
