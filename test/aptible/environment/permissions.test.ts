import assert from "node:assert/strict";
import { test } from "node:test";
import { addRole, givePermission, listGiven } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { openReconciler } from "../../support/reconcile.ts";

const specOf = (roles: Record<string, string[]>) => ({ environment: "acme-test", roles });

test("roles get their scopes, keep what is as declared, and lose what is declared no longer", async (t) => {
	const aptible = await openReconciler(t);
	const first = specOf({ Developers: ["deploy", "observability"], Robots: ["deploy", "read"] });
	const facts = await aptible.applied("permissions", first);
	assert.deepEqual(listGiven(aptible.dir), [
		"Developers deploy",
		"Developers observability",
		"Robots deploy",
		"Robots read",
	]);
	aptible.newWrites();
	await aptible.applied("permissions", first, { previous: facts });
	assert.deepEqual(aptible.newWrites(), []);
	const next = await aptible.applied("permissions", specOf({ Robots: ["deploy", "sensitive"] }), { previous: facts });
	assert.deepEqual(listGiven(aptible.dir), ["Robots deploy", "Robots sensitive"]);
	assert.deepEqual(next.warnings, []);
	await aptible.removed("permissions", first, { previous: next });
	assert.deepEqual(
		listGiven(aptible.dir),
		["Robots deploy", "Robots sensitive"],
		"without the block they stay as they are",
	);
});

test("a role that was never declared keeps what it has, and is named", async (t) => {
	const aptible = await openReconciler(t);
	givePermission(aptible.dir, "acme-test", "Developers", "tunnel");
	const facts = await aptible.applied("permissions", specOf({ Robots: ["deploy"] }));
	assert.deepEqual(listGiven(aptible.dir), ["Developers tunnel", "Robots deploy"]);
	assert.match(facts.warnings[0], /^role "Developers" has permissions in environment "acme-test" and is not under/);
	// What it has is then declared, and taken over without a request.
	aptible.newWrites();
	await aptible.applied("permissions", specOf({ Developers: ["tunnel"], Robots: ["deploy"] }), { previous: facts });
	assert.deepEqual(aptible.newWrites(), []);
});

test("the last admin stays", async (t) => {
	const aptible = await openReconciler(t);
	givePermission(aptible.dir, "acme-test", "Developers", "admin");
	const refused = await aptible.apply("permissions", specOf({ Developers: ["deploy"] }));
	assert.equal(refused.code, 1);
	assert.match(
		refused.stderr,
		/would take admin from the last role that has it\. Give admin to another role there first/,
	);
	assert.deepEqual(listGiven(aptible.dir), ["Developers admin"]);
	await aptible.applied("permissions", specOf({ Developers: ["deploy"], Robots: ["admin"] }));
	assert.deepEqual(listGiven(aptible.dir), ["Developers deploy", "Robots admin"]);
});

test("names that no role has, that two have, and owners are refused before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	addRole(aptible.dir, "Nurses");
	addRole(aptible.dir, "Nurses");
	aptible.newWrites();
	const refusals: [string, RegExp][] = [
		["Developer", /names role "Developer", which its organization has not; it has: .*"Developers".*dashboard/],
		["Nurses", /names role "Nurses", and 2 roles of its organization are called so/],
		["Account Owners", /whose members own everything already/],
	];
	for (const [name, message] of refusals) {
		const { code, stderr } = await aptible.apply("permissions", specOf({ Robots: ["deploy"], [name]: ["read"] }));
		assert.equal(code, 1);
		assert.match(stderr, message);
	}
	assert.deepEqual(aptible.newWrites(), []);
});

test("what the dashboard takes away meanwhile is given again, and a killed run is picked up", async (t) => {
	const aptible = await openReconciler(t);
	const spec = specOf({ Developers: ["deploy", "read"], Robots: ["deploy"] });
	assert.equal(await aptible.interrupted(2, "permissions", spec), true);
	aptible.clearFaults();
	assert.equal(listGiven(aptible.dir).length, 2);
	await aptible.applied("permissions", spec);
	assert.equal(listGiven(aptible.dir).length, 3);
	inSandbox(aptible.dir, (store) => store.remove(store.list("permission")[0]?.id ?? 0));
	await aptible.applied("permissions", spec);
	assert.equal(listGiven(aptible.dir).length, 3);
});
