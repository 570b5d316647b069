/** What a switch leaves on the target and beside the stage, on a real server; and one operator at a time. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { type Postgres, startPostgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import type { MoveSession } from "../../../move/session.ts";
import { type MoveStage, readMoveStage } from "../../../move/stage.ts";
import { describeStatus } from "../../../move/status.ts";
import {
	countProbed,
	findOpenSwitch,
	lockOperator,
	STEP_LOCK,
	TargetJournal,
} from "../../../move/switch/night-journal.ts";
import { readLocalLines } from "../../../packages/mover/journal/local-file.ts";
import { openJournalDatabase } from "../../../packages/mover/journal/schema.ts";
import { connect } from "../../../packages/mover/postgresql/connection.ts";

let server: Postgres;
let folder: string;
let session: MoveSession;
const sessions: MoveSession[] = [];

async function open(database = "move"): Promise<MoveSession> {
	const client = await connect({ url: server.url(database) });
	client.on("error", () => {});
	sessions.push(client);
	return client;
}

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "night-"));
	server = await startPostgres({ major: 17 });
	session = await openJournalDatabase(open, ["postgres"]);
});
after(async () => {
	await Promise.all(sessions.map((one) => one.end().catch(() => {})));
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
});

test("lines are of the last run that a mover took up, on the server and in the file, and say what is open", async () => {
	const moved = { name: "prod", folder } as MoveStage;
	let isThere = false;
	const way = { look: <T>(use: (given: MoveSession | undefined) => Promise<T>) => use(isThere ? session : undefined) };
	const journal = new TargetJournal(way, moved);
	assert.equal(await journal.run(), undefined);
	assert.deepEqual(await journal.lines(), []);
	await assert.rejects(journal.write("r1", "switch", "begin", {}), /database move is gone from the target/);
	isThere = true;
	assert.equal(await journal.run(), undefined);
	await session.query(
		"INSERT INTO public.wishes (version, command, arguments, state, run) VALUES (1, 'rehearse', '{}', 'done', 'r1'), (1, 'copy', '{}', 'done', 'r2'), (1, 'stop', '{}', 'done', NULL)",
	);
	const run = (await journal.run()) ?? "";
	assert.equal(run, "r2");
	await journal.refuseWork();

	await journal.write(run, "switch", "begin", { phase: "trial", from: "frozen" });
	const local = () => readLocalLines(path.join(folder, ".move/prod.jsonl")).lines;
	assert.deepEqual(local(), await journal.lines());
	assert.deepEqual(findOpenSwitch(local()), { phase: "trial", from: "frozen", hasUpdate: false });
	const file = path.join(folder, "Pulumi.prod.yaml");
	writeFileSync(file, "config:\n  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }\n");
	const status = await describeStatus(session, readMoveStage("prod", file), new Map());
	assert.ok(
		status.includes(
			"switch from frozen to trial: begun and not ended; to go on: npm run move -- switch trial --stack STACK",
		),
		status.join("\n"),
	);
	await journal.write(run, "back", "begin", { phase: "frozen", accept: 0 });
	await journal.write(run, "back", "done", {}, { part: "close" });
	const back =
		/^the way back to MedStack was begun at .* is not at its end; to go on: npm run move -- back --stack STACK$/;
	const said = async () => describeStatus(session, readMoveStage("prod", file), new Map());
	assert.ok((await said()).some((line) => back.test(line)));
	await journal.write(run, "back", "failed", { reason: "refused" });
	assert.ok(!(await said()).some((line) => back.test(line)));
	await journal.write(run, "switch", "note", { phase: "trial", from: "frozen" });
	await journal.write(run, "switch", "failed", { phase: "trial", from: "frozen", reason: "failed" });
	await journal.write(run, "switch", "begin", { phase: "trial", from: "frozen" });
	assert.deepEqual(findOpenSwitch(local()), { phase: "trial", from: "frozen", hasUpdate: true });
	await journal.write(run, "probe", "done", { phase: "trial", items: 2, failed: 0 });
	assert.equal(countProbed(local()), 2);
	await journal.write(run, "switch", "done", { phase: "trial", from: "frozen" });
	assert.equal(findOpenSwitch(local()), undefined);
	assert.equal(countProbed(local()), undefined, "they were of the phase before");
	await journal.write(run, "probe", "done", { phase: "trial", items: 3, failed: 0 });
	assert.equal(countProbed(local()), 3);
	await journal.write(run, "switch", "begin", { phase: "live", from: "trial" });
	await journal.write(run, "switch", "failed", { phase: "live", from: "trial", reason: "refused" });
	assert.equal(findOpenSwitch(local()), undefined);
	assert.equal(countProbed(local()), 3, "nothing was changed since");
	assert.deepEqual(local(), await journal.lines());
});

test("a second operator is refused, and told how the first one's session ends where its machine is gone", async () => {
	const [first, second] = [await open(), await open()];
	await lockOperator(first);
	const said = await lockOperator(second, STEP_LOCK, 0).catch((error: Error) => error.message);
	const [, pid] =
		/another operator is at a switch, a probe or a way back since \d+ s; .* SELECT pg_terminate_backend\((\d+)\)$/.exec(
			said ?? "",
		) ?? assert.fail(said ?? "it was let in");
	const { rows } = await second.query("SELECT pg_terminate_backend($1) AS ended", [Number(pid)]);
	assert.equal(rows[0].ended, true);
	await lockOperator(second);
});
