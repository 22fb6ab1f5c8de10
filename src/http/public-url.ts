import type { Config } from "../config/schema.ts";

/**
 * Where people reach this server, without a slash at the end: as configured, else as the caller did.
 * A made-up Host header shows in the answer to its sender alone: what is sent to others, by the link
 * webhook, needs the setting.
 */
export function publicUrl(
  { publicUrl: configured }: Pick<Config, "publicUrl">,
  request: Request,
): string {
  return configured === "" ? new URL(request.url).origin : configured.replace(/\/+$/, "");
}
