// Whether an indicator is in force. Pure.

import type { Indicator } from './api/types';

export type IndicatorState = 'active' | 'withheld' | 'expired';

export function indicatorState(indicator: Pick<Indicator, 'withheld' | 'valid_until'>, now: number): IndicatorState {
  if (indicator.withheld !== null && indicator.withheld !== undefined) return 'withheld';
  return Date.parse(indicator.valid_until) < now ? 'expired' : 'active';
}

/** Validity beyond this year means: no expiry. */
const FOREVER_YEAR = 2200;

export function isForever(rfc3339: string): boolean {
  return Number(rfc3339.slice(0, 4)) >= FOREVER_YEAR;
}
