/** What a switch leaves on the target and beside the stage, on a real server; and one operator at a time. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { noteInJournal } from "../../../move/dns/point-line.ts";
import { besideNoOperator, lockOperator, OperatorLock, STEP_LOCK } from "../../../move/operator-lock.ts";
import { type PointPorts, pointAlone } from "../../../move/point-command.ts";
import { writeReport } from "../../../move/report.ts";
import type { MoveSession } from "../../../move/session.ts";
import { type MoveStage, readMoveStage } from "../../../move/stage.ts";
import { describeStatus } from "../../../move/status.ts";
import { findOpenSwitch, phaseInJournal, TargetJournal } from "../../../move/switch/night-journal.ts";
import { refuseStaleFile } from "../../../move/switch/stale-file.ts";
import { readLocalLines } from "../../../packages/mover/journal/local-file.ts";
import { wish } from "../../../packages/mover/journal/wishes.ts";
import { MovePhase } from "../../../wire/move.ts";
import { JournalServer } from "../../support/night-journal.ts";
import { textWith } from "../stage-text.ts";

let journals: JournalServer;
let folder: string;
let session: MoveSession;

const open = (database = "move") => journals.connect(database);

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "night-"));
	journals = await JournalServer.start();
	({ session } = journals);
});
after(async () => {
	await journals?.stop();
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
	await journal.refuseOthers();

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
	assert.equal(phaseInJournal(local()), "trial", "its update may have begun");
	await journal.write(run, "switch", "begin", { phase: "frozen", from: "trial" });
	assert.equal(findOpenSwitch(local())?.phase, "frozen");
	assert.equal(phaseInJournal(local()), "trial", "nobody has agreed to the way back");
	await journal.write(run, "switch", "failed", { phase: "frozen", from: "trial", reason: "refused" });
	assert.equal(findOpenSwitch(local())?.phase, "trial");
	await journal.write(run, "switch", "done", { phase: "trial", from: "frozen" });
	assert.equal(findOpenSwitch(local()), undefined);
	await journal.write(run, "switch", "begin", { phase: "live", from: "trial" });
	assert.equal(phaseInJournal(local()), "trial");
	await journal.write(run, "switch", "failed", { phase: "live", from: "trial", reason: "refused" });
	assert.equal(findOpenSwitch(local()), undefined);
	const inFile = (phase: string) => ({ name: "prod", stage: { move: { phase } } }) as unknown as MoveStage;
	refuseStaleFile(local(), inFile("trial"));
	assert.throws(
		() => refuseStaleFile(local(), inFile("frozen")),
		/has move\.phase: "frozen", and by the journal the stage is in "trial"; .* git pull first/,
	);
	await journal.write(run, "switch", "done", { phase: "live", from: "trial" });
	refuseStaleFile(local(), inFile("prepare"));
	assert.deepEqual(local(), await journal.lines());
});

test("a second operator is refused, and told how the first one's session ends where its machine is gone", async () => {
	const [first, second] = [await open(), await open()];
	await lockOperator(first);
	const said = await lockOperator(second, STEP_LOCK, 0).catch((error: Error) => error.message);
	const [, pid] =
		/another operator is at a switch, a probe, a point or a way back since \d+ s; .* SELECT pg_terminate_backend\((\d+)\)$/.exec(
			said ?? "",
		) ?? assert.fail(said ?? "it was let in");
	const { rows } = await second.query("SELECT pg_terminate_backend($1) AS ended", [Number(pid)]);
	assert.equal(rows[0].ended, true);
	await lockOperator(second);
	await second.end();
});

test("point is refused while another operator is at a step, and goes on alone on the way back where nobody can be asked", async () => {
	const file = path.join(folder, "Pulumi.point.yaml");
	const inPhase = (phase: string) => {
		writeFileSync(
			file,
			`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases: { main: { type: postgresql, version: "17" } }
  medstack-to-aptible:move: { phase: ${phase}, from: { addresses: [203.0.113.9] }, databases: { main: {} } }
`,
		);
		return readMoveStage("point", file);
	};
	const did: unknown[] = [];
	const said: string[] = [];
	const look = <T>(use: (given: MoveSession | undefined) => Promise<T>) => use(session);
	const point = (typed: string, to: "new" | "old", more: Partial<PointPorts> = {}) =>
		pointAlone(
			inPhase(typed),
			{ to, tell: (line) => void said.push(line), signal: AbortSignal.timeout(60_000) },
			{
				engine: { phase: async () => MovePhase.parse(typed) },
				findWay: async () => ({ connect: open, look }),
				point: async ({ isPreparing, note }) => void did.push([isPreparing, note !== undefined]),
				...more,
			},
		);
	const other = await open();
	await lockOperator(other);
	await assert.rejects(point("live", "new"), /another operator is at a switch, a probe, a point or a way back since/);
	assert.deepEqual(did, []);
	await other.end();
	await point("live", "new");
	await point("prepare", "old");
	await point("prepare", "old", { engine: { phase: async () => "frozen" } });
	assert.deepEqual(did.splice(0), [
		[false, true],
		[true, true],
		[false, true],
	]);
	await point("frozen", "old", { engine: { phase: async () => "live" } });
	assert.match(
		said.splice(0).join(),
		/in the phase live by its last update, so that services may run on Aptible still/,
	);
	assert.deepEqual(did.splice(0), [[false, true]]);
	const gone = () => Promise.reject(new Error("the API is gone"));
	await assert.rejects(point("live", "new", { findWay: gone }), /the API is gone/);
	await assert.rejects(point("live", "new", { engine: { phase: gone } }), /the API is gone/);
	await point("frozen", "old", { findWay: gone, engine: { phase: gone } });
	assert.deepEqual(did, [[false, false]]);
	assert.deepEqual(said, [
		"which phase the stack is in is unknown: the API is gone",
		"whether another operator is at a step is unknown: the API is gone",
	]);
});

test("a report names the domain that a line of the journal has by its hash alone", async () => {
	const file = path.join(folder, "Pulumi.led.yaml");
	writeFileSync(file, textWith("live"));
	const moved = readMoveStage("led", file);
	const way = { look: <T>(use: (given: MoveSession | undefined) => Promise<T>) => use(session) };
	const former = { CNAME: { ttlSeconds: 60, values: ["portal-old.acme.example"] } };
	const note = { at: new Date().toISOString(), domain: "portal.acme.example", to: "new", former, target: "x" } as const;
	await noteInJournal(new TargetJournal(way, moved), assert.fail)(note);
	const { rows } = await session.query("SELECT run FROM public.journal WHERE step = 'point'");
	const [, page = ""] = await writeReport(session, moved, rows[0].run);
	assert.match(readFileSync(page, "utf8"), /\| point \| {2}\| note \| .*hash portal\.acme\.example/);
	assert.doesNotMatch(readFileSync(path.join(folder, ".move/led.jsonl"), "utf8"), /portal/);
});

test("a lock whose session ends is taken again, over what the server has of it, and not where another operator came in", async () => {
	let own: MoveSession | undefined;
	const way = {
		connect: async () => {
			own = await open();
			return own;
		},
	};
	const lock = new OperatorLock(way, STEP_LOCK, { answerMs: 200, waitMs: 300 });
	await lock.hold();
	const first = own;
	await lock.hold();
	assert.equal(own, first, "it is there still");
	// The tunnel stands still: the server goes on with the session.
	const query = first?.query;
	Object.assign(first ?? {}, { query: () => new Promise(() => {}) });
	await lock.hold();
	assert.notEqual(own, first);
	Object.assign(first ?? {}, { query });
	await session.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1", [
		STEP_LOCK.object,
	]);
	const third = await open();
	await lockOperator(third);
	await assert.rejects(lock.hold(), /another operator is at a switch, a probe, a point or a way back/);
	await assert.rejects(
		besideNoOperator(session, () => wish(session, "copy")),
		/another operator is at a switch, a probe, a point or a way back/,
	);
	await third.end();

	// During a long wait the tunnel ends, which frees the lock: it is taken again, or the wait ends where somebody else came in.
	await lock.hold();
	const endSession = () =>
		session.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1", [
			STEP_LOCK.object,
		]);
	const isFree = async () => {
		const held = await session.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1", [
			STEP_LOCK.object,
		]);
		return held.rows.length === 0;
	};
	const isKept = await lock.keep(async () => {
		await endSession();
		for (const deadline = Date.now() + 20_000; (await isFree()) && Date.now() < deadline; ) await sleep(20);
		return !(await isFree());
	}, 50);
	assert.ok(isKept);
	let fourth: MoveSession | undefined;
	const kept = lock.keep(async (lost) => {
		// Not again before the other one is in.
		const { hold } = lock;
		lock.hold = () => Promise.resolve();
		await endSession();
		fourth = await open();
		await lockOperator(fourth);
		lock.hold = hold;
		await sleep(20_000, undefined, { signal: lost });
	}, 50);
	await assert.rejects(kept, /another operator is at a switch, a probe, a point or a way back/);
	await fourth?.end();
	const { rows } = await session.query("SELECT FROM public.wishes WHERE state = 'asked'");
	assert.equal(rows.length, 0);
});

test("a wish stands in a switch's way though no mover is heard, and while it is written no switch begins", async () => {
	const moved = { name: "prod", folder } as MoveStage;
	const journal = new TargetJournal({ look: (use) => use(session) }, moved);
	await besideNoOperator(session, async () => {
		await wish(session, "thaw");
		const operator = await open();
		await assert.rejects(lockOperator(operator, STEP_LOCK, 0), /another operator/);
	});
	await assert.rejects(journal.refuseOthers(), /thaw is under way; wait for its end, or end it: npm run move -- stop/);
	await wish(session, "stop");
	await journal.refuseOthers();
});
