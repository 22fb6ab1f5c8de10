/** What became of a request, as far as its client knows. */
export type Fate = "acknowledged" | "refused" | "unknown";

export interface Charge {
  requestId: string;
  keyId: string;
  micros: number;
  fate: Fate;
}

export interface Settlement {
  holdId: string;
  micros: number;
  fate: Fate;
}

/** Everything that the clients did, for the checker. */
export class History {
  readonly charges = new Map<string, Charge>();
  readonly settlements: Settlement[] = [];
  /** By organization, in micro-USD. */
  readonly granted = new Map<string, { acknowledged: number; unknown: number }>();
  kills = 0;
  restarts = 0;
  refused = 0;

  grant(organizationId: string, micros: number, fate: Fate): void {
    const sums = this.granted.get(organizationId) ?? { acknowledged: 0, unknown: 0 };
    if (fate !== "refused") sums[fate] += micros;
    this.granted.set(organizationId, sums);
  }
}
