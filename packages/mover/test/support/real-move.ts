/** A real move of one PostgreSQL: both sides, and movers as processes between them. */
import path from "node:path";
import type { Command, Wish, WishArguments } from "../../journal/wishes.ts";
import { type Source, startSource, startTarget, type Target, useImageClients } from "./databases.ts";
import { ask, type MoverProcess, startProcess } from "./mover-process.ts";

/** What a mover is told besides both addresses. */
export interface RealMover {
	/** Words that end the line of its journal at which it kills itself. */
	killAt?: string;
	/** The target's disk; default: not known. */
	diskBytes?: number;
	/** Another way to a side, such as a proxy's port. */
	sourcePort?: number;
	targetPort?: number;
	/** Between the samples of a freeze's proof; default: short. */
	proofSeconds?: number;
}

const bare = (url: string) => url.replace(/\?.*/, "");
const atPort = (url: string, port: number | undefined) =>
	port === undefined ? bare(url) : bare(url).replace(/:\d+(?=\/)/, `:${port}`);

export class RealMove {
	readonly source: Source;
	readonly target: Target;
	readonly #movers: MoverProcess[] = [];

	static async start(): Promise<RealMove> {
		await useImageClients();
		const [source, target] = await Promise.all([startSource(), startTarget()]);
		return new RealMove(source, target);
	}

	private constructor(source: Source, target: Target) {
		this.source = source;
		this.target = target;
	}

	startMover({ killAt, diskBytes, sourcePort, targetPort, proofSeconds }: RealMover = {}): MoverProcess {
		const { source, target } = this;
		const main = {
			type: "postgresql",
			url: atPort(target.login.url, targetPort),
			ca: target.server.ca,
			aptibleId: 7,
			...(diskBytes === undefined ? {} : { diskGb: diskBytes / 2 ** 30 }),
		};
		const mover = startProcess(path.join(import.meta.dirname, "mover-entry.ts"), {
			...(killAt === undefined ? {} : { KILL_AT: killAt }),
			REAL_ENGINE: "yes",
			MOVE_TARGET: JSON.stringify({ stage: "prod", databases: { main }, proofSeconds }),
			MOVE_SOURCE_MAIN: atPort(source.login.url, sourcePort),
			MOVE_SOURCE_MAIN_CA: source.server.ca,
			MOVE_LEASE_SECONDS: "5",
		});
		this.#movers.push(mover);
		return mover;
	}

	/** Asks for something. @returns what waits until it is over */
	ask(command: Command, given?: WishArguments): Promise<() => Promise<Wish>> {
		return ask(this.target.login, command, given);
	}

	async endMovers(): Promise<void> {
		await Promise.all(this.#movers.splice(0).map((mover) => mover.end("SIGKILL")));
	}

	async stop(): Promise<void> {
		await this.endMovers();
		await Promise.all([this.source.server.stop(), this.target.server.stop()]);
	}
}
