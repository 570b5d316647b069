/**
 * Spares the program the half of Pulumi's SDK that it has no use for: to turn functions into text for serverless clouds, the SDK loads npm's
 * resolver and a compiler of TypeScript, 450 modules and a third of a second of CPU in each preview (`@pulumi/pulumi`,
 * `runtime/closure/codePaths.js` and `parseFunction.js`). And it takes several stack traces for each resource, which it maps through source
 * maps, a tenth of a preview's time: nothing here has any. Loaded before the SDK, by the `nodeargs` of Pulumi.yaml.
 */
import * as modules from "node:module";

const spared = new Set(["@npmcli/arborist", "typescript", "source-map-support/register"]);

// Node 20 has no such hooks: there the program ends with the version that it needs.
modules.registerHooks?.({
	resolve(specifier, context, next) {
		if (!spared.has(specifier) || !context.parentURL?.includes("/@pulumi/pulumi/")) return next(specifier, context);
		return { url: new URL("spared.cjs", import.meta.url).href, format: "commonjs", shortCircuit: true };
	},
});
