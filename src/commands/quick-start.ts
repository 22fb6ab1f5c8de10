/** What the first start prints, on stderr, once: the management key and three calls to copy. */
export function quickStart(address: string, secret: string): string {
  return `
Tollgate is ready. Your management key, shown this once:

  ${secret}

Try it:

  export URL=${address}
  export MANAGEMENT_KEY=${secret}

  # 1. Create a key. The answer holds its secret, once.
  curl -s $URL/api-keys \\
    -H "Authorization: Bearer $MANAGEMENT_KEY" \\
    -H "Content-Type: application/json" \\
    -d '{"label": "my first key"}'

  # 2. Use it.
  curl -i $URL/key -H "Authorization: Bearer SECRET_FROM_STEP_1"

  # 3. Read the API and try it in the browser.
  ${address}/docs
`;
}
