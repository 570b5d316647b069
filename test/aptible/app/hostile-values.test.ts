import assert from "node:assert/strict";
import { test } from "node:test";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

/** Config values with a line that Thor, which the CLI is built on, takes for an option where it may. */
const values: readonly (readonly [names: string, value: string])[] = [
	["another app", "x\n--app=other\ny"],
	["another environment", "x\n--environment=acme-prod\ny"],
	["another image", "x\n--docker-image=acme/portal:2\ny"],
	["another number of containers", "x\n--container-count=9\ny"],
	["switches of the JVM", "-Xmx512m\n-server"],
	["an option without a value", "x\n--git-detach\ny"],
	["the end of the options", "x\n--\ny"],
];

for (const [names, value] of values) {
	test(`a config value with a line that names ${names} is a value, and nothing else`, async (t) => {
		const aptible = await openReconciler(t);
		const spec = (config: object) => portalSpec({ config });
		await aptible.applied("environment", { handle: "acme-prod", stack: "shared-ca-central-1", phi: false });
		await aptible.applied("app", { ...spec({}), handle: "other" });
		await aptible.applied("app", { ...spec({}), environment: "acme-prod" });
		aptible.newJournal();
		const configOf = (app: string, environment: string) =>
			aptible.cli("config", "--app", app, "--environment", environment) as Promise<{ key: string; value: string }[]>;
		const shows = async (shown: string) => {
			const pairs = (await configOf("portal", aptible.environment)).map(({ key, value }) => [key, value]);
			assert.deepEqual(Object.fromEntries(pairs), { A: "1", X: shown });
			assert.deepEqual(await configOf("other", aptible.environment), []);
			assert.deepEqual(await configOf("portal", "acme-prod"), []);
		};
		const facts = await aptible.applied("app", spec({ A: "1", X: value }));
		await shows(value);
		await aptible.applied("app", spec({ A: "1", X: `more\n${value}` }), { previous: facts });
		await shows(`more\n${value}`);
		const apps = (await aptible.cli("apps", "--environment", aptible.environment)) as {
			handle: string;
			services: { container_count: number }[];
		}[];
		assert.deepEqual(
			new Set(apps.flatMap(({ services }) => services.map((each) => each.container_count))),
			new Set([1]),
		);
	});
}
