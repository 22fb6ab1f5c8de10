const contentLengthName = "Content-Length: ";
const statusAt = "HTTP/1.1 ".length;

/** Cuts the bytes of one connection into responses: just enough HTTP/1.1 to know when one is whole. */
export class ResponseReader {
  #held: Buffer | undefined;

  /** The status, once the response is whole; undefined while more bytes must come. */
  read(bytes: Buffer): number | undefined {
    const all = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    const headEnd = all.indexOf("\r\n\r\n");
    const lengthAt = headEnd === -1 ? -1 : all.indexOf(contentLengthName);
    if (headEnd !== -1 && (lengthAt === -1 || lengthAt > headEnd)) {
      throw new Error("The response has no Content-Length.");
    }
    const whole =
      headEnd + 4 + (headEnd === -1 ? 0 : readNumber(all, lengthAt + contentLengthName.length));
    if (headEnd === -1 || all.length < whole) {
      // The caller's buffer is reused for the next read.
      this.#held = Buffer.from(all);
      return undefined;
    }
    if (all.length > whole) throw new Error("More came than one response.");
    this.#held = undefined;
    return readNumber(all, statusAt);
  }
}

/** The decimal digits at `at`. */
function readNumber(bytes: Buffer, at: number): number {
  let value = 0;
  for (let index = at; ; index++) {
    const digit = (bytes[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}
