import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { openStage, succeed } from "../support/stage.ts";

/**
 * Faults that strike in one `up`, and what it must say of them; nothing where it gets over them by itself. Those that fail it
 * come one at a time: after a failure the engine begins nothing else. What a round leaves undone, the next one's `up` goes on
 * with; the matrix has each fault by itself.
 */
const rounds: { faults: Fault[]; says?: RegExp }[] = [
	{
		// The released command provider hangs for ever at a line of 64 KiB; the stand-in says so.
		faults: [
			{
				name: "deploy-fails",
				handle: "portal",
				reason: `ERROR -- : rake db:migrate: exit 1 ${"x".repeat(200 * 1024)} the tail`,
			},
		],
		says: /deploy failed.*rake db:migrate: exit 1 x.*x the tail.*operation:logs/s,
	},
	{
		faults: [{ name: "configure-fails", handle: "reports" }],
		says: /app "reports": setting 1 config key failed/,
	},
	{ faults: [{ name: "scale-fails" }], says: /service "web": scaling to \d containers? failed/ },
	{
		faults: [{ name: "request-refused", command: "deploy", handle: "portal", reason: "no capacity" }],
		says: /no capacity/,
	},
	{ faults: [{ name: "unauthorized", times: 50 }], says: /aptible login/ },
	{
		faults: [
			{ name: "portal-early", command: "deploy" },
			{ name: "portal-down", command: "config:set" },
			{ name: "connection-drops", command: "apps:scale" },
			{ name: "slow-queue", ms: 400, command: "db:modify" },
			{ name: "api-unreachable", times: 2 },
			{ name: "not-found-race", command: "GET /accounts/ID/apps" },
		],
	},
];

test("whatever goes wrong once, the next up converges and the one after it sends nothing", async (t) => {
	const stage = await openStage(t, "staging");
	stage.aptible.fault({ name: "provision-fails", handle: "main" });
	stage.aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/databases" });
	await stage.up();
	stage.aptible.clearFaults();
	for (const [turn, { faults, says }] of rounds.entries()) {
		await t.test(faults.map(({ name }) => name).join(", "), async () => {
			await stage.edit(({ apps, databases }) => {
				apps.portal.image = `registry.acme.example/portal:${turn}`;
				apps.portal.services.web.containers = 2 + (turn % 3);
				apps.reports.config.TURN = String(turn);
				databases.cache.iops = 3001 + turn;
			});
			for (const fault of faults) stage.aptible.fault(fault);
			const { code, stdout, stderr } = await stage.up();
			stage.aptible.clearFaults();
			if (says !== undefined) assert.match(stdout + stderr, says);
			assert.equal(code === 0, says === undefined, stdout + stderr);
		});
	}
	// The last round has gone through.
	stage.newMutations();
	await succeed(stage.up());
	assert.deepEqual(stage.newMutations(), []);
	const databases = (await stage.cli("db:list", "--environment", "acme-staging")) as {
		handle: string;
		status: string;
	}[];
	assert.deepEqual(databases.map(({ handle, status }) => `${handle} ${status}`).sort(), [
		"cache provisioned",
		"main provisioned",
	]);
});
