// The processes of a run as a tree, written down line by line.

import type { SandboxProcess } from './api/types';

export interface Line {
  process: SandboxProcess;
  depth: number;
}

/** Each process below the one that made it, in order of their beginning. A process whose
 * maker is not there, or comes later, stands at the top: the guest's word may be anything. */
export function nested(processes: SandboxProcess[]): Line[] {
  const children = new Map<number | null, SandboxProcess[]>();
  const known = new Set<number>();
  for (const process of processes) {
    const parent = process.parent !== undefined && known.has(process.parent) ? process.parent : null;
    if (known.has(process.pid)) continue;
    known.add(process.pid);
    const list = children.get(parent);
    if (list) list.push(process);
    else children.set(parent, [process]);
  }
  const lines: Line[] = [];
  const waiting: Line[] = (children.get(null) ?? []).map((process) => ({ process, depth: 0 })).reverse();
  for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
    const { process, depth } = line;
    lines.push(line);
    const below = (children.get(process.pid) ?? []).map((child) => ({ process: child, depth: depth + 1 }));
    waiting.push(...below.reverse());
  }
  return lines;
}
