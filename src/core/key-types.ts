export const keyTypes = ["workspace", "user", "runtime", "management"] as const;
export type KeyType = (typeof keyTypes)[number];

export const environments = ["live", "test"] as const;
export type Environment = (typeof environments)[number];
