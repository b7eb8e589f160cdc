// Which page an address means. Pure; the browser's history is in location.svelte.ts.

export type Route =
  | { page: 'overview' }
  | { page: 'events' }
  | { page: 'sessions' }
  | { page: 'session'; id: string }
  | { page: 'credentials' }
  | { page: 'samples' }
  | { page: 'sample'; id: string }
  | { page: 'bytes'; id: string }
  | { page: 'sandbox' }
  | { page: 'behaviour'; id: string }
  | { page: 'indicators' }
  | { page: 'indicator'; id: string }
  | { page: 'telescope' }
  | { page: 'source'; id: string }
  | { page: 'feeds' }
  | { page: 'login' }
  | { page: 'unknown' };

/** The part of the navigation that a page belongs to. */
export type Section = 'overview' | 'events' | 'sessions' | 'credentials' | 'samples' | 'sandbox' | 'indicators' | 'telescope' | 'feeds';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Roughly; the hub says whether it is one. */
const ADDRESS = /^[0-9a-f.:]{2,45}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** The page of a path; `unknown` for what no page answers to. */
export function route(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second] = parts;
  if (parts.length === 0) return { page: 'overview' };
  if (parts.length === 1) {
    switch (first) {
      case 'events':
      case 'sessions':
      case 'credentials':
      case 'samples':
      case 'sandbox':
      case 'indicators':
      case 'telescope':
      case 'feeds':
      case 'login':
        return { page: first };
    }
  }
  if (parts.length === 2 && second !== undefined) {
    const id = second.toLowerCase();
    if (first === 'sessions' && UUID.test(id)) return { page: 'session', id };
    if (first === 'indicators' && UUID.test(id)) return { page: 'indicator', id };
    if (first === 'samples' && SHA256.test(id)) return { page: 'sample', id };
    if (first === 'sandbox' && SHA256.test(id)) return { page: 'behaviour', id };
  }
  if (parts.length === 3 && first === 'samples' && second !== undefined && parts[2] === 'bytes') {
    const id = second.toLowerCase();
    if (SHA256.test(id)) return { page: 'bytes', id };
  }
  if (parts.length === 3 && first === 'telescope' && second === 'sources') {
    const id = decodeURIComponent(parts[2] ?? '').toLowerCase();
    if (ADDRESS.test(id)) return { page: 'source', id };
  }
  return { page: 'unknown' };
}

/** The section to mark in the navigation, if any. */
export function section(at: Route): Section | null {
  switch (at.page) {
    case 'session':
      return 'sessions';
    case 'source':
      return 'telescope';
    case 'sample':
    case 'bytes':
      return 'samples';
    case 'behaviour':
      return 'sandbox';
    case 'indicator':
      return 'indicators';
    case 'login':
    case 'unknown':
      return null;
    default:
      return at.page;
  }
}

/** Where to go after logging in: a path of ours, never another site's address. */
export function afterLogin(next: string | null): string {
  if (next === null || !next.startsWith('/') || /^\/[/\\]/.test(next) || /[\s\\]/.test(next)) return '/';
  return next.startsWith('/login') ? '/' : next;
}
