/**
 * Sends the same POST over as many connections, all but its last byte; when every connection has done so, the
 * last bytes follow together. Resolves with the bodies of the answers.
 */
export async function postThroughGate(options: {
  url: string;
  path: string;
  key: string;
  body: object;
  connections: number;
}): Promise<unknown[]> {
  const { url, path, key, connections } = options;
  const body = JSON.stringify(options.body);
  const { hostname, port } = new URL(url);
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${hostname}`,
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ].join("\r\n");
  const text = `${head}\r\n\r\n${body}`;
  const waiting = await Promise.all(
    Array.from({ length: connections }, async () => {
      const { promise: answer, resolve, reject } = Promise.withResolvers<string>();
      let received = "";
      const socket = await Bun.connect({
        hostname,
        port: Number(port),
        socket: {
          data: (_, bytes) => {
            received += bytes.toString();
          },
          close: () => resolve(received),
          error: (_, error) => reject(error),
        },
      });
      socket.write(text.slice(0, -1));
      socket.flush();
      return { socket, answer };
    }),
  );
  for (const { socket } of waiting) {
    socket.write(text.slice(-1));
    socket.flush();
  }
  const answers = await Promise.all(waiting.map(({ answer }) => answer));
  return answers.map((answer) => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4)));
}
