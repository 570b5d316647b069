/** The engine's module with no engine to be found, and the journal where the target is down. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { LookLeft, Unreachable, Way } from "../../../move/session.ts";
import { readMoveStage } from "../../../move/stage.ts";
import { pulumiEngine } from "../../../move/switch/engine.ts";
import { lookUnlessLeft } from "../../../move/switch/night-journal.ts";
import { withWayOut } from "../../../move/switch/without-journal.ts";
import { ConnectionLost } from "../../../packages/mover/journal/errors.ts";

test("without pulumi on PATH each call says so, and what to do", async (t) => {
	const folder = mkdtempSync(path.join(tmpdir(), "engine-"));
	const { PATH } = process.env;
	t.after(() => {
		process.env.PATH = PATH;
		rmSync(folder, { recursive: true });
	});
	process.env.PATH = folder;
	const engine = pulumiEngine(stageIn(folder));
	for (const call of [engine.phase(), engine.preview("r7"), engine.update("r7")]) {
		await assert.rejects(
			call,
			/^Error: pulumi cannot be started \(spawn pulumi ENOENT\); install it, or have its folder on PATH/,
		);
	}
});

test("where the target is down, Ctrl-C ends the wait, and the way out without the journal is named", async (t) => {
	const folder = mkdtempSync(path.join(tmpdir(), "engine-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const said: string[] = [];
	const way = new Way(undefined as never, undefined as never, "main", (line) => void said.push(line));
	way.connect = () => Promise.reject(new ConnectionLost("connect ECONNREFUSED"));
	const looked = lookUnlessLeft(way, async () => "never");
	const others = process.listeners("SIGINT").slice(0, -1);
	while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
	process.listeners("SIGINT").at(-1)?.("SIGINT");
	const left = await looked.catch((error: unknown) => error);
	assert.ok(left instanceof LookLeft);
	assert.deepEqual(process.listeners("SIGINT"), others);
	for (const error of [left, new Unreachable("no tunnel")]) {
		assert.match(
			String(withWayOut(error, stageIn(folder), "frozen")),
			/cannot be reached: .*set phase: frozen in .*prod\.yaml, and: MEDSTACK_TO_APTIBLE_MOVE_RUN=without-journal pulumi up --stack STACK; then: npm run move -- point --to old/,
		);
	}
	assert.match(String(withWayOut(left, stageIn(folder), "trial")), /Run it again$/, "nothing works without it there");
	const other = new Error("another one");
	assert.equal(withWayOut(other, stageIn(folder), "frozen"), other);
});

function stageIn(folder: string) {
	const file = path.join(folder, "Pulumi.prod.yaml");
	writeFileSync(
		file,
		`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases: { main: { type: postgresql, version: "17" } }
  medstack-to-aptible:move: { phase: live, from: { addresses: [203.0.113.9] }, databases: { main: {} } }
`,
	);
	return readMoveStage("prod", file);
}
