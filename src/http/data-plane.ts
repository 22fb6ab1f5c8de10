import { Elysia } from "elysia";
import type { KeyGate } from "../keys/key-gate.ts";
import type { Grant } from "../keys/live-key.ts";
import { balanceWarning } from "../keys/money-text.ts";
import type { Authenticator } from "./authenticate.ts";
import { readBearer } from "./bearer.ts";
import { readJsonBody } from "./json-body.ts";
import { refuseRepeatedParameters } from "./request-path.ts";

/**
 * For data-plane routes that read a body or parameters: whoever may not call them learns no rules and
 * has no body read. The route itself admits and counts the call. When credits run low, answers that are
 * JSON objects say so, as `GET /key` does.
 */
export function dataPlane({
  authenticator,
  gate,
}: {
  authenticator: Authenticator;
  gate: KeyGate;
}) {
  // Held from before the call: a runtime's own secret is gone when it has ended itself.
  const grants = new WeakMap<Request, Grant>();
  return (
    new Elysia({ name: "data-plane" })
      .onParse({ as: "scoped" }, async ({ request, set }) => {
        await authenticator.recognize({ request, headers: set.headers });
        return request.method === "DELETE" ? {} : readJsonBody(request);
      })
      .onTransform({ as: "scoped" }, async ({ request, set }) => {
        set.headers["cache-control"] = "no-store";
        await authenticator.recognize({ request, headers: set.headers });
        refuseRepeatedParameters(request);
        const grant = gate.findHot(readBearer(request) ?? "")?.live.grant;
        if (grant !== undefined) grants.set(request, grant);
      })
      // Async: Elysia looks at the function for whether to await what it returns.
      .onAfterHandle({ as: "scoped" }, async ({ request, responseValue }) => {
        const grant = grants.get(request);
        const warning = grant === undefined ? "" : balanceWarning(grant);
        return warning === "" ? undefined : withWarning(responseValue, warning);
      })
  );
}

/** The answer with the fields of the warning, if it is a JSON object; undefined leaves it as it is. */
async function withWarning(answer: unknown, warning: string): Promise<unknown> {
  if (!(answer instanceof Response)) {
    const isObject = typeof answer === "object" && answer !== null && !Array.isArray(answer);
    return isObject ? { ...answer, ...JSON.parse(`{${warning.slice(1)}}`) } : undefined;
  }
  const { status, headers, body } = answer;
  const isJson = headers.get("content-type")?.startsWith("application/json") === true;
  if (body === null || !isJson) return undefined;
  const text = await answer.text();
  // The text of the fields has a comma before it.
  const isObject = text.startsWith("{") && text !== "{}";
  const warned = isObject ? `${text.slice(0, -1)}${warning}}` : text;
  return new Response(warned, { status, headers });
}
