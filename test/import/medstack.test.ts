/** Services of MedStack's, as its API may show them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startMedstack } from "@medstack-to-aptible/sandbox/medstack/cluster.ts";
import type { Imported } from "../../import/compose.ts";
import { importMedstack } from "../../import/medstack.ts";

const url = "postgres://app:hunter2@db:5432/portal";
const services = [
	{ id: "s1", name: "loadbalancer", image: "traefik", deploy: { replicas: 1 } },
	{
		id: "s2",
		object: "service",
		name: "portal",
		image: "registry.acme.example/portal:1.4",
		deploy: { replicas: 3, update_config: { parallelism: 1 } },
		domain_maps: [{ domain: "portal.acme.example", port: 8080, tls: true }],
		env: [
			{ name: "DATABASE_URL", value: url },
			{ name: "LOG_LEVEL", value: "info" },
		],
		secrets: [{ name: "session_key", file_name: "session", uid: "0", gid: "0", mode: "420" }],
		volumes: [{ name: "uploads", path: "/data" }],
		x_tasks: { up: 3 },
		placement: null,
	},
	{
		id: "s3",
		name: "worker",
		image: "registry.acme.example/portal:1.4",
		command: ["npm", "run", "worker"],
		replica_count: 2,
		environment: [`DATABASE_URL=${url}`],
	},
	{
		id: "s4",
		name: "db",
		image: "postgres:14.2",
		replicas: 1,
		environment: { POSTGRES_USER: "app", POSTGRES_PASSWORD: "hunter2" },
	},
	{ id: "s5", name: "mover", image: "acme/mover:1" },
];

function importAnswer(answer: unknown): Imported {
	const folder = mkdtempSync(join(tmpdir(), "medstack-"));
	try {
		writeFileSync(join(folder, "services.json"), JSON.stringify(answer, undefined, "\t"));
		const options = { handle: undefined, aptibleStack: "acme-prod-ca", phi: true, images: new Map<string, string>() };
		return importMedstack("services.json", folder, options);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

test("services of MedStack's become apps and databases, and each key is accounted for", () => {
	const { blocks, keys, procfiles, secrets } = importAnswer({ object: "list", data: services });
	assert.deepEqual(blocks, {
		environment: { handle: "services", stack: "acme-prod-ca", phi: true },
		databases: { db: { type: "postgresql", version: "14" } },
		apps: {
			portal: {
				image: "registry.acme.example/portal:1.4",
				config: { DATABASE_URL: "${databases.db.url}", LOG_LEVEL: "info", SESSION_KEY: "${secrets.sessionKey}" },
				services: { portal: { containers: 3 }, worker: { containers: 2 } },
				endpoints: {
					portal_acme_example: {
						service: "portal",
						kind: "https",
						domain: "portal.acme.example",
						managedTls: true,
						port: 8080,
					},
				},
			},
		},
		logDrains: {},
	});
	assert.deepEqual(procfiles, [{ app: "portal", text: "portal: THE-COMMAND-OF-THE-IMAGE\nworker: npm run worker\n" }]);
	assert.deepEqual(
		secrets.entries().map(([name]) => name),
		["sessionKey"],
	);
	const said = new Map(keys.map((key) => [key.path, `${key.outcome?.outcome} ${key.outcome?.says}`]));
	for (const [path, says] of [
		["data[0]", /^dropped MedStack's own/],
		["data[4]", /^dropped MedStack's own/],
		["data[1].x_tasks", /^decide is documented nowhere/],
		["data[1].placement", /^dropped there is nothing under it/],
		["data[1].volumes[0]", /^decide what is written to \/data is lost/],
		["data[1].secrets[0]", /^decide there is no file \/run\/secrets\/session/],
		["data[1].deploy.replicas", /^mapped containers: 3/],
		["data[1].env[0].value", /^mapped URL of database db/],
	] as const) {
		assert.match(said.get(path) ?? "", says, path);
	}
	assert.ok([...said.values()].every((one) => /^(mapped|decide|dropped) ./.test(one)));
	assert.ok(!JSON.stringify([blocks, [...said.values()]]).includes("hunter2"));
});

test("what the sandbox's MedStack answers is imported", async (t) => {
	const medstack = await startMedstack({
		services: { portal: { replicas: 2, domains: ["portal.acme.example"] }, queue: { replicas: 1, image: "redis:7.2" } },
		resolve: async () => ["203.0.113.9"],
	});
	t.after(() => medstack.close());
	const { MEDSTACK_API_URL: api, MEDSTACK_TOKEN_KEY: key, MEDSTACK_TOKEN_VALUE: value } = medstack.env;
	const headers = { Authorization: `Basic ${Buffer.from(`${key}:${value}`).toString("base64")}` };
	const answer = await (await fetch(`${api}/companies/c-acme/clusters/k-7f3a/services`, { headers })).json();
	const { blocks } = importAnswer(answer);
	assert.deepEqual(blocks.databases, { queue: { type: "redis", version: "7.2" } });
	assert.deepEqual(blocks.apps, {
		portal: {
			image: "registry.acme.example/portal:1",
			services: { cmd: { containers: 2 } },
			endpoints: {
				portal_acme_example: {
					service: "cmd",
					kind: "https",
					domain: "portal.acme.example",
					managedTls: true,
					port: 80,
				},
			},
		},
	});
});

test("an answer that has no services is refused", () => {
	for (const answer of [{}, [], { data: [{ id: "c1" }] }, "text", { data: "x" }]) {
		assert.throws(
			() => importAnswer(answer),
			/services\.json: is no list of MedStack's services, each with a name; save what GET/,
		);
	}
});

test("a key that stands beside one of the same meaning is in the report, and the first of the list is asked about where it is no load balancer", () => {
	const { keys, blocks } = importAnswer([
		{ name: "first", image: "acme/first:1" },
		{
			name: "web",
			image: "acme/web:1",
			environment: ["A=1"],
			env: [{ name: "B", value: "2" }],
			command: ["a"],
			args: ["b"],
			replicas: 2,
			replica_count: 3,
			deploy: { replicas: 4 },
			volumes: [{ name: "x", path: "/x", driver: "local" }],
			mounts: [{ name: "y", path: "/y" }],
			domains: ["a.acme.example"],
			domain_maps: [{ domain: "b.acme.example", path: "/x" }],
		},
	]);
	const said = new Map(keys.map((key) => [key.path, `${key.outcome?.outcome} ${key.outcome?.says}`]));
	assert.match(said.get("[0]") ?? "", /^decide .*the first of the list/);
	for (const key of ["env", "args", "mounts", "replica_count", "deploy.replicas", "domain_maps[0].path"])
		assert.match(said.get(`[1].${key}`) ?? "", /^decide /, key);
	const unread = [...said].filter(([, says]) => says.startsWith("mapped service web"));
	assert.deepEqual(unread, [["[1]", "mapped service web of app web"]]);
	const web = blocks.apps?.web as { endpoints: object } | undefined;
	assert.deepEqual(Object.keys(web?.endpoints ?? {}), ["b_acme_example", "a_acme_example"]);
});
