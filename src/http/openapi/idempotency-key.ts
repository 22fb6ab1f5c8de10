import { idempotencyKeyLengthMax } from "../idempotency.ts";

/** A route sets this in its `detail` when it takes an Idempotency-Key. It stays out of the document. */
export const idempotentMark = "x-idempotent";

/** The header by which a request can be repeated without its effect being repeated. */
export const idempotencyKeyParameter = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Any text that is new for each request you mean: the same request sent again with it gets the first answer again, for 24 hours. Another request with it gets 422.",
  required: false,
  schema: {
    type: "string",
    minLength: 1,
    maxLength: idempotencyKeyLengthMax,
    pattern: "^[\\x20-\\x7e]+$",
  },
  example: "7c1f5b1e-5a52-4c1d-9d39-0a6a2f6c2f10",
};

export const idempotencyKeyReference = { $ref: "#/components/parameters/IdempotencyKey" };
