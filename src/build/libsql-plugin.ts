import type { BunPlugin } from "bun";

/** The line in `libsql/index.js` that no bundler can follow: the package's name is made at run time. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of somebody else's code.
const dynamicRequire = "return require(`@libsql/${target}`);";

/**
 * Puts the addon's package name of one platform where libsql works it out at run time, so that the
 * bundler finds the addon and takes it into the binary. Fails when libsql has changed that line.
 */
export function libsqlPlugin(addonPackage: string): BunPlugin {
  return {
    name: "libsql-addon",
    setup(build) {
      let isRewritten = false;
      build.onLoad({ filter: /[\\/]node_modules[\\/]libsql[\\/]index\.js$/ }, async ({ path }) => {
        const source = await Bun.file(path).text();
        if (source.split(dynamicRequire).length !== 2) {
          throw new Error(`libsql no longer has the line that loads its addon: ${dynamicRequire}`);
        }
        isRewritten = true;
        return {
          contents: source.replace(dynamicRequire, `return require("${addonPackage}");`),
          loader: "js",
        };
      });
      build.onEnd(() => {
        if (!isRewritten) throw new Error("The build never came across libsql.");
      });
    },
  };
}
