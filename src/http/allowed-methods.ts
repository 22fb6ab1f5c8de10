import { routeAccess } from "./route-access.ts";

const routes = Object.keys(routeAccess).map((route) => {
  const [method = "", pattern = ""] = route.split(" ");
  return { method, segments: pattern.split("/") };
});

/** The methods that a path has, sorted, HEAD with GET; empty for a path that leads nowhere. */
export function allowedMethods(path: string): string[] {
  const asked = segmentsOf(path);
  const methods = routes
    .filter(({ segments }) => matches(segments, asked))
    .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return methods.toSorted();
}

/** A path, cut at its slashes. One slash at the end leads to the same route, as the router has it. */
export function segmentsOf(path: string): string[] {
  const segments = path.split("/");
  return segments.length > 2 && segments.at(-1) === "" ? segments.slice(0, -1) : segments;
}

/** Whether a path, cut at its slashes, is one that the pattern of a route takes. */
export function matches(segments: readonly string[], asked: readonly string[]): boolean {
  if (segments.length !== asked.length) return false;
  return segments.every((segment, at) => segment.startsWith(":") || segment === asked[at]);
}
