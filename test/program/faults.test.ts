import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "../../sandbox/aptible/faults.ts";
import { openStage, succeed } from "../support/stage.ts";

/** Each fault, and what an `up` that meets it must say; `undefined` where it must get over it by itself. */
const faults: [Fault, RegExp | undefined][] = [
	[
		{ name: "deploy-fails", handle: "portal", reason: "ERROR -- : rake db:migrate: exit 1" },
		/rake db:migrate: exit 1[\s\S]*operation:logs/,
	],
	[{ name: "configure-fails", handle: "reports" }, /app "reports": setting 1 config key failed/],
	[{ name: "scale-fails" }, /service "web": scaling to \d x 1024 MB m failed/],
	[{ name: "portal-down" }, undefined],
	[{ name: "portal-early" }, undefined],
	[{ name: "connection-drops" }, undefined],
	[{ name: "request-refused", command: "deploy", reason: "no capacity" }, /no capacity/],
	[{ name: "unauthorized", times: 50 }, /aptible login/],
	[{ name: "slow-queue", ms: 400 }, undefined],
	[{ name: "api-unreachable", times: 2 }, undefined],
];

test("whatever goes wrong once, the next up converges and the one after it sends nothing", async (t) => {
	const stage = await openStage(t, "staging");
	stage.aptible.fault({ name: "provision-fails", handle: "main" });
	stage.aptible.fault({ name: "not-found-race", command: "db:list" });
	await stage.up();
	stage.aptible.clearFaults();
	await succeed(stage.up());
	let turn = 0;
	for (const [fault, says] of faults) {
		turn += 1;
		await t.test(`${fault.name}`, async () => {
			await stage.edit(({ apps, databases }) => {
				apps.portal.image = `registry.acme.example/portal:${turn}`;
				apps.portal.services.web.containers = 1 + (turn % 3);
				apps.reports.config.TURN = String(turn);
				databases.cache.iops = 3000 + turn;
			});
			stage.aptible.fault(fault);
			const { code, stdout, stderr } = await stage.up();
			stage.aptible.clearFaults();
			if (says === undefined) assert.equal(code, 0, stdout + stderr);
			else assert.match(stdout + stderr, says);
			if (code !== 0) await succeed(stage.up());
		});
	}
	stage.newJournal();
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
