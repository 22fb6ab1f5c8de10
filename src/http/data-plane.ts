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

/** The answer with the fields of the warning, which is the text of them behind a comma. */
async function withWarning(answer: unknown, warning: string): Promise<unknown> {
  if (!(answer instanceof Response)) {
    return { ...(answer as object), ...JSON.parse(`{${warning.slice(1)}}`) };
  }
  const { status, headers } = answer;
  const text = await answer.text();
  return new Response(`${text.slice(0, -1)}${warning}}`, { status, headers });
}
