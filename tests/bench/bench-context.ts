import { rmSync } from "node:fs";
import type { LoadPlan } from "./load-plan.ts";
import { type LoadRun, type RunningServer, runLoad, type TollgateCommand } from "./processes.ts";
import { type Seeded, seedKeys } from "./seed-keys.ts";

export interface BenchOptions {
  command: TollgateCommand;
  rounds: number;
  seconds: number;
  /** Keys in the large file. */
  keys: number;
  connections: number;
  /** The first of seven neighbouring ports. */
  port: number;
  /** Where data folders are made; removed at the end. */
  folder: string;
  progress: (text: string) => void;
}

/** Keys in the small file, and keys that the hot runs on both files go round. */
export const smallKeys = 1_000;
/** Secrets of the large file that are kept for use: cold runs take each once. */
const secretsKeptMax = 500_000;
const warmUpMs = 250;

/** What the parts share: options, and the data folders, made when first asked for. */
export class BenchContext {
  #small: Promise<Seeded> | undefined;
  #large: Promise<Seeded> | undefined;
  #folders = 0;

  constructor(readonly options: BenchOptions) {}

  small(): Promise<Seeded> {
    this.#small ??= this.#seed(smallKeys);
    return this.#small;
  }

  large(): Promise<Seeded> {
    this.#large ??= this.#seed(this.options.keys);
    return this.#large;
  }

  newFolder(): string {
    return `${this.options.folder}/${++this.#folders}`;
  }

  /** One run against a server, from `count` secrets of the list beginning at `from`. */
  load(
    server: RunningServer,
    data: Seeded,
    plan: { from: number; count: number; once?: boolean } & Partial<LoadPlan>,
  ): Promise<LoadRun> {
    const { from, count, once = false, ...rest } = plan;
    return runLoad(server, {
      port: server.port,
      connections: this.options.connections,
      warmUpMs,
      measureMs: this.options.seconds * 1_000,
      method: "GET",
      path: "/key",
      secrets: { file: data.secretsFile, from, count, once },
      ...rest,
    });
  }

  removeFolders(): void {
    rmSync(this.options.folder, { recursive: true, force: true });
  }

  async #seed(keys: number): Promise<Seeded> {
    this.options.progress(`writing ${keys.toLocaleString("en")} keys`);
    return seedKeys(this.newFolder(), { keys, secretsKept: Math.min(keys, secretsKeptMax) });
  }
}
