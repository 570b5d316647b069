/** References and groups of variables on the real engine: each form at once, through up, a second up, drift, change and adoption. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { stringify } from "yaml";
import { runNode } from "../support/run-node.ts";
import { type Blocks, openStageFile, type StageUnderTest, succeed } from "../support/stage.ts";

const namespace = "medstack-to-aptible:";
const blocks: Blocks = {
	environment: { handle: "acme-refs", stack: "shared-ca-central-1", phi: false },
	databases: { main: { type: "postgresql", version: "16" }, cache: { type: "redis", version: "8.2" } },
	shared: {
		database: {
			DB_HOST: "${databases.main.host}",
			DB_PORT: "${databases.main.port}",
			DB_USER: "${databases.main.user}",
			DB_PASSWORD: "${databases.main.password}",
			DB_NAME: "${databases.main.name}",
			JDBC_URL: "${databases.main.jdbcUrl}",
		},
		session: { SESSION_KEY: "${secrets.sessionKey}", GREETING: "of the group" },
	},
	apps: {
		// Before the app that it waits for.
		portal: {
			image: "acme/portal:1",
			configFrom: ["database", "session"],
			config: {
				GREETING: "of the app",
				CACHE: "${databases.cache.redis+ssl.host}:${databases.cache.redis+ssl.port}",
				GATEWAY_URL: "${apps.gateway.endpoints.internal.url}/api",
				MQTT_URL: "${apps.gateway.endpoints.mqtt.url}",
				PUBLIC_URL: "${apps.portal.endpoints.test.url}",
				LITERAL: "$${databases.main.password}",
			},
			services: { web: {}, worker: {} },
			endpoints: {
				test: { service: "web", kind: "https", defaultDomain: true },
				named: { service: "web", kind: "https", domain: "portal.acme.example", managedTls: true },
			},
		},
		gateway: {
			image: "acme/gateway:1",
			configFrom: ["session"],
			config: { PORTAL_HOST: "${apps.portal.endpoints.named.host}" },
			services: { web: {}, worker: {} },
			endpoints: {
				internal: { service: "web", kind: "https", defaultDomain: true, internal: true },
				mqtt: { service: "worker", kind: "tcp", ports: [1883] },
			},
		},
	},
};

async function configOf(stage: StageUnderTest, app: string): Promise<Record<string, string>> {
	const pairs = (await stage.cli("config", "--app", app)) as { key: string; value: string }[];
	return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

async function urlOf(stage: StageUnderTest, handle: string): Promise<URL> {
	const list = (await stage.cli("db:list")) as { handle: string; connection_url: string }[];
	return new URL(list.find((one) => one.handle === handle)?.connection_url ?? "");
}

async function hostOf(stage: StageUnderTest, app: string, service: string): Promise<string> {
	const list = (await stage.cli("endpoints:list", "--app", app)) as {
		hostname: string;
		default_domain?: string;
		service: { service: string };
	}[];
	const found = list.filter((one) => one.service.service === service);
	return found.find((one) => one.default_domain)?.default_domain ?? found.at(-1)?.hostname ?? "";
}

/** Gives a database another password, as a restore and a reload by Aptible may. */
function changePassword(stage: StageUnderTest, handle: string, password: string): void {
	inSandbox(stage.aptible.dir, (store) => {
		const database = store.list("database").find((one) => one.handle === handle);
		assert.ok(database);
		const credentials = database.credentials.map((one) => {
			const url = new URL(one.connection_url);
			url.password = password;
			return { ...one, connection_url: url.href };
		});
		store.save("database", { ...database, credentials });
	});
}

/** What the preview shows of each app, by the end of its Command's name. */
function changedApps(output: string): string[] {
	return [...output.matchAll(/^ [~+] .*command:local:Command +(portal|gateway) /gm)]
		.map(([, name = ""]) => name)
		.sort();
}

test("references and groups of variables: up, up again, drift, changes, adoption", async (t) => {
	const config = Object.fromEntries(Object.entries(blocks).map(([name, block]) => [`${namespace}${name}`, block]));
	const stage = await openStageFile(t, "refs", stringify({ config }));
	defineImage(stage.aptible.dir, "acme/gateway:*", ["web", "worker"]);
	await stage.setSecret("sessionKey", "sentinel-of-the-session");
	const shown = [await succeed(stage.up())];
	const url = await urlOf(stage, "main");

	await t.test("an app has what its references stand for, and its own value before its group's", async () => {
		const [gateway, mqtt] = [await hostOf(stage, "gateway", "web"), await hostOf(stage, "gateway", "worker")];
		const cache = await urlOf(stage, "cache");
		assert.deepEqual(await configOf(stage, "portal"), {
			CACHE: cache.host,
			DB_HOST: url.hostname,
			DB_NAME: "db",
			DB_PASSWORD: url.password,
			DB_PORT: url.port,
			DB_USER: "aptible",
			GATEWAY_URL: `https://${gateway}/api`,
			GREETING: "of the app",
			JDBC_URL: `jdbc:postgresql://${url.host}/db?sslmode=require`,
			LITERAL: "${databases.main.password}",
			MQTT_URL: `tcp://${mqtt}:1883`,
			PUBLIC_URL: `https://${await hostOf(stage, "portal", "web")}`,
			SESSION_KEY: "sentinel-of-the-session",
		});
		assert.deepEqual(await configOf(stage, "gateway"), {
			GREETING: "of the group",
			PORTAL_HOST: "portal.acme.example",
			SESSION_KEY: "sentinel-of-the-session",
		});
	});

	await t.test("a second update is silent, and a look finds no drift", async () => {
		stage.watchDrift();
		stage.newMutations();
		shown.push(await succeed(stage.up("--expect-no-changes")));
		assert.deepEqual(stage.newMutations(), []);
	});

	await t.test("what was changed by hand is drift, as is another password of the database", async () => {
		changePassword(stage, "main", "sentinel-of-a-reload");
		await stage.cli("config:set", "--app", "portal", "GATEWAY_URL=x", "PUBLIC_URL=y", "DB_HOST=z");
		stage.newWrites();
		const output = await succeed(stage.preview("--diff", "--show-full-output"));
		shown.push(output);
		const fields = [...output.matchAll(/field *: "config\.(\w+)"/g)].map(([, field = ""]) => field).sort();
		assert.deepEqual(fields, ["DB_HOST", "DB_PASSWORD", "GATEWAY_URL", "PUBLIC_URL"]);
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("an update heals it; a changed group and another address change the apps that have them", async () => {
		await stage.edit(({ shared, apps }) => {
			shared.session.GREETING = "another one";
			apps.gateway.endpoints.mqtt.internal = true;
		});
		const preview = await succeed(stage.preview());
		assert.deepEqual(changedApps(preview), ["gateway", "portal"]);
		const before = await hostOf(stage, "gateway", "worker");
		stage.newWrites();
		shown.push(preview, await succeed(stage.up()));
		const writes = stage.newWrites().filter((write) => write.startsWith("configure"));
		assert.deepEqual(writes.sort(), ["configure apps gateway", "configure apps portal"]);
		const after = await hostOf(stage, "gateway", "worker");
		assert.notEqual(after, before);
		const { DB_PASSWORD, DB_HOST, MQTT_URL, GREETING } = await configOf(stage, "portal");
		assert.deepEqual(
			[DB_PASSWORD, DB_HOST, MQTT_URL, GREETING],
			["sentinel-of-a-reload", url.hostname, `tcp://${after}:1883`, "of the app"],
		);
		assert.equal((await configOf(stage, "gateway")).GREETING, "another one");
	});

	await t.test("a stage file for what is there has references to it, and no password", async () => {
		const { code, stdout, stderr } = await runNode("adopt/main.ts", ["--environment", "acme-refs"], stage.sandbox.env);
		assert.equal(code, 0, stderr);
		shown.push(stdout, stderr);
		for (const line of [
			"DB_PASSWORD: ${databases.main.password}",
			"DB_HOST: ${databases.main.host}",
			"DB_PORT: ${databases.main.port}",
			"DB_USER: ${databases.main.user}",
			"DB_NAME: ${databases.main.name}",
			"JDBC_URL: ${databases.main.jdbcUrl}",
		]) {
			assert.ok(stdout.includes(`${line}\n`), `${line}\n${stdout}`);
		}
	});

	await t.test("another stack takes all of it over, and changes nothing", async () => {
		await stage.init();
		await stage.edit(({ environment, databases, apps }) => {
			const endpoints = Object.values<Blocks>(apps).flatMap((app) => Object.values<Blocks>(app.endpoints));
			for (const one of [environment, ...Object.values(databases), ...Object.values(apps), ...endpoints]) {
				one.adopt = true;
			}
		});
		stage.newWrites();
		const preview = await succeed(stage.preview());
		assert.match(preview, /database main: taken over as it is/);
		assert.doesNotMatch(preview, /: new\b|; changes /);
		shown.push(preview, await succeed(stage.up()));
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("no password is in what was printed, nor in the state", async () => {
		for (const secret of [url.password, "sentinel-of-a-reload", "sentinel-of-the-session"]) {
			for (const text of [...shown, await stage.state()]) assert.ok(!text.includes(secret), secret);
		}
	});
});
