import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import type { ArmStore } from "./store.ts";

/** Azurite's blob service: answers requests, and keeps what it is given in a folder. */
export interface BlobService {
	listener: RequestListener;
	close(): Promise<void>;
}

/** A part of Azurite that is started and ended. */
interface Part {
	init(): Promise<void>;
	close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: Azurite publishes no types
type Constructor<T> = new (...args: any[]) => T;

const require = createRequire(import.meta.url);

/** Azurite has no entry for programs, so its parts are put together here as its own BlobServer does (azurite 3.35.0, pinned). */
function load<T>(file: string): T {
	return require(`azurite/dist/src/${file}`).default as T;
}

/**
 * Starts Azurite within this process, without its own server, its telemetry and its garbage collection. Its accounts are those
 * of the emulated Azure at each moment: nothing has to be restarted for one that is made.
 */
export async function startBlobService(dir: string, store: ArmStore): Promise<BlobService> {
	const logger = load<unknown>("common/Logger");
	const metadata = new (load<Constructor<Part>>("blob/persistence/LokiBlobMetadataStore"))(
		path.join(dir, "blobs.json"),
		false,
	);
	const extents = new (load<Constructor<Part>>("common/persistence/LokiExtentMetadataStore"))(
		path.join(dir, "extents.json"),
		false,
	);
	const place = { locationId: "Default", locationPath: path.join(dir, "extents"), maxConcurrency: 10 };
	const content = new (load<Constructor<Part>>("common/persistence/FSExtentStore"))(extents, [place], logger);
	const accounts = { getAccount: (name: string) => accountOf(store, name) };
	const factory = new (load<Constructor<{ createRequestListener(): RequestListener }>>(
		"blob/BlobRequestListenerFactory",
	))(metadata, content, accounts, false, undefined, false, false, undefined, true);
	for (const part of [metadata, extents, content]) await part.init();
	return {
		listener: factory.createRequestListener(),
		close: async () => {
			for (const part of [content, extents, metadata]) await part.close();
		},
	};
}

function accountOf(store: ArmStore, name: string) {
	const keys = store.keys(name);
	if (keys === undefined) return undefined;
	return { name, key1: Buffer.from(keys.key1, "base64"), key2: Buffer.from(keys.key2, "base64") };
}
