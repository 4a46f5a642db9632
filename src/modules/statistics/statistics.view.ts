import { type Group, successRateOf, type Sums, sumUp } from './domain/groups.js';
import type { StatisticsGroupResponse, StatisticsResponse, StatisticsSumsResponse } from './statistics.response.js';

export function toStatisticsResponse(
  { from, to, timeZone }: Pick<StatisticsResponse, 'from' | 'to' | 'timeZone'>,
  groups: readonly Group[],
): StatisticsResponse {
  return { from, to, timeZone, total: toSums(sumUp(groups)), groups: groups.map(toGroup) };
}

function toGroup({ date, cameraId, ...sums }: Group): StatisticsGroupResponse {
  return { ...(date === null ? {} : { date }), ...(cameraId === null ? {} : { cameraId }), ...toSums(sums) };
}

function toSums(sums: Sums): StatisticsSumsResponse {
  const { recordings, completed, failed, storedMs, bytes, gaps } = sums;
  return {
    ...{ recordings, completed, failed, open: recordings - completed - failed },
    successRate: successRateOf(sums),
    seconds: storedMs / 1_000,
    bytes,
    gaps: gaps.map(({ cause, count, ms }) => ({ cause, count, seconds: ms / 1_000 })),
  };
}
