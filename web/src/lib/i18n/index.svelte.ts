// Texts in the reader's language.

import { prefs } from '../prefs.svelte';
import { en, type Key, type Messages } from './en';
import { ja } from './ja';
import { fill } from './fill';

export type { Key } from './en';

const languages: Record<'en' | 'ja', Messages> = { en, ja };

/** A text, with `{name}` filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(languages[prefs.language][key], values);
}

/** The text of a name from the hub (`kind.` + `session.open`); the name itself if it is new to us. */
export function named(prefix: string, name: string): string {
  const messages: Partial<Record<string, string>> = languages[prefs.language];
  return messages[`${prefix}.${name}`] ?? name;
}
