/**
 * `node aptible/main.ts KIND apply|remove`: what each Command of the program runs. The spec comes as JSON on stdin, secrets
 * as environment variables, and what the last run printed in PULUMI_COMMAND_STDOUT. Prints the facts as JSON;
 * progress and errors go to stderr.
 *
 * Pulumi runs a delete with the words recorded in the state: neither this path nor the kinds and verbs may change.
 */
import "./compile-cache.js";
import { text } from "node:stream/consumers";

// Only now, for a static import would have been read before the cache was there.
const { reconcile } = await import("./reconcile.ts");

process.exitCode = await reconcile(
	process.argv.slice(2),
	await text(process.stdin),
	process.env.PULUMI_COMMAND_STDOUT,
	{
		// For `npm run adopt`, which wants the facts of what is there and no change.
		access: { readOnly: process.env.MEDSTACK_TO_APTIBLE_READ_ONLY === "true" },
		stdout: (line) => void process.stdout.write(line),
		stderr: (line) => void process.stderr.write(line),
	},
);
