/**
 * The headers of an answer about money: what it cost, when it cost anything, and what its organization can
 * still spend. A stored answer keeps them, as it keeps its body: they tell of the charge that was made once.
 */
export function chargeHeaders(answer: {
  charged: number;
  remaining_credits: number;
}): Record<string, string> {
  const remaining = { "x-credits-remaining": String(answer.remaining_credits) };
  if (answer.charged === 0) return remaining;
  return { ...remaining, "x-credits-charged": String(answer.charged) };
}
