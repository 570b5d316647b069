/** A freeze and a thaw that are killed at any of their statements: both converge. One in ten is tried, all with MATRIX=all. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, type TestContext, test } from "node:test";
import { MEDSTACK_DATABASE } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { execute, type Source, startSource } from "../support/databases.ts";
import { freezeSource, thawSource } from "../support/killed-freeze.ts";
import { readSourceState, type SourceState } from "../support/source-state.ts";
import { beforeStatements } from "../support/statements.ts";

const PROGRAM = path.join(import.meta.dirname, "../support/killed-freeze.ts");
const EACH = process.env.MATRIX === "all" ? 1 : 10;

/** Where the kills begin: each run tries other statements. */
function firstOf(t: TestContext): number {
	const first = 1 + Math.floor(Math.random() * EACH);
	t.diagnostic(`killed at statement ${first}, and each ${EACH} after it`);
	return first;
}

let source: Source;
let folder: string;
let open: SourceState;

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "freeze-kills-"));
	source = await startSource(15);
	await execute(source.superuser, "ALTER ROLE app_rw CONNECTION LIMIT 7");
	await execute(source.login, `GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_ro WITH GRANT OPTION`);
	open = await state();
});
after(async () => {
	await source?.server.stop();
	rmSync(folder, { recursive: true, force: true });
});

const state = () => readSourceState(source.superuser);

const options = () => ({ source: source.login, file: path.join(folder, "notes.jsonl") });

class Killed extends Error {}

/** Runs one that sends nothing from its n-th statement on. @returns whether it came so far */
async function kill(act: "freeze" | "thaw", at: number): Promise<boolean> {
	const end = beforeStatements((statement) => {
		if (statement >= at) throw new Killed();
	});
	try {
		await (act === "freeze" ? freezeSource(options()) : thawSource(options()));
		return false;
	} catch (error) {
		if (!(error instanceof Killed)) throw error;
		return true;
	} finally {
		end();
	}
}

async function freezes(at: string): Promise<void> {
	const found = await freezeSource(options());
	assert.deepEqual(
		found.filter(({ severity }) => severity === "blocker"),
		[],
		at,
	);
}

test("a freeze whose process is killed is undone by a thaw", async () => {
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
		stdio: ["pipe", "inherit", "inherit"],
	});
	child.stdin.end(JSON.stringify({ ...options(), at: 25 }));
	const [, signal] = await once(child, "exit");
	assert.equal(signal, "SIGKILL");
	assert.notDeepEqual(await state(), open);
	await thawSource(options());
	assert.deepEqual(await state(), open);
});

test("a freeze that is killed is undone by a thaw, or carried through by the next freeze", async (t) => {
	let kills = 0;
	for (let at = firstOf(t); ; at += EACH) {
		const isKilled = await kill("freeze", at);
		if (isKilled && kills % 2 === 1) await freezes(`killed at statement ${at}`);
		await thawSource(options());
		assert.deepEqual(await state(), open, `killed at statement ${at}`);
		if (!isKilled) break;
		kills += 1;
	}
	assert.ok(kills > 30 / EACH, `${kills} kills`);
});

test("a thaw that is killed is carried through by the next one, or frozen again with what was noted first", async (t) => {
	let kills = 0;
	for (let at = firstOf(t); ; at += EACH) {
		await freezes(`before statement ${at}`);
		const isKilled = await kill("thaw", at);
		if (!isKilled) break;
		if (kills % 2 === 1) await freezes(`killed at statement ${at}`);
		await thawSource(options());
		assert.deepEqual(await state(), open, `killed at statement ${at}`);
		kills += 1;
	}
	assert.deepEqual(await state(), open);
	assert.ok(kills > 10 / EACH, `${kills} kills`);
});
