import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backup } from "../../../aptible/api/backup.ts";
import { type BackedUp, backupLoss, keepsLess } from "../../../aptible/environment/backup-loss.ts";

const live = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true, pitrDays: undefined };
const wanted = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true };

let lastId = 0;
function backup(day: string, more: Partial<Backup> = {}): Backup {
	lastId += 1;
	return {
		id: lastId,
		createdAt: `${day} 04:00:00 UTC`,
		isManual: false,
		isCopy: more.copiedFromId !== undefined,
		copiedFromId: undefined,
		databaseId: undefined,
		databaseHandle: undefined,
		operationId: undefined,
		...more,
	};
}

/** One automatic backup a day, newest first, as the CLI lists them. */
function daily(from: string, count: number): Backup[] {
	const first = Date.parse(from);
	return Array.from({ length: count }, (_, day) =>
		backup(new Date(first - day * 86_400_000).toISOString().slice(0, 10)),
	);
}

function lossOf(change: Partial<typeof wanted>, databases: BackedUp[], orphaned: Backup[] = []) {
	return backupLoss({ ...wanted, ...change }, live, databases, orphaned);
}

test("of daily backups the ones beyond the policy go, but not the last of a month or of a year", () => {
	const backups = daily("2026-11-20", 30);
	const loss = (change: Partial<typeof wanted>) => lossOf(change, [{ handle: "main", backups }]);
	assert.deepEqual(loss({ daily: 14, monthly: 0, yearly: 0 }), {
		count: 16,
		lines: ['database "main": 16 automatic, from 2026-10-22 to 2026-11-06'],
	});
	assert.equal(loss({ daily: 14, monthly: 1, yearly: 0 }).count, 16);
	assert.equal(loss({ daily: 14, monthly: 2, yearly: 0 }).count, 15);
	assert.equal(loss({ daily: 14, monthly: 0, yearly: 1 }).count, 16);
	assert.equal(loss({ daily: 30, monthly: 0, yearly: 0 }).count, 0);
});

test("monthly and yearly backups are counted from today", () => {
	const months = Array.from({ length: 24 }, (_, month) => {
		const day = new Date(Date.UTC(2026, 10 - month, 28)).toISOString().slice(0, 10);
		return backup(day);
	});
	const loss = (change: Partial<typeof wanted>) =>
		lossOf({ daily: 1, ...change }, [{ handle: "main", backups: months }]);
	assert.equal(loss({ monthly: 24, yearly: 0 }).count, 0);
	assert.equal(loss({ monthly: 12, yearly: 0 }).count, 12);
	// 2026-11, 2025-12 and 2024-12; the first of them is the daily one as well.
	assert.equal(loss({ monthly: 0, yearly: 3 }).count, 21);
});

test("manual backups stay, and a copy goes with what it is a copy of", () => {
	const originals = daily("2026-11-20", 4);
	const copies = originals.map(({ id, createdAt }) => backup(createdAt.slice(0, 10), { copiedFromId: id }));
	const manual = backup("2026-01-01", { isManual: true });
	const backups = [...originals, ...copies, manual];
	assert.deepEqual(lossOf({ daily: 3, monthly: 0, yearly: 0 }, [{ handle: "main", backups }]), {
		count: 2,
		lines: [
			'database "main": 1 automatic, of 2026-11-17',
			'database "main": 1 copies in another region, of 2026-11-17',
		],
	});
	assert.deepEqual(lossOf({ makeCopy: false }, [{ handle: "main", backups }]).lines, [
		'database "main": 4 copies in another region, from 2026-11-17 to 2026-11-20',
	]);
});

test("without keepFinal the last backups of deleted databases go, manual ones aside", () => {
	const final = backup("2026-10-01");
	const orphaned = [final, backup("2026-10-01", { copiedFromId: final.id }), backup("2026-09-01", { isManual: true })];
	assert.deepEqual(lossOf({ keepFinal: false }, [], orphaned), {
		count: 2,
		lines: [
			"deleted databases: 1 final backups, of 2026-10-01",
			"deleted databases: 1 copies in another region, of 2026-10-01",
		],
	});
	assert.equal(lossOf({ daily: 1 }, [], orphaned).count, 0);
});

test("only a policy that keeps less deletes anything", () => {
	assert.equal(keepsLess(wanted, live), false);
	assert.equal(keepsLess({ ...wanted, daily: 31 }, live), false);
	for (const change of [{ daily: 29 }, { monthly: 11 }, { yearly: 5 }, { makeCopy: false }, { keepFinal: false }]) {
		assert.equal(keepsLess({ ...wanted, ...change }, live), true, JSON.stringify(change));
	}
	assert.equal(keepsLess({ ...wanted, makeCopy: false }, { ...live, makeCopy: false }), false);
});
