/** RFC 3339 section 5.6: date, time and offset; without an offset it would be this machine's time. */
const timestampPattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds, or NaN for what is no moment: `Date.parse` takes 30 February for 2 March. */
export function parseTimestamp(text: string): number {
  const [matched, year, month, day] = timestampPattern.exec(text) ?? [];
  if (matched === undefined) return Number.NaN;
  const calendarDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate();
  return calendarDay === Number(day) ? Date.parse(text) : Number.NaN;
}
