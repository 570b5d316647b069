/** Two accounts of the blob stand-in, and a pass between a container of each. */
import { type BlobStandIn, startBlobStandIn } from "@medstack-to-aptible/sandbox/azure/blob-stand-in.ts";
import { type ContainerAddress, parseContainerAddress } from "../../objects/container-address.ts";
import type { Known, Noted } from "../../objects/known.ts";
import { type Passed, type PassTask, runPass } from "../../objects/pass.ts";
import { type ObjectProof, type ProofTask, prove } from "../../objects/proof.ts";
import { Store } from "../../objects/store.ts";
import { namesIn, type Tally } from "../../objects/tally.ts";

export const LIMITS = { copy: 1024, block: 512, piece: 512 };
/** An application has written what is put this long ago, in milliseconds. */
export const LONG_AGO = 600_000;

export interface Pass {
	passed: Passed;
	proof: ObjectProof;
}

export class ObjectWorld {
	readonly service: BlobStandIn;
	readonly known = memoryKnown();
	/** Ends the stores' requests. */
	ended = new AbortController();

	static async start(): Promise<ObjectWorld> {
		return new ObjectWorld(await startBlobStandIn({ medstack: ["files"], acmefiles: ["documents"] }));
	}

	private constructor(service: BlobStandIn) {
		this.service = service;
	}

	/** Has both sides empty, kind and open. */
	reset(): void {
		for (const [name, container] of [["medstack", "files"] as const, ["acmefiles", "documents"] as const]) {
			const account = this.service.account(name);
			account.containers.set(container, new Map());
			account.staged.clear();
			Object.assign(account, { isOpen: true, copyFrom: "anywhere", tellsSource: false, clockMs: 0 });
		}
		this.service.fault = () => undefined;
		this.service.seen.length = 0;
		this.service.copyLimit = LIMITS.copy;
		this.known.clear();
		this.ended = new AbortController();
	}

	get source() {
		return this.service.account("medstack");
	}

	get target() {
		return this.service.account("acmefiles");
	}

	/** Puts an object of the application's, written a while ago. */
	put(name: string, data: string | Buffer, said: Parameters<typeof this.source.put>[3] = {}) {
		return this.source.put("files", name, data, { modified: Date.now() - LONG_AGO, ...said });
	}

	/** Objects of the target. */
	get copies() {
		return this.target.containers.get("documents") ?? new Map();
	}

	stores({ rights = "rltwd", pageSize }: { rights?: string; pageSize?: number } = {}): {
		source: Store;
		target: Store;
	} {
		const store = (side: "source" | "target", address: ContainerAddress) =>
			new Store({ side, address, hasTags: true, signal: this.ended.signal, pauseMs: 5, patienceMs: 2_000, pageSize });
		return {
			source: store("source", addressOf(this.service.address("medstack", "files", "rlt"))),
			target: store("target", addressOf(this.service.address("acmefiles", "documents", rights))),
		};
	}

	/** One pass and its proof, as a run does them. */
	async pass(
		options: Partial<PassTask & Pick<ProofTask, "deep">> & { rights?: string; pageSize?: number } = {},
	): Promise<Pass> {
		const { rights, pageSize, deep = false, ...said } = options;
		const sides = this.stores({ ...(rights ? { rights } : {}), ...(pageSize ? { pageSize } : {}) });
		const begunMs = await sides.source.readTime();
		const common = { ...sides, live: true, jobs: 4, checkpoint: async () => this.ended.signal.throwIfAborted() };
		const { onObject: _, ...ofProof } = said;
		const passed = await runPass({
			...common,
			known: this.known,
			mayDelete: 0,
			mayOverwrite: 0,
			limits: LIMITS,
			onObject: () => {},
			...said,
		});
		const proof = await prove({ ...common, begunMs, deep, seed: "r1", onObject: () => {}, ...ofProof });
		return { passed, proof };
	}

	stop(): Promise<void> {
		return this.service.close();
	}
}

export function addressOf(url: string): ContainerAddress {
	const address = parseContainerAddress(url);
	if (address === undefined) throw new Error("no address of a container");
	return address;
}

/** Kinds with the names of their objects. */
export function namesOf(kinds: Tally): [string, readonly string[]][] {
	return Object.entries(namesIn(kinds));
}

/** What is known of copies, in memory. */
function memoryKnown(): Known & { clear(): void } {
	const noted = new Map<string, Noted>();
	return {
		clear: () => noted.clear(),
		async note(copies) {
			for (const { name, ...one } of copies) noted.set(name, one);
		},
		async find(names) {
			return new Map([...noted].filter(([name]) => names.includes(name)));
		},
		async forget(names) {
			for (const name of names) noted.delete(name);
		},
		async count() {
			return noted.size;
		},
	};
}
