/** What runs on Aptible behind the emulated one: instances of an app for as long as their service has a container, and its load balancer. */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inSandbox } from "../aptible/sandbox.ts";
import { type AccessEntry, type OwnAnswer, startLoadBalancer } from "../medstack/load-balancer.ts";
import { Service, type StartInstance } from "../medstack/swarm.ts";

export interface NewSideSetup {
	/** Folder of the emulated Aptible. */
	dir: string;
	/** By the names of the app's services. */
	services: Readonly<Record<string, StartInstance>>;
	/** Host name that leads to a service. */
	domains: Readonly<Record<string, string>>;
	listen: { address: string; port: number };
	tls: { key: string; certificate: string };
	/** File that gets a line for each request, as a drain with `proxies` has it. */
	logFile: string;
}

/** A time in which an instance of the app ran. */
export interface RunTime {
	/** When it was let begin. */
	from: Date;
	/** When it had ended, with all that it had under way; absent while it runs. */
	until?: Date;
}

export interface NewSide {
	/** Of every instance so far. */
	runs: readonly RunTime[];
	close(): Promise<void>;
}

/** Between two looks at the emulated Aptible. */
const LOOK_MS = 200;

/** As Brickwall says it: always 502 (facts/move.md §6). */
const BRICKWALL: OwnAnswer = {
	status: 502,
	body: "This application crashed or is not running.\n",
	headers: { server: "brickwall" },
};

/** Starts it. Each service has the containers that the emulated Aptible shows, none while it shows none. */
export async function startNewSide(setup: NewSideSetup): Promise<NewSide> {
	const { dir, domains, listen, tls, logFile } = setup;
	const timing = { changeMs: 0, graceMs: 0, restartMs: 200 };
	const runs: RunTime[] = [];
	const noting = (start: StartInstance): StartInstance => {
		return async (instance) => {
			const run: RunTime = { from: new Date() };
			runs.push(run);
			const end = () => {
				run.until = new Date();
			};
			try {
				const running = await start(instance);
				running.ended.then(end, end);
				return running;
			} catch (error) {
				end();
				throw error;
			}
		};
	};
	const services = new Map(
		Object.entries(setup.services).map(([name, start]) => [
			name,
			new Service(name, { replicas: 0, start: noting(start) }, timing),
		]),
	);
	const loadBalancer = await startLoadBalancer({
		...listen,
		tls,
		route: (host) => {
			const service = domains[host];
			return service === undefined ? undefined : { service, addresses: services.get(service)?.addresses ?? [] };
		},
		unmapped: BRICKWALL,
		down: BRICKWALL,
		onAnswer: (entry) => appendFileSync(logFile, `${formatEntry(entry)}\n`),
	});
	const ended = new AbortController();
	const following = follow();

	async function follow(): Promise<void> {
		const wanted = new Map<string, number>();
		while (!ended.signal.aborted) {
			for (const [name, count] of countContainers(dir)) {
				if (wanted.get(name) === count) continue;
				wanted.set(name, count);
				services.get(name)?.scale(count);
			}
			await sleep(LOOK_MS, undefined, { signal: ended.signal }).catch(() => {});
		}
	}

	return {
		runs,
		async close() {
			ended.abort();
			await following;
			await Promise.all([loadBalancer.close(), ...[...services.values()].map((one) => one.close())]);
		},
	};
}

function countContainers(dir: string): [string, number][] {
	return inSandbox(dir, (store) =>
		store
			.list("service")
			.filter((service) => service.of === "app")
			.map((service) => [service.process_type, service.container_count]),
	);
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A line of nginx as Aptible's endpoints write it (facts/move.md §6). */
function formatEntry({ at, client, host, method, path, status, userAgent }: AccessEntry): string {
	const [day, time] = at.toISOString().split(/[T.]/) as [string, string];
	const [year, month, date] = day.split("-") as [string, string, string];
	return `10.0.1.5:33920 TLSv1.3/TLS_AES_128_GCM_SHA256 ${host} - [${date}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000] "${method} ${path} HTTP/1.1" ${status} 20 0.004 "-" "${userAgent}" "-" "${client}"`;
}
