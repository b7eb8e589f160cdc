// Every call to the hub goes through here.

import type * as T from './types';
import { query, type Params } from './query';

/** What the hub answered when it would not: what is wrong, and what to do about it. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the hub could not be reached. */
    readonly status: number,
    message: string,
    readonly remedy: string | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

let onUnauthorized: () => void = () => {};

/** What to do when the hub says that nobody is logged in. */
export function whenUnauthorized(action: () => void): void {
  onUnauthorized = action;
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable');
  }
  if (response.ok) return response;
  const error = await asError(response);
  if (response.status === 401 && path !== '/api/login') onUnauthorized();
  throw error;
}

async function asError(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === 'object' && body !== null && 'error' in body) {
    const remedy = 'remedy' in body && typeof body.remedy === 'string' ? body.remedy : null;
    return new ApiError(response.status, String(body.error), remedy);
  }
  return new ApiError(response.status, `HTTP ${response.status}`);
}

async function get<R>(path: string, signal?: AbortSignal): Promise<R> {
  const response = await send(path, signal ? { signal } : {});
  return (await response.json()) as R;
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const id = encodeURIComponent;

export const api = {
  me: () => get<{ user: string }>('/api/me'),
  login: (token: string) => send('/api/login', json('POST', { token })),
  logout: () => send('/api/logout', { method: 'POST' }),
  status: (signal?: AbortSignal) => get<T.Status>('/api/status', signal),
  overview: (range: T.Range, signal?: AbortSignal) =>
    get<T.Overview>(`/api/overview${query({ range })}`, signal),
  credentials: (params: Params, signal?: AbortSignal) =>
    get<T.Credentials>(`/api/credentials${query(params)}`, signal),
  credentialsUrl: (list: T.CredentialList, params: Params) => `/api/credentials/export${query({ list, ...params })}`,
  events: (params: Params, signal?: AbortSignal) =>
    get<T.Page<T.Event>>(`/api/events${query(params)}`, signal),
  sessions: (params: Params, signal?: AbortSignal) =>
    get<T.Page<T.SessionSummary>>(`/api/sessions${query(params)}`, signal),
  session: (session: string, signal?: AbortSignal) =>
    get<T.SessionDetail>(`/api/sessions/${id(session)}`, signal),
  recording: async (session: string, signal?: AbortSignal) => {
    const response = await send(`/api/sessions/${id(session)}/recording`, signal ? { signal } : {});
    return response.text();
  },
  recordingUrl: (session: string) => `/api/sessions/${id(session)}/recording`,
  samples: (params: Params, signal?: AbortSignal) =>
    get<T.Page<T.SampleSummary>>(`/api/samples${query(params)}`, signal),
  sample: (sha256: string, signal?: AbortSignal) =>
    get<T.SampleDetail>(`/api/samples/${id(sha256)}`, signal),
  submit: async (file: Blob, name: string) => {
    const response = await send(`/api/samples${query({ name })}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: file,
    });
    return (await response.json()) as { sha256: string };
  },
  reanalyze: async (sha256: string) => {
    const response = await send(`/api/samples/${id(sha256)}/reanalyze`, { method: 'POST' });
    return (await response.json()) as { queued: boolean };
  },
  ask: async (sha256: string) => {
    const response = await send(`/api/samples/${id(sha256)}/ask`, { method: 'POST' });
    return (await response.json()) as { queued: boolean };
  },
  judge: (sha256: string, judged: Omit<T.Judged, 'time'>) => send(`/api/samples/${id(sha256)}/analyst`, json('PUT', judged)),
  similar: (sha256: string, signal?: AbortSignal) => get<T.Alike>(`/api/samples/${id(sha256)}/similar`, signal),
  view: (sha256: string, what: 'bytes' | 'texts' | 'code', params: Params, signal?: AbortSignal) =>
    get<T.Viewed>(`/api/samples/${id(sha256)}/${what}${query(params)}`, signal),
  behaviours: (params: Params, signal?: AbortSignal) =>
    get<T.Page<T.BehaviourSummary>>(`/api/behaviours${query(params)}`, signal),
  behaviour: (sha256: string, report?: string, signal?: AbortSignal) =>
    get<T.Behaviour>(`/api/samples/${id(sha256)}/behaviour${query({ report })}`, signal),
  reports: (sha256: string, signal?: AbortSignal) =>
    get<T.Page<T.Report>>(`/api/samples/${id(sha256)}/behaviour/reports`, signal),
  reportDifferences: (sha256: string, first: string, second: string, signal?: AbortSignal) =>
    get<T.Page<T.ReportDifference>>(`/api/samples/${id(sha256)}/behaviour/differences${query({ first, second })}`, signal),
  artifactUrl: (sha256: string, report: string, name: string) =>
    `/api/samples/${id(sha256)}/artifacts/${id(report)}/${id(name)}`,
  sandbox: (signal?: AbortSignal) => get<T.SandboxChoices>('/api/sandbox', signal),
  run: async (sha256: string, wish?: T.RunWish) => {
    const response = await send(`/api/samples/${id(sha256)}/run`, wish ? json('POST', wish) : { method: 'POST' });
    return (await response.json()) as { queued: boolean };
  },
  quarantined: (signal?: AbortSignal) => get<T.Page<T.Job>>('/api/jobs/quarantined', signal),
  retry: (job: number) => send(`/api/jobs/${job}/retry`, { method: 'POST' }),
  cartUrl: (sha256: string) => `/api/samples/${id(sha256)}/cart`,
  indicators: (params: Params, signal?: AbortSignal) =>
    get<T.Page<T.Indicator>>(`/api/indicators${query(params)}`, signal),
  indicator: (indicator: string, signal?: AbortSignal) =>
    get<T.IndicatorDetail>(`/api/indicators/${id(indicator)}`, signal),
  reportFalsePositive: (indicator: string, reason: string) =>
    send(`/api/indicators/${id(indicator)}/false-positive`, json('POST', { reason })),
  undoFalsePositive: (indicator: string) =>
    send(`/api/indicators/${id(indicator)}/false-positive`, { method: 'DELETE' }),
  telescope: (range: T.Range, signal?: AbortSignal) => get<T.Telescope>(`/api/telescope${query({ range })}`, signal),
  source: (address: string, signal?: AbortSignal) => get<T.SourceDetail>(`/api/telescope/sources/${id(address)}`, signal),
  feeds: (signal?: AbortSignal) => get<{ items: T.Feed[] }>('/api/feeds', signal),
};
