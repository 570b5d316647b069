/** A freeze and a thaw that are killed at any of their statements: both converge. One in ten is tried, all with MATRIX=all. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { MEDSTACK_DATABASE } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import { withSession } from "../../postgresql/connection.ts";
import { readLocks } from "../../postgresql/locks.ts";
import { execute, type Source, startSource } from "../support/databases.ts";
import { freezeSource, thawSource } from "../support/killed-freeze.ts";

const PROGRAM = path.join(import.meta.dirname, "../support/killed-freeze.ts");
const EACH = process.env.MATRIX === "all" ? 1 : 10;

let source: Source;
let folder: string;
let open: object;

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "freeze-kills-"));
	source = await startSource(15);
	await execute(source.superuser, "ALTER ROLE app_rw CONNECTION LIMIT 7");
	await execute(source.login, `GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_ro WITH GRANT OPTION`);
	open = await locks();
});
after(async () => {
	await source?.server.stop();
	rmSync(folder, { recursive: true, force: true });
});

async function locks(): Promise<object> {
	return withSession(source.superuser, {}, async (client) => Object.fromEntries([...(await readLocks(client))].sort()));
}

const options = () => ({ source: source.login, file: path.join(folder, "notes.jsonl") });

/** Runs one that kills itself. @returns whether it was killed */
async function kill(act: "freeze" | "thaw", at: number): Promise<boolean> {
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
		stdio: ["pipe", "inherit", "inherit"],
	});
	child.stdin.end(JSON.stringify({ ...options(), act, at }));
	const [code, signal] = await once(child, "exit");
	if (signal === null) assert.equal(code, 0, `${act} ended with ${code}`);
	return signal === "SIGKILL";
}

async function freezes(at: string): Promise<void> {
	const found = await freezeSource(options());
	assert.deepEqual(
		found.filter(({ severity }) => severity === "blocker"),
		[],
		at,
	);
}

test("a freeze that is killed is undone by a thaw, or carried through by the next freeze", async () => {
	let kills = 0;
	for (let at = 1; ; at += EACH) {
		const isKilled = await kill("freeze", at);
		if (isKilled && kills % 2 === 1) await freezes(`killed at statement ${at}`);
		await thawSource(options());
		assert.deepEqual(await locks(), open, `killed at statement ${at}`);
		if (!isKilled) break;
		kills += 1;
	}
	assert.ok(kills > 30 / EACH, `${kills} kills`);
});

test("a thaw that is killed is carried through by the next one, or frozen again with what was noted first", async () => {
	let kills = 0;
	for (let at = 1; ; at += EACH) {
		await freezes(`before statement ${at}`);
		const isKilled = await kill("thaw", at);
		if (!isKilled) break;
		if (kills % 2 === 1) await freezes(`killed at statement ${at}`);
		await thawSource(options());
		assert.deepEqual(await locks(), open, `killed at statement ${at}`);
		kills += 1;
	}
	assert.deepEqual(await locks(), open);
	assert.ok(kills > 10 / EACH, `${kills} kills`);
});
