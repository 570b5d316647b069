/** Follows docs/recipes.md on a copy of the program, and looks whether everything follows from the one entry. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { logDrainKinds, metricDrainKinds } from "../../wire/drain-kinds.ts";
import { settingEntries } from "../../wire/endpoint-settings.ts";
import { optionEntries } from "../../wire/service-options.ts";
import { stageWith } from "../config/stage-file.ts";

const root = join(import.meta.dirname, "../..");
const recipes = readFileSync(join(root, "docs/recipes.md"), "utf8");
const program = ["adopt", "aptible", "components", "config", "drift", "stage-file", "wire"];
const folders: string[] = [];

after(() => {
	for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A copy of the program in which the entries of a recipe stand at the end of their tables. */
function follow(recipe: string): {
	load: (file: string) => Promise<Record<string, never>>;
	read: (file: string) => string;
} {
	const folder = mkdtempSync(join(tmpdir(), "recipe-"));
	folders.push(folder);
	for (const part of [...program, "docs", "package.json"])
		cpSync(join(root, part), join(folder, part), { recursive: true });
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	const steps = recipes.split(`## ${recipe}\n`)[1]?.split("\n## ")[0] ?? "";
	const entries = [
		...steps.matchAll(/at the end of `(\w+)` in `([\w/.-]+)`[^`]*(?:`\w+`[^`]*)*```ts\n(.*?)\n {3}```/gs),
	];
	assert.ok(entries.length > 0, `docs/recipes.md has no entry to add under "${recipe}"`);
	for (const [, table = "", file = "", entry = ""] of entries) {
		const path = join(folder, file);
		const text = readFileSync(path, "utf8");
		const end = text.indexOf("\n} as const satisfies", text.indexOf(`export const ${table} = {`));
		assert.ok(end > 0, `${file} has no table ${table}`);
		writeFileSync(path, `${text.slice(0, end)}\n${entry}${text.slice(end)}`);
	}
	return {
		load: (file) => import(pathToFileURL(join(folder, file)).href),
		read: (file) => readFileSync(join(folder, file), "utf8"),
	};
}

/** The same functions of the program as it is and as the recipe leaves it. */
// biome-ignore lint/suspicious/noExplicitAny: the copy has settings that no type of this program knows
async function both(load: (file: string) => Promise<object>, file: string): Promise<{ was: any; is: any }> {
	return { was: await import(pathToFileURL(join(root, file)).href), is: await load(file) };
}

const context = { file: "Pulumi.test.yaml" };

/** The mistakes of a stage, as the copy of the program finds them. */
// biome-ignore lint/suspicious/noExplicitAny: see above
function problemsOf(parseStage: any, changes: Readonly<Record<string, unknown>>): string[] {
	try {
		parseStage(stageWith(changes), context);
		return [];
	} catch (error) {
		return (error as { problems: string[] }).problems;
	}
}

test("an endpoint setting is one entry: schema, spec, comparison, CLI option, adoption and page follow from it", async () => {
	const { load, read } = follow("Add an endpoint setting");
	const name = "clientBodyTimeoutSeconds";
	const at = `apps/portal/endpoints/test/${name}`;
	const { is: parse, was: parseBefore } = await both(load, "config/parse.ts");
	const { is: toSpec, was: toSpecBefore } = await both(load, "config/to-spec/endpoint.ts");
	const { is: wire } = await both(load, "wire/endpoint.ts");
	const { is: differences, was: differencesBefore } = await both(load, "aptible/endpoint/differences.ts");
	const { is: adopt } = await both(load, "adopt/endpoints.ts");
	const { is: notes } = await both(load, "adopt/notes.ts");
	const { is: commands } = await both(load, "aptible/cli/command-line.ts");

	assert.match(problemsOf(parse.parseStage, { [at]: 0 }).join(), /is not a whole number from 1 to 3600 \(seconds\)/);
	assert.match(
		problemsOf(parse.parseStage, { [at]: 30, "apps/portal/endpoints/test/kind": "grpc" }).join(),
		/goes with kind https only/,
	);
	assert.match(problemsOf(parseBefore.parseStage, { [at]: 30 }).join(), /is not known here/);

	const place = { environment: "acme", app: "portal", name: "test" };
	const endpointOf = (parseStage: typeof parse.parseStage, changes = {}) =>
		parseStage(stageWith(changes), context).apps.portal.endpoints.test;
	const bare = toSpec.toAppEndpointSpec(endpointOf(parse.parseStage), place);
	assert.equal(
		JSON.stringify(bare),
		JSON.stringify(toSpecBefore.toAppEndpointSpec(endpointOf(parseBefore.parseStage), place)),
	);
	const declared = toSpec.toAppEndpointSpec(endpointOf(parse.parseStage, { [at]: 30 }), place);
	assert.equal(declared.settings.client_body_timeout, 30);

	const spec = wire.EndpointSpec.parse({ ...declared, hasTwins: false });
	const bareSpec = wire.EndpointSpec.parse({ ...bare, hasTwins: false });
	const live = {
		id: 1,
		hostname: "elb-1.acme.example",
		status: "provisioned",
		type: "https",
		port: "default",
		internal: false,
		ip_whitelist: "all traffic",
		defaultDomainEnabled: true,
		managedTlsEnabled: false,
		service: "web",
		force_ssl: "true",
		ssl_protocols_override: "TLSv1.2 PFS TLSv1.3",
	};
	const liveWith = { ...live, client_body_timeout: "45" };
	const missing = differences.diffEndpoint(spec, live);
	assert.deepEqual(missing, [{ field: name, declared: "30", live: "none" }]);
	assert.deepEqual(commands.cliOptions(differences.changeOptions(spec, missing)), ["--client-body-timeout", "30"]);
	assert.deepEqual(differences.changedSettings(missing), ["CLIENT_BODY_TIMEOUT"]);
	assert.equal(differences.creationOptions(spec).clientBodyTimeout, 30);
	assert.equal(differences.operationSettings(spec).CLIENT_BODY_TIMEOUT, "30");
	const removed = differences.diffEndpoint(bareSpec, liveWith);
	assert.deepEqual(commands.cliOptions(differences.changeOptions(bareSpec, removed)), [
		"--client-body-timeout",
		"default",
	]);
	assert.equal(differences.recordOf(live), differencesBefore.recordOf(live));
	assert.notEqual(differences.recordOf(live), differences.recordOf(liveWith));

	const adopted = adopt.adoptEndpoints("portal", [{ listed: liveWith, details: undefined }], new notes.Notes());
	assert.equal(adopted.default[name], 45);

	const { is: tables } = await both(load, "docs/write-tables.ts");
	const page = tables.withTables(read("docs/configuration/endpoints.md"));
	assert.match(
		page,
		/^\| `clientBodyTimeoutSeconds` \| 1 to 3600 \| Aptible's, 60 \| time that a client .* \| yes \|$/m,
	);
	assert.match(page, /^\| `https` \| HTTP behind TLS \| .*`clientBodyTimeoutSeconds`/m);
});

test("a service option is one entry: schema, spec, comparison, CLI option, adoption and page follow from it", async () => {
	const { load, read } = follow("Add a service option");
	const name = "startTimeoutSeconds";
	const at = `apps/portal/services/web/${name}`;
	const { is: parse, was: parseBefore } = await both(load, "config/parse.ts");
	const { is: toSpec } = await both(load, "config/to-spec/service.ts");
	const { is: wire } = await both(load, "wire/service.ts");
	const { is: options } = await both(load, "aptible/app/service-options.ts");
	const { is: api } = await both(load, "aptible/api/service.ts");

	assert.match(problemsOf(parse.parseStage, { [at]: 0 }).join(), /is not a whole number from 1 to 600 \(seconds\)/);
	assert.match(problemsOf(parseBefore.parseStage, { [at]: 30 }).join(), /is not known here/);
	const serviceOf = (parseStage: typeof parse.parseStage, changes = {}) =>
		parseStage(stageWith(changes), context).apps.portal.services.web;
	assert.equal(JSON.stringify(serviceOf(parse.parseStage)), JSON.stringify(serviceOf(parseBefore.parseStage)));
	const spec = wire.ServiceSpec.parse(toSpec.toServiceSpec(serviceOf(parse.parseStage, { [at]: 30 })));
	const bare = wire.ServiceSpec.parse(toSpec.toServiceSpec(serviceOf(parse.parseStage)));
	assert.equal(spec[name], 30);

	const live = (shown: object) =>
		api.ApiService.parse({ id: 1, process_type: "web", container_count: 2, container_memory_limit_mb: 1024, ...shown });
	assert.deepEqual(options.diffOptions(spec, live({})), [{ field: name, declared: "30", live: "120" }]);
	assert.deepEqual(options.diffOptions(spec, live({ start_timeout: 30 })), []);
	assert.deepEqual(options.diffOptions(bare, live({ start_timeout: 30 })), [
		{ field: name, declared: "120", live: "30" },
	]);
	assert.throws(() => live({ start_timeout: "soon" }));
	assert.deepEqual(options.optionsFor(spec, new Set([name])), { startTimeout: 30 });
	assert.deepEqual(options.optionsFor(bare, new Set([name])), { startTimeout: 120 });

	const { is: adopt } = await both(load, "adopt/app.ts");
	assert.deepEqual(adopt.adoptOptions(live({ start_timeout: 45, stop_timeout: 10 }).options), { [name]: 45 });

	const { is: tables } = await both(load, "docs/write-tables.ts");
	const page = tables.withTables(read("docs/configuration/apps.md"));
	assert.match(
		page,
		/^\| `startTimeoutSeconds` \| 1 to 600 \| `120` \| time that a new .* \| yes, from the next release on \|$/m,
	);
});

test("a drain kind is one entry: schema, spec, comparison, creation, masking, adoption and page follow from it", async () => {
	const { load } = follow("Add a drain kind");
	const { is: parse, was: parseBefore } = await both(load, "config/parse.ts");
	const { is: wire } = await both(load, "wire/log-drain.ts");
	const { is: drain } = await both(load, "aptible/drain/log-drain.ts");
	const { is: destination } = await both(load, "aptible/drain/destination.ts");
	const { is: kinds } = await both(load, "wire/drain-kinds.ts");
	const { is: api } = await both(load, "aptible/api/drain.ts");
	const secrets = { "secrets/honeycombToken": "hc-0123456789" };
	const honeycomb = {
		kind: "honeycomb",
		host: "api.honeycomb.example",
		dataset: "prod",
		token: "${secrets.honeycombToken}",
	};

	const openly = { ...secrets, "logDrains/hc": { ...honeycomb, token: "hc-0123456789" } };
	assert.match(problemsOf(parse.parseStage, openly).join(), /hc\.token: its value is not one reference to a secret/);
	assert.match(problemsOf(parseBefore.parseStage, { "logDrains/hc": honeycomb }).join(), /is not a kind of log drain/);
	const declared = parse.parseStage(stageWith({ ...secrets, "logDrains/hc": honeycomb }), context).logDrains.hc;
	const spec = wire.LogDrainSpec.parse({ environment: "acme", name: "hc", ...declared });

	const live = (shown: object) =>
		drain.readLogDrainState(
			api.ApiLogDrain.parse({
				id: 1,
				handle: "hc-1",
				status: "provisioned",
				drain_type: "honeycomb",
				drain_apps: true,
				drain_databases: true,
				drain_ephemeral_sessions: true,
				drain_proxies: true,
				drain_host: "api.honeycomb.example",
				drain_dataset: "prod",
				logging_token: "hc-0123456789",
				_links: { account: { href: "https://api.aptible.com/accounts/1" } },
				...shown,
			}),
			[],
		);
	const fill = (template: string) => template.replace("${secrets.honeycombToken}", "hc-0123456789");
	assert.deepEqual(drain.diffLogDrain(spec, live({}), fill), []);
	assert.deepEqual(drain.diffLogDrain(spec, live({ drain_dataset: "test" }), fill), [
		{ field: "dataset", declared: "prod", live: "test" },
	]);
	assert.deepEqual(drain.diffLogDrain(spec, live({ logging_token: "hc-9876543210" }), fill), [
		{ field: "token", declared: "${secrets.honeycombToken}", live: "another value" },
	]);
	assert.deepEqual(destination.secretsOf(live({}).destination), ["hc-0123456789"]);
	assert.deepEqual(
		destination.creationOf(undefined, kinds.logDrainKinds, spec, fill, (fields: object) => fields),
		{ body: { drain_host: "api.honeycomb.example", drain_dataset: "prod", logging_token: "hc-0123456789" } },
	);

	const { is: adopt } = await both(load, "adopt/drains.ts");
	const { is: notes } = await both(load, "adopt/notes.ts");
	const shown = {
		id: 1,
		handle: "hc",
		drain_type: "honeycomb",
		drain_host: "api.honeycomb.example",
		drain_dataset: "prod",
	};
	const found = new notes.Notes();
	assert.deepEqual(adopt.adoptLogDrain({ ...shown, logging_token: "hc-0123456789", _links: {} }, [], found), {
		kind: "honeycomb",
		host: "api.honeycomb.example",
		dataset: "prod",
		token: "${secrets.hcToken}",
		adopt: true,
	});

	const { is: tables } = await both(load, "docs/write-tables.ts");
	assert.match(tables.tables().get("log drain kinds"), /^\| `honeycomb` \| `host`, `dataset`, `token` \|$/m);
	const keys = tables.tables().get("keys of logDrains.NAME");
	assert.match(keys, /^\| `kind` \| .*`elasticsearch`, `honeycomb` \| required \|/m);
	assert.match(keys, /^\| `dataset` \| .*; `honeycomb` only \| required \| dataset at Honeycomb \|/m);
});

test("a setting, an option or a drain kind stands in its table, and in one more file at most", () => {
	const files = program
		.flatMap((folder) =>
			readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
		)
		.filter((file) => file.endsWith(".ts"))
		.map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
	const drainKinds = [...Object.keys(logDrainKinds), ...Object.keys(metricDrainKinds)];
	const tables = [
		...settingEntries.map(([name, { wire }]) => [name, wire]),
		...optionEntries.map(([name, { api, cli }]) => [name, api, cli]),
		// The others are words for endpoints and databases too.
		...drainKinds.filter((kind) => !["https", "elasticsearch", "influxdb"].includes(kind)).map((kind) => [kind]),
	];
	for (const names of tables) {
		const word = new RegExp(`\\b(?:${names.join("|")})\\b`);
		const naming = files.filter(({ text }) => word.test(text)).map(({ file }) => file);
		assert.ok(naming.length <= 2, `${names[0]} stands in ${naming.join(", ")}`);
	}
});
