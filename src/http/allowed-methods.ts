import { routeAccess } from "./route-access.ts";

const routes = Object.keys(routeAccess).map((route) => {
  const [method = "", pattern = ""] = route.split(" ");
  return { method, segments: pattern.split("/") };
});

/** The methods that a path has, sorted, HEAD with GET; empty for a path that leads nowhere. */
export function allowedMethods(path: string): string[] {
  const asked = path.split("/");
  const methods = routes
    .filter(({ segments }) => matches(segments, asked))
    .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return methods.toSorted();
}

/** Whether a path, cut at its slashes, is one that the pattern of a route takes. */
export function matches(segments: readonly string[], asked: readonly string[]): boolean {
  if (segments.length !== asked.length) return false;
  return segments.every((segment, at) => segment.startsWith(":") || segment === asked[at]);
}
