/**
 * The way back by the product's commands, with real servers, DNS and clients, from each boundary: in `npm run test:matrix` alone, as each costs
 * 25 s of CPU. What `npm test` has of it: the command on real servers, which a person is refused and then accepts (test/move/back/command.test.ts), each
 * boundary (back.test.ts there) and each kill (kills.test.ts), and the judge of this page (writers.test.ts).
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { type Boundary, boundaries, playBack } from "../../night/back.ts";

const root = path.join(import.meta.dirname, "../../../..");
/** What each boundary has taken on Aptible. */
const WRITTEN: Readonly<Record<Boundary, (rows: number) => boolean>> = {
	frozen: (rows) => rows === 0,
	trial: (rows) => rows >= 3,
	"live-unused": (rows) => rows === 0,
	live: (rows) => rows > 10,
};

for (const from of boundaries) {
	test(`back from ${from}: MedStack serves again, no side was open beside the other, and what is lost was counted and accepted`, async (t) => {
		const folder = await mkdtemp(path.join(os.tmpdir(), "night-"));
		t.after(() => rm(folder, { recursive: true, force: true }));
		const setup = { root, folder: path.join(folder, "night"), say: () => {}, signal: t.signal };
		const { wrong, lines, given, seconds = 0 } = await playBack(setup, from);
		t.diagnostic(`back from ${from}: MedStack serves after ${seconds.toFixed(1)} s`);
		const shown = lines.join("\n");
		assert.deepEqual(wrong, [], shown);
		assert.ok(WRITTEN[from](given), shown);
	});
}
