import { Type } from "@sinclair/typebox";
import { spendResets } from "../core/money.ts";
import { amount } from "../credits/amount-schemas.ts";
import { writtenScopesMark } from "../http/openapi/written-scopes.ts";
import {
  literals,
  nullable,
  printable,
  printableLine,
  strictObject,
} from "../http/schema-parts.ts";
import { scopeSyntax, scopesMax } from "../permissions/scopes.ts";
import { limitMax, planSlug } from "../plans/schemas.ts";

// The fields that several requests and answers about keys share: what may be sent is what is shown.

export const metadataBytesMax = 4_096;
/** Hats that one key may wear. */
export const hatsOfKeyMax = 20;

/** A well-formed secret that no database holds. */
export const secretExample =
  "sk_live_3f9c2a7d5b1e8064c7a2f9d3e6b0815c4d7a9e2f1b6c3058d4e7a1f9b202a02b";

export const keyId = Type.String({
  pattern: "^key_[0-9a-f]{32}$",
  description: "Id of a key; ids sort by the time they were made.",
  examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
});

export const label = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: printableLine,
  description: "Human-readable name.",
  examples: ["production backend"],
});

export const description = nullable(
  Type.String({
    maxLength: 1_000,
    pattern: `^(${printable}|\\n|\\t)*$`,
    examples: ["Slack support bot"],
  }),
  {
    description: "What the key is for.",
  },
);

export const scopes = Type.Array(
  Type.String({ minLength: 1, maxLength: 128, pattern: `^${scopeSyntax}$` }),
  {
    maxItems: scopesMax,
    description: "What the key may do; `*` is everything, `documents:*` all below documents.",
    examples: [["discover", "execute"]],
  },
);

/** The same where they are written, which a dialect may know other words for. */
export const writtenScopes = Type.Array(scopes.items, { ...scopes, [writtenScopesMark]: true });

/** What answers of the data plane say when credits run low. */
export const lowBalance = {
  _balance_warning: Type.Optional(
    Type.Boolean({
      description: "True on the data plane when credits run low; absent otherwise.",
      examples: [true],
    }),
  ),
  _remaining_credits: Type.Optional(
    Type.Number({ minimum: 0, description: "With it: what is left, in USD.", examples: [7.23] }),
  ),
};

export const userId = nullable(
  Type.String({ examples: ["usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"] }),
  { description: "Whose key it is; null unless its type is `user`." },
);

export const hats = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  maxItems: hatsOfKeyMax,
  description:
    "The hats that the key wears: it sees only their skills. With none it sees what its workspace's hats show, or its user's.",
  examples: [[]],
});

const limit = (what: string, example: number) =>
  Type.Optional(
    nullable(Type.Integer({ minimum: 0, maximum: limitMax }), {
      description: `${what}; null or absent takes the plan's.`,
      examples: [example],
    }),
  );

export const limits = strictObject(
  {
    requests_per_minute: limit("Requests in a minute by the clock", 60),
    requests_per_day: limit("Requests in a UTC day", 1_000),
    concurrent_requests: limit("Requests under way at once", 10),
  },
  {
    description: "The key's own limits; they go before the plan's.",
    examples: [{ requests_per_minute: 60, requests_per_day: 1_000, concurrent_requests: null }],
  },
);

export const spendLimit = nullable(amount("The most that the key may spend, in USD.", 25), {
  description: "The most that the key may spend, in USD; null is no limit of its own.",
  examples: [25],
});

export const spendLimitReset = literals(
  spendResets,
  "When the spend limit begins anew, at midnight UTC; weeks begin on Monday. `never` by default.",
);

export const globs = (what: string, example: string) =>
  nullable(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 100 }), {
    description: `${what} the key may use, as globs; null is all.`,
    examples: [[example]],
  });

export const ipAllowlist = nullable(
  Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 }),
  {
    description: "Addresses and CIDR networks the key may be used from; null is everywhere.",
    examples: [["192.0.2.0/24", "2001:db8::/32"]],
  },
);

export const metadata = Type.Record(Type.String(), Type.Unknown(), {
  title: "Metadata",
  description: "Your own JSON, at most 4 KiB.",
  examples: [{ team: "search" }],
});

export const plan = nullable(planSlug, {
  description: "A plan for this key; null takes the organization's.",
  examples: ["pro"],
});
