// Rows of a hex dump from the digits that the hub sends.

/** Bytes in a row. */
export const ROW = 16;

export interface HexRow {
  offset: number;
  /** Two digits each. */
  bytes: string[];
  /** The printable characters, a dot for others. */
  text: string;
}

/** Cuts digits into rows that begin at multiples of 16 after `offset`. */
export function rows(offset: number, digits: string): HexRow[] {
  const found: HexRow[] = [];
  for (let at = 0; at < digits.length; at += ROW * 2) {
    const bytes = digits.slice(at, at + ROW * 2).match(/../g) ?? [];
    const text = bytes.map((byte) => printable(Number.parseInt(byte, 16))).join('');
    found.push({ offset: offset + at / 2, bytes, text });
  }
  return found;
}

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

/** A place as a person writes it: decimal, or hexadecimal with `0x`; null for anything else. */
export function place(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  const value = /^0x[0-9a-f]{1,12}$/.test(trimmed) ? Number.parseInt(trimmed, 16) : /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : NaN;
  return Number.isSafeInteger(value) ? value : null;
}
