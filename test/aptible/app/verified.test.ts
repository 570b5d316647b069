/** An operation that succeeds may leave another state than it was to: what a release and a scale have done is read again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const registry = { username: "deploy", password: "${secrets.password}" };
const config = { A: "1", SESSION_KEY: "${secrets.session}" };
const secrets = { "secrets.password": "sentinel-password", "secrets.session": "sentinel-session" };
const spec = portalSpec({ image: "registry.acme.example/portal:1", registry, config });
const later = { "secrets.password": "sentinel-later", "secrets.session": "sentinel-later" };

/** A change, the part of its operation that gets lost, and what is said of it. */
const losses: { change: object; part: string; handle?: string; says: RegExp }[] = [
	{
		change: { image: "registry.acme.example/portal:2" },
		part: "settings",
		says: /image registry\.acme\.example\/portal:1 instead of registry\.acme\.example\/portal:2/,
	},
	{
		change: { config: { ...config, A: "2" } },
		part: "env",
		says: /config\.A another value instead of as in the stage file/,
	},
	{ change: { config: { A: "1" } }, part: "env", says: /config\.SESSION_KEY another value instead of none/ },
	{
		change: { image: "registry.acme.example/portal:2", config: { ...config, A: "2" } },
		part: "env",
		says: /config\.A another value instead of as in the stage file/,
	},
	{
		change: { image: "registry.acme.example/portal:2" },
		part: "sensitive_settings",
		says: /registry other credentials instead of as in the stage file/,
	},
	{
		change: { services: { web: { containers: 2, containerMb: 1024, containerProfile: "m" } } },
		part: "container_count",
		says: /services\.web\.containers 1 instead of 2/,
	},
	{
		change: {
			image: "registry.acme.example/portal:2",
			services: { web: { containers: 2, containerMb: 1024, containerProfile: "m" } },
		},
		part: "container_count",
		says: /services\.web\.containers 1 instead of 2/,
	},
];

for (const { change, part, says } of losses) {
	test(`${Object.keys(change).join(" and ")} that Aptible took without its ${part} fails the run, and is named`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied("app", spec, { secrets });
		const isRotated = part === "sensitive_settings";
		const given = isRotated ? { ...secrets, "secrets.password": later["secrets.password"] } : secrets;
		aptible.fault({ name: "part-lost", part });
		const { code, stderr } = await aptible.apply("app", { ...spec, ...change }, { previous, secrets: given });
		assert.equal(code, 1, "it succeeded");
		assert.match(stderr, /app "portal" was changed, but Aptible shows /);
		assert.match(stderr, says);
		assert.doesNotMatch(stderr, /sentinel/);
		aptible.newWrites();
		await aptible.applied("app", { ...spec, ...change }, { previous, secrets: given });
		assert.equal(aptible.newWrites().length, isRotated ? 0 : 1, "what was lost is sent again");
	});
}

test("a release of git is compared by its commit, and a branch may be shown as the commit it stands for", async (t) => {
	const aptible = await openReconciler(t);
	const { image: _, ...fromGit } = portalSpec();
	await aptible.cli("apps:create", "portal", "--environment", "acme-test");
	defineImage(aptible.dir, "git/portal", ["web", "worker"]);
	const previous = await aptible.applied("app", { ...fromGit, git: { commitish: "4f9a1c2" } });
	await aptible.applied("app", { ...fromGit, git: { commitish: "release/7" } }, { previous });
});

test("a list that lags behind gets its time", async (t) => {
	const aptible = await openReconciler(t);
	aptible.fault({ name: "not-found-race", command: "GET /apps", times: 3 });
	await aptible.applied("app", portalSpec({ image: "acme/portal:2", services: { web: { containers: 2 }, cron: {} } }));
	assert.deepEqual(aptible.newWrites().slice(0, 2), ["create apps portal", "deploy apps portal"]);
});

test("config that the token may not see is refused by the first run, as by the next one", async (t) => {
	const aptible = await openReconciler(t);
	aptible.fault({ name: "secrets-hidden", command: "GET /configurations", times: 99 });
	const refused =
		/^app "portal": this token may not see its config, so what of it differs is unknown\. Give the token's role the permission `sensitive`/m;
	for (const _ of ["first", "next"]) {
		const { code, stderr } = await aptible.apply("app", portalSpec());
		assert.equal(code, 1);
		assert.match(stderr, refused);
	}
	aptible.newWrites();
	await aptible.applied("app", portalSpec({ handle: "bare", config: {} }));
	assert.ok(aptible.newWrites().length > 0, "without config there is nothing to see");
	aptible.clearFaults();
	await aptible.applied("app", portalSpec());
	assert.deepEqual(aptible.newWrites(), []);
});

test("what sends nothing reads nothing again, and what a change reads are few requests", async (t) => {
	const aptible = await openReconciler(t);
	const size = { containerMb: 1024, containerProfile: "m" };
	const change = (image: string, ...[web, worker]: [number, number]) =>
		portalSpec({ image, services: { web: { containers: web, ...size }, worker: { containers: worker, ...size } } });
	let previous = await aptible.applied("app", change("acme/portal:1", 1, 1));
	for (const [spec, cli, api] of [
		[change("acme/portal:1", 1, 1), 0, 6],
		// Its operations, before and after; the app with its settings and config after.
		[change("acme/portal:2", 1, 1), 1, 6 + 2 + 3],
		// Of each service the operations, the service, the operations twice.
		[change("acme/portal:2", 2, 2), 2, 6 + 2 * 4 + 3],
		[change("acme/portal:1", 1, 1), 3, 6 + 2 + 1 + 2 * 4 + 3],
	] as const) {
		aptible.newJournal();
		previous = await aptible.applied("app", spec, { previous });
		const rows = aptible.newJournal();
		const count = (source: string) => rows.filter((row) => row.source === source).length;
		assert.deepEqual([count("cli"), count("api")], [cli, api], rows.map(({ command }) => command).join("\n"));
	}
});
