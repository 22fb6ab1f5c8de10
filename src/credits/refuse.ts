import { DomainError } from "../core/errors.ts";
import { microsToUsd } from "./micros.ts";
import type { Shortage } from "./shortage.ts";

/** The 402 of a shortage: which limit, what is left and what was asked. */
export function shortageError(shortage: Shortage, actionUrl?: string): DomainError {
  const { of } = shortage;
  const left = microsToUsd(shortage.leftMicros);
  const asked = microsToUsd(shortage.askedMicros);
  const options = {
    shortage: { of, left, asked },
    ...(actionUrl === undefined ? {} : { actionUrl }),
  };
  return of === "credits"
    ? new DomainError(
        "insufficient_credits",
        `The organization has ${left} USD of credits left; ${asked} was asked.`,
        options,
      )
    : new DomainError(
        "spend_limit_reached",
        `The spend limit of this ${of} has ${left} USD left; ${asked} was asked.`,
        options,
      );
}
