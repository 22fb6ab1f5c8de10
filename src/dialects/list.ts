// A line each. What it exports is the dialect's name, the word that an operator sets.
export { searchrouter } from "./searchrouter.ts";
export { skilder } from "./skilder.ts";
export { skillboss } from "./skillboss.ts";
export { skillett } from "./skillett.ts";
export { skillrouter } from "./skillrouter.ts";
export { standard } from "./standard.ts";
