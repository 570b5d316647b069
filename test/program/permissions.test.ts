/** Permissions of roles on the real engine, in an environment that may not be deleted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listGiven } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import { stringify } from "yaml";
import { fail, openStageFile, succeed } from "../support/stage.ts";

const blocks = {
	environment: {
		handle: "acme-roles",
		stack: "shared-ca-central-1",
		phi: false,
		protect: true,
		permissions: { Developers: ["admin"], Robots: ["read", "deploy"] },
	},
	apps: { portal: { image: "acme/portal:1", config: { GREETING: "hello" }, services: { web: {}, worker: {} } } },
};

test("roles get what the file says; one that nobody has stops no app, and without the block all keep what they have", async (t) => {
	const config = Object.fromEntries(
		Object.entries(blocks).map(([name, block]) => [`medstack-to-aptible:${name}`, block]),
	);
	const stage = await openStageFile(t, "roles", stringify({ config }));
	await succeed(stage.up());
	const given = ["Developers admin", "Robots deploy", "Robots read"];
	assert.deepEqual(listGiven(stage.aptible.dir), given);
	stage.newWrites();

	await stage.edit(({ environment, apps }) => {
		environment.permissions.Nurses = ["read"];
		apps.portal.config.GREETING = "good day";
	});
	assert.match(await fail(stage.up()), /names role "Nurses", which its organization has not/);
	assert.deepEqual(stage.newWrites(), ["configure apps portal"]);

	await stage.edit(({ environment }) => {
		delete environment.permissions;
	});
	await succeed(stage.up());
	assert.deepEqual(listGiven(stage.aptible.dir), given);
	await succeed(stage.up("--expect-no-changes"));
	assert.deepEqual(stage.newWrites(), []);
});
