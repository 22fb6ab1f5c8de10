// The closed lists of words about events and their deliveries: columns, schemas and rules share them.

export const eventTypes = [
  "credits.low",
  "credits.exhausted",
  "recharge.requested",
  "key.created",
  "key.revoked",
  "key.expiring",
  "key.limit_reached",
] as const;
export type EventType = (typeof eventTypes)[number];

/** `pending` is waiting for its next attempt; `failed` has used them up. */
export const deliveryStates = ["pending", "delivered", "failed"] as const;
export type DeliveryState = (typeof deliveryStates)[number];
