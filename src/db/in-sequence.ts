/** Batch after batch of rows, by `read`, which is given the sequence that the last one ended with. */
export async function* inSequence<Row extends { sequence: number }>(
  read: (after: number) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  for (let after = 0; ; ) {
    const rows = await read(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.sequence;
  }
}
