import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "../../support/words.ts";
import {
	databaseSpec,
	type EndpointsUnderTest,
	grpcSpec,
	httpsSpec,
	type Listed,
	managedSpec,
	openEndpoints,
	tcpSpec,
} from "./endpoints-under-test.ts";

const settings = { force_ssl: true, ssl_protocols_override: "TLSv1.2 PFS TLSv1.3" };

/** Options of the one modify that was sent, and what came of it. */
function modified({ aptible }: EndpointsUnderTest): { options: string; writes: string[] } {
	const rows = aptible.newJournal().filter(({ mutating }) => mutating);
	const options = rows.flatMap(({ command, argv }) =>
		command.endsWith(":modify") ? [wordsOf(argv).slice(1).join(" ")] : [],
	);
	const writes = rows.flatMap((row) =>
		row.writes.map((write) => ("op" in write ? write.type : "update" in write ? "update" : "create")),
	);
	return { options: options.join("; "), writes };
}

test("each kind is made with one create and one provision, and then left alone", async (t) => {
	const endpoints = await openEndpoints(t);
	const made = async (spec: object) => {
		const { facts, writes } = await endpoints.settles(spec as Record<string, unknown>);
		assert.deepEqual(
			writes.map((write) => write.split(" ")[0]),
			["create", "provision"],
		);
		return facts;
	};
	assert.match((await made(httpsSpec())).url, /^https:\/\/app-\d+\.on-aptible\.com$/);
	assert.equal((await made(grpcSpec())).url, "grpcs://rpc.acme.example");
	assert.match((await made(tcpSpec())).url, /^tcp:\/\/elb-acme-\d+\.aptible\.in:1883$/);
	assert.match((await made(databaseSpec())).url, /^tcp:\/\/elb-acme-\d+\.aptible\.in:\d+$/);
	const { url, dnsRecords, hostname } = await made(managedSpec({ shared: true }));
	assert.equal(url, "https://portal.acme.example");
	assert.deepEqual(
		dnsRecords.map(({ type, name, value }: Listed) => `${name} ${type} ${value}`),
		[`_acme-challenge.portal.acme.example CNAME acme.${hostname}`, `portal.acme.example CNAME ${hostname}`],
	);
	assert.equal((await endpoints.list()).length, 4);
});

test("each field of an https endpoint changes with one modify, which sends nothing else", async (t) => {
	const endpoints = await openEndpoints(t);
	let spec = httpsSpec();
	let previous = await endpoints.aptible.applied("endpoint", spec);
	endpoints.aptible.newJournal();
	const changes: [object, string][] = [
		[{ ports: [3000] }, "--port 3000"],
		[{ ipFilter: ["203.0.113.7", "203.0.113.8"] }, "--ip-whitelist 203.0.113.7 203.0.113.8"],
		[{ loadBalancingAlgorithm: "weighted_random" }, "--load-balancing-algorithm-type weighted_random"],
		[{ shared: true }, "--shared"],
		[{ settings: { ...settings, idle_timeout: 60 } }, "--idle-timeout 60"],
		[{ settings: { ...settings, force_ssl: false } }, "--idle-timeout default --no-force-ssl"],
		[
			{
				settings: {
					...settings,
					ssl_protocols_override: "TLSv1.3",
					maintenance_page_url: "https://a.example/b.html",
					release_healthcheck_timeout: 300,
					show_elb_healthchecks: true,
					strict_health_checks: true,
				},
			},
			"--ssl-protocols-override TLSv1.3 --force-ssl --maintenance-page-url https://a.example/b.html " +
				"--release-healthcheck-timeout 300 --show-elb-healthchecks --strict-health-checks",
		],
		[
			{ settings, ipFilter: [], loadBalancingAlgorithm: undefined },
			"--no-ip-whitelist --load-balancing-algorithm-type round_robin --ssl-protocols-override TLSv1.2 PFS TLSv1.3 " +
				"--maintenance-page-url default --release-healthcheck-timeout default --no-show-elb-healthchecks " +
				"--no-strict-health-checks",
		],
	];
	for (const [change, options] of changes) {
		spec = { ...spec, ...change };
		previous = await endpoints.aptible.applied("endpoint", spec, { previous });
		assert.deepEqual(modified(endpoints), { options, writes: ["update", "provision"] });
	}
	await endpoints.aptible.applied("endpoint", { ...spec, ports: [] }, { previous });
	assert.deepEqual(
		modified(endpoints),
		{ options: "", writes: ["update", "update", "provision"] },
		"the CLI cannot clear a port",
	);
	const { port, ip_whitelist, shared } = await endpoints.only();
	assert.deepEqual([port, ip_whitelist, String(shared)], ["default", "all traffic", "true"]);
	await endpoints.settles({ ...spec, ports: [] }, { previous });
});

test("ports, filter, ciphers and the port of a gRPC endpoint, which only the API shows, change likewise", async (t) => {
	const endpoints = await openEndpoints(t);
	const cases: [object, object, string][] = [
		[tcpSpec(), { ports: [1883, 8883] }, "--ports 1883 8883"],
		[tcpSpec({ ports: [1883, 8883] }), { settings: { idle_timeout: 1200 } }, "--idle-timeout 1200"],
		[grpcSpec(), { ports: [50052] }, "--port 50052"],
		[
			grpcSpec({ ports: [50052] }),
			{
				settings: {
					ssl_protocols_override: "TLSv1.3",
					disable_weak_cipher_suites: false,
					ssl_ciphers_override: "HIGH:!RC4",
				},
			},
			"--ssl-protocols-override TLSv1.3 --no-disable-weak-cipher-suites --ssl-ciphers-override HIGH:!RC4",
		],
		[databaseSpec(), { ipFilter: [] }, "--no-ip-whitelist"],
	];
	const previous: Record<string, Listed> = {};
	for (const [before, change, options] of cases) {
		const { name } = before as Listed;
		previous[name] = await endpoints.aptible.applied("endpoint", before, { previous: previous[name] });
		endpoints.aptible.newJournal();
		previous[name] = await endpoints.aptible.applied(
			"endpoint",
			{ ...before, ...change },
			{ previous: previous[name] },
		);
		assert.deepEqual(modified(endpoints), { options, writes: ["update", "provision"] });
	}
	const cleared = tcpSpec({ ports: [], settings: { idle_timeout: 1200 } });
	await endpoints.aptible.applied("endpoint", cleared, { previous: previous.mqtt });
	assert.deepEqual(modified(endpoints), { options: "", writes: ["update", "update", "provision"] });
	assert.equal((await endpoints.list()).find(({ type }) => type === "tcp")?.ports, "all");
});

test("what somebody changed or deleted by hand is corrected", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const spec = managedSpec({ ipFilter: ["203.0.113.7"] });
	const previous = await aptible.applied("endpoint", spec);
	const at = ["--app", "portal", "--environment", "acme-test"];
	await aptible.cli("endpoints:https:modify", previous.hostname, ...at, "--no-ip-whitelist", "--idle-timeout", "99");
	aptible.newJournal();
	await aptible.applied("endpoint", spec, { previous });
	assert.deepEqual(modified(endpoints), {
		options: "--ip-whitelist 203.0.113.7 --idle-timeout default",
		writes: ["update", "provision"],
	});
	await aptible.cli("endpoints:deprovision", previous.hostname, ...at);
	aptible.newJournal();
	const again = await aptible.applied("endpoint", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["create vhosts web", "provision vhosts portal.acme.example"]);
	assert.notEqual(again.id, previous.id);
});

test("removal deprovisions once; what is gone, alone or with its app, is no error", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const previous = await aptible.applied("endpoint", httpsSpec());
	const mqtt = await aptible.applied("endpoint", tcpSpec());
	const twin = await aptible.applied("endpoint", tcpSpec({ name: "twin", hasTwins: true }), {
		secrets: { "hints.claim": JSON.stringify({ after: mqtt.id }) },
	});
	const reports = await aptible.applied("endpoint", databaseSpec());
	assert.notEqual(twin.id, mqtt.id);
	aptible.newJournal();
	for (const _ of [1, 2]) {
		await aptible.removed("endpoint", httpsSpec(), { previous });
		await aptible.removed("endpoint", tcpSpec(), { previous: mqtt });
		await aptible.removed("endpoint", databaseSpec(), { previous: reports });
	}
	assert.deepEqual(aptible.newWrites(), ["deprovision vhosts", "deprovision vhosts", "deprovision vhosts"]);
	assert.equal((await endpoints.only()).id, twin.id, "what looks the same stays");

	await aptible.cli("apps:rename", "portal", "clinic", "--environment", "acme-test");
	await aptible.removed("endpoint", tcpSpec({ name: "twin" }), { previous: twin });
	const left = await aptible.cli("endpoints:list", "--app", "clinic", "--environment", "acme-test");
	assert.deepEqual(left, [], "also when the app has another handle by then");
	await aptible.cli("apps:deprovision", "--app", "clinic", "--environment", "acme-test");
	await aptible.removed("endpoint", httpsSpec(), { previous });
});

test("what cannot change in place is refused by the reconciler too", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const previous = await aptible.applied("endpoint", httpsSpec({ shared: true }));
	aptible.newJournal();
	const other = await aptible.apply("endpoint", httpsSpec({ service: "worker", shared: true }), { previous });
	assert.match(
		other.stderr,
		/^endpoint "test" of app "portal" is https on service "web".* in place; nor can a second come up/m,
	);
	const alone = await aptible.apply("endpoint", httpsSpec(), { previous });
	assert.match(alone.stderr, /shares its load balancer, and Aptible never gives it one of its own again/);
	assert.deepEqual(aptible.newWrites(), []);
});
