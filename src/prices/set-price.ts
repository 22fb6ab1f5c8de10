import { DomainError, invalidField } from "../core/errors.ts";
import type { PriceKind } from "../core/money.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import { readAmount } from "../credits/amount-schemas.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { skillPatternSyntax } from "../permissions/skills.ts";
import type { Rates } from "./cost.ts";
import { describePrice } from "./describe-price.ts";
import { modelPatternsMax, type PriceBook } from "./price-book.ts";
import { insertPrice, type PriceRow, pricesMax, readPrices } from "./price-store.ts";
import type { PricesContext } from "./prices-context.ts";
import type { EndPrice, Price, SetPrice } from "./schemas.ts";

interface Setting<Input> {
  input: Input;
  actor: Actor;
  alongside: (set: Price) => Alongside;
}

/**
 * Sets a price from a moment on; charges go by it when this returns, or when that moment comes. Throws 422
 * for a moment in the past and for what is no price, 409 for one version too many or at the same moment.
 */
export function setPrice(context: PricesContext, setting: Setting<SetPrice>): Promise<Price> {
  const { input } = setting;
  requireSubject(input);
  const rates = readRates(input);
  return addVersion(context, { ...setting, rates, isEnd: false });
}

/**
 * Ends the price of exactly this subject: from then on there is none, and what a more general price says
 * holds. It is a version of its own, since none is ever changed. Throws like `setPrice`, and 409 when
 * there is no such price then.
 */
export function endPrice(context: PricesContext, setting: Setting<EndPrice>): Promise<Price> {
  return addVersion(context, { ...setting, rates: noRates, isEnd: true });
}

const noRates: Rates = { perRequestMicros: 0, inputPerMillionMicros: 0, outputPerMillionMicros: 0 };

async function addVersion(
  { db, audit, clock, book }: PricesContext,
  adding: Setting<EndPrice> & { rates: Rates; isEnd: boolean },
): Promise<Price> {
  const { input, actor, alongside, rates, isEnd } = adding;
  const { kind, subject } = input;
  let paused: { resume: () => void } | undefined;
  let row: PriceRow | undefined;
  try {
    const price = await audit.record({
      actor,
      build: async ({ id: createdBy }) => {
        // From here on no charge is worked out until it is known what holds.
        paused ??= await book.pause();
        const nowMs = clock.nowMs();
        const effectiveFromMs = readStart(input, { nowMs, earliestMs: book.earliestMs(nowMs) });
        requireRoom(book, { kind, subject, effectiveFromMs, isEnd });
        const id = newId("price", nowMs);
        row = {
          id,
          kind,
          subject,
          ...rates,
          isEnd,
          effectiveFromMs,
          createdAtMs: nowMs,
          createdBy,
        };
        const described = describePrice(row, book);
        return {
          change: insertPrice(db, row),
          entry: {
            action: isEnd ? "price.ended" : "price.set",
            targetId: id,
            organizationId: null,
            changes: { before: null, after: described },
          },
          alongside: alongside(described),
          result: described,
        };
      },
    });
    if (row !== undefined) book.add([row]);
    return price;
  } catch (error) {
    // It may have been committed all the same, and only the answer be lost.
    if (!(error instanceof DomainError)) book.add(await readPrices(db));
    throw error;
  } finally {
    paused?.resume();
  }
}

function readStart(
  { effective_from }: EndPrice,
  { nowMs, earliestMs }: { nowMs: number; earliestMs: number },
): number {
  if (effective_from === undefined) return earliestMs;
  const moment = parseTimestamp(effective_from);
  if (Number.isNaN(moment)) throw invalidField("effective_from", "Not an RFC 3339 date and time.");
  if (moment < nowMs) {
    throw invalidField(
      "effective_from",
      "Lies in the past: what was charged since would not be explained.",
    );
  }
  return Math.max(moment, earliestMs);
}

function requireRoom(
  book: PriceBook,
  version: { kind: PriceKind; subject: string; effectiveFromMs: number; isEnd: boolean },
): void {
  const { kind, subject, effectiveFromMs, isEnd } = version;
  const known = book.versionAt(kind, subject, effectiveFromMs);
  if (isEnd && (known === undefined || known.isEnd)) {
    throw conflict("There is no price of exactly this subject at that moment.", "subject");
  }
  if (known?.effectiveFromMs === effectiveFromMs) {
    throw conflict("There is a version of this price from that very moment on.", "effective_from");
  }
  if (book.size >= pricesMax) throw conflict(`There are ${pricesMax} versions of prices.`);
  const isPattern = kind === "model" && subject.includes("*");
  if (!isPattern || book.modelPatterns.includes(subject)) return;
  if (book.modelPatterns.length < modelPatternsMax) return;
  throw conflict(`There are ${modelPatternsMax} patterns of models.`, "subject");
}

function requireSubject({ kind, subject }: SetPrice): void {
  if (kind === "skill" && !skillPattern.test(subject)) {
    throw invalidField("subject", "Not a skill, nor a pattern such as github/* or *.");
  }
  if (kind === "model" && subject.length > modelLengthMax) {
    throw invalidField("subject", `A model has ${modelLengthMax} characters at most.`);
  }
}

const skillPattern = new RegExp(skillPatternSyntax);
const modelLengthMax = 128;

function readRates(input: SetPrice): Rates {
  const read = (name: keyof typeof rateNames) => {
    const { [name]: usd } = input;
    const isNeeded = (input.kind === "skill") === (name === "per_request");
    if (usd === undefined && isNeeded) throw invalidField(name, `A ${input.kind} needs it.`);
    if (usd !== undefined && input.kind === "skill" && !isNeeded) {
      throw invalidField(name, "A skill is priced by request alone.");
    }
    return readAmount(name, usd ?? 0);
  };
  return {
    perRequestMicros: read("per_request"),
    inputPerMillionMicros: read("per_million_input_tokens"),
    outputPerMillionMicros: read("per_million_output_tokens"),
  };
}

const rateNames = { per_request: 1, per_million_input_tokens: 1, per_million_output_tokens: 1 };

function conflict(message: string, param?: string): DomainError {
  return new DomainError("conflict", message, param === undefined ? {} : { param });
}
