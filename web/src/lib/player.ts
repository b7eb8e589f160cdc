// A recording as something to find one's way in: its text, places where words stand, marks.
// Pure over frames.

import type { Event } from './api/types';
import type { Frame } from './asciicast';

/** Escape and control sequences (ECMA-48), and what else does not show. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Output as text, lines ending in `\n`. */
export function plain(output: string): string {
  return output.replace(/\r\n/g, '\n').replace(UNSEEN, '');
}

/** The words of a recording, and when each was written. */
export interface Words {
  text: string;
  /** Where each frame's text begins in `text`; as long as the frames. */
  starts: number[];
}

/** The words that a recording shows. An escape sequence may reach over frames. */
export function words(frames: readonly Frame[]): Words {
  const starts: number[] = [];
  let text = '';
  let rest = '';
  for (const frame of frames) {
    starts.push(text.length);
    if (frame.kind !== 'o') continue;
    const data = rest + frame.data;
    // eslint-disable-next-line no-control-regex
    const open = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,4096})?$/.exec(data);
    const whole = open ? data.slice(0, open.index) : data;
    rest = open ? data.slice(open.index) : '';
    text += plain(whole).toLowerCase();
  }
  return { text, starts };
}

const FINDS_MAX = 1000;

/** Frames in which a text is complete, in order; one for each place. Case does not matter. */
export function find(recorded: Words, wanted: string): number[] {
  const needle = wanted.toLowerCase();
  if (needle === '') return [];
  const found: number[] = [];
  let frame = 0;
  for (let at = recorded.text.indexOf(needle); at >= 0 && found.length < FINDS_MAX; at = recorded.text.indexOf(needle, at + needle.length)) {
    const last = at + needle.length - 1;
    while (frame + 1 < recorded.starts.length && (recorded.starts[frame + 1] as number) <= last) frame += 1;
    found.push(frame);
  }
  return found;
}

/** Output in which no line ends as a terminal would have it: a command's own, without a pty. */
export function isBare(frames: readonly Frame[]): boolean {
  const output = frames.filter((frame) => frame.kind === 'o');
  return output.some((frame) => frame.data.includes('\n')) && !output.some((frame) => frame.data.includes('\r\n'));
}

/** A moment in a recording that is worth a look. */
export interface Mark {
  time: number;
  kind: string;
  label: string;
}

const MARKED = ['login.attempt', 'login.canary', 'command.input', 'download.request', 'sample.captured', 'file.transfer'];
const MARKS_MAX = 400;

/** Marks of a session's events, in seconds since its start. */
export function marks(events: readonly Event[], started: string, label: (event: Event) => string): Mark[] {
  const start = Date.parse(started);
  return events
    .filter((event) => MARKED.includes(event.kind))
    .slice(0, MARKS_MAX)
    .map((event) => ({ time: Math.max(0, (Date.parse(event.time) - start) / 1000), kind: event.kind, label: label(event) }));
}

/** The mark before or after a moment; `null` if there is none. */
export function neighbour(all: readonly Mark[], time: number, direction: 1 | -1): Mark | null {
  const near = 0.05;
  if (direction > 0) return all.find((mark) => mark.time > time + near) ?? null;
  return all.findLast((mark) => mark.time < time - near) ?? null;
}

/** Where a moment of `from` lies in `to`, the same frames at other times. */
export function moved(from: readonly Frame[], to: readonly Frame[], time: number): number {
  const next = from.findIndex((frame) => frame.time >= time);
  if (next < 0) return to.at(-1)?.time ?? 0;
  const before = next === 0 ? { from: 0, to: 0 } : { from: (from[next - 1] as Frame).time, to: (to[next - 1] as Frame).time };
  const after = { from: (from[next] as Frame).time, to: (to[next] as Frame).time };
  const part = after.from === before.from ? 1 : (time - before.from) / (after.from - before.from);
  return before.to + part * (after.to - before.to);
}
