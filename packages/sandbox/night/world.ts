/** Everything outside of the product that a night needs: both sides with their servers, DNS, and the people and programs that go on asking. */
import { appendFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { startAptiblePostgres } from "../aptible/postgresql.ts";
import { inSandbox } from "../aptible/sandbox.ts";
import { type Certificate, makeCertificate } from "../azure/certificate.ts";
import type { DnsWorld } from "../dns/authority.ts";
import { resolveBy } from "../dns/client.ts";
import type { Sandbox } from "../environment.ts";
import { type Medstack, startMedstack } from "../medstack/cluster.ts";
import { startProcess } from "../medstack/process-instance.ts";
import { fillWithClinic, MEDSTACK_DATABASE, startMedstackSource } from "../medstack/source.ts";
import type { RunningInstance } from "../medstack/swarm.ts";
import { moverEnvironment } from "../move-stage.ts";
import { execute } from "../postgresql/execute.ts";
import type { Postgres } from "../postgresql/server.ts";
import { freePort } from "../server-process.ts";
import { APTIBLE_ADDRESS, LOCAL, MEDSTACK_ADDRESS } from "./addresses.ts";
import { Ledger } from "./ledger.ts";
import { type NewSide, startNewSide } from "./new-side.ts";
import { NightObjects } from "./objects.ts";
import { type OuterWorld, worldVariable } from "./outer-world.ts";
import { People } from "./people.ts";
import { type AppSetup, startWeb, startWorker } from "./writers.ts";
import { WRITES_TABLE } from "./writes.ts";
import { DOMAIN, startZone } from "./zone.ts";

const APP_LOGIN = { name: "app_rw", password: "x" };
const HEALTH_MS = 500;
/** Of the mover and the page service. */
const IMAGE = "registry.acme.example/mover:1";

export interface NightWorldSetup {
	sandbox: Sandbox;
	/** Checkout. */
	root: string;
	/** Folder of the stage file, which gets the logs. */
	folder: string;
	/** Of the number of a clinic's rows. */
	scale: number;
	/** Hand-over file of the step `credentials`. */
	handOver: string;
}

export interface NightWorld {
	source: Postgres;
	target: Postgres;
	medstack: Medstack;
	ledger: Ledger;
	people: People;
	newSide: NewSide;
	/** Variables of the product's commands. */
	env: Readonly<Record<string, string>>;
	/** Logs of the page service, of Aptible's endpoints, and of the mover. */
	logs: Readonly<Record<"page" | "endpoints" | "mover", string>>;
	/**
	 * Makes what the stack's output asks for once the endpoint is there: the record by which its certificate is issued before the night, and
	 * the name that leads to it. Returns its host name.
	 */
	addEndpointRecords(): string;
	/** Lowers the TTL of the domain's records at the DNS host. */
	lowerTtl(): void;
	/** Does at the DNS host what a command asks for: a line of a zone file. */
	putRecord(line: string): void;
	objects: NightObjects;
	/** IPv4 addresses of the domain, as DNS has it now. */
	findDomain(): Promise<readonly string[]>;
	close(): Promise<void>;
}

/** Starts it, with MedStack serving and Aptible empty. */
export async function startNightWorld(setup: NightWorldSetup): Promise<NightWorld> {
	const { sandbox, root, folder, scale } = setup;
	const closing: (() => Promise<unknown>)[] = [];
	const close = async () => {
		const failures: unknown[] = [];
		for (const end of closing.reverse().splice(0)) await end().catch((error: unknown) => failures.push(error));
		if (failures.length > 0) throw failures[0];
	};
	try {
		return await start();
	} catch (error) {
		await close();
		throw error;
	}

	async function start(): Promise<NightWorld> {
		const logs = {
			page: path.join(folder, "page.log"),
			endpoints: path.join(folder, "endpoints.log"),
			mover: path.join(folder, "mover.log"),
		};
		await Promise.all(Object.values(logs).map((file) => writeFile(file, "")));
		const [source, target] = await startServers(closing);
		await fillWithClinic(source, scale);
		const sql = `${WRITES_TABLE}; GRANT SELECT, INSERT ON night_writes TO ${APP_LOGIN.name}`;
		await execute(source.url(MEDSTACK_DATABASE), `SET ROLE medadmin; ${sql}`);
		const zone = await startZone({ medstack: MEDSTACK_ADDRESS, aptible: APTIBLE_ADDRESS });
		const { dns } = zone;
		closing.push(() => dns.close());
		const tls = makeCertificate("127.0.0.1", new Date(), [DOMAIN]);
		const port = await freePort(LOCAL[APTIBLE_ADDRESS]);
		const ledger = new Ledger(path.join(folder, "acknowledged.jsonl"));
		const objects = await NightObjects.start();
		closing.push(() => objects.close());
		const people = new People({
			resolver: dns.resolver,
			port,
			certificate: tls.certificate,
			ledger,
			database: source.url(MEDSTACK_DATABASE, APP_LOGIN),
		});
		const medstack = await startOldSide(setup, { source, logs, ledger, people, dns, tls, port, objects });
		closing.push(() => medstack.close());
		closing.push(await checkHealth(medstack));
		const newSide = await startAptibleSide(setup, { target, logs, ledger, people, tls, port });
		closing.push(() => newSide.close());
		closing.push(() => people.end());
		return {
			source,
			target,
			medstack,
			ledger,
			people,
			newSide,
			env: await environment(sandbox, { root, folder, dns, tls, port, medstack }),
			logs,
			addEndpointRecords: () => {
				const host = endpointHost(sandbox.env.APTIBLE_SANDBOX ?? "");
				zone.putEndpoint(host);
				return host;
			},
			lowerTtl: zone.lowerTtl,
			putRecord: zone.put,
			objects,
			findDomain: () => resolveBy(dns.resolver)(DOMAIN),
			close,
		};
	}
}

/** Both are stopped at the end, also where one alone has started. */
async function startServers(closing: (() => Promise<unknown>)[]): Promise<[Postgres, Postgres]> {
	const started = [startMedstackSource(), startAptiblePostgres()] as const;
	for (const server of started) closing.push(() => server.then((one) => one.stop()));
	return Promise.all(started);
}

interface Side {
	logs: NightWorld["logs"];
	ledger: Ledger;
	people: People;
	tls: Certificate;
	port: number;
}

/** MedStack's cluster; the mover comes once it has its secret. */
async function startOldSide(
	{ sandbox, root, handOver }: NightWorldSetup,
	{
		source,
		logs,
		ledger,
		people,
		dns,
		tls,
		port,
		objects,
	}: Side & { source: Postgres; dns: DnsWorld; objects: NightObjects },
): Promise<Medstack> {
	const url = source.url(MEDSTACK_DATABASE, APP_LOGIN);
	const program = process.execPath;
	const args = ["--disable-warning=ExperimentalWarning", path.join(root, "packages/mover/main.ts")];
	const pagePort = await freePort("127.0.0.1");
	return startMedstack({
		resolve: resolveBy(dns.resolver),
		address: MEDSTACK_ADDRESS,
		tls,
		listen: { address: LOCAL[MEDSTACK_ADDRESS], port },
		services: {
			"portal-web": {
				replicas: 1,
				domains: [DOMAIN],
				start: ({ slot }) => startWeb({ side: "medstack", url, name: `web.${slot}` }),
			},
			worker: {
				replicas: 1,
				start: () => startAppWorker({ side: "medstack", url }, { ledger, people }),
			},
			page: {
				replicas: 1,
				image: IMAGE,
				start: () =>
					startProcess({
						program,
						args,
						env: {
							MOVE_STEP: "page",
							PORT: String(pagePort),
							NODE_COMPILE_CACHE: sandbox.env.NODE_COMPILE_CACHE ?? "",
						},
						address: { host: "127.0.0.1", port: pagePort },
						onOutput: (text) => appendFileSync(logs.page, text),
					}),
			},
			mover: {
				replicas: 0,
				image: IMAGE,
				start: () =>
					startProcess({
						program,
						args,
						env: {
							...moverEnvironment(sandbox, source, handOver),
							...objects.env,
						},
						onOutput: (text) => appendFileSync(logs.mover, text),
					}),
			},
		},
	});
}

/** As the load balancer does: without it the page's log says nothing for a minute. */
async function checkHealth(medstack: Medstack): Promise<() => Promise<void>> {
	const timer = setInterval(() => {
		for (const { host, port } of medstack.service("page").addresses) {
			fetch(`http://${host}:${port}/healthz`).then(
				(response) => response.text(),
				() => {},
			);
		}
	}, HEALTH_MS);
	return async () => clearInterval(timer);
}

function startAptibleSide(
	{ sandbox }: NightWorldSetup,
	{ target, logs, ledger, people, tls, port }: Side & { target: Postgres },
): Promise<NewSide> {
	const url = target.url("db");
	return startNewSide({
		dir: sandbox.env.APTIBLE_SANDBOX ?? "",
		listen: { address: LOCAL[APTIBLE_ADDRESS], port },
		tls,
		logFile: logs.endpoints,
		domains: { [DOMAIN]: "web" },
		services: {
			web: ({ slot }) => startWeb({ side: "aptible", url, name: `web.${slot}` }),
			worker: () => startAppWorker({ side: "aptible", url }, { ledger, people }),
		},
	});
}

function startAppWorker(
	{ side, url }: Pick<AppSetup, "side" | "url">,
	{ ledger, people }: Pick<Side, "ledger" | "people">,
): RunningInstance {
	return startWorker({ side, url, name: "worker", ledger, mayWrite: () => people.mayWrite, everyMs: 100 });
}

/** Leads the product's commands to this world: to its DNS by their own variables, to its addresses as a network does. */
async function environment(
	sandbox: Sandbox,
	{
		root,
		folder,
		dns,
		tls,
		port,
		medstack,
	}: Pick<Side, "tls" | "port"> & {
		root: string;
		folder: string;
		dns: DnsWorld;
		medstack: Medstack;
	},
): Promise<Record<string, string>> {
	const trusted = path.join(folder, "trusted.pem");
	const others = await readFile(sandbox.env.NODE_EXTRA_CA_CERTS ?? "", "utf8").catch(() => "");
	await writeFile(trusted, `${others}\n${tls.certificate}`);
	const world: OuterWorld = { port, addresses: LOCAL, names: { ".aptible.in": APTIBLE_ADDRESS } };
	const loaded = pathToFileURL(path.join(root, "packages/sandbox/night/outer-world.ts")).href;
	return {
		...sandbox.env,
		...medstack.env,
		MEDSTACK_TO_APTIBLE_DNS: dns.resolver,
		MEDSTACK_TO_APTIBLE_DNS_PORT: String(dns.port),
		NODE_EXTRA_CA_CERTS: trusted,
		NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --disable-warning=ExperimentalWarning --import=${loaded}`.trim(),
		[worldVariable]: JSON.stringify(world),
	};
}

/** Host name of the load balancer of the app's endpoint. */
function endpointHost(dir: string): string {
	const found = inSandbox(dir, (store) => store.list("vhost").find(({ acme }) => acme)?.external_host);
	if (typeof found !== "string") throw new Error("sandbox: the app has no endpoint yet");
	return found;
}
