import { performance } from 'node:perf_hooks';

const TICK_MS = 10;

/** Wall-clock time in milliseconds, with fractions, that never jumps while the process runs. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

const tickers = new Set<(nowMs: number) => void>();
let timer: NodeJS.Timeout | undefined;

/** Calls `tick` every few milliseconds until the returned function is called; all tickers of the process share one timer. */
export function onTick(tick: (nowMs: number) => void): () => void {
  tickers.add(tick);
  timer ??= setInterval(tickAll, TICK_MS);
  return () => {
    tickers.delete(tick);
    if (tickers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tickAll(): void {
  const now = nowMs();
  for (const tick of tickers) tick(now);
}
