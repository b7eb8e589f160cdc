// What a text typed into the search field may mean, best guess first. Pure.

import { query } from './api/query';

export type Meaning = 'sample' | 'session' | 'indicator' | 'samples' | 'indicators' | 'events-from' | 'sessions-from' | 'commands';

export interface Target {
  meaning: Meaning;
  href: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Undoes the usual defanging, so that a value from a report can be pasted. */
export function refang(text: string): string {
  return text
    .trim()
    .replace(/^hxxp(s?):/i, 'http$1:')
    .replace(/\[(\.|:)\]/g, '$1')
    .replace(/\[dot\]/gi, '.');
}

/** Whether a text is an IPv4 or IPv6 address, near enough to ask for it. */
export function isAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) < 256);
  return /^[0-9a-f:.]+$/i.test(text) && (text.match(/:/g) ?? []).length >= 2;
}

/** Where a search may lead. */
export function targets(typed: string): Target[] {
  const text = refang(typed);
  if (text === '') return [];
  const lower = text.toLowerCase();
  const found: Target[] = [];
  const uuid = UUID.exec(lower);
  if (/^[0-9a-f]{64}$/.test(lower)) found.push({ meaning: 'sample', href: `/samples/${lower}` });
  // Identities say by their version what they name: 7 sessions, 8 indicators.
  if (uuid?.[1] === '7') found.push({ meaning: 'session', href: `/sessions/${lower}` });
  if (uuid?.[1] === '8') found.push({ meaning: 'indicator', href: `/indicators/${lower}` });
  if (uuid) return found;
  if (isAddress(lower)) {
    found.push({ meaning: 'sessions-from', href: `/sessions${query({ src_ip: lower })}` });
    found.push({ meaning: 'events-from', href: `/events${query({ src_ip: lower })}` });
    found.push({ meaning: 'indicators', href: `/indicators${query({ q: text })}` });
    return found;
  }
  const samples: Target = { meaning: 'samples', href: `/samples${query({ q: text })}` };
  const indicators: Target = { meaning: 'indicators', href: `/indicators${query({ q: text })}` };
  const hash = /^[0-9a-f]{32}$|^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(lower);
  const networky = /[./:]/.test(text) && !hash;
  const commands: Target = { meaning: 'commands', href: `/sessions${query({ command: text })}` };
  return found.concat(networky ? [indicators, samples] : [samples, indicators], hash ? [] : [commands]);
}
