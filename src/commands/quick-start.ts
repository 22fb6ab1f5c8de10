/** What the first start prints, on stderr, once: the management key, the setup link, calls to copy. */
export function quickStart(first: { address: string; secret: string; setupUrl: string }): string {
  const { address, secret, setupUrl } = first;
  return `
Tollgate is ready. Your management key, shown this once:

  ${secret}

Open this link within a day to become the operator, with a password. It works
once; 'tollgate setup --email ... --password-stdin' does the same later:

  ${setupUrl}

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
