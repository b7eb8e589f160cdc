// Numbers, sizes, times and identities as people read them. Pure.

export type Lang = 'en' | 'ja';

/** An integer with separators. */
export function integer(value: number, lang: Lang): string {
  return new Intl.NumberFormat(lang).format(value);
}

/** A large count in few characters: 1,204 -> `1,204`, 18300 -> `18.3k`. SI letters in both languages. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return new Intl.NumberFormat('en').format(Math.round(value));
  for (const [unit, letter] of [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']] as const) {
    if (Math.abs(value) >= unit) {
      const scaled = value / unit;
      return `${scaled.toFixed(Math.abs(scaled) < 100 ? 1 : 0)}${letter}`;
    }
  }
  return String(value);
}

/** Bytes with binary units: 1536 -> `1.5 KiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  const text = unit === 0 || scaled >= 100 ? scaled.toFixed(0) : scaled.toFixed(1);
  return `${text} ${units[unit]}`;
}

/** Milliseconds: 340 -> `340 ms`, 5200 -> `5.2 s`, 65000 -> `1 m 05 s`, 7500000 -> `2 h 05 m`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const minutes = seconds / 60;
  if (minutes < 60) return `${Math.floor(minutes)} m ${two(seconds % 60)} s`;
  const hours = minutes / 60;
  if (hours < 48) return `${Math.floor(hours)} h ${two(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** A position in a recording: 65 -> `1:05`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** An instant as `2026-11-23 09:54:55`, in the reader's zone or UTC; the text itself if it is none. */
export function instant(rfc3339: string, utc: boolean, precision: 's' | 'ms' | 'min' = 's'): string {
  const time = new Date(rfc3339);
  if (Number.isNaN(time.getTime())) return rfc3339;
  const shifted = utc ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  const text = shifted.toISOString().replace('T', ' ').replace('Z', '');
  return text.slice(0, precision === 'ms' ? 23 : precision === 's' ? 19 : 16);
}

/** Only the time of day, with milliseconds. */
export function timeOfDay(rfc3339: string, utc: boolean): string {
  return instant(rfc3339, utc, 'ms').slice(11);
}

/** The zone of {@link instant}: `UTC`, `UTC+09:00`. */
export function zoneName(utc: boolean, offsetMinutes = -new Date().getTimezoneOffset()): string {
  if (utc || offsetMinutes === 0) return 'UTC';
  const sign = offsetMinutes < 0 ? '-' : '+';
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(offsetMinutes);
  return `UTC${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** How long ago (or ahead): `3 minutes ago`, `3 分前`. */
export function relative(rfc3339: string, now: number, lang: Lang): string {
  const time = Date.parse(rfc3339);
  if (Number.isNaN(time)) return '';
  const seconds = (time - now) / 1000;
  const words = new Intl.RelativeTimeFormat(lang, { numeric: 'always', style: 'short' });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(Math.trunc(seconds), 'second');
  if (size < 3600) return words.format(Math.trunc(seconds / 60), 'minute');
  if (size < 86_400 * 2) return words.format(Math.trunc(seconds / 3600), 'hour');
  return words.format(Math.trunc(seconds / 86_400), 'day');
}

/** The change from one count to the next in per cent; `null` where there was nothing before. */
export function change(now: number, before: number): number | null {
  return before === 0 ? null : ((now - before) / before) * 100;
}

/** A change as text: `+12%`, `-3%`, `±0%`; over tenfold as `×12`. */
export function signed(percent: number): string {
  const whole = Math.round(percent);
  if (whole === 0) return '±0%';
  if (whole >= 900) return `×${Math.round(percent / 100 + 1)}`;
  return `${whole > 0 ? '+' : '−'}${Math.abs(whole)}%`;
}

/** The start of a hash or identity, for a table. */
export function short(text: string, length = 12): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** An identity whose end differs most (UUIDv7 begins with the time). */
export function shortId(id: string): string {
  return id.length > 13 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** Address and port; IPv6 in brackets. */
export function endpoint(ip: string | undefined, port: number | undefined): string {
  if (ip === undefined) return '';
  if (port === undefined) return ip;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** A number in hexadecimal: 0x1f40. */
export function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** How a string was written in a file: `plain`, `XOR 0x22`, `Base64`. */
export function encodingName(encoding: { encoding: string; key?: number | string }): string {
  switch (encoding.encoding) {
    case 'xor':
      return `XOR ${hex(Number(encoding.key ?? 0), 2)}`;
    case 'xorlong':
      return `XOR 0x${encoding.key ?? ''}`;
    case 'utf16le':
      return 'UTF-16LE';
    case 'base64':
      return 'Base64';
    default:
      return encoding.encoding;
  }
}

/** A peer's text for reading: a backslash, which comes as two, is one again, except where it would
 * read as the mark of an escaped byte (`\xNN`). */
export const readable = (text: string): string => text.replace(/\\\\(?!x[0-9a-f]{2})/g, '\\');
