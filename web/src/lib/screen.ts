// What stands on a terminal, as runs of text of one look. Pure over the terminal's buffer.

import type { IBufferCell, Terminal } from '@xterm/headless';

export interface Run {
  text: string;
  colour: string | null;
  background: string | null;
  bold: boolean;
  underline: boolean;
  /** Whether it is what the reader looks for. */
  found?: boolean;
}

/** The sixteen colours, legible on the dark screen. */
const BASIC = [
  '#5b6b72', '#ff7d6b', '#86c78f', '#ffc46b', '#6fa8ff', '#c39af0', '#5cbccb', '#c9d6da',
  '#8b9da5', '#ff9c8d', '#a8dcae', '#ffd797', '#9bc2ff', '#d6baf6', '#8ad3de', '#ffffff',
];

/** A colour of the 256: basic, then a cube of six by six by six, then greys. */
export function indexed(index: number): string {
  const basic = BASIC[index];
  if (basic !== undefined) return basic;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}

function foreground(cell: IBufferCell): string | null {
  if (cell.isFgPalette()) return indexed(cell.getFgColor());
  if (cell.isFgRGB()) return rgb(cell.getFgColor());
  return null;
}

function background(cell: IBufferCell): string | null {
  if (cell.isBgPalette()) return indexed(cell.getBgColor());
  if (cell.isBgRGB()) return rgb(cell.getBgColor());
  return null;
}

const rgb = (value: number): string => `rgb(${(value >> 16) & 255} ${(value >> 8) & 255} ${value & 255})`;

/** Everything from the first line kept to the last with text on it, and the cursor. */
export function lineRuns(terminal: Terminal): Run[][] {
  const buffer = terminal.buffer.active;
  const cursorLine = buffer.baseY + buffer.cursorY;
  const lines: Run[][] = [];
  const cell = buffer.getNullCell();
  for (let y = 0; y < buffer.length; y += 1) {
    const line = buffer.getLine(y);
    if (line === undefined) continue;
    const runs: Run[] = [];
    for (let x = 0; x < line.length; x += 1) {
      line.getCell(x, cell);
      if (cell.getWidth() === 0) continue;
      const reversed = (cell.isInverse() !== 0) !== (y === cursorLine && x === buffer.cursorX);
      const colour = reversed ? (background(cell) ?? '#060a0c') : foreground(cell);
      const behind = reversed ? (foreground(cell) ?? '#c9d6da') : background(cell);
      const bold = cell.isBold() !== 0;
      const underline = cell.isUnderline() !== 0;
      const text = cell.isInvisible() !== 0 ? ' ' : cell.getChars() || ' ';
      const last = runs.at(-1);
      if (last && last.colour === colour && last.background === behind && last.bold === bold && last.underline === underline) {
        last.text += text;
      } else {
        runs.push({ text, colour, background: behind, bold, underline });
      }
    }
    const last = runs.at(-1);
    if (last && last.background === null && !last.underline) last.text = last.text.trimEnd();
    if (line.isWrapped && lines.length > 0) lines.at(-1)?.push(...runs);
    else lines.push(runs);
  }
  while (lines.length > 0 && lines.at(-1)?.every((run) => run.text === '')) lines.pop();
  return lines;
}

/** What stands there as text, for the clipboard. */
export function asText(lines: readonly Run[][]): string {
  return lines.map((line) => line.map((run) => run.text).join('').trimEnd()).join('\n').trimEnd();
}

/** The same with each place of `wanted` as a run of its own. */
export function highlighted(lines: readonly Run[][], wanted: string): Run[][] {
  const needle = wanted.toLowerCase();
  if (needle === '') return [...lines];
  return lines.map((line) => {
    const text = line.map((run) => run.text).join('').toLowerCase();
    if (!text.includes(needle)) return line;
    const runs: Run[] = [];
    let offset = 0;
    for (const run of line) {
      let at = 0;
      while (at < run.text.length) {
        const begin = text.lastIndexOf(needle, offset + at);
        const inside = begin >= 0 && offset + at < begin + needle.length;
        const next = text.indexOf(needle, offset + at);
        const until = inside ? begin + needle.length - offset : next < 0 ? run.text.length : next - offset;
        const end = Math.max(at + 1, Math.min(run.text.length, until));
        runs.push({ ...run, text: run.text.slice(at, end), found: inside });
        at = end;
      }
      offset += run.text.length;
    }
    return runs;
  });
}
