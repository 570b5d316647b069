import assert from "node:assert/strict";
import { test } from "node:test";
import { diffApp, type LiveApp } from "../../../aptible/app/differences.ts";
import { AppFacts, AppSpec } from "../../../wire/app.ts";
import { horizontal, portalSpec } from "../../support/app-spec.ts";
import { liveService } from "../../support/live.ts";

const spec = AppSpec.parse(portalSpec({ services: { worker: { autoscale: horizontal() } } }));
const values = { config: { A: "sentinel-declared" }, registry: { username: "deploy", password: "sentinel-declared" } };
const facts = AppFacts.parse({
	id: 1,
	environmentId: 2,
	handle: "portal",
	gitRemote: "",
	configKeys: ["A", "OLD"],
	ownsRegistry: true,
	release: { operationId: 7, image: "acme/portal:1" },
	services: ["web", "worker"],
	warnings: [],
});

function service(name: string, change: Partial<LiveApp["services"][number]> = {}): LiveApp["services"][number] {
	return { policy: undefined, ...liveService(name), ...change };
}

const policy = {
	autoscaling: "horizontal",
	scaling_enabled: true,
	min_containers: 1,
	max_containers: 4,
	min_cpu_threshold: 0.1,
	max_cpu_threshold: 0.8,
	scale_up_step: 1,
	scale_down_step: 1,
	use_horizontal_scale: false,
	metric_lookback_seconds: 1800,
	percentile: 99,
	post_scale_up_cooldown_seconds: 60,
	post_scale_down_cooldown_seconds: 300,
	post_release_cooldown_seconds: 60,
};

function live(change: Partial<LiveApp> = {}): LiveApp {
	return {
		app: {
			id: 1,
			handle: "portal",
			status: "provisioned",
			environmentId: 1,
			gitRemote: "",
			lastDeploy: { id: 7, status: "succeeded", gitRef: undefined },
			services: [],
			digest: undefined,
			configurationId: 1,
			settingId: 1,
		},
		settings: { image: "acme/portal:1", registry: { ...values.registry }, digest: undefined },
		config: new Map([["A", "sentinel-declared"]]),
		services: [service("web"), service("worker", { containerCount: 3, policy })],
		...change,
	};
}

test("an app that is as declared shows nothing, and the autoscaler's choice is none of ours", () => {
	assert.deepEqual(diffApp(spec, live(), values, facts), []);
});

test("every field that differs is shown, and no secret is", () => {
	const { app } = live();
	const differences = diffApp(
		spec,
		live({
			app: { ...app, handle: "elsewhere", lastDeploy: { id: 9, status: "succeeded", gitRef: undefined } },
			settings: { image: "acme/portal:2", registry: { username: "x", password: "sentinel-live" }, digest: undefined },
			config: new Map([
				["A", "sentinel-live"],
				["OLD", "sentinel-live"],
				["THEIRS", "sentinel-live"],
			]),
			services: [
				service("web", {
					containerCount: 2,
					options: { stopTimeoutSeconds: 30, simpleHealthCheck: true },
				}),
				service("worker", {
					containerMb: 2048,
					policy: { ...policy, max_containers: 8, scaling_enabled: false },
				}),
			],
		}),
		values,
		facts,
	);
	assert.ok(!JSON.stringify(differences).includes("sentinel"));
	assert.deepEqual(
		differences.map(({ field, declared, live: shown }) => `${field}: ${declared}, live ${shown}`),
		[
			"handle: portal, live elsewhere",
			"image: acme/portal:1, live acme/portal:2",
			"config.A: as in the stage file, live another value",
			"config.OLD: none, live another value",
			"services.web.containers: 1, live 2",
			"services.web.simpleHealthCheck: false, live true",
			"services.web.stopTimeoutSeconds: 10, live 30",
			"services.worker.containerMb: 1024, live 2048",
			"services.worker.autoscale.enabled: true, live false",
			"services.worker.autoscale.max: 4, live 8",
		],
	);
});

test("other credentials are drift only where they are a reason to deploy, and came with somebody else's deploy", () => {
	const { app } = live();
	const other = { username: "deploy", password: "sentinel-live" };
	const shows = (operationId: number, deployOnChange?: true) =>
		diffApp(
			{ ...spec, registry: { username: "deploy", password: "${secrets.password}", deployOnChange } },
			live({
				app: { ...app, lastDeploy: { id: operationId, status: "succeeded", gitRef: undefined } },
				settings: { image: "acme/portal:1", registry: other, digest: undefined },
			}),
			values,
			facts,
		).map(({ field }) => field);
	assert.deepEqual(shows(7), [], "the stage file has others");
	assert.deepEqual(shows(9), [], "they wait for the next deploy, whoever set them");
	assert.deepEqual(shows(7, true), [], "the stage file has others");
	assert.deepEqual(shows(9, true), ["registry"]);
});

test("keys and services with the names of what every object has are none of the declared ones", () => {
	const differences = diffApp(
		spec,
		live({
			config: new Map([
				["A", "sentinel-declared"],
				["constructor", "theirs"],
				["toString", "theirs"],
			]),
			services: [...live().services, service("constructor"), service("valueOf")],
		}),
		values,
		facts,
	);
	assert.deepEqual(differences, []);
});

test("what was released is judged by who released last, and by what Aptible took back", () => {
	const shows = (change: object, last: object | undefined = facts.release, of: object = {}) =>
		diffApp({ ...spec, ...of }, live({ ...change }), values, { ...facts, release: last as typeof facts.release })
			.filter(({ field }) => field === "image" || field === "git.commitish")
			.map(({ live: shown }) => shown);
	const operation = (change: object) => ({
		app: { ...live().app, lastDeploy: { id: 7, status: "succeeded", gitRef: undefined, ...change } },
	});
	const fromGit = { settings: { image: undefined, registry: values.registry, digest: undefined } };
	const git = { image: undefined, git: { commitish: "4f9a1c2" } };
	assert.deepEqual(shows(operation({ id: 9 })), [], "somebody deployed the same image again");
	assert.deepEqual(shows(operation({ id: 9, status: "failed" })), [], "a failed deploy was taken back");
	assert.deepEqual(shows({}, { operationId: 7, image: "acme/portal:0" }), ["acme/portal:0"], "a failed one was not");
	assert.deepEqual(
		diffApp(spec, live(operation({ status: "failed" })), values, undefined).map(({ live: shown }) => shown),
		["acme/portal:1, whose deploy failed"],
		"and nobody knows what ran before",
	);
	assert.deepEqual(shows({ app: { ...live().app, status: "pending" } }), ["none"]);
	assert.deepEqual(shows({ ...fromGit, ...operation({ id: 9, gitRef: "4f9a1c2f0d" }) }, undefined, git), []);
	assert.deepEqual(shows({ ...fromGit, ...operation({ id: 9, gitRef: "refs/heads/4f9a1c2" }) }, undefined, git), []);
	assert.deepEqual(shows({ ...fromGit, ...operation({ id: 9, gitRef: "main" }) }, undefined, git), ["main"]);
	assert.deepEqual(shows(operation({ id: 9, gitRef: "4f9a1c2" }), undefined, git), ["4f9a1c2"], "with an image beside");
	// A branch that Aptible shows as the commit it stood for is known by the operation.
	const branch = { image: undefined, git: { commitish: "release/7" } };
	const released = { operationId: 7, commitish: "release/7" };
	assert.deepEqual(shows({ ...fromGit, ...operation({ gitRef: "4f9a1c2f0d" }) }, released, branch), []);
});
