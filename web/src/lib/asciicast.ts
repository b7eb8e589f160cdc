// Terminal recordings: the asciicast v2 format (docs.asciinema.org/manual/asciicast/v2),
// and time in them with long pauses shortened. Pure; a line that cannot be read is skipped,
// since a recording may have been cut short.

export interface Frame {
  /** Seconds since the start. */
  time: number;
  /** Output to the terminal, input from the peer, a resize, or a marker. */
  kind: 'o' | 'i' | 'r' | 'm';
  data: string;
}

export interface Recording {
  width: number;
  height: number;
  /** Seconds since 1970, if the header says. */
  started: number | null;
  frames: Frame[];
}

const MAX_SIDE = 500;
const side = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? Math.min(value, MAX_SIDE) : otherwise;

/** Reads a recording; `null` if the header is not asciicast v2. */
export function parse(text: string): Recording | null {
  const lines = text.split('\n');
  const header = readJson(lines[0] ?? '');
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return null;
  const fields = header as Record<string, unknown>;
  if (fields['version'] !== 2) return null;
  const frames: Frame[] = [];
  let last = 0;
  for (const line of lines.slice(1)) {
    const frame = readFrame(line);
    if (frame === null) continue;
    // Time never runs backwards, whatever the clock of the sensor did.
    last = Math.max(last, frame.time);
    frames.push({ ...frame, time: last });
  }
  return {
    width: side(fields['width'], 80),
    height: side(fields['height'], 24),
    started: typeof fields['timestamp'] === 'number' ? fields['timestamp'] : null,
    frames,
  };
}

function readFrame(line: string): Frame | null {
  const value = readJson(line);
  if (!Array.isArray(value) || value.length < 3) return null;
  const [time, kind, data] = value as unknown[];
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0 || typeof data !== 'string') return null;
  if (kind !== 'o' && kind !== 'i' && kind !== 'r' && kind !== 'm') return null;
  return { time, kind, data };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The same frames with every pause cut to at most `pause` seconds. */
export function withoutIdle(frames: readonly Frame[], pause: number): Frame[] {
  let cut = 0;
  let before = 0;
  return frames.map((frame) => {
    cut += Math.max(0, frame.time - before - pause);
    before = frame.time;
    return { ...frame, time: frame.time - cut };
  });
}

/** When the last frame is. */
export function length(frames: readonly Frame[]): number {
  return frames.at(-1)?.time ?? 0;
}

/** How many frames have happened by `time`; frames are in order. */
export function framesUntil(frames: readonly Frame[], time: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((frames[middle] as Frame).time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `120x40` of a resize frame. */
export function size(data: string): [number, number] | null {
  const match = /^(\d{1,4})x(\d{1,4})$/.exec(data);
  if (match === null) return null;
  return [side(Number(match[1]), 80), side(Number(match[2]), 24)];
}
