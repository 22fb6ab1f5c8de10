import type { TSchema } from "@sinclair/typebox";
import type { DomainError, ErrorCode } from "../core/errors.ts";
import type { Environment, KeyType } from "../core/key-types.ts";

/**
 * The wire style of a system whose clients go on working: what differs from `standard`, as data. Rules,
 * limits and routes are the same in all. What is optional and left out is as in `standard`.
 */
export interface Dialect {
  readonly prefixes: PrefixTable;
  /** The plans of a new installation. The first is the one that organizations begin with. */
  readonly plans: readonly [FirstPlan, ...FirstPlan[]];
  readonly errors: ErrorStyle;
  readonly envelope?: Envelope;
  /**
   * `X-RateLimit-*` on every response: for a key without limits the largest limit there can be, without
   * a key the state of the caller's address.
   */
  readonly limitHeadersEverywhere?: true;
  readonly aliases?: readonly PathAlias[];
  readonly scopeWords?: ScopeWords;
}

/** What new secrets begin with; old ones of every dialect verify in all. */
export type PrefixTable = Readonly<Record<KeyType, Readonly<Record<Environment, string>>>>;

export interface FirstPlan {
  readonly slug: string;
  readonly name: string;
  readonly perMinute: number | null;
  readonly perDay: number | null;
  readonly concurrent: number | null;
}

/** The body of every error. Headers and problem details are the same in all dialects, and so is the status of a code. */
export interface ErrorStyle {
  /** Codes that the system does not tell from another: they get that one's status, challenge and body. */
  readonly saidAs?: Readonly<Partial<Record<ErrorCode, ErrorCode>>>;
  body(error: DomainError, place: ErrorPlace): object;
  /** What `body` makes, with the title `Error`. */
  readonly schema: TSchema;
}

/** Where an error is shown, for links and reference. */
export interface ErrorPlace {
  readonly requestId: string;
  /** Where a person can buy more; undefined when the operator has not said. */
  readonly billingUrl: string | undefined;
  /** The page with the documentation. */
  docsUrl(): string;
}

/** What a success is wrapped in: text around the JSON, which is not read again for it. */
export interface Envelope {
  /** The start of these paths is wrapped, beside the data plane. */
  readonly paths: readonly string[];
  before(status: number): string;
  readonly after: string;
  /** The sentence about it in the document. */
  readonly description: string;
  /** The schema of the wrapped answer, from that of the bare one, and its example. */
  wrap(bare: { schema: object; example: unknown }, status: number): object;
}

/** Data-plane routes below `of` answer below `at` too. */
export interface PathAlias {
  readonly at: string;
  readonly of: string;
  /** What tells the operation ids in the document apart. */
  readonly operationSuffix: string;
}

/** How scopes may be written where keys are made and changed. */
export interface ScopeWords {
  /** Words for several scopes. */
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  /** A comma separates scopes, in one text or in the items of the list. */
  readonly commaLists?: true;
  /** The sentence about it in the document. */
  readonly description: string;
}
