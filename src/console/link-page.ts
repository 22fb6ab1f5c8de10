import { notFound } from "../core/errors.ts";
import style from "./link-page.css" with { type: "text" };
import script from "./link-page.txt" with { type: "text" };

/** A labelled input with a line under it, which holds the hint or what is wrong. */
function field(id: string, label: string, attributes: string): string {
  return `<div class="field" id="${id}-field">
<label for="${id}">${label}</label>
<input id="${id}" ${attributes} aria-describedby="${id}-note">
<p class="note" id="${id}-note" aria-live="polite"></p>
</div>`;
}

/**
 * The script comes first and holds everything up, so that the token is out of the address bar before
 * anything else is asked for. Addresses are relative: the public URL may have a path of its own.
 */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tollgate</title>
<script src="link/page.js"></script>
<link rel="stylesheet" href="link/page.css">
</head>
<body>
<main>
<p class="brand">Tollgate</p>
<h1 id="title" tabindex="-1">One moment</h1>
<p id="lead" role="status"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
<button id="retry" type="button" hidden>Try again</button>
<form id="form" novalidate hidden>
${field("email", "Email", 'type="email" maxlength="254" autocomplete="username" required')}
${field("name", "Name (optional)", 'maxlength="100" autocomplete="name"')}
${field("password", "Password", 'type="password" maxlength="256" autocomplete="new-password" autocapitalize="none" spellcheck="false" required')}
<label class="check"><input id="reveal" type="checkbox"> Show the password</label>
<button id="send">Send</button>
<p class="fault" id="fault" role="alert"></p>
</form>
<div id="done" hidden>
<ul id="standing"></ul>
<p>Go on in the <a href="docs">API documentation</a>, where every call can be tried.</p>
</div>
</main>
</body>
</html>
`;

/** What the page loads, by name, with media types: nothing outside this list can be asked for. */
const files: Readonly<Record<string, { type: string; content: string }>> = {
  "page.css": { type: "text/css", content: style },
  "page.js": { type: "text/javascript", content: script },
};

/** The page that uses one-time links. */
export function linkPage(headers: Record<string, string>): Response {
  return respond({ type: "text/html", content: page }, headers);
}

/** One file of that page. Throws 404 for any other name. */
export function linkPageFile(name: string, headers: Record<string, string>): Response {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) throw notFound("file");
  return respond(file, headers);
}

function respond(
  { type, content }: { type: string; content: string },
  headers: Record<string, string>,
): Response {
  return new Response(content, {
    headers: { ...headers, "content-type": `${type}; charset=utf-8` },
  });
}
