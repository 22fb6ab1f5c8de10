import { type Static, Type } from "@sinclair/typebox";
import { entryKinds, holdStates } from "../core/money.ts";
import { exportFormats } from "../http/export-rows.ts";
import { pageSchema } from "../http/pagination.ts";
import {
  id,
  literals,
  nullable,
  optionalTimestamp,
  printableLine,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";
import { skillPatternLengthMax } from "../permissions/skills.ts";
import { askedUnits, UnitsSchema } from "../prices/units-schema.ts";
import { amount } from "./amount-schemas.ts";
import { amountMaxMicros, microsToUsd } from "./micros.ts";

const holdId = id("Id of the hold.", "hold_019aa4c1f7e27c01a6e1b8c2d4f60a21");
const keyId = id("Id of the key.", "key_019aa4c1f7e07a3cb1f60d6f5e2a9b14");
export const organizationId = id("The organization.", "org_019aa4c1f7d87c01a6e1b8c2d4f60a11");

/** Longest life of a hold, and the one when none is named. */
export const holdSecondsMax = 86_400;
export const holdSecondsDefault = 300;

export const subject = Type.String({
  minLength: 1,
  maxLength: skillPatternLengthMax,
  pattern: printableLine,
  description:
    "What is charged for, for the record; without it, the skill or the model of the call.",
  examples: ["github/create-issue"],
});

export const requestFields = {
  request_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: printableLine,
      description:
        "Your id of the request: a key is charged once for each, whatever is repeated. A new one when it is left out.",
      examples: ["req-7c1f5b1e"],
    }),
  ),
  attempt: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000,
      description: "Which try of the request it is, 1 without: each is charged apart.",
      examples: [1],
    }),
  ),
};

export const HoldSchema = strictObject(
  {
    id: holdId,
    key_id: keyId,
    state: literals(holdStates, "`expired` and `released` cost nothing."),
    amount: amount("What it reserves, in USD.", 0.5),
    settled: nullable(amount("What it was settled to, in USD.", 0.31), {
      description: "What it was settled to, in USD; null unless it is settled.",
    }),
    price_id: nullable(Type.String(), {
      description: "The price in force when it was made, by which units are settled.",
    }),
    created_at: timestamp("When it was made."),
    expires_at: timestamp("When it is released by itself."),
    ended_at: optionalTimestamp("When it was settled or released."),
  },
  { title: "Hold", description: "Credits that are reserved for a call under way." },
);
export type HoldAnswer = Static<typeof HoldSchema>;

export const holdParams = Type.Object({ id: holdId });

export const SettleHoldSchema = strictObject(
  {
    cost: Type.Optional(
      amount("What the call cost, in USD: less, as much, or more if there is more.", 0.31),
    ),
    units: Type.Optional(
      askedUnits("In place of `cost`: what is charged by the price in force when it was held."),
    ),
  },
  {
    title: "SettleHold",
    minProperties: 1,
    description: "The real cost, or the units that it is worked out by.",
    examples: [{ cost: 0.31 }],
  },
);

export const SettledHoldSchema = strictObject(
  {
    hold: HoldSchema,
    charged: amount("What was charged, in USD.", 0.31),
    remaining_credits: amount("What the organization can still spend, in USD.", 99.69),
  },
  { title: "SettledHold", description: "The hold, and the charge it became." },
);

const signed = Type.Number({
  description: "What it adds to the balance, in USD; negative for a charge.",
  examples: [-0.31],
});

export const LedgerEntrySchema = strictObject(
  {
    id: id("Id of the entry.", "led_019aa4c1f7e37c01a6e1b8c2d4f60a22"),
    at: timestamp("When."),
    kind: literals(entryKinds, "What kind of movement."),
    amount: signed,
    balance: amount("The balance after it, in USD.", 99.69),
    key_id: nullable(keyId, { description: "The key that was charged; null for no charge." }),
    workspace_id: nullable(Type.String(), { description: "Its workspace." }),
    user_id: nullable(Type.String(), { description: "Its user." }),
    subject: nullable(Type.String(), { description: "What was charged for." }),
    request_id: nullable(Type.String(), { description: "The request that was charged." }),
    attempt: nullable(Type.Integer({ minimum: 1 }), { description: "Which try of it." }),
    hold_id: nullable(Type.String(), { description: "The hold that was settled." }),
    reason: nullable(Type.String(), { description: "Why, for a person." }),
    created_by: Type.String({
      description: "The key or user who made it, or `system`.",
      examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
    }),
    price_id: nullable(Type.String(), {
      description: "The price a charge was worked out by; null when the caller named the cost.",
    }),
    units: nullable(UnitsSchema, {
      title: "LedgerUnits",
      description: "What the price was multiplied by.",
      examples: [null],
    }),
  },
  { title: "LedgerEntry", description: "A movement of credits; it is never changed." },
);
export type LedgerEntry = Static<typeof LedgerEntrySchema>;

export const LedgerPageSchema = pageSchema(
  LedgerEntrySchema,
  "LedgerPage",
  "A page of the ledger, the newest first.",
);

const moment = (description: string) =>
  Type.Optional(
    Type.String({ format: "date-time", description, examples: ["2026-11-21T00:00:00.000Z"] }),
  );

const filters = {
  kind: Type.Optional(literals(entryKinds, "Only movements of this kind.")),
  key_id: Type.Optional(keyId),
  from: moment("Only from this moment on."),
  to: moment("Only before this moment."),
};

export const ListLedgerQuerySchema = strictObject({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 20,
      description: "Entries in a page.",
      examples: [20],
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description: "`next_cursor` of the page before.",
      examples: ["WyJsZWRnZXIiLDQyLCIiXQ"],
    }),
  ),
  ...filters,
});

export const ExportLedgerQuerySchema = strictObject({
  format: Type.Optional(literals(exportFormats, "JSON Lines by default, or CSV.")),
  ...filters,
});
export type LedgerQuery = Static<typeof ExportLedgerQuerySchema>;

export const AddCreditsSchema = strictObject(
  {
    kind: literals(
      ["grant", "purchase", "refund", "adjustment"] as const,
      "What kind; only an adjustment can be negative.",
    ),
    amount: amount("How much, in USD.", 100, { minimum: -microsToUsd(amountMaxMicros) }),
    reason: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: printableLine,
        description: "Why, for the record; an adjustment needs one.",
        examples: ["Welcome credits"],
      }),
    ),
    recharge_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: "The recharge that this fulfils.",
        examples: ["rch_019aa4c1f7ec7c01a6e1b8c2d4f60a34"],
      }),
    ),
    expires_at: moment("When what is left of a grant is taken back; it is spent first."),
  },
  {
    title: "AddCredits",
    description: "Credits to add.",
    examples: [{ kind: "grant", amount: 100, reason: "Welcome credits" }],
  },
);
export type AddCredits = Static<typeof AddCreditsSchema>;

export const CreditsSchema = strictObject(
  {
    balance: amount("The sum of the ledger, in USD.", 100),
    held: amount("What open holds reserve of it, in USD.", 0.5),
    available: amount("What can be spent, in USD.", 99.5),
    low_balance_threshold: amount("Below it, answers warn, in USD.", 10),
  },
  { title: "Credits", description: "What an organization has." },
);

export const ChangeCreditsSchema = strictObject(
  { low_balance_threshold: CreditsSchema.properties.low_balance_threshold },
  {
    title: "ChangeCredits",
    description: "From where on answers warn.",
    examples: [{ low_balance_threshold: 10 }],
  },
);

export const LedgerProofSchema = strictObject(
  {
    valid: Type.Boolean({
      description:
        "True when the balance is the sum of the ledger, what is held that of open holds, and every charge by price what its price says.",
      examples: [true],
    }),
    entries: Type.Integer({
      minimum: 0,
      description: "Entries that were added up.",
      examples: [3],
    }),
    sum: Type.Number({ description: "Their sum, in USD.", examples: [99.69] }),
    balance: CreditsSchema.properties.balance,
    open_holds: amount("The sum of open holds, in USD.", 0),
    held: CreditsSchema.properties.held,
    charges_by_price: Type.Integer({
      minimum: 0,
      description: "Charges that name a price and units.",
      examples: [1],
    }),
    unexplained: Type.Array(Type.String(), {
      description: "Those of them whose amount is not what their price says, some ids.",
      examples: [[]],
    }),
    usage_valid: Type.Boolean({
      description: "True when every minute, hour and day of usage is the sum of its charges.",
      examples: [true],
    }),
  },
  { title: "LedgerProof", description: "What the account says beside what its ledger adds up to." },
);

export const organizationParams = Type.Object({ id: organizationId });
