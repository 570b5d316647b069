import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import {
	claimedEndpoint,
	databaseSpec,
	hints,
	httpsSpec,
	managedSpec,
	openEndpoints,
	tcpSpec,
} from "./endpoints-under-test.ts";

type Spec = Record<string, unknown>;

/** The claims of a stage with the app `portal` and the database `main`, both adopted. */
function claims(app: Spec, database: Spec = {}, owner: Spec = {}): Spec {
	const { handle = "portal", ...more } = owner;
	return {
		environment: { handle: "acme-test", adopt: true },
		databases: { main: { adopt: true, endpoints: database } },
		apps: { [String(handle)]: { adopt: true, endpoints: app, ...more } },
	};
}

test("a live endpoint that was not claimed is refused, by its place, until it is adopted", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const at = ["--app", "portal", "--environment", "acme-test"];
	await aptible.cli("endpoints:https:create", "web", ...at, "--default-domain");
	await aptible.cli("endpoints:tcp:create", "worker", ...at, "--ports", "1883");
	await aptible.cli("endpoints:database:create", "main", "--environment", "acme-test", "--ip-whitelist", "203.0.113.7");
	const [web, mqtt] = await endpoints.list();
	const spec = claims(
		{ test: claimedEndpoint(httpsSpec()), mqtt: claimedEndpoint(tcpSpec()) },
		{ reports: claimedEndpoint(databaseSpec()) },
	);
	const { stderr } = await aptible.apply("claims", spec);
	assert.match(
		stderr,
		/^ {2}apps\.portal\.endpoints\.test: app-\d+\.on-aptible\.com, https on service web, provisioned$/m,
	);
	assert.match(
		stderr,
		/^ {2}apps\.portal\.endpoints\.mqtt: elb-acme-\d+\.aptible\.in, tcp on service worker, provisioned$/m,
	);
	assert.match(stderr, /^ {2}databases\.main\.endpoints\.reports: elb-acme-\d+\.aptible\.in, tcp on service database/m);

	const adopt = { adopt: true };
	const adopting = claims(
		{ test: claimedEndpoint(httpsSpec(), adopt), mqtt: claimedEndpoint(tcpSpec(), adopt) },
		{ reports: claimedEndpoint(databaseSpec(), adopt) },
	);
	const { facts, stderr: progress } = await aptible.apply("claims", adopting);
	const claim = facts.endpoints["apps.portal.endpoints.mqtt/tcp-worker-external"];
	assert.equal(claim.id, mqtt?.id);
	assert.equal(progress.match(/endpoints\.\w+ is adopted/g)?.length, 3);
	aptible.newJournal();
	await aptible.applied("endpoint", tcpSpec(), { secrets: hints(claim) });
	await aptible.applied("endpoint", databaseSpec(), {
		secrets: hints(facts.endpoints["databases.main.endpoints.reports/database-external"]),
	});
	const bare = httpsSpec({ settings: {} });
	assert.equal((await aptible.applied("endpoint", bare)).id, web?.id);
	assert.deepEqual(aptible.newWrites(), [], "what is as declared is taken over without a change");
	await aptible.applied("endpoint", httpsSpec());
	assert.deepEqual(aptible.newWrites(), ["update vhosts", "provision vhosts"], "what differs is changed");
});

test("claims outlive renames of the app and of an endpoint", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const first = await aptible.applied(
		"claims",
		claims({ test: claimedEndpoint(httpsSpec()), mqtt: claimedEndpoint(tcpSpec()) }),
	);
	const made = await aptible.applied("endpoint", tcpSpec());
	await aptible.applied("endpoint", httpsSpec());
	await aptible.cli("apps:rename", "portal", "clinic", "--environment", "acme-test");
	aptible.newJournal();
	const renamed = claims(
		{ preview: claimedEndpoint(httpsSpec(), { renamedFrom: "test" }), mqtt: claimedEndpoint(tcpSpec()) },
		{},
		{ handle: "clinic", renamedFrom: "portal" },
	);
	const second = await aptible.applied("claims", renamed, { previous: first });
	assert.deepEqual(Object.keys(second.endpoints).sort(), [
		"apps.clinic.endpoints.mqtt/tcp-worker-external",
		"apps.clinic.endpoints.preview/default",
	]);
	aptible.newJournal();
	await aptible.applied("claims", renamed, { previous: { ...second, kept: {} } });
	const listed = aptible.newJournal().filter(({ command }) => command === "endpoints:list");
	assert.deepEqual(listed, [], "known ones ask nothing");

	const more = claims(
		{ mqtt: claimedEndpoint(tcpSpec()), second: claimedEndpoint(tcpSpec()), public: claimedEndpoint(managedSpec()) },
		{},
		{ handle: "clinic" },
	);
	const third = await aptible.applied("claims", more, { previous: second });
	const after = third.endpoints["apps.clinic.endpoints.second/tcp-worker-external"]?.after;
	assert.ok(after >= made.id, "a twin that is claimed later never takes the first one's");
});

test("endpoints are found, however little the lists say of what belongs to what, or nothing is claimed", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const at = ["--environment", "acme-test"];
	await aptible.cli("endpoints:tcp:create", "worker", "--app", "portal", ...at, "--ports", "1883");
	await aptible.cli("endpoints:database:create", "main", ...at, "--ip-whitelist", "203.0.113.7");
	const spec = claims({ mqtt: claimedEndpoint(tcpSpec()) }, { reports: claimedEndpoint(databaseSpec()) });
	const isFound = [/^ {2}apps\.portal\.endpoints\.mqtt: /m, /^ {2}databases\.main\.endpoints\.reports: /m];
	for (const [fault, says] of [
		[{ without: ["_links.app"], command: "GET /accounts/ID/services" }, isFound],
		[{ without: ["_links.database"], command: "GET /accounts/ID/services" }, isFound],
		[
			{ without: ["_links.service"], command: "GET /accounts/ID/vhosts" },
			[/Aptible does not say which service endpoint \d+ \(elb-acme-\d+\.aptible\.in\) is on/],
		],
		[
			{ without: ["_links.service"], command: "GET /databases/ID" },
			[/database "main" is provisioned, but Aptible does not say which service it runs as/],
		],
	] as const) {
		aptible.fault({ name: "answer-changed", times: 99, ...fault });
		const { code, stderr } = await aptible.apply("claims", spec);
		aptible.clearFaults();
		assert.equal(code, 1, JSON.stringify(fault));
		for (const each of says) assert.match(stderr, each, JSON.stringify(fault));
	}
});

test("a place is never said to be free by an answer that leaves out which endpoint is there", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const at = ["--app", "portal", "--environment", "acme-test"];
	await aptible.cli("endpoints:https:create", "web", ...at, "--default-domain");
	await aptible.cli(
		"endpoints:https:create",
		"web",
		...at,
		"--managed-tls",
		"--managed-tls-domain",
		"portal.acme.example",
	);
	aptible.newJournal();
	const own = { test: claimedEndpoint(httpsSpec()), public: claimedEndpoint(managedSpec()) };
	for (const [without, says] of [
		[
			["default", "acme", "internal"],
			/does not say the internal, default, acme of endpoint \d+ \(\S+\), so which one it is, or what it lets through, is unknown/,
		],
		[["user_domain"], /does not say the user_domain of endpoint \d+ /],
		[["type"], /does not say the type of endpoint \d+ /],
	] as const) {
		aptible.fault({ name: "answer-changed", times: 99, without: [...without], command: "GET /accounts/ID/vhosts" });
		const { code, stderr } = await aptible.apply("claims", claims(own));
		aptible.clearFaults();
		assert.deepEqual([code, aptible.newWrites()], [1, []], stderr);
		assert.match(stderr, says);
	}
	const { stderr } = await aptible.apply("claims", claims(own));
	for (const name of ["test", "public"])
		assert.match(stderr, new RegExp(`^ {2}apps\\.portal\\.endpoints\\.${name}: `, "m"));
});

test("an app whose status is pending may have endpoints all the same", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const at = ["--environment", "acme-test"];
	await aptible.cli("endpoints:tcp:create", "worker", "--app", "portal", ...at, "--ports", "1883");
	inSandbox(aptible.dir, (store) => {
		const app = store.list("app").find(({ handle }) => handle === "portal");
		if (app !== undefined) store.save("app", { ...app, status: "pending" });
	});
	const { stderr } = await aptible.apply("claims", claims({ mqtt: claimedEndpoint(tcpSpec()) }));
	assert.match(stderr, /^ {2}apps\.portal\.endpoints\.mqtt: /m);
});
