import { type ErrorCode, errorCodes } from "../../src/core/errors.ts";
import { type DialectName, dialectOf } from "../../src/dialects/index.ts";
import { sampleError } from "../../src/http/openapi/error-examples.ts";
import { errorRenderer } from "../../src/http/render-error.ts";

export const goldenPath = (name: DialectName) => `tests/http/dialects/errors/${name}.json`;

const config = { billingUrl: "https://example.com/billing", publicUrl: "https://keys.example.com" };

/** What every error is on the wire in a dialect, as JSON text. */
export async function renderGolden(name: DialectName): Promise<string> {
  const render = errorRenderer(dialectOf(name), config);
  const golden: Record<string, unknown> = {};
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    const response = render(sampleError(code), new Request("https://keys.example.com/key"));
    const text = await response.text();
    const { "x-request-id": id = "", ...headers } = Object.fromEntries(response.headers);
    // The id is the process's own; everything else is the same every time.
    golden[code] = {
      status: response.status,
      headers,
      body: JSON.parse(text.replaceAll(id, "req_golden")),
    };
  }
  return `${JSON.stringify(golden, null, 2)}\n`;
}
