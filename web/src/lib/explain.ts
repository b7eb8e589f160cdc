// An error of the API in the reader's words. Pure.

import type { ApiError } from './api/client';
import type { Key } from './i18n/en';

export interface Told {
  title: Key;
  remedy: Key | null;
  /** The hub's own words, where they say more. */
  detail: string | null;
  remedyText: string | null;
}

export function explain(error: Pick<ApiError, 'status' | 'message' | 'remedy'>): Told {
  const detail = error.message === '' || /^HTTP \d+$/.test(error.message) ? null : error.message;
  switch (true) {
    case error.status === 0:
      return { title: 'error.unreachable', remedy: 'error.unreachableRemedy', detail: null, remedyText: null };
    case error.status === 404:
      return { title: 'error.notFound', remedy: 'error.notFoundRemedy', detail: null, remedyText: null };
    case error.status === 403:
      return { title: 'error.forbidden', remedy: null, detail, remedyText: error.remedy };
    case error.status === 429:
      return { title: 'error.tooMany', remedy: 'error.tooManyRemedy', detail: null, remedyText: null };
    case error.status >= 500:
      return { title: 'error.server', remedy: 'error.serverRemedy', detail, remedyText: error.remedy };
    default:
      return { title: 'error.title', remedy: null, detail, remedyText: error.remedy };
  }
}
