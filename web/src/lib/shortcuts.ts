// Keys that lead somewhere. Pure: the component hands over keys and acts on the answer.

export type Action = { go: string } | 'search' | 'help' | null;

const PLACES: Record<string, string> = {
  o: '/',
  e: '/events',
  s: '/sessions',
  c: '/credentials',
  m: '/samples',
  b: '/sandbox',
  i: '/indicators',
  t: '/telescope',
  f: '/feeds',
};

/** `g` waits this long for its second key. */
const WAIT_MS = 1500;

/** Follows the keys typed outside of fields. */
export class Shortcuts {
  #armedUntil = 0;

  key(key: string, now: number): Action {
    if (now < this.#armedUntil) {
      this.#armedUntil = 0;
      const to = PLACES[key.toLowerCase()];
      if (to !== undefined) return { go: to };
    }
    if (key === 'g') this.#armedUntil = now + WAIT_MS;
    else if (key === '/') return 'search';
    else if (key === '?') return 'help';
    return null;
  }
}

/** Whether keys belong to the element, not to shortcuts. */
export function typesText(element: { tagName: string; isContentEditable?: boolean }): boolean {
  return element.isContentEditable === true || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
}
