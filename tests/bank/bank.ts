import { microsToUsd } from "../../src/credits/micros.ts";
import type { RunningBinary } from "../support/binary.ts";
import { type Charge, type Fate, History } from "./history.ts";
import type { Random } from "./random.ts";

export interface BankOptions {
  organizations: number;
  keys: number;
  clients: number;
}

interface Organization {
  id: string;
  managementKey: string;
}

interface Key {
  id: string;
  secret: string;
  organization: Organization;
}

/** Whole cents of a tenth, so that sums are told apart easily. */
const chargeMicrosMax = 50_000;
const firstGrantMicros = 3_000_000;
const spendLimitMicros = 400_000;

/** What the clients read of an answer: an error has no other field. */
interface Answer {
  id: string;
  secret?: string;
  valid?: boolean;
  hold?: { id: string } | null;
  error?: unknown;
}

/** Customers with accounts and keys, and clients who do all there is to do with them, until told to stop. */
export class Bank {
  readonly history = new History();
  #keys: Key[] = [];
  #organizations: Organization[] = [];
  #isOpen = true;
  #sent = 0;

  constructor(
    private readonly server: () => RunningBinary,
    private readonly operatorKey: string,
    private readonly random: Random,
    private readonly options: BankOptions,
  ) {}

  /** Makes organizations with some credits, and keys of which every other one has a spend limit. */
  async open(): Promise<void> {
    const { organizations, keys } = this.options;
    const run = Math.floor(this.random.next() * 1e9).toString(36);
    for (let at = 0; at < organizations; at++) {
      const slug = `bank-${run}-${at}`;
      const made = await this.#operator("/organizations", { slug, name: slug, plan: "unlimited" });
      const headers = { "tollgate-organization": made.id };
      const body = { label: "bank", type: "management", scopes: ["*"] };
      const manager = await this.#operator("/api-keys", body, headers);
      this.#organizations.push({ id: made.id, managementKey: manager.secret ?? "" });
      await this.#grant(this.#organizations[at] as Organization, firstGrantMicros);
    }
    for (let at = 0; at < keys; at++) {
      await this.#newKey(this.random.pick(this.#organizations), at % 2 === 0);
    }
  }

  /** Runs the clients until `close`. */
  async work(): Promise<void> {
    await Promise.all(Array.from({ length: this.options.clients }, () => this.#client()));
  }

  close(): void {
    this.#isOpen = false;
  }

  async #client(): Promise<void> {
    while (this.#isOpen) {
      const dice = this.random.next();
      if (dice < 0.6) await this.#charge();
      else if (dice < 0.85) await this.#hold();
      else if (dice < 0.95) await this.#grant(this.random.pick(this.#organizations), 100_000);
      else if (dice < 0.98) await this.#rotate();
      else await this.#revoke();
    }
  }

  /** Half of the clients whose call was cut off ask again with the same request: it must not cost twice. */
  async #charge(): Promise<void> {
    const key = this.random.pick(this.#keys);
    const micros = this.random.integer(1, chargeMicrosMax);
    const charge: Charge = {
      requestId: `charge-${++this.#sent}`,
      keyId: key.id,
      micros,
      fate: "unknown",
    };
    this.history.charges.set(charge.requestId, charge);
    const body = { key: key.secret, cost: microsToUsd(micros), request_id: charge.requestId };
    const isStubborn = this.random.next() < 0.5;
    const answer = await this.#send("/v1/keys/verify", key.organization.managementKey, body, {
      isStubborn,
    });
    if (answer === undefined) return;
    charge.fate = answer.valid ? "acknowledged" : "refused";
    if (!answer.valid) this.history.refused++;
  }

  async #hold(): Promise<void> {
    const key = this.random.pick(this.#keys);
    const { managementKey } = key.organization;
    const micros = this.random.integer(1, chargeMicrosMax);
    const request_id = `hold-${++this.#sent}`;
    const body = { key: key.secret, max_cost: microsToUsd(micros), ttl_seconds: 2, request_id };
    const held = await this.#send("/v1/holds", managementKey, body, { isStubborn: true });
    if (held?.hold == null) return;
    const path = `/v1/holds/${held.hold.id}`;
    const dice = this.random.next();
    if (dice < 0.15) return;
    if (dice < 0.4) {
      await this.#send(`${path}/release`, managementKey, undefined, {});
      return;
    }
    const cost = this.random.integer(0, Math.floor(micros * 1.2));
    const settlement = { holdId: held.hold.id, micros: cost, fate: "unknown" as Fate };
    this.history.settlements.push(settlement);
    const settled = await this.#send(
      `${path}/settle`,
      managementKey,
      { cost: microsToUsd(cost) },
      {},
    );
    if (settled !== undefined) {
      settlement.fate = settled.error === undefined ? "acknowledged" : "refused";
    }
  }

  async #grant(organization: Organization, micros: number): Promise<void> {
    const path = `/organizations/${organization.id}/credits`;
    const body = { kind: "grant", amount: microsToUsd(micros) };
    const headers = { "idempotency-key": `grant ${++this.#sent} ${crypto.randomUUID()}` };
    const made = await this.#send(path, this.operatorKey, body, { isStubborn: true, headers });
    const fate =
      made === undefined ? "unknown" : made.error === undefined ? "acknowledged" : "refused";
    this.history.grant(organization.id, micros, fate);
  }

  async #rotate(): Promise<void> {
    const key = this.random.pick(this.#keys);
    const path = `/api-keys/${key.id}/rotate`;
    const body = { grace_period_seconds: 60 };
    const rotated = await this.#send(path, key.organization.managementKey, body, {});
    if (rotated?.secret !== undefined) key.secret = rotated.secret;
  }

  async #revoke(): Promise<void> {
    const at = this.random.integer(0, this.#keys.length - 1);
    const key = this.#keys[at];
    if (key === undefined) return;
    await this.#send(`/api-keys/${key.id}`, key.organization.managementKey, undefined, {
      method: "DELETE",
    });
    const made = await this.#newKey(key.organization, at % 2 === 0);
    if (made) this.#keys.splice(at, 1);
  }

  async #newKey(organization: Organization, isLimited: boolean): Promise<boolean> {
    const body = {
      label: "bank",
      ...(isLimited ? { spend_limit: microsToUsd(spendLimitMicros) } : {}),
    };
    const made = await this.#send("/api-keys", organization.managementKey, body, {});
    if (made?.secret === undefined) return false;
    this.#keys.push({ id: made.id, secret: made.secret, organization });
    return true;
  }

  async #operator(path: string, body: object, headers: Record<string, string> = {}) {
    const made = await this.#send(path, this.operatorKey, body, { headers });
    if (made === undefined || made.error !== undefined)
      throw new Error(`${path}: ${JSON.stringify(made)}`);
    return made;
  }

  /** The answer; undefined when the call was cut off, or the server is overloaded. */
  async #send(
    path: string,
    key: string,
    body: object | undefined,
    options: { isStubborn?: boolean; method?: string; headers?: Record<string, string> },
  ): Promise<Answer | undefined> {
    const { isStubborn = false, method = "POST", headers = {} } = options;
    for (;;) {
      try {
        const response = await fetch(this.server().url + path, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const answer = (await response.json()) as Answer;
        if (response.status < 500) return answer;
      } catch {
        // Cut off by a kill: whether it took effect is what the checker finds out.
      }
      if (!isStubborn || !this.#isOpen) return undefined;
      await Bun.sleep(20);
    }
  }
}
