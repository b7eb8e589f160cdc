import { expect, test } from 'vitest';
import { place, rows } from './hexdump';

test('digits become rows of sixteen bytes with their characters', () => {
  const digits = '7f454c46' + '00'.repeat(12) + '2f62';
  const [first, second] = rows(0x40, digits);
  expect(first?.offset).toBe(0x40);
  expect(first?.bytes).toHaveLength(16);
  expect(first?.text).toBe('.ELF............');
  expect(second).toEqual({ offset: 0x50, bytes: ['2f', '62'], text: '/b' });
  expect(rows(0, '')).toEqual([]);
});

test('places are decimal or hexadecimal', () => {
  expect(place('0x1F')).toBe(31);
  expect(place(' 31 ')).toBe(31);
  for (const wrong of ['', 'x', '-1', '0x', '1e3', '0xffffffffffffff']) expect(place(wrong), wrong).toBeNull();
});
