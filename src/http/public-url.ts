import type { Config } from "../config/schema.ts";

/**
 * Where people reach this server, without a slash at the end: as configured, else as the caller did.
 * Only somebody who is let in gets to see it, so a made-up Host header fools nobody but its sender.
 */
export function publicUrl({ publicUrl: configured }: Config, request: Request): string {
  return configured === "" ? new URL(request.url).origin : configured.replace(/\/+$/, "");
}
