import { knownPrefixes } from "../dialects/index.ts";

/** What our own secrets begin with, the longest first: `sk-sr-test-` goes before `sk-sr-` and `sk-`. */
const ownPrefixes = [...knownPrefixes].toSorted((a, b) => b.length - a.length);
/** `sk-`, `unkey_`, `sk_live_`, `sk-ant-api03-`: one word, and after it only words that prefixes are made of. */
const firstWord = /^(?:[A-Z]?[a-z]{1,11}|[A-Z]{2,12})\d{0,2}[-_]/;
const furtherWord =
  /^(?:live|test|prod|dev|stg|staging|sandbox|proj|ant|or|api|admin|svcacct|key|secret|v)\d{0,2}[-_]/i;
const furtherWordsMax = 3;
/** Behind it any word is a prefix: what is drawn with `-` and `_` has letters of both cases too. */
const plainBody = /^(?:[0-9a-z]+|[0-9A-Z]+)$/;

/** RFC 9562: 122 random bits in version 4; 74 in version 7, and fewer in those before. */
const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const uuidVersionAt = 14;
/** 26 characters of Crockford's base32, of which the first ten are the time. */
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const ulidBits = 80;

/** The alphabets that secrets are written in, the smallest first. */
const alphabets: readonly (readonly [RegExp, number])[] = [
  [/^\d*$/, 10],
  [/^[0-9a-f]*$/, 16],
  [/^[0-9A-F]*$/, 16],
  [/^[A-Z2-7]*$/, 32],
  [/^[a-z2-7]*$/, 32],
  [/^[0-9A-Z]*$/, 36],
  [/^[0-9a-z]*$/, 36],
  [/^[0-9A-Za-z]*$/, 62],
];
/** What joins words. It is drawn from in base64url alone, and there beside letters of both cases. */
const separators = /[-_.]/g;
/** Base64 in both spellings, and whatever else is visible: no more is taken to have been drawn from. */
const alphabetSizeMax = 64;
/** Letters of one case and digits. */
const oneCaseSizeMax = 36;

/** Letters of one case alone are rather words than chance; English has 1 to 1.5 bits a letter (Shannon 1951). */
const onlyLetters = /^(?:[a-z]*|[A-Z]*)$/;
const letterBits = 1.5;
/** A secret of 128 random bits has more different characters than this in every alphabet but the digits. */
const fewCharacters = 8;
/** A repetition that saves so many bits is no chance: one in some ten thousand secrets has one. */
const repetitionBits = 24;

/**
 * How many random bits a secret of another service seems to have, at most: the characters after its
 * prefix, times the bits of the smallest alphabet that has them all. What was there before (`aaaa`,
 * `abcabc`) and what counts up or down (`12345678`) is left out once it is too long to be chance. It
 * cannot tell words in two cases from random ones: this finds mistakes, and is no judge of a secret
 * that somebody made up.
 */
export function apparentBits(secret: string): number {
  const body = withoutPrefix(secret).replace(/=+$/, "");
  if (uuidPattern.test(body)) return body[uuidVersionAt] === "4" ? 122 : 74;
  if (ulidPattern.test(body)) return ulidBits;
  const drawn = withoutSeparators(body);
  const bits = bitsPerCharacter(drawn);
  const repetitionLength = Math.max(3, Math.ceil(repetitionBits / Math.max(bits, 1)));
  return Math.floor(newCharacters(drawn, repetitionLength) * bits);
}

/** The part of a secret that is not the same for all of its service. */
export function withoutPrefix(secret: string): string {
  if (uuidPattern.test(secret)) return secret;
  const own = ownPrefixes.find((prefix) => secret.startsWith(prefix));
  let rest = own === undefined ? secret.replace(firstWord, "") : secret.slice(own.length);
  if (rest === secret) return secret;
  for (let words = 0; words < furtherWordsMax; words++) rest = rest.replace(furtherWord, "");
  const inner = rest.replace(firstWord, "");
  return plainBody.test(inner) ? inner : rest;
}

/** Separators raise no alphabet and are no characters, but where they are of the alphabet. */
function withoutSeparators(body: string): string {
  const joined = body.replace(separators, "");
  const [, size] = alphabets.find(([pattern]) => pattern.test(joined)) ?? [];
  return size === undefined || size > oneCaseSizeMax ? body : joined;
}

function bitsPerCharacter(body: string): number {
  const different = new Set(body).size;
  if (different <= fewCharacters) return Math.log2(Math.max(different, 1));
  if (onlyLetters.test(body)) return letterBits;
  const known = alphabets.find(([pattern]) => pattern.test(body));
  return Math.log2(known?.[1] ?? alphabetSizeMax);
}

/** Characters that are not part of a repetition of what came before, nor of a sequence. */
function newCharacters(body: string, repetitionLength: number): number {
  let found = 0;
  for (let at = 0; at < body.length; ) {
    const repeated = Math.max(sequenceAt(body, at), repetitionAt(body, at, repetitionLength));
    if (repeated >= repetitionLength) at += repeated;
    else {
      found++;
      at++;
    }
  }
  return found;
}

/** How long the text at a place has been there before; 0 when that is shorter than `least`. */
function repetitionAt(body: string, at: number, least: number): number {
  let length = 0;
  for (let size = least; at + size <= body.length; size++) {
    const place = body.indexOf(body.slice(at, at + size));
    if (place === -1 || place >= at) break;
    length = size;
  }
  return length;
}

/** How many characters from here on follow the two before by the same step of one, or of none. */
function sequenceAt(body: string, at: number): number {
  if (at === 0) return 0;
  const step = body.charCodeAt(at) - body.charCodeAt(at - 1);
  if (Math.abs(step) > 1) return 0;
  let end = at;
  while (end < body.length && body.charCodeAt(end) - body.charCodeAt(end - 1) === step) end++;
  return end - at;
}
