import { mkdir } from "node:fs/promises";
import path from "node:path";
import { startApi } from "./aptible/api-server.ts";
import { startDns } from "./aptible/dns-server.ts";
import { sandboxToken } from "./aptible/setup.ts";
import { startAzure } from "./azure/start.ts";

/** What has been started, and how processes reach it. */
export interface Clouds {
	/** Folders whose commands come before all others. */
	path: string[];
	/** The variables that lead to the emulated clouds instead of the real ones. */
	env: Record<string, string>;
	/** Stops what is served. What was made in the clouds stays in the sandbox's folder. */
	close(): Promise<void>;
}

/** Every emulated cloud; a further one is a further function here. */
const STARTERS = [startAptible, startAzureCloud];

/** Starts the emulated clouds, each keeping what it holds in a folder of its own under `dir`. */
export async function startClouds(dir: string): Promise<Clouds> {
	const clouds = await Promise.all(STARTERS.map((start) => start(dir)));
	return {
		path: clouds.flatMap((cloud) => cloud.path),
		env: Object.assign({}, ...clouds.map((cloud) => cloud.env)),
		close: async () => {
			await Promise.all(clouds.map((cloud) => cloud.close()));
		},
	};
}

/** Starts the emulated Aptible alone. */
export async function startAptible(dir: string): Promise<Clouds> {
	const folder = path.join(dir, "aptible");
	await mkdir(folder, { recursive: true });
	const [api, dns] = await Promise.all([startApi(folder), startDns(folder)]);
	return {
		path: [path.join(import.meta.dirname, "aptible", "bin")],
		env: {
			APTIBLE_SANDBOX: folder,
			APTIBLE_CONFIG_PATH: path.join(folder, "config"),
			APTIBLE_ACCESS_TOKEN: sandboxToken(),
			APTIBLE_API_ROOT_URL: api.url,
			APTIBLE_AUTH_ROOT_URL: api.url,
			MEDSTACK_TO_APTIBLE_DNS: dns.address,
		},
		close: async () => {
			await Promise.all([api.close(), dns.close()]);
		},
	};
}

/** Starts the emulated Azure alone. */
async function startAzureCloud(dir: string): Promise<Clouds> {
	return { path: [], ...(await startAzure(path.join(dir, "azure"))) };
}
