/** What tables of a dialect are called where they are handed round. */
const word = "(?:dialect|dialectName|prefixes)";
const chain = String.raw`(?:\w+(?:\(\))?\??\.)*`;
const tail = String.raw`(?:\??\.\w+|\[[^\]\n]*\])*?`;
/** A prefix that was taken out of its table. */
const prefix = String.raw`\b(?:workspace|user|runtime|management)\.(?:live|test)\b`;
const compare = String.raw`\s*[!=]==?(?![=\s]*(?:undefined|true)\b)`;
const look =
  "(?:startsWith|endsWith|includes|indexOf|match|search|localeCompare|charAt|at|slice|substring|get|has|test|is|some|find|every)";

const questions = new RegExp(
  [
    // Comparing, either way round.
    String.raw`\b${word}\b${tail}${compare}`,
    prefix + compare,
    String.raw`[!=]==?\s*${chain}(?:${word}\b|${prefix.slice(2)})`,
    String.raw`switch \(${chain}${word}\b`,
    // Looking into it, or looking something up by it.
    String.raw`\b${word}\b${tail}\??\.${look}\(`,
    String.raw`${prefix}\.${look}\(`,
    String.raw`\.${look}\(\s*${chain}${word}\b`,
    String.raw`\bhasOwn\([^)\n]*\b${word}\b`,
    String.raw`\w\[${chain}${word}\b`,
    // Another name for it, under which the rest would not be seen.
    String.raw`(?:const|let) (?!${word}\b)\w+ = ${chain}${word}\b${tail};`,
    String.raw`\b${word}: \w+[^{};\n]*\} = `,
    // A name or a word for people: a table has none.
    String.raw`\bdialect\??\.(?:title|name)\b`,
    String.raw`\{[^{}]*\b(?:title|name)\b[^{}]*\} = ${chain}dialect\b`,
  ].join("|"),
);

/** Whether a source asks which dialect is on, in place of reading what differs from its table. */
export const asksWhichDialect = (text: string): boolean => questions.test(text);

/** Whether a source reads the setting, by which it could ask. */
export const readsDialectSetting = (text: string): boolean =>
  /\bconfig(?:\(\))?\??\.dialect\b|\{[^{}]*\bdialect\b[^{}]*\} = [^;\n]*\bconfig\b/.test(text);
