import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { type AddressRange, isInRanges } from "../permissions/address-range.ts";
import { isAllowedAddress } from "./public-address.ts";
import { hostOf } from "./target-url.ts";

/** What is read of an answer's body, and thrown away, so that its sender sees a whole exchange. */
const answerBytesRead = 16_384;

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface Message {
  url: string;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}

export interface Reply {
  status: number;
  retryAfter: string | null;
}

/** Why a call was not made or got no answer: a sentence that whoever owns the webhook may read. */
export class DialError extends Error {
  override readonly name = "DialError";
}

/**
 * Calls the addresses that customers give, without being their way inside (server-side request forgery).
 * A name is resolved once, every address it has is judged, and the connection goes to what was judged:
 * a second answer of the name server, or a redirect, changes nothing. `fetch` is not used, for it has no
 * way to do so and follows `HTTPS_PROXY`. Certificates are checked against the name.
 */
export class Dialler {
  constructor(
    private readonly options: {
      /** Networks inside that may be called. */
      allowed: readonly AddressRange[];
      resolve?: Resolve;
      /** Authorities to trust besides the usual ones. */
      ca?: string;
    },
  ) {}

  /** Posts once. Throws `DialError`. */
  async post(message: Message): Promise<Reply> {
    const url = new URL(message.url);
    const addresses = await this.#judgedAddresses(url, message.signal);
    return new Promise((resolve, reject) => {
      const { protocol, port, pathname, search } = url;
      const isSecure = protocol === "https:";
      const { ca } = this.options;
      const request = (isSecure ? https : http).request({
        host: hostOf(url),
        port: port === "" ? (isSecure ? 443 : 80) : Number(port),
        path: pathname + search,
        method: "POST",
        // A connection of an earlier call would be to an address that was judged then.
        agent: false,
        lookup: answering(addresses),
        // Said in so many words: a variable of the runtime can switch the default off.
        rejectUnauthorized: true,
        headers: { ...message.headers, "content-length": String(Buffer.byteLength(message.body)) },
        ...(ca === undefined ? {} : { ca }),
      });
      // Settled here and not by an event alone: a request that was destroyed may tell nobody.
      const end = (settle: () => void) => {
        message.signal.removeEventListener("abort", stop);
        settle();
        request.destroy();
      };
      const stop = () => end(() => reject(timeoutError()));
      const answered = (response: http.IncomingMessage) =>
        end(() => {
          const retryAfter = response.headers["retry-after"] ?? null;
          resolve({ status: response.statusCode ?? 0, retryAfter });
        });
      message.signal.addEventListener("abort", stop, { once: true });
      request.on("error", (error) => end(() => reject(new DialError(reasonOf(error)))));
      request.on("response", (response) => drain(response, () => answered(response)));
      // 101 takes the connection over, and there is no response then.
      request.on("upgrade", (response, socket) => {
        socket.destroy();
        answered(response);
      });
      if (message.signal.aborted) stop();
      request.end(message.body);
    });
  }

  async #judgedAddresses(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    const { allowed, resolve = resolveByName } = this.options;
    const host = hostOf(url);
    const addresses = isIP(host) > 0 ? [host] : await untilAborted(resolve(host), signal);
    if (addresses.length === 0) throw new DialError("The name has no address.");
    if (!addresses.every((address) => isAllowedAddress(address, allowed))) {
      throw new DialError("The name has an address that is not public.");
    }
    const isInside = addresses.every((address) => isInRanges(address, allowed));
    if (url.protocol !== "https:" && !isInside) throw new DialError("Not https.");
    return addresses;
  }
}

/** As the system does, its hosts file included. */
async function resolveByName(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(timeoutError());
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } catch (error) {
    throw error instanceof DialError ? error : new DialError("The name cannot be resolved.");
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Gives the connection the addresses that were judged, whatever it asks for. */
function answering(addresses: readonly string[]): LookupFunction {
  const known = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    const [first] = known;
    if (options.all) callback(null, known);
    else callback(null, first?.address ?? "", first?.family);
  };
}

function drain(response: http.IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= answerBytesRead) done();
  });
  // The status is known: an end of whatever kind changes nothing of it.
  for (const end of ["end", "close", "error", "aborted"]) response.on(end, done);
}

function timeoutError(): DialError {
  return new DialError("There was no answer in time.");
}

/** The code of the system or of TLS, such as ECONNREFUSED; the rest may tell of this machine. */
function reasonOf(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "no reason given";
  return `The connection failed: ${code}.`;
}
