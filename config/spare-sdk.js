/**
 * Spares the program the half of Pulumi's SDK that it has no use for (`@pulumi/pulumi`):
 *
 * - To turn functions into text for serverless clouds, the SDK loads npm's resolver and a compiler of TypeScript, and switches V8's debugger on
 *   before a program starts (`runtime/closure/codePaths.js`, `parseFunction.js`, `v8Hooks.js`).
 * - It loads the Automation API, by which other programs drive the engine, and OpenTelemetry, whether or not a run is traced (`index.js`,
 *   `cmd/run/tracing.js`).
 * - It loads a comparison of versions (`semver`), which a run seldom asks for.
 * - It takes several stack traces for each resource, which it maps through source maps: nothing here has any.
 *
 * Loaded before the SDK, by the `nodeargs` of Pulumi.yaml.
 */
import * as modules from "node:module";

/** What has no use in any run; `spared.cjs` says so to whoever uses it. */
const spared = new Set([
	"@npmcli/arborist",
	"typescript",
	"normalize-package-data",
	"source-map-support/register",
	"./automation",
]);
/** What the SDK's start loads and does not use here, `unused.cjs` in its place. */
const unused = "../../runtime/closure/v8Hooks";
/** What it uses where `pulumi --tracing` or an OpenTelemetry around it asks for it. */
const tracing = /^@opentelemetry\/(?!api$)/;
/** What loads `semver` in each run. */
const comparesVersions = /\/(?:runtime\/rpc|runtime\/closure\/rewriteSuper|cmd\/run\/run)\.js$/;
const isTraced = process.env.TRACEPARENT !== undefined || process.argv.some((word) => word.startsWith("--tracing"));

/** The file that stands for what a file of the SDK asks for, if there is one. */
function standInFor(specifier, parent) {
	if (!parent.includes("/@pulumi/pulumi/")) return undefined;
	if (spared.has(specifier)) return "spared.cjs";
	if (specifier === "@opentelemetry/api" && !isTraced) return "untraced.cjs";
	if (specifier === "semver" && comparesVersions.test(parent)) return "late-semver.cjs";
	if (!parent.includes("/@pulumi/pulumi/cmd/run/")) return undefined;
	return specifier === unused || (tracing.test(specifier) && !isTraced) ? "unused.cjs" : undefined;
}

// Node 20 has no such hooks: there the program ends with the version that it needs.
modules.registerHooks?.({
	resolve(specifier, context, next) {
		const file = standInFor(specifier, context.parentURL ?? "");
		if (file === undefined) return next(specifier, context);
		return { url: new URL(file, import.meta.url).href, format: "commonjs", shortCircuit: true };
	},
});
