import { type Static, Type } from "@sinclair/typebox";
import { errorFields } from "../dialects/error-fields.ts";
import { StandardErrorSchema } from "../dialects/standard.ts";
import { strictObject } from "./schema-parts.ts";

/** Where a route names a status of an error; the document shows the shape of the dialect. */
export const ErrorSchema = StandardErrorSchema;

/** The same for those who accept `application/problem+json` (RFC 9457). */
export const ProblemSchema = strictObject(
  {
    type: Type.String({
      format: "uri",
      description: "A URN that names the problem; it does not lead anywhere.",
      examples: ["urn:tollgate:error:not_found"],
    }),
    title: Type.String({ description: "The problem in words that stay.", examples: ["Not found"] }),
    status: Type.Integer({
      minimum: 400,
      maximum: 599,
      description: "The status of the response.",
      examples: [404],
    }),
    detail: Type.String({ description: "A sentence for a person.", examples: ["No such key."] }),
    code: errorFields.code,
    param: errorFields.param,
    request_id: errorFields.requestId,
    retry_after: errorFields.retryAfter,
    action_url: errorFields.actionUrl,
    shortage: errorFields.shortage,
    details: errorFields.details,
  },
  { title: "Problem", description: "What went wrong, as RFC 9457 has it." },
);
export type ProblemBody = Static<typeof ProblemSchema>;
