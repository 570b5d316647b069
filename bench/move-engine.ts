/** One run of the mover's engine in a process of its own: `copy` or `verify`; prints its peak memory in bytes. */
import { copyDatabase } from "../packages/mover/postgresql/copy.ts";
import { verify } from "../packages/mover/postgresql/verify.ts";
import { memorySteps } from "../packages/mover/test/support/memory-steps.ts";

const [act = "", source = "", target = "", into = ""] = process.argv.slice(2);
const both = { source: { url: source }, target: { url: target }, into, steps: memorySteps(), jobs: 2 };
if (act === "copy") {
	await copyDatabase({ ...both, live: false });
} else {
	const { equal, differences } = await verify(both);
	if (!equal) throw new Error(`the copy differs: ${JSON.stringify(differences).slice(0, 2_000)}`);
}
console.log(process.resourceUsage().maxRSS * 1024);
