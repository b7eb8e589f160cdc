// A terminal for text that attackers chose: xterm's parser without its display, and without
// what would keep the reader's browser busy. Titles, links, clipboard and answers to queries
// lead nowhere, since nobody listens to them.

import { Terminal } from '@xterm/headless';

export { Terminal };

/** Sequences that do something N times, and how often that is of use. */
const REPEATING = [
  ['b', 'cols'],
  ['I', 'cols'],
  ['Z', 'cols'],
  ['L', 'rows'],
  ['M', 'rows'],
  ['S', 'rows'],
  ['T', 'rows'],
] as const;

export const SCROLLBACK_LINES = 2000;

/** A terminal of that size. `convertEol` is for output that no terminal has been in between. */
export function makeTerminal(cols: number, rows: number, convertEol = false): Terminal {
  const terminal = new Terminal({ cols, rows, scrollback: SCROLLBACK_LINES, convertEol, allowProposedApi: true, logLevel: 'off' });
  for (const [final, side] of REPEATING) {
    // `true`: it is dealt with, by leaving it out.
    terminal.parser.registerCsiHandler({ final }, ([count]) => typeof count === 'number' && count > terminal[side]);
  }
  return terminal;
}
