import { Counter, Gauge, Registry } from "prom-client";
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
    const registry = new Registry();
    counter(registry, "tollgate_responses_total", "Responses by status.", "status", this.responses);
    counter(registry, "tollgate_denials_total", "Denied requests by reason.", "code", this.denied);
    counter(
      registry,
      "tollgate_admissions_total",
      "Admitted requests and valid verifications.",
      "kind",
      this.admitted,
    );
    for (const [name, { help, value }] of Object.entries(figures)) {
      if (name.endsWith("_total")) new Counter({ name, help, registers: [registry] }).inc(value);
      else new Gauge({ name, help, registers: [registry] }).set(value);
    }
    return registry.metrics();
  }
}

function counter(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: Readonly<Record<string, number>>,
): void {
  const metric = new Counter({ name, help, labelNames: [label], registers: [registry] });
  for (const [value, count] of Object.entries(values)) metric.inc({ [label]: value }, count);
}
