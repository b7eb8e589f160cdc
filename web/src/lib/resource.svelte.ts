// Data of the hub as state: one thing, or a list read page by page.

import { ApiError } from './api/client';
import type { Page } from './api/types';

function asApiError(cause: unknown): ApiError | null {
  if (cause instanceof DOMException && cause.name === 'AbortError') return null;
  if (cause instanceof ApiError) return cause;
  return new ApiError(0, cause instanceof Error ? cause.message : String(cause));
}

/** One thing of the hub. */
export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  #current: AbortController | null = null;

  /** Loads; a load under way is dropped. With `keep`, what is shown stays until the answer. */
  async load(from: (signal: AbortSignal) => Promise<T>, keep = false): Promise<void> {
    this.stop();
    const controller = new AbortController();
    this.#current = controller;
    this.loading = true;
    if (!keep) {
      this.data = null;
      this.error = null;
    }
    try {
      const data = await from(controller.signal);
      if (controller.signal.aborted) return;
      this.data = data;
      this.error = null;
    } catch (cause) {
      if (controller.signal.aborted) return;
      this.error = asApiError(cause);
    }
    this.loading = false;
  }

  stop(): void {
    this.#current?.abort();
    this.#current = null;
  }
}

/** A list of the hub, newest first, read page by page. */
export class List<T> {
  items = $state.raw<T[]>([]);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  /** Whether the first page has come. */
  ready = $state(false);
  /** Whether rows at the end made way for live ones, so that paging on would leave a gap. */
  cut = $state(false);
  #next = $state<string | null>(null);
  #from: ((before: string | null, signal: AbortSignal) => Promise<Page<T>>) | null = null;
  #current: AbortController | null = null;

  get more(): boolean {
    return this.#next !== null;
  }

  /** Starts afresh with what `from` reads. */
  async start(from: (before: string | null, signal: AbortSignal) => Promise<Page<T>>): Promise<void> {
    this.#from = from;
    this.items = [];
    this.ready = false;
    this.#next = null;
    await this.#read(null);
  }

  /** The next page, added below. */
  async loadMore(): Promise<void> {
    if (this.#next !== null && !this.loading) await this.#read(this.#next);
  }

  /** The same again from the start; what is shown stays until the answer. */
  async refresh(): Promise<void> {
    await this.#read(null);
  }

  /** Puts live items on top; at most `limit` are kept. */
  prepend(items: T[], limit: number): void {
    const all = [...items, ...this.items];
    this.items = all.slice(0, limit);
    if (all.length <= limit) return;
    this.cut = true;
    this.#next = null;
  }

  stop(): void {
    this.#current?.abort();
  }

  async #read(before: string | null): Promise<void> {
    if (this.#from === null) return;
    this.#current?.abort();
    const controller = new AbortController();
    this.#current = controller;
    this.loading = true;
    this.error = null;
    try {
      const page = await this.#from(before, controller.signal);
      if (controller.signal.aborted) return;
      this.items = before === null ? page.items : [...this.items, ...page.items];
      this.#next = page.next;
      if (before === null) this.cut = false;
      this.ready = true;
    } catch (cause) {
      if (controller.signal.aborted) return;
      this.error = asApiError(cause);
    }
    this.loading = false;
  }
}
