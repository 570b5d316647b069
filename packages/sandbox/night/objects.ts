/** Stored objects of a night, in MedStack's account and in that of the stage file. */
import { type BlobStandIn, startBlobStandIn } from "../azure/blob-stand-in.ts";

const OLD = { account: "medstack", container: "files" } as const;
const NEW = { account: "clinicfiles", container: "documents" } as const;
const OBJECTS = 20;
/** When they were written: what is younger may be under way, and waits for the next pass. */
const LONG_AGO_MS = 600_000;

export class NightObjects {
	readonly #service: BlobStandIn;

	/** Starts both accounts, with objects in the old one. */
	static async start(): Promise<NightObjects> {
		const service = await startBlobStandIn({ [OLD.account]: [OLD.container], [NEW.account]: [NEW.container] });
		const objects = new NightObjects(service);
		for (let number = 0; number < OBJECTS; number += 1) objects.#put(`scans/${number}.pdf`);
		return objects;
	}

	private constructor(service: BlobStandIn) {
		this.#service = service;
	}

	/** Variables of the mover. */
	get env(): Record<string, string> {
		return {
			MOVE_OBJECTS_DOCUMENTS: this.#service.address(OLD.account, OLD.container, "rlt"),
			MOVE_OBJECTS_DOCUMENTS_TARGET: this.#service.address(NEW.account, NEW.container, "rlwdt"),
		};
	}

	/** Has the app write an object, and delete another one. */
	change(): void {
		this.#put("scans/late.pdf");
		this.#service.account(OLD.account).containers.get(OLD.container)?.delete("scans/0.pdf");
	}

	/** Names of objects whose bytes are not the same on both sides. */
	differing(): string[] {
		const [old, fresh] = [this.#read(OLD), this.#read(NEW)];
		return [...new Set([...old.keys(), ...fresh.keys()])].filter((name) => old.get(name) !== fresh.get(name)).sort();
	}

	close(): Promise<void> {
		return this.#service.close();
	}

	#put(name: string): void {
		const modified = Date.now() - LONG_AGO_MS;
		this.#service.account(OLD.account).put(OLD.container, name, `the scan ${name}`, { modified });
	}

	#read({ account, container }: typeof OLD | typeof NEW): Map<string, string> {
		const blobs = this.#service.account(account).containers.get(container) ?? new Map();
		return new Map([...blobs].map(([name, { data }]) => [name, data.toString("hex")]));
	}
}
