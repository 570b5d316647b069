/** A way to a server that a test may cut: each connection to it is a flow of bytes through this process. */
import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** Both ends of one connection, and what has come from either. */
interface Flow {
	client: Socket;
	server: Socket;
	bytes: number;
}

export class Relay {
	readonly port: number;
	readonly #listener: net.Server;
	readonly #flows = new Set<Flow>();
	#isOpen = true;
	#resetsAt = Number.POSITIVE_INFINITY;

	/** The same address by this way. */
	through(url: string): string {
		const address = new URL(url);
		address.port = String(this.port);
		return address.href;
	}

	/** @param delayMs how long each piece is on its way, in either direction; default 0 */
	static async to(port: number, delayMs = 0): Promise<Relay> {
		const listener = net.createServer();
		listener.listen(0, "127.0.0.1");
		await once(listener, "listening");
		return new Relay(listener, port, delayMs);
	}

	private constructor(listener: net.Server, to: number, delayMs: number) {
		this.port = (listener.address() as AddressInfo).port;
		this.#listener = listener;
		listener.on("connection", (client) => {
			const flow: Flow = { client, server: net.connect(to, "127.0.0.1"), bytes: 0 };
			this.#flows.add(flow);
			for (const [from, into] of [
				[flow.client, flow.server],
				[flow.server, flow.client],
			] as const) {
				from.setNoDelay(true);
				from.on("error", () => {});
				from.on("close", () => {
					this.#flows.delete(flow);
					into.destroy();
				});
				if (delayMs === 0) from.pipe(into);
				else {
					from.on("data", (piece) => setTimeout(() => into.write(piece), delayMs));
					from.on("end", () => setTimeout(() => into.end(), delayMs));
				}
				from.on("data", (piece) => {
					flow.bytes += piece.length;
					if (flow.bytes < this.#resetsAt) return;
					this.#resetsAt = Number.POSITIVE_INFINITY;
					reset(flow);
				});
			}
			if (!this.#isOpen) this.#hold(flow);
		});
	}

	/** The most bytes that one of the flows that are open has carried. */
	get largest(): number {
		return Math.max(0, ...[...this.#flows].map(({ bytes }) => bytes));
	}

	/** Resets the flow that has carried most, as a router does that has forgotten it. */
	resetLargest(): void {
		const [flow] = [...this.#flows].sort((one, other) => other.bytes - one.bytes);
		if (flow !== undefined) reset(flow);
	}

	/** Resets the first flow that has carried so many bytes. */
	resetOnceAt(bytes: number): void {
		this.#resetsAt = bytes;
	}

	/** From here on nothing passes, and nobody is told. @param isForNew whether connections that are opened later are held too */
	hold(isForNew: boolean): void {
		for (const flow of this.#flows) this.#hold(flow);
		this.#isOpen = !isForNew;
	}

	/** Connections that are opened from here on pass again. */
	open(): void {
		this.#isOpen = true;
	}

	#hold({ client, server }: Flow): void {
		client.unpipe(server);
		server.unpipe(client);
		client.pause();
		server.pause();
	}

	async stop(): Promise<void> {
		for (const { client, server } of this.#flows) {
			client.destroy();
			server.destroy();
		}
		this.#listener.close();
		await once(this.#listener, "close");
	}
}

function reset({ client, server }: Flow): void {
	client.resetAndDestroy();
	server.resetAndDestroy();
}
