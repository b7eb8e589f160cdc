// The hub's live events: one connection for the whole UI, shared by whoever listens.

import { api } from './api/client';
import type { Event } from './api/types';

export type LiveState = 'off' | 'connecting' | 'live' | 'lost';

/** Events handed to listeners at most this often, so that a flood costs one redraw. */
const BATCH_MS = 250;
/** Of a flood, the newest so many are handed on; the rest is counted. */
const BATCH_MAX = 200;
const RATE_SECONDS = 30;
const RETRY_MS = 5000;

type Listener = (events: Event[], missed: number) => void;

class Live {
  state = $state<LiveState>('off');
  /** Events in each of the last seconds, oldest first. */
  rates = $state.raw<number[]>(new Array<number>(RATE_SECONDS).fill(0));
  #source: EventSource | null = null;
  #listeners = new Set<Listener>();
  #batch: Event[] = [];
  #missed = 0;
  #second = 0;
  #timers: number[] = [];
  #retry = 0;

  /** Mean number of events per second over the last ten. */
  get rate(): number {
    const last = this.rates.slice(-10);
    return last.reduce((sum, count) => sum + count, 0) / last.length;
  }

  start(): void {
    if (this.state !== 'off') return;
    this.#connect();
    this.#timers = [
      window.setInterval(() => this.#flush(), BATCH_MS),
      window.setInterval(() => this.#tick(), 1000),
    ];
  }

  stop(): void {
    this.#source?.close();
    this.#source = null;
    for (const timer of this.#timers) window.clearInterval(timer);
    window.clearTimeout(this.#retry);
    this.#timers = [];
    this.#batch = [];
    this.state = 'off';
  }

  /** Hears events, newest first, until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #connect(): void {
    this.state = 'connecting';
    const source = new EventSource('/api/events/stream');
    this.#source = source;
    source.onopen = () => (this.state = 'live');
    source.onerror = () => {
      this.state = 'lost';
      // The browser tries again by itself unless the hub refused outright.
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      this.#retry = window.setTimeout(() => this.#connect(), RETRY_MS);
      // If the session has ended, this answer leads to the log-in, which stops the retries.
      void api.me().catch(() => {});
    };
    source.addEventListener('event', (message) => {
      this.#second += 1;
      if (this.#listeners.size === 0) return;
      if (this.#batch.length >= BATCH_MAX) {
        this.#missed += 1;
        this.#batch.shift();
      }
      const event = readEvent((message as MessageEvent<string>).data);
      if (event !== null) this.#batch.push(event);
    });
    source.addEventListener('lagged', (message) => {
      this.#missed += readMissed((message as MessageEvent<string>).data);
    });
  }

  #flush(): void {
    if (this.#batch.length === 0 && this.#missed === 0) return;
    const events = this.#batch.reverse();
    const missed = this.#missed;
    this.#batch = [];
    this.#missed = 0;
    for (const listener of this.#listeners) listener(events, missed);
  }

  #tick(): void {
    this.rates = [...this.rates.slice(1), this.#second];
    this.#second = 0;
  }
}

function readEvent(data: string): Event | null {
  try {
    return JSON.parse(data) as Event;
  } catch {
    return null;
  }
}

function readMissed(data: string): number {
  try {
    const value: unknown = (JSON.parse(data) as { missed?: unknown }).missed;
    return typeof value === 'number' ? value : 0;
  } catch {
    return 0;
  }
}

export const live = new Live();
