import { credentials } from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

/** The engine's own log, reached at the address it gives to its plugins. */
export class EngineLog {
	readonly #client;
	readonly #onTheWay = new Set<Promise<void>>();

	constructor(address: string) {
		this.#client = new engineServices.EngineClient(address, credentials.createInsecure());
	}

	/** Shows a line beside a resource while it is the newest one; it does not stay in the final output. */
	status(urn: string, message: string): void {
		this.#send(new engine.LogRequest().setUrn(urn).setMessage(message).setEphemeral(true));
	}

	/** Shows a line of what a program prints, as the engine does with a plugin's own streams; `stream` keeps those apart. */
	print(line: string, stream: number): void {
		this.#send(new engine.LogRequest().setMessage(`${line}\n`).setStreamid(stream));
	}

	#send(request: InstanceType<typeof engine.LogRequest>): void {
		request.setSeverity(engine.LogSeverity.INFO);
		const sent = new Promise<void>((resolve) => {
			// A line that cannot be shown must not fail the command that printed it.
			this.#client.log(request, () => resolve());
		});
		this.#onTheWay.add(sent);
		void sent.then(() => this.#onTheWay.delete(sent));
	}

	/** Resolves when every line so far has arrived, so that none comes after its resource is done. */
	async waitUntilIdle(): Promise<void> {
		await Promise.all(this.#onTheWay);
	}

	close(): void {
		this.#client.close();
	}
}
