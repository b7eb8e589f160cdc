// The filters of the events page, applied to live events as the hub applies them to stored ones.

import type { Event } from './api/types';
import { gist } from './gist';

export const EVENT_FILTERS = ['kind', 'src_ip', 'protocol', 'sha256', 'session', 'from', 'to', 'text'] as const;
export type EventFilter = Record<(typeof EVENT_FILTERS)[number], string>;

/** Whether a live event belongs into the filtered list (the text is judged apart). */
export function matches(event: Event, filter: EventFilter): boolean {
  const equal = (wanted: string, value: unknown): boolean => wanted === '' || wanted === value;
  return (
    equal(filter.kind, event.kind) &&
    equal(filter.src_ip, event.src_ip) &&
    equal(filter.protocol, event.protocol) &&
    equal(filter.sha256, event.sha256) &&
    equal(filter.session, event.session) &&
    (filter.from === '' || Date.parse(event.time) >= Date.parse(filter.from))
  );
}

/** Whether the text stands anywhere in the event. */
export function contains(event: Event, text: string): boolean {
  if (text === '') return true;
  const wanted = text.toLowerCase();
  return gist(event).toLowerCase().includes(wanted) || JSON.stringify(event).toLowerCase().includes(wanted);
}
