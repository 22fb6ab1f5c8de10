/** On the schema of scopes in a request: the document shows them as the dialect writes them. */
export const writtenScopesMark = "x-written-scopes";
