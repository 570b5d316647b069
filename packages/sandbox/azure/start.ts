import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import process from "node:process";
import { cachedFolder } from "../cached-folder.ts";
import { cacheFolder } from "../engine/cache.ts";
import { type BlobService, startBlobService } from "./blob-service.ts";
import { makeCertificate } from "./certificate.ts";
import { refusalOf, refuse } from "./front.ts";
import { ArmStore } from "./store.ts";

/** The emulated Azure of a sandbox. */
export interface Azure {
	/** The variables that lead to it, and that keep the real one out of reach. */
	env: Record<string, string>;
	/** Stops it. What was made in it stays in its folder. */
	close(): Promise<void>;
}

/** An identity that exists nowhere: the provider asks for one and never uses it. */
const LOGIN = {
	ARM_SUBSCRIPTION_ID: "00000000-0000-4000-8000-00000000acee",
	ARM_TENANT_ID: "00000000-0000-4000-8000-0000000000aa",
	ARM_CLIENT_ID: "00000000-0000-4000-8000-0000000000bb",
	ARM_CLIENT_SECRET: "sandbox",
	ARM_USE_OIDC: "",
	ARM_USE_MSI: "",
};

/**
 * Starts the emulated Azure: an address for blobs that stays the same for the life of the sandbox. Azurite behind it is loaded
 * at the first request, so that a stage without storage never waits for it.
 */
export async function startAzure(dir: string): Promise<Azure> {
	await mkdir(dir, { recursive: true });
	const store = new ArmStore(dir);
	const trusted = await certificateOf();
	let service: Promise<BlobService> | undefined;
	const server = createServer({ cert: trusted.certificate, key: trusted.key }, (request, response) => {
		const refusal = refusalOf(request, store);
		if (refusal !== undefined) return refuse(response, refusal);
		service ??= startBlobService(dir, store);
		service.then(
			({ listener }) => listener(request, response),
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	await listen(server, Number(store.setting("port") ?? 0));
	const { port } = server.address() as AddressInfo;
	store.set("port", String(port));
	return {
		env: { ...LOGIN, AZURE_SANDBOX: dir, NODE_EXTRA_CA_CERTS: await trustFile(dir, trusted) },
		close: async () => {
			server.close();
			server.closeAllConnections();
			await (await service)?.close();
			store.close();
		},
	};
}

/** The port of last time, if it is still free: addresses of blobs are in the stack's state. */
async function listen(server: Server, port: number): Promise<void> {
	server.listen(port, "127.0.0.1");
	try {
		await once(server, "listening");
	} catch (error) {
		if (port === 0) throw error;
		process.stderr.write(
			`azure: port ${port} is taken; blobs have another one now, and \`pulumi up --refresh\` tells the stack\n`,
		);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
	}
	// A test that forgets to close it shall end all the same; whoever runs a command waits for that command.
	server.unref();
}

/** Sandboxes have one certificate, so that what trusts that of one trusts those of all: Node reads what it trusts once. */
async function certificateOf(): Promise<{ certificate: string; key: string; file: string }> {
	const folder = path.join(cacheFolder(), "azure-certificates", String(new Date().getUTCFullYear()));
	const files = (inside: string) => [path.join(inside, "certificate.pem"), path.join(inside, "key.pem")] as const;
	await cachedFolder(folder, async (partial) => {
		const made = makeCertificate();
		const [certificateFile, keyFile] = files(partial);
		await writeFile(keyFile, made.key, { mode: 0o600 });
		await writeFile(certificateFile, made.certificate);
	});
	const [file, keyFile] = files(folder);
	const [certificate, key] = await Promise.all([readFile(file, "utf8"), readFile(keyFile, "utf8")]);
	return { certificate, key, file };
}

/** A file for `NODE_EXTRA_CA_CERTS`, which takes one only: with what the person's own names. */
async function trustFile(dir: string, { certificate, file }: { certificate: string; file: string }): Promise<string> {
	const own = process.env.NODE_EXTRA_CA_CERTS;
	const others = own === undefined ? "" : await readFile(own, "utf8").catch(() => "");
	if (others === "") return file;
	const both = path.join(dir, "trusted.pem");
	await writeFile(both, others.includes(certificate) ? others : `${others}\n${certificate}`);
	return both;
}
