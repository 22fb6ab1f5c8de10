/** Names that are remembered; a forgotten one costs a look at the database's own unique index. */
export const onceNamesMax = 10_000;

/** The names of events that were written lately. */
export class OnceNames {
  #names = new Set<string>();

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Remembers a name, and forgets the oldest when there are too many. */
  add(name: string): void {
    this.#names.add(name);
    if (this.#names.size <= onceNamesMax) return;
    const [oldest] = this.#names;
    if (oldest !== undefined) this.#names.delete(oldest);
  }
}
