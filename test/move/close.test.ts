/** What `close` asks for before it begins, and the page that it leaves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { describeChecklist } from "../../move/close/checklist.ts";
import { lastWatch } from "../../move/close/silence.ts";
import type { MoveStage } from "../../move/stage.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";

let seq = 0;
function line(step: JournalLine["step"], state: JournalLine["state"], evidence = {}): JournalLine {
	seq += 1;
	const at = `2026-12-05T0${seq % 10}:00:00.000Z`;
	return { seq, at, run: "r2", database: "", step, part: "", state, holder: "0123456789ab", epoch: 1, evidence };
}

test("the last watch since the last copy decides, and an accepted client is none", () => {
	const [silent, noisy, swap] = [line("watch", "done"), line("watch", "failed"), line("swap", "done")];
	const [accepted, said] = [line("watch", "note", { accepted: 1 }), line("watch", "note", { skipped: true })];
	assert.equal(lastWatch([swap]), undefined);
	assert.equal(lastWatch([silent, swap]), undefined, "of an earlier night");
	assert.equal(lastWatch([swap, silent, line("switch", "done")]), undefined, "back, and live once more");
	assert.equal(lastWatch([swap, silent, accepted]), silent);
	assert.equal(lastWatch([swap, silent, noisy]), noisy);
	assert.equal(lastWatch([swap, noisy, said]), said);
});

const raw = {
	environment: { handle: "acme", stack: "acme-prod", phi: true },
	databases: {
		main: { type: "postgresql", version: "17", containerMb: 4096 },
		plain: { type: "redis", version: "7.2" },
	},
	apps: {
		portal: {
			image: "acme/portal:1",
			services: { web: {} },
			endpoints: { public: { service: "web", kind: "https", domain: "portal.acme.example", managedTls: true } },
		},
	},
};
const move = {
	phase: "live",
	from: { addresses: ["203.0.113.9"] },
	databases: { main: { during: { containerMb: 15_360 } }, plain: {} },
	domains: { "portal.acme.example": { via: "manual", from: "203.0.113.9" } },
};
const file = { file: "Pulumi.prod.yaml" };
const moved: MoveStage = {
	name: "prod",
	folder: "/nowhere",
	configFile: undefined,
	stage: parseStage({ ...raw, move }, file),
	declared: parseStage(raw, file),
};
const backup = {
	isManual: false,
	isCopy: false,
	copiedFromId: undefined,
	databaseId: 7,
	databaseHandle: "main",
	operationId: 1,
};

test("the checklist has the dates, what ends at MedStack, each backup with what it may hold, and which restart", () => {
	const page = describeChecklist(moved, {
		now: new Date("2026-12-06T08:00:00Z"),
		dates: {
			firstRehearsal: "2026-11-20T01:00:00.000Z",
			frozen: "2026-12-05T01:00:00.000Z",
			copied: "2026-12-05T02:14:00Z",
		},
		silence: "MedStack was found silent at 2026-12-05T09:00:00Z",
		backups: [
			{ ...backup, id: 11, database: "main", createdAt: "2026-11-21 06:00:00 UTC" },
			{ ...backup, id: 12, database: "main", createdAt: "2026-12-06 06:00:00 UTC", isCopy: true },
		],
		left: ["`main`: database `db_before_2`"],
	});
	for (const says of [
		/\| first rehearsal \| 2026-11-20T01:00:00\.000Z \|/,
		/\| the old databases frozen \| 2026-12-05T01:00:00\.000Z \|/,
		/- \[ \] Delete its secrets: `move-target`, and those that `MOVE_SOURCE_MAIN`, `MOVE_SOURCE_PLAIN`/,
		/- \[ \] Give notice of the contract\. Ends on: ____/,
		/- \[ \] Revoke keys: /,
		/- \[ \] Ask for the deletion of all data .*, with a certificate of it/,
		/- \[ \] Remove `portal-old\.acme\.example` by hand at the DNS host/,
		/- \[ \] Lead `portal\.acme\.example` to its endpoint's own host name, .* `portal-new\.acme\.example` has passed/,
		/- \[ \] Backup 11 of `main`, 2026-11-21 06:00:00 UTC, automatic; from before the copy: .*`aptible backup:purge 11`\. Done: ____ by: ____/,
		/- \[ \] Backup 12 of `main`, .*, a copy in another region; since the copy: production's own backup/,
		/- \[ \] `main`: database `db_before_2`\. Done/,
		/- \[ \] Size back: `main` restarts, containerMb 15360 -> 4096;/,
	]) {
		assert.match(page, says);
	}
	assert.doesNotMatch(page, /purge 12|Size back: `plain`/);
	const unknown = describeChecklist(moved, {
		now: new Date(0),
		dates: { firstRehearsal: undefined, frozen: undefined, copied: undefined },
		silence: "closed without a watch: no log",
		backups: undefined,
		left: [],
	});
	assert.match(unknown, /\| first rehearsal \| not known, as no journal has it \|/);
	assert.match(unknown, /Find the backups since the first rehearsal/);
});

test("the page of a move that was given up keeps MedStack and the names that lead to it, and ends the mover, the copies and their backups", () => {
	const given = { ...move, phase: "cancelled" };
	const page = describeChecklist(
		{ ...moved, stage: parseStage({ ...raw, move: given }, file) },
		{
			now: new Date("2026-12-06T08:00:00Z"),
			dates: { firstRehearsal: "2026-11-20T01:00:00.000Z", frozen: undefined, copied: "2026-12-05T02:14:00Z" },
			silence: "",
			backups: [
				{ ...backup, id: 11, database: "main", createdAt: "2026-11-21 06:00:00 UTC" },
				{ ...backup, id: 12, database: "main", createdAt: "2026-12-06 06:00:00 UTC" },
			],
			left: ["`main`: database `db_before_2`"],
		},
	);
	for (const says of [
		/^# The move of prod was given up\n/,
		/MedStack serves\. Nothing of it ends with this move/,
		/`portal-old\.acme\.example` stays for as long as/,
		/- \[ \] Delete the mover's service\./,
		/- \[ \] Remove `portal-new\.acme\.example`/,
		/- \[ \] Delete the copies/,
		/aptible backup:purge 11/,
		/aptible backup:purge 12/,
		/- \[ \] `main`: database `db_before_2`\. Done/,
	]) {
		assert.match(page, says);
	}
	assert.doesNotMatch(page, /Give notice|deletion of all data|BAA|Remove `portal-old|Size back|restart/);
});
