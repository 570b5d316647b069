/** Whoever comes to the product in a night, and what still writes to MedStack's database beside its services. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningInstance } from "../medstack/swarm.ts";
import { APTIBLE_ADDRESS, LOCAL, MEDSTACK_ADDRESS } from "./addresses.ts";
import { isServed } from "./judge.ts";
import type { Ledger, SideName } from "./ledger.ts";
import { type Requester, type RequesterSetup, startRequester } from "./requesters.ts";
import { CachingResolver } from "./resolver.ts";
import { startWorker } from "./writers.ts";
import { DOMAIN } from "./zone.ts";

export interface PeopleSetup {
	/** DNS resolver that they ask. */
	resolver: string;
	/** Of both load balancers. */
	port: number;
	/** Certificate that they trust. */
	certificate: string;
	ledger: Ledger;
	/** MedStack's database, with the app's login. */
	database: string;
}

const SIDES = { [MEDSTACK_ADDRESS]: "medstack", [APTIBLE_ADDRESS]: "aptible" } as const;
const CLIENTS = ["reader-1", "reader-2", "writer-1", "writer-2"];
/**
 * Between an answer and the next request of somebody's, in milliseconds: each is a TLS handshake on both sides, which is most of what a night
 * costs while it waits.
 */
const EVERY_MS = { often: 400, seldom: 1_500 };
const TESTER = "tester";
const TEST_MS = 20_000;

export class People {
	/** Two that read and two that write, each with a resolver of its own; none before they come. */
	readonly requesters: Requester[] = [];
	/** Whether those that write do, as the product's workers do; else they read. */
	mayWrite = true;
	/** How often they come: `seldom` says less of when a side began or ceased to serve. */
	come: keyof typeof EVERY_MS = "often";
	readonly #setup: PeopleSetup;
	#forgotten: RunningInstance | undefined;

	constructor(setup: PeopleSetup) {
		this.#setup = setup;
	}

	/** Has them come. */
	begin(): void {
		const { database: url, ledger, resolver: server } = this.#setup;
		this.requesters.push(...CLIENTS.map((client) => this.#start(client, new CachingResolver({ server }))));
		// No service of MedStack's, so that the freeze alone keeps it out: a closed side that nobody knocks at takes nothing in any case.
		this.#forgotten = startWorker({ side: "medstack", url, name: "forgotten", ledger, everyMs: 250 });
	}

	/** Has somebody write so many rows on Aptible by the real name, whatever DNS says. */
	async test(rows: number): Promise<void> {
		const { ledger } = this.#setup;
		const before = ledger.writes.length;
		const written = () => ledger.writes.slice(before).filter(({ writer }) => writer === TESTER).length;
		const tester = this.#start(TESTER, { addressesOf: async () => [APTIBLE_ADDRESS] });
		const deadline = Date.now() + TEST_MS;
		while (written() < rows && Date.now() < deadline) await sleep(20);
		await tester.stop();
		if (written() < rows) throw new Error(`Aptible does not take writes: ${JSON.stringify(tester.answers.at(-1))}`);
	}

	/** Has nobody come any more. */
	async end(): Promise<void> {
		await Promise.all([...this.requesters.map((one) => one.stop()), this.#forgotten?.stop()]);
	}

	/** Whether a side gave each of them its last three answers. */
	areServedBy(side: SideName, since = new Date(0)): boolean {
		return this.requesters.every(({ answers }) => {
			const last = answers.slice(-3);
			return last.length === 3 && last.every((answer) => isServed(answer, side) && answer.at >= since);
		});
	}

	#start(client: string, resolver: RequesterSetup["resolver"]): Requester {
		const { port, certificate, ledger } = this.#setup;
		return startRequester({
			client,
			url: `https://${DOMAIN}/visits`,
			resolver,
			reach: (address) => (isKnown(address) ? { host: LOCAL[address], port, side: SIDES[address] } : undefined),
			ca: certificate,
			everyMs: () => EVERY_MS[this.come],
			mayWrite: () => this.mayWrite,
			...(client.startsWith("reader") ? {} : { ledger }),
		});
	}
}

function isKnown(address: string): address is keyof typeof SIDES {
	return Object.hasOwn(SIDES, address);
}
