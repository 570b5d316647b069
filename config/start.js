/**
 * Where Pulumi starts the program: `main` in `package.json`. Plain JavaScript, so that a Node which cannot read `index.ts` says what
 * is needed instead of `Unknown file extension`.
 */
import "./spare-sdk.js";
import { existsSync } from "node:fs";
import { RunError } from "@pulumi/pulumi";

const oldest = 24;
const found = process.versions.node;
if (Number.parseInt(found, 10) < oldest) {
	const installed = existsSync("node_modules/.bin/node")
		? '; the one that npm ci installed will do: PATH="$PWD/node_modules/.bin:$PATH" pulumi up'
		: ": https://nodejs.org";
	throw new RunError(`Node ${oldest} or newer is needed, and the \`node\` on PATH is ${found}${installed}`);
}

const outputs = Object.entries(await import("../index.ts"));
// Pulumi warns of an output that is undefined.
export default Object.fromEntries(outputs.filter(([, value]) => value !== undefined));
