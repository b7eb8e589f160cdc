import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EVENT_KINDS, OBSERVABLE_KINDS, ROLES } from '../api/types';
import { en } from './en';
import { fill } from './fill';
import { ja } from './ja';

const keys = Object.keys(en) as (keyof typeof en)[];
const values = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();

test('both languages have the same keys, in the same order', () => {
  expect(Object.keys(ja)).toEqual(keys);
});

test('both languages use the same values', () => {
  for (const key of keys) expect(values(ja[key]), key).toEqual(values(en[key]));
});

test('no text is empty, and Japanese texts are Japanese', () => {
  const shared = /^(UTC|URL|SHA-256|TLP|C&C|IoC|TLS ClientHello)$/;
  for (const key of keys) {
    expect(en[key].trim(), key).not.toBe('');
    if (!shared.test(ja[key])) expect(ja[key], key).toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
  }
});

test('every name of the model has a text', () => {
  for (const kind of EVENT_KINDS) expect(keys).toContain(`kind.${kind}`);
  for (const role of ROLES) expect(keys).toContain(`role.${role}`);
  for (const kind of OBSERVABLE_KINDS) expect(keys).toContain(`observable.${kind}`);
});

/** The names of an enum of the model as JSON carries them. */
function modelNames(file: string, name: string): string[] {
  const source = readFileSync(new URL(`../../../../crates/ukai-model/src/${file}.rs`, import.meta.url), 'utf8');
  const body = source.split(`pub enum ${name} {`)[1]?.split('\n}')[0] ?? '';
  const variants = [...body.matchAll(/^ {4}([A-Z]\w*)/gm)].map((match) => match[1] ?? '');
  return variants.map((variant) => variant.replace(/(?!^)([A-Z])/g, '-$1').toLowerCase());
}

test('no name that the hub can send is left untranslated', () => {
  const enums = { reason: ['event_words', 'CloseReason'], how: ['event_words', 'CaptureHow'], operation: ['event_words', 'FileOperation'], evidence: ['indicator', 'EvidenceKind'], role: ['indicator', 'Role'], observable: ['observable', 'ObservableKind'], artefact: ['findings', 'ArtefactKind'] } as const;
  for (const [prefix, [file, name]] of Object.entries(enums)) {
    const names = modelNames(file, name);
    expect(names.length, name).toBeGreaterThan(3);
    for (const one of names) expect(keys).toContain(`${prefix}.${one}`);
  }
  const events = readFileSync(new URL('../../../../crates/ukai-model/src/event.rs', import.meta.url), 'utf8');
  const kinds = [...events.matchAll(/serde\(rename = "([a-z.]+)"\)/g)].map((match) => match[1]);
  expect(kinds).toEqual([...EVENT_KINDS]);
});

test('values are filled in, and a missing one shows', () => {
  expect(fill('{n} of {total}', { n: 1, total: 2 })).toBe('1 of 2');
  expect(fill('{n} of {total}', { n: 1 })).toBe('1 of ⟦total⟧');
});
