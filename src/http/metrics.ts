import type { Registry } from "prom-client";
import type { VerifyCode } from "../keys/decide.ts";

/** Plain numbers that the request path raises; they become Prometheus text only when asked for. */
export class Metrics {
  readonly admitted = { data: 0, management: 0, verify: 0 };
  readonly denied: Partial<Record<VerifyCode, number>> = {};
  readonly responses: Record<number, number> = {};

  /** Answers of 503: the storage was busy, full or broken, or too much waited. */
  get unavailable(): number {
    return this.responses[503] ?? 0;
  }

  countDenial(code: VerifyCode): void {
    this.denied[code] = (this.denied[code] ?? 0) + 1;
  }

  /** Text in the Prometheus exposition format. `figures` are read at each call. */
  async render(figures: Record<string, { help: string; value: number }>): Promise<string> {
    // Loaded when somebody asks: it takes a tenth of the start.
    const prometheus = await import("prom-client");
    const { Counter, Gauge } = prometheus;
    const registry = new prometheus.Registry();
    const count = (name: string, help: string, label: string, values: Values) => {
      const registers: Registry[] = [registry];
      const metric = new Counter({ name, help, labelNames: [label], registers });
      for (const [value, times] of Object.entries(values)) metric.inc({ [label]: value }, times);
    };
    count("tollgate_responses_total", "Responses by status.", "status", this.responses);
    count("tollgate_denials_total", "Denied requests by reason.", "code", this.denied);
    const admissions = "Admitted requests and valid verifications.";
    count("tollgate_admissions_total", admissions, "kind", this.admitted);
    for (const [name, { help, value }] of Object.entries(figures)) {
      if (name.endsWith("_total")) new Counter({ name, help, registers: [registry] }).inc(value);
      else new Gauge({ name, help, registers: [registry] }).set(value);
    }
    return registry.metrics();
  }
}

type Values = Readonly<Record<string, number>>;
