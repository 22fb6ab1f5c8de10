import { notFound } from "../core/errors.ts";
import style from "./link-page.css" with { type: "text" };
import script from "./link-page.txt" with { type: "text" };

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tollgate</title>
<link rel="stylesheet" href="/link/page.css">
</head>
<body>
<main>
<h1 id="title">One moment</h1>
<p id="lead"></p>
<form id="form" hidden>
<label>Email <input id="email" type="email" autocomplete="username" required></label>
<label id="name-field">Name <input id="name" maxlength="100" autocomplete="name"></label>
<label>Password <input id="password" type="password" maxlength="256" required></label>
<small id="hint">At least 12 characters of any kind. A few random words are good.</small>
<button id="send">Send</button>
<p id="fault" role="alert"></p>
</form>
<p id="next" hidden>Go on in the <a href="/docs">API documentation</a>, where every call can be tried.</p>
<noscript>This page needs JavaScript.</noscript>
</main>
<script src="/link/page.js"></script>
</body>
</html>
`;

/** The files by name, with their media types: nothing outside this list can be asked for. */
const files: Readonly<Record<string, { type: string; content: string }>> = {
  "page.html": { type: "text/html; charset=utf-8", content: page },
  "page.css": { type: "text/css; charset=utf-8", content: style },
  "page.js": { type: "text/javascript; charset=utf-8", content: script },
};

/** One file of the page that uses one-time links. Throws 404 for any other name. */
export function linkPageFile(name: string, headers: Record<string, string>): Response {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) throw notFound("file");
  return new Response(file.content, { headers: { ...headers, "content-type": file.type } });
}
