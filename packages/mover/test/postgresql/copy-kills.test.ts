/**
 * A copy whose process is killed converges, whenever that is: no row doubled, none lost. One moment in ten; all of them with
 * MATRIX=all.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type CopyOptions, copyDatabase } from "../../postgresql/copy.ts";
import { dropDatabase } from "../../postgresql/target.ts";
import {
	execute,
	fillClinic,
	type Source,
	startSource,
	startTarget,
	type Target,
	useImageClients,
} from "../support/databases.ts";
import type { KilledCopyOptions } from "../support/killed-copy.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { contentOf } from "./copy-content.ts";

const PROGRAM = path.join(import.meta.dirname, "../support/killed-copy.ts");
const INTO = "move_7";

let source: Source;
let target: Target;
let content: Record<string, unknown>;

before(async () => {
	await useImageClients();
	[source, target] = await Promise.all([startSource(15), startTarget(17)]);
	await fillClinic(source, 0.0005);
	// One table of its own parts, beside those that travel together.
	await execute(
		source.login,
		"CREATE TABLE clinic.large AS SELECT g, repeat(md5(g::text), 30) AS t FROM generate_series(1, 3000) g",
	);
	content = await contentOf(source.superuser);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

function options(changes: Partial<CopyOptions> = {}): CopyOptions {
	return {
		source: source.login,
		target: target.login,
		into: INTO,
		steps: memorySteps({ epoch: 2 }),
		jobs: 2,
		live: false,
		...changes,
	};
}

/** Runs a copy that is killed. @returns the number of moments where it was not */
async function killed(changes: Partial<KilledCopyOptions>): Promise<number | undefined> {
	const input: KilledCopyOptions = {
		source: source.login,
		target: target.login,
		into: INTO,
		live: false,
		epoch: 1,
		at: 0,
		...changes,
	};
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	child.stdin.end(JSON.stringify(input));
	const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
	if (signal === "SIGKILL") return undefined;
	assert.equal(code, 0);
	return Number(output);
}

test("killed at any moment of any step, the next call goes on to an equal copy", async () => {
	const moments = (await killed({})) ?? 0;
	assert.ok(moments > 60, `${moments} moments`);
	const step = process.env.MATRIX === "all" ? 1 : 10;
	for (let at = step === 1 ? 1 : 5; at <= moments; at += step) {
		await dropDatabase(target.login, INTO);
		assert.equal(await killed({ at }), undefined, `killed at moment ${at} of ${moments}`);
		await copyDatabase(options());
		assert.deepEqual(await contentOf(target.login, INTO), content, `killed at moment ${at} of ${moments}`);
	}
});

test("killed while rows travel, with its children or without them, nothing is half committed", async () => {
	for (const afterMs of [0, 40, 90]) {
		await dropDatabase(target.login, INTO);
		assert.equal(await killed({ afterMs }), undefined);
		await copyDatabase(options());
		assert.deepEqual(await contentOf(target.login, INTO), content, `killed ${afterMs} ms after the rows began`);
	}
});
