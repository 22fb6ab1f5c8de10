/**
 * What Tollgate is measured against: Bun's server answering `GET /key` with a text that is known
 * beforehand. With `headers` it also looks at the credential and sends every header that Tollgate
 * sends: what the same bytes cost when nothing is checked or counted.
 */
export {};

const [port, mode, answerFile] = Bun.argv.slice(2);
const answer = (await Bun.file(answerFile ?? "").json()) as {
  body: string;
  headers: [string, string][];
};
const headers = new Headers(answer.headers);
const type = { "content-type": "application/json" };

const routes = {
  static: () => new Response(answer.body, { headers: type }),
  headers: (request: Request) => {
    const credential = request.headers.get("authorization");
    return new Response(answer.body, { headers, status: credential === null ? 401 : 200 });
  },
};

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  development: false,
  routes: { "/key": mode === "headers" ? routes.headers : routes.static },
});
