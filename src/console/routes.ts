import { Elysia } from "elysia";
import { notFound } from "../core/errors.ts";
import type { Authenticator } from "../http/authenticate.ts";
import { linkPath } from "../users/new-link.ts";
import { linkPage, linkPageFile } from "./link-page.ts";

/** Scripts, styles and calls of this origin, and nothing else. */
const pageHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** `/link`: where somebody who was sent a one-time link uses it. */
export function linkPageRoutes({ authenticator }: { authenticator: Authenticator }) {
  return new Elysia({ name: "link-page" })
    .onBeforeHandle(({ request }) => authenticator.countAnonymous(request))
    .get(linkPath, ({ path }) => {
      // With a slash at the end the relative addresses on the page would lead elsewhere.
      if (path !== linkPath) throw notFound("page");
      return linkPage(pageHeaders);
    })
    .get(`${linkPath}/:file`, ({ params }) => linkPageFile(params.file, pageHeaders));
}
