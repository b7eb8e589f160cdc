// Query strings: built for the API, and kept in the page's address so that a view can be shared.

export type Params = Record<string, string | number | boolean | null | undefined>;

/** `?a=1&b=2` of what is set; empty when nothing is. Order is that of the object. */
export function query(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === '' || value === false) continue;
    search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** The named parameters of an address; empty text for those absent. */
export function pick<K extends string>(search: URLSearchParams, names: readonly K[]): Record<K, string> {
  return Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])) as Record<K, string>;
}

/** A `datetime-local` value (in the reader's zone, or UTC) as RFC 3339; empty if it is none. */
export function localToRfc3339(value: string, utc: boolean): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(value)) return '';
  const date = new Date(utc ? `${value}Z` : value);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** RFC 3339 as the value of a `datetime-local` field; empty if it is none. */
export function rfc3339ToLocal(value: string, utc: boolean): string {
  const date = new Date(value);
  if (value === '' || Number.isNaN(date.getTime())) return '';
  const shifted = utc ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
