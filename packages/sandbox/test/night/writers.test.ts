/** Writers on a real server, and the judge of what became of their rows. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { judgeWrites } from "../../night/judge.ts";
import { Ledger } from "../../night/ledger.ts";
import { startWeb, startWorker } from "../../night/writers.ts";
import { readWrites, WRITES_TABLE } from "../../night/writes.ts";
import { execute } from "../../postgresql/execute.ts";
import { startPostgres } from "../../postgresql/server.ts";

const APP = { name: "app_rw", password: "x" };
const CONTENT = [
	{ sql: "CREATE ROLE app_rw LOGIN PASSWORD 'x'" },
	{ sql: `${WRITES_TABLE}; GRANT SELECT, INSERT ON night_writes TO app_rw` },
];

test("a worker writes on through a refused login, and the judge finds what was lost and what came to a closed side", async (t) => {
	const [old, fresh] = await Promise.all([1, 2].map(() => startPostgres({ major: 17, content: CONTENT })));
	assert.ok(old && fresh);
	const file = path.join(os.tmpdir(), `ledger-${process.pid}.jsonl`);
	t.after(async () => {
		rmSync(file, { force: true });
		await Promise.all([old.stop(), fresh.stop()]);
	});
	const ledger = new Ledger(file);
	const count = async (more: number) => {
		for (const least = ledger.writes.length + more; ledger.writes.length < least; await sleep(5));
	};
	const worker = startWorker({ side: "medstack", url: old.url("postgres", APP), name: "worker", ledger, everyMs: 5 });
	await count(3);
	await execute(
		old.url(),
		"ALTER ROLE app_rw NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app_rw'",
	);
	while (ledger.unacknowledged < 3) await sleep(5);
	const frozenAt = new Date();
	const frozen = await readWrites(old.url());
	const [first, ...others] = frozen;
	const copied = others.map(
		({ id, writer, writtenAt, writtenOn }) => `('${id}', '${writer}', '${writtenAt.toISOString()}', '${writtenOn}')`,
	);
	await execute(fresh.url(), `INSERT INTO night_writes VALUES ${copied.join(", ")}`);
	const web = await startWeb({ side: "aptible", url: fresh.url("postgres", APP), name: "web" });
	const address = `http://127.0.0.1:${web.address?.port}`;
	const post = async () => {
		const id = crypto.randomUUID();
		const response = await fetch(address, { method: "POST", body: JSON.stringify({ id }) });
		assert.deepEqual([response.status, await response.json()], [201, { side: "aptible", id }]);
		ledger.acknowledge({ id, at: new Date(), side: "aptible", writer: "browser" });
	};
	await post();
	// Somebody opens the old side again.
	await execute(old.url(), "ALTER ROLE app_rw LOGIN");
	await count(1);
	await worker.stop();
	await post();
	assert.deepEqual([(await fetch(address)).status, (await fetch(`${address}/health`)).status], [200, 200]);
	await web.stop();
	await web.ended;

	const databases = {
		medstack: { url: old.url(), server: `${old.address}:${old.port}` },
		aptible: { url: fresh.url(), server: `${fresh.address}:${fresh.port}` },
	};
	const closed = [{ side: "medstack" as const, from: frozenAt }];
	const verdict = await judgeWrites(ledger, databases, "aptible", closed);
	const late = (await readWrites(old.url())).slice(frozen.length).map(({ id }) => id);
	assert.ok(late.length > 0);
	assert.deepEqual(
		verdict.onClosedSide.map(({ id }) => id),
		late,
	);
	assert.deepEqual(
		verdict.lost.map(({ id }) => id),
		[first?.id, ...late],
	);
	assert.deepEqual(
		verdict.turns.map(({ side, writes }) => [side, writes]),
		[
			["medstack", frozen.length],
			["aptible", 1],
			["medstack", late.length],
			["aptible", 1],
		],
	);
	assert.deepEqual(verdict.contradicted, []);
	const liar = { id: frozen[1]?.id ?? "", at: new Date(), side: "aptible" as const, writer: "browser" };
	assert.deepEqual((await judgeWrites({ writes: [liar] }, databases, "aptible", [])).contradicted, [liar]);
	assert.equal(readFileSync(file, "utf8").trim().split("\n").length, ledger.writes.length);
});
