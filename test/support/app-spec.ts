/** Specs of the app `portal` for tests of its reconciler. */

type Blocks = Record<string, unknown>;

/** One small container. */
export const small = { containers: 1, containerMb: 1024, containerProfile: "m" };

/** Horizontal autoscaling with Aptible's defaults, as `components/` hands it over. */
export function horizontal(change: Blocks = {}): Blocks {
	return {
		kind: "horizontal",
		min: 1,
		max: 4,
		minCpu: 0.1,
		maxCpu: 0.8,
		scaleUpStep: 1,
		scaleDownStep: 1,
		restartFree: false,
		...common,
		...change,
	};
}

/** Vertical autoscaling with Aptible's defaults, likewise. */
export function vertical(change: Blocks = {}): Blocks {
	return {
		kind: "vertical",
		minMb: 2048,
		scaleUpMemory: 0.9,
		scaleDownMemory: 0.75,
		memoryProfileRatio: 4,
		computeProfileRatio: 2,
		...common,
		...change,
	};
}

const common = {
	lookbackSeconds: 1800,
	percentile: 99,
	scaleUpCooldownSeconds: 60,
	scaleDownCooldownSeconds: 300,
	releaseCooldownSeconds: 60,
};

/** `portal` from the image `acme/portal:1`, which has the services `web` and `worker`; `services` are merged one by one. */
export function portalSpec({ services = {}, ...change }: Blocks & { services?: Record<string, Blocks> } = {}): Blocks {
	const names = new Set(["web", "worker", ...Object.keys(services)]);
	return {
		environment: "acme-test",
		handle: "portal",
		image: "acme/portal:1",
		config: { A: "1" },
		services: Object.fromEntries([...names].map((name) => [name, { ...small, ...services[name] }])),
		...change,
	};
}
