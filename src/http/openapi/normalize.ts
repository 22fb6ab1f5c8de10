export function normalizeDocument(document: unknown): unknown {
  return document;
}
