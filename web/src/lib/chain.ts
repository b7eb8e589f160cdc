// An indicator's evidence as a path: from the connection that reached a sensor to the feeds
// that carry the result. Each station lists the distinct things that evidence passed through.

import type { IndicatorDetail } from './api/types';
import { endpoint, short, shortId } from './format';

export const STATIONS = ['connection', 'session', 'download', 'sample', 'analysis', 'indicator', 'feeds'] as const;
export type StationName = (typeof STATIONS)[number];

export interface Stop {
  /** What to show. */
  label: string;
  /** A second line. */
  detail: string;
  /** A page of ours, if there is one. Never what a peer named. */
  href: string | null;
}

export interface Station {
  name: StationName;
  stops: Stop[];
  /** How many there are, also beyond those listed. */
  count: number;
}

/** So many stops are listed per station. */
const LISTED = 4;

/** The stations in order, each with its distinct stops; empty ones are kept, so that gaps show. */
export function stations(detail: IndicatorDetail): Station[] {
  const stops: Record<StationName, Map<string, Stop>> = {
    connection: new Map(),
    session: new Map(),
    download: new Map(),
    sample: new Map(),
    analysis: new Map(),
    indicator: new Map(),
    feeds: new Map(),
  };
  for (const { evidence, event, session, sample } of detail.chain) {
    if (session) {
      stops.connection.set(`${session.src_ip}>${session.dst_ip}:${session.dst_port}`, {
        label: session.src_ip,
        detail: `→ ${endpoint(session.dst_ip, session.dst_port)}`,
        href: `/events?session=${session.id}`,
      });
      stops.session.set(session.id, {
        label: session.protocol,
        detail: shortId(session.id),
        href: `/sessions/${session.id}`,
      });
    } else if (evidence.session) {
      stops.session.set(evidence.session, {
        label: shortId(evidence.session),
        detail: evidence.sensor ?? '',
        href: `/sessions/${evidence.session}`,
      });
    }
    const url = event?.['url'];
    if (event && typeof url === 'string' && event.kind.startsWith('download.')) {
      stops.download.set(url, { label: url, detail: String(event['tool'] ?? event['outcome'] ?? ''), href: null });
    }
    for (const from of sample?.urls ?? []) {
      if (!stops.download.has(from)) stops.download.set(from, { label: from, detail: '', href: null });
    }
    const sha256 = sample?.sha256 ?? evidence.sample;
    if (sha256) {
      const name = sample?.names[0] ?? sample?.file_type ?? '';
      stops.sample.set(sha256, { label: short(sha256, 16), detail: name, href: `/samples/${sha256}` });
    }
    if (evidence.kind.startsWith('static-')) {
      stops.analysis.set(`${sha256 ?? ''}:${evidence.detail}`, {
        label: evidence.detail,
        detail: sha256 ? short(sha256) : '',
        href: sha256 ? `/samples/${sha256}` : null,
      });
    }
  }
  const { indicator } = detail;
  stops.indicator.set(indicator.id, {
    label: indicator.observable.value,
    detail: indicator.role,
    href: null,
  });
  for (const feed of detail.published_in) {
    stops.feeds.set(feed, { label: feed, detail: '', href: '/feeds' });
  }
  return STATIONS.map((name) => {
    const all = [...stops[name].values()];
    return { name, stops: all.slice(0, LISTED), count: all.length };
  });
}
