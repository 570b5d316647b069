/** Apps of the matrix. */
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { horizontal, portalSpec, small, vertical } from "../support/app-spec.ts";
import type { Change, Subject } from "./subject.ts";

const worker = (change: object): Change => ({ to: { services: { web: small, worker: { ...small, ...change } } } });

const fixed = ["environment", "handle", "renamedFrom"];

/** Every field of a service that has a fixed size. */
const serviceChanges: Subject["changes"] = {
	"services.containers": worker({ containers: 2 }),
	"services.containerMb": worker({ containerMb: 2048 }),
	"services.containerProfile": worker({ containerProfile: "r" }),
	"services.forceZeroDowntime": worker({ forceZeroDowntime: true }),
	"services.simpleHealthCheck": worker({ simpleHealthCheck: true }),
	"services.restartFreeScaling": worker({ restartFreeScaling: true }),
	"services.stopTimeoutSeconds": worker({ stopTimeoutSeconds: 60 }),
	"services.autoscale": worker({ autoscale: horizontal() }),
	"services.autoscale vertical": worker({ autoscale: vertical() }),
};

const registry = { username: "${secrets.username}", password: "${secrets.password}" };

/** What a release brings that no stage declares, beside what is to have none, and what is larger than Aptible gives. */
const crowded = {
	image: "acme/crowded:1",
	services: { web: { ...small, containers: 2, containerMb: 2048 }, worker: { ...small, containers: 0 } },
};

const image: Subject = {
	name: "app from an image",
	kind: "app",
	spec: portalSpec({ config: { A: "1", B: "${secrets.one}" } }),
	changes: {
		image: { to: { image: "acme/portal:2" } },
		git: { to: { image: undefined, git: { commitish: "4f9a1c2" } } },
		registry: { to: { registry } },
		"config: a key changed": { to: { config: { A: "2", B: "${secrets.one}" } } },
		"config: a key more": { to: { config: { A: "1", B: "${secrets.one}", C: "3" } } },
		"config: a key less": { to: { config: { A: "1" } } },
		"config: lines like options": { to: { config: { A: "x\n--app=other\n--environment=acme-prod\n-server\ny" } } },
		"config: a secret changed": { to: { config: { A: "1", B: "${secrets.two}" } } },
		"image, config and services": {
			to: {
				image: "acme/portal:2",
				config: { A: "2" },
				services: { web: { ...small, containers: 2 }, worker: small, cron: small },
			},
		},
		...serviceChanges,
	},
	renamed: "gateway",
	fixed,
	setup: async (world) => {
		defineImage(world.dir, "acme/crowded:1", ["cmd", "web", "worker", "cron"]);
		defineImage(world.dir, "acme/crowded:2", ["cmd", "web", "worker", "cron", "release", "mailer"]);
		defineImage(world.dir, "git/portal", ["web", "worker"]);
		defineImage(world.dir, "git/gateway", ["web", "worker"]);
		return {};
	},
};

const autoscaled = (name: string, policy: object, changes: Readonly<Record<string, object>>): Subject => ({
	name,
	kind: "app",
	spec: portalSpec({ services: { worker: { autoscale: policy } } }),
	changes: Object.fromEntries(
		Object.entries(changes).map(([field, change]) => [
			`services.autoscale.${field}`,
			worker({ autoscale: { ...policy, ...change } }),
		]),
	),
	fixed: [...fixed, "image", "git", "registry", "config"],
});

const common = {
	lookbackSeconds: { lookbackSeconds: 3600 },
	percentile: { percentile: 95 },
	scaleUpCooldownSeconds: { scaleUpCooldownSeconds: 120 },
	scaleDownCooldownSeconds: { scaleDownCooldownSeconds: 600 },
	releaseCooldownSeconds: { releaseCooldownSeconds: 120 },
};

export const apps: readonly Subject[] = [
	image,
	{
		...image,
		name: "app from git",
		spec: { ...image.spec, image: undefined, git: { commitish: "4f9a1c2" } },
		changes: {
			git: { to: { git: { commitish: "8e7f6a5" } } },
			image: { to: { image: "acme/portal:1", git: undefined } },
			config: { to: { config: { A: "2" } } },
		},
		fixed: [...fixed, "registry", "services"],
	},
	{
		...image,
		name: "app from a private registry",
		spec: { ...image.spec, registry },
		changes: {
			registry: { to: { registry: undefined } },
			"registry.password": { to: { registry: { ...registry, password: "${secrets.two}" } } },
			image: { to: { image: "acme/portal:2" } },
			config: { to: { config: { A: "2" } } },
		},
		fixed: [...fixed, "git", "services"],
	},
	{
		...image,
		name: "app that is deployed for other credentials",
		spec: { ...image.spec, registry: { ...registry, deployOnChange: true } },
		changes: {
			"registry.password": { to: { registry: { ...registry, password: "${secrets.two}", deployOnChange: true } } },
			"registry.deployOnChange": { to: { registry } },
		},
		fixed: [...fixed, "image", "config", "git", "services"],
	},
	{
		...image,
		name: "app with undeclared services, and one at 0",
		spec: portalSpec(crowded),
		changes: {
			image: { to: { image: "acme/crowded:2" } },
			"image and services": {
				to: {
					image: "acme/crowded:2",
					services: {
						...crowded.services,
						mailer: { ...small, containers: 0, containerMb: 512 },
						release: { ...small, containerMb: 512 },
					},
				},
			},
			"services.containers": { to: { services: { ...crowded.services, worker: { ...small, containers: 3 } } } },
			"services to 0": {
				to: { services: { web: { ...crowded.services.web, containers: 0 }, worker: crowded.services.worker } },
			},
			"image, and services to 0": {
				to: {
					image: "acme/crowded:2",
					services: { web: { ...crowded.services.web, containers: 0 }, worker: crowded.services.worker },
				},
			},
			"config, and services to 0": {
				to: {
					config: { A: "2" },
					services: { web: { ...crowded.services.web, containers: 0 }, worker: crowded.services.worker },
				},
			},
			"a service at 0 undeclared": {
				to: {
					image: "acme/crowded:2",
					services: { web: crowded.services.web, mailer: { ...small, containers: 2, containerMb: 2048 } },
				},
			},
		},
		fixed: [...fixed, "config", "git", "registry"],
	},
	{
		...image,
		name: "app with values of several lines",
		spec: portalSpec({ config: { A: "x\n--app=other\ny", B: "-Xmx512m\n-server" } }),
		changes: {
			config: {
				to: {
					config: { A: "x\n--environment=other", B: "-Xmx512m\n-server", C: "-----BEGIN\n--docker-image=acme/other:1" },
				},
			},
			"image and config": { to: { image: "acme/portal:2", config: { A: "y\n--container-count=9", B: "-a\n-b" } } },
		},
		fixed: [...fixed, "git", "registry", "services"],
	},
	{
		...image,
		name: "app whose autoscaled services start larger than they have to",
		spec: portalSpec({
			services: {
				web: { containers: 3, autoscale: horizontal() },
				worker: { containerMb: 4096, autoscale: vertical({ minMb: 1024 }) },
			},
		}),
		changes: {
			"image, and a service to 0": {
				to: { image: "acme/portal:2", services: { web: { ...small, containers: 0 }, worker: small } },
			},
		},
		fixed: [...fixed, "config", "git", "registry"],
	},
	{
		...image,
		name: "app that CI releases",
		spec: { ...image.spec, releasedBy: "ci" },
		changes: {
			releasedBy: { to: { releasedBy: undefined } },
			"releasedBy, image and config": { to: { releasedBy: undefined, image: "acme/portal:2", config: { A: "2" } } },
			image: { to: { image: "acme/portal:2" } },
			registry: { to: { registry } },
			"image, config and services": {
				to: {
					image: "acme/portal:2",
					config: { A: "2" },
					services: { web: { ...small, containers: 2 }, worker: { ...small, containers: 0 } },
				},
			},
		},
		fixed: [...fixed, "git"],
	},
	{
		...image,
		name: "app that CI has released before",
		spec: { ...image.spec, releasedBy: "ci", image: "acme/portal:1" },
		changes: {
			config: { to: { config: { A: "2" } } },
			releasedBy: { to: { releasedBy: undefined } },
		},
		setup: async (world) => {
			const at = ["--environment", "acme-test"];
			await world.cli("apps:create", "portal", ...at);
			await world.cli("deploy", "--app", "portal", ...at, "--docker-image", "acme/portal:2");
			return {};
		},
		fixed: [...fixed, "git", "registry", "services", "image"],
	},
	autoscaled("app with horizontal autoscaling", horizontal(), {
		min: { min: 2 },
		max: { max: 6 },
		minCpu: { minCpu: 0.2 },
		maxCpu: { maxCpu: 0.7 },
		scaleUpStep: { scaleUpStep: 2 },
		scaleDownStep: { scaleDownStep: 2 },
		restartFree: { restartFree: true },
		...common,
	}),
	autoscaled("app with vertical autoscaling", vertical(), {
		minMb: { minMb: 4096 },
		maxMb: { maxMb: 15360 },
		scaleUpMemory: { scaleUpMemory: 0.8 },
		scaleDownMemory: { scaleDownMemory: 0.5 },
		memoryProfileRatio: { memoryProfileRatio: 5 },
		computeProfileRatio: { computeProfileRatio: 1.5 },
		...common,
	}),
];

/** Apps in runs that are told to release them. */
export const releasedApps: readonly Subject[] = [
	{
		...image,
		name: "app that CI releases, with --release",
		changes: {
			"releasedBy, image and services": {
				to: {
					releasedBy: "ci",
					image: "acme/portal:2",
					config: { A: "2" },
					services: { web: { ...small, containers: 2 }, worker: small },
				},
			},
			"releasedBy and git": { to: { releasedBy: "ci", image: undefined, git: { commitish: "4f9a1c2" } } },
		},
	},
];
