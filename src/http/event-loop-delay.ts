import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the delay is sampled: often enough to see a stall, and idle otherwise. */
const sampleMs = 10;
const nanosecondsInSecond = 1e9;

export interface EventLoopDelays {
  p50Seconds: number;
  p99Seconds: number;
  maxSeconds: number;
}

/** How late the event loop comes to what is due: what every answer waits for besides. */
export class EventLoopDelay {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;

  start(): void {
    this.#histogram = monitorEventLoopDelay({ resolution: sampleMs });
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram?.disable();
  }

  /** The delays since the last call. */
  take(): EventLoopDelays {
    const histogram = this.#histogram;
    if (histogram === undefined || histogram.count === 0) {
      return { p50Seconds: 0, p99Seconds: 0, maxSeconds: 0 };
    }
    const delays = {
      p50Seconds: histogram.percentile(50) / nanosecondsInSecond,
      p99Seconds: histogram.percentile(99) / nanosecondsInSecond,
      maxSeconds: histogram.max / nanosecondsInSecond,
    };
    histogram.reset();
    return delays;
  }
}
