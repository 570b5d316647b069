import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { countOperations, countRestarts, readRuns } from "../../aptible/journal.ts";
import { defineImage, sandboxToken } from "../../aptible/setup.ts";
import { Bench } from "./support.ts";

const DEPLOY = ["deploy", "--app", "portal", "--docker-image", "acme/portal:1"];

interface Service {
	service: string;
	container_count: number;
	container_size: number;
}

async function benchWithPortal(): Promise<Bench> {
	const bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	await bench.ok(...DEPLOY);
	return bench;
}

const services = (bench: Bench, app = "portal") => bench.json<Service[]>("services", "--app", app);

test("config merges, and an empty value deletes", async () => {
	using bench = await benchWithPortal();
	await bench.ok("config:set", "--app", "portal", "A=1", "B=x=y");
	await bench.ok("config:set", "--app", "portal", "A=", "C=3");
	const config = await bench.json<{ key: string; value: string }[]>("config", "--app", "portal");
	assert.deepEqual(
		config.map(({ key, value }) => [key, value]),
		[
			["B", "x=y"],
			["C", "3"],
		],
	);
});

test("each configure, deploy and scale of an app restarts it; settings of a service do not", async () => {
	using bench = await benchWithPortal();
	await bench.ok("config:set", "--app", "portal", "A=1");
	await bench.ok("apps:scale", "web", "--app", "portal", "--container-count", "2");
	await bench.ok("services:settings", "web", "--app", "portal", "--stop-timeout", "30");
	assert.equal(countRestarts(bench.dir, "portal"), 3);
	assert.equal(countOperations(bench.dir), 3);
});

test("a service that comes up with no containers is never started, and what ran stays known", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	await bench.ok(...DEPLOY, "--container-count", "0");
	assert.deepEqual(readRuns(bench.dir), []);
	await bench.ok("apps:scale", "web", "--app", "portal", "--container-count", "2", "--container-size", "512");
	await bench.ok("apps:scale", "web", "--app", "portal", "--container-count", "0");
	assert.deepEqual(readRuns(bench.dir), [
		{ app: "portal", service: "web", containers: 2, containerMb: 512, profile: "m5" },
	]);
});

test("sizes given with a deploy only touch services that are new in it", async () => {
	using bench = await benchWithPortal();
	await bench.ok("deploy", "--app", "portal", "--docker-image", "acme/portal:2", "--container-size", "4096");
	assert.deepEqual(
		(await services(bench)).map(({ service, container_size }) => [service, container_size]),
		[
			["web", 1024],
			["worker", 1024],
			["cron", 4096],
		],
	);
});

test("an image nobody described gives one service cmd; a described one gives what its Procfile says", async () => {
	using bench = new Bench("acme-staging");
	for (const app of ["a", "b"]) await bench.ok("apps:create", app);
	await bench.ok("deploy", "--app", "a", "--docker-image", "quay.io/some/thing:1");
	assert.deepEqual(
		(await services(bench, "a")).map(({ service }) => service),
		["cmd"],
	);
	defineImage(bench.dir, "quay.io/some/thing:*", ["web", "clock"]);
	await bench.ok("deploy", "--app", "b", "--docker-image", "quay.io/some/thing:2");
	assert.deepEqual(
		(await services(bench, "b")).map(({ service }) => service),
		["web", "clock"],
	);
});

test("the private registry wants credentials once, and again only when they change", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	const deploy = ["deploy", "--app", "portal", "--docker-image", "registry.acme.example/portal:1"];
	const refused = await bench.run(deploy);
	assert.equal(refused.exit, 1);
	assert.match(refused.stdout, /unauthorized: authentication required/);
	await bench.ok(...deploy, "--private-registry-username", "deploy", "--private-registry-password", "p");
	await bench.ok(...deploy);
	assert.equal((await bench.run([...deploy, "--private-registry-username", "other"])).exit, 1);
});

test("the autoscaler takes a count outside its bounds back inside", async () => {
	using bench = await benchWithPortal();
	const bounds = [
		"--min-containers",
		"2",
		"--max-containers",
		"4",
		"--min-cpu-threshold",
		"0.1",
		"--max-cpu-threshold",
		"0.9",
	];
	await bench.ok(
		"services:autoscaling_policy:set",
		"web",
		"--app",
		"portal",
		"--autoscaling-type",
		"horizontal",
		...bounds,
	);
	const counts = [];
	for (const count of ["9", "3", "0"]) {
		await bench.ok("apps:scale", "web", "--app", "portal", "--container-count", count);
		counts.push((await services(bench))[0]?.container_count);
	}
	assert.deepEqual(counts, [4, 3, 2]);
});

test("a container size that Aptible does not have is refused", async () => {
	using bench = await benchWithPortal();
	const { exit, stderr } = await bench.run(["apps:scale", "web", "--app", "portal", "--container-size", "1000"]);
	assert.deepEqual([exit, stderr], [1, "An error occurred: Container size is not included in the list\n"]);
});

test("an endpoint with its own certificate is made from two files, and found again by its fingerprint", async () => {
	using bench = await benchWithPortal();
	const [certificate, key] = ["cert.pem", "key.pem"].map((name) => join(bench.dir, name));
	writeFileSync(certificate ?? "", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
	writeFileSync(key ?? "", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n");
	const files = ["--certificate-file", certificate ?? "", "--private-key-file", key ?? ""];
	await bench.ok("endpoints:tls:create", "web", "--app", "portal", ...files);
	const [unknown] = [
		await bench.run(["endpoints:tls:create", "web", "--app", "portal", "--certificate-fingerprint", "00"]),
	];
	assert.equal(unknown?.stderr, "No certificate matches fingerprint 00\n");
});

test("a service without containers gets no endpoint", async () => {
	using bench = await benchWithPortal();
	await bench.ok("apps:scale", "web", "--app", "portal", "--container-count", "0");
	assert.equal((await bench.run(["endpoints:https:create", "web", "--app", "portal", "--default-domain"])).exit, 1);
});

test("a token may come from tokens.json, by the address of the auth service; one that is no JWT crashes the CLI", async () => {
	using bench = new Bench("acme-staging");
	const config = join(bench.dir, "config");
	mkdirSync(config, { recursive: true });
	const none = { APTIBLE_ACCESS_TOKEN: undefined };
	writeFileSync(join(config, "tokens.json"), JSON.stringify({ "https://auth.aptible.com": sandboxToken() }));
	assert.equal((await bench.run(["apps"], none)).exit, 0);
	assert.equal((await bench.run(["apps"], { ...none, APTIBLE_AUTH_ROOT_URL: "http://127.0.0.1:1" })).exit, 1);
	assert.match((await bench.run(["apps"], { APTIBLE_ACCESS_TOKEN: "opaque" })).stderr, /JWT::DecodeError/);
});

test("without a directory the sandbox says what it misses", async () => {
	using bench = new Bench();
	const { exit, stderr } = await bench.run(["apps"], { APTIBLE_SANDBOX: undefined });
	assert.deepEqual([exit, /APTIBLE_SANDBOX is not set/.test(stderr)], [1, true]);
});

test("an operation that is over cannot be followed or cancelled, and its log can be read", async () => {
	using bench = await benchWithPortal();
	const [app] = await bench.json<{ last_deploy_operation: { id: number } }[]>("apps");
	const id = String(app?.last_deploy_operation.id);
	assert.match((await bench.run(["operation:follow", id])).stderr, /already succeeded/);
	await bench.ok("operation:cancel", id);
	assert.match((await bench.ok("operation:logs", id)).stdout, /succeeded\.\n$/);
	assert.match((await bench.run(["operation:logs", "1"])).stderr, /Operation #1 not found \(RuntimeError\)/);
});
