import { microsToUsd } from "../credits/micros.ts";
import { toOptionalTimestamp, toTimestamp } from "../http/schema-parts.ts";
import type { PriceBook } from "./price-book.ts";
import type { PriceRow } from "./price-store.ts";
import type { Price } from "./schemas.ts";

/** A version of a price as the API shows it, with the end that the next one makes of it. */
export function describePrice(row: PriceRow, book: PriceBook): Price {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    per_request: microsToUsd(row.perRequestMicros),
    per_million_input_tokens: microsToUsd(row.inputPerMillionMicros),
    per_million_output_tokens: microsToUsd(row.outputPerMillionMicros),
    ended: row.isEnd,
    effective_from: toTimestamp(row.effectiveFromMs),
    effective_until: toOptionalTimestamp(book.successorOf(row)?.effectiveFromMs ?? null),
    created_at: toTimestamp(row.createdAtMs),
    created_by: row.createdBy,
  };
}
