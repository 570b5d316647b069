/** Since when each domain leads to Aptible, and for how long it has to be quiet: by the journal and the notes beside the stage. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { notePoint } from "../../move/dns/point-notes.ts";
import { writeTtlNotes } from "../../move/dns/ttl-notes.ts";
import { wantedDomains } from "../../move/watch/command.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { DOMAIN, writeMedstackStage } from "../support/medstack-stage.ts";

function start(t: TestContext) {
	const moved = writeMedstackStage();
	t.after(() => rmSync(moved.folder, { recursive: true }));
	return moved;
}

const switched = (phase: string, at: string, seconds?: number): JournalLine => ({
	seq: 1,
	at,
	run: "r2",
	database: "",
	step: "switch",
	part: "",
	state: "done",
	holder: "0123456789ab",
	epoch: 1,
	evidence: { phase, from: "trial", ...(seconds === undefined ? {} : { seconds }) },
});
const point = (at: string, to: "old" | "new", ttlSeconds: number) => ({
	at,
	domain: DOMAIN,
	to,
	former: { A: { ttlSeconds, values: ["203.0.113.9"] } },
	target: "portal-new.acme.example",
});
const [NIGHT, LATER] = ["2026-12-05T02:00:00.000Z", "2026-12-05T02:10:00.000Z"];

test("silence counts from the last switch to live, or from a later change of the record", (t) => {
	const moved = start(t);
	writeTtlNotes(moved, { [DOMAIN]: { ttlSeconds: 60, seen: "2026-12-01T00:00:00.000Z" } });
	const since = (...lines: JournalLine[]) => wantedDomains(moved, lines)[0]?.switchedAt;
	assert.equal(since(), undefined);
	assert.equal(since(switched("live", NIGHT)), Date.parse(NIGHT));
	assert.equal(since(switched("live", NIGHT), switched("frozen", LATER)), undefined, "back again");
	notePoint(moved, point(LATER, "new", 60));
	assert.equal(since(switched("live", NIGHT)), Date.parse(LATER));
	assert.equal(since(), Date.parse(LATER));
});

test("the TTL is that from before the switch, wherever it is noted, and without one nothing is judged", (t) => {
	const moved = start(t);
	const quiet = (...lines: JournalLine[]) =>
		wantedDomains(moved, lines).map(({ quietMs, ttl }) => [quietMs / 1000, ttl]);
	assert.throws(
		() => quiet(switched("live", NIGHT)),
		/^Error: portal\.acme\.example: the TTL before the switch is noted neither .*; copy \.move\/prod-ttl\.json .* --without-watch/,
	);
	assert.deepEqual(quiet(switched("live", NIGHT, 3600), switched("live", LATER, 60)), [
		[10_800, "a TTL of 3600 s before the switch"],
	]);
	// What `plan` sees on the morning after is Aptible's record.
	writeTtlNotes(moved, { [DOMAIN]: { ttlSeconds: 60, seen: LATER } });
	assert.throws(() => quiet(switched("live", NIGHT)), /the TTL before the switch is noted neither/);
	notePoint(moved, point(NIGHT, "new", 600));
	assert.deepEqual(quiet(switched("live", NIGHT)), [[1_800, "a TTL of 600 s before the switch"]]);
	writeTtlNotes(moved, { [DOMAIN]: { ttlSeconds: 60, seen: "2026-12-01T00:00:00.000Z" } });
	rmSync(`${moved.folder}/.move/prod-dns.jsonl`);
	assert.deepEqual(quiet(switched("live", NIGHT)), [[900, "a TTL of 60 s before the switch, 300 s are reckoned with"]]);
});
