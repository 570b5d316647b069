/** The app `portal` whose service `worker` is autoscaled, or is not. */
import { portalSpec } from "./app-spec.ts";
import type { ReconcilerUnderTest } from "./reconcile.ts";

/** Options that every command on `portal` takes. */
export const place = ["--app", "portal", "--environment", "acme-test"];

/** `portal` with this `worker`. */
export function withWorker(worker: Record<string, unknown>, change: object = {}): object {
	return portalSpec({ services: { worker }, ...change });
}

/** What the autoscaler does by itself, and what is not to be undone. */
export async function autoscalerScales(aptible: ReconcilerUnderTest, ...to: string[]): Promise<void> {
	await aptible.cli("apps:scale", "worker", ...place, ...to);
	aptible.newJournal();
}

interface Worker {
	container_count: number;
	container_size: number;
}

/** How many containers of which size `worker` has: `2 x 1024 MB`. */
export async function worker(aptible: ReconcilerUnderTest): Promise<string> {
	const services = (await aptible.cli("services", ...place)) as (Worker & { service: string })[];
	const live = services.find(({ service }) => service === "worker");
	return `${live?.container_count} x ${live?.container_size} MB`;
}
