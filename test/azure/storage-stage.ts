import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { BlobServiceClient, type ContainerClient, RestError } from "@azure/storage-blob";
import { sourceHeader } from "@medstack-to-aptible/sandbox/azure/front.ts";
import { ArmStore } from "@medstack-to-aptible/sandbox/azure/store.ts";
import { type Blocks, openWholeStage, type StageUnderTest } from "../support/stage.ts";

/** One app and its storage without health information: the least that shows everything. */
export function withStorage(blocks: Blocks): void {
	for (const block of Object.keys(blocks)) if (block !== "environment") delete blocks[block];
	blocks.apps = {
		portal: {
			image: "acme/portal:1",
			config: {
				AZURE_STORAGE_CONNECTION_STRING: "${storage.documents.connectionString}",
				AZURE_STORAGE_CONTAINER: "${storage.documents.container}",
			},
			services: { web: { containerMb: 512 }, worker: { containerMb: 512 } },
		},
	};
	blocks.storage = {
		resourceGroup: { name: "acme-files" },
		account: "acmefiles",
		location: "canadacentral",
		redundancy: "ZRS",
		containers: {
			documents: { name: "documents", access: "readWriteDelete" },
			scans: { name: "scans", access: "read" },
		},
	};
}

/** What a stage with storage says of it. */
export interface StorageOutputs {
	endpoint: string;
	allowedAddresses: string[];
	sasRenews: string;
	sasExpires: string;
	containers: Record<string, { container: string; url: string; sasToken: string }>;
}

/** A stage with storage, and the emulated Azure that it is in. */
export interface StorageStage {
	stage: StageUnderTest;
	azure: ArmStore;
	/** Sets the moment for which tokens are made, or any other variable. */
	set(variables: Record<string, string>): void;
	outputs(): Promise<StorageOutputs>;
	/** Resources of the state: URN, dependencies, when made, and whether protected. */
	resources(): Promise<StateResource[]>;
}

/** One resource of a stack's state, as far as tests look at it. */
export interface StateResource {
	urn: string;
	type: string;
	created?: string;
	protect?: boolean;
	retainOnDelete?: boolean;
	dependencies?: string[];
	propertyDependencies?: Record<string, string[]>;
}

/** Opens a stage with storage. */
export async function openStorageStage(
	t: Pick<TestContext, "after">,
	name: "staging" | "prod" = "staging",
	change: (blocks: Blocks) => void = withStorage,
): Promise<StorageStage> {
	const stage = await openWholeStage(t, name, change);
	const { env } = stage.sandbox;
	const azure = new ArmStore(env.AZURE_SANDBOX ?? "");
	t.after(() => azure.close());
	const certificate = await readFile(env.NODE_EXTRA_CA_CERTS ?? "", "utf8");
	setDefaultCACertificates([...getCACertificates("default"), certificate]);
	return {
		stage,
		azure,
		set: (variables) => void Object.assign(env, variables),
		outputs: async () => {
			const args = ["stack", "output", "storage", "--json", "--show-secrets", "--stack", name];
			const { stdout } = await stage.sandbox.pulumi(args);
			return JSON.parse(stdout);
		},
		resources: async () => JSON.parse(await stage.state()).checkpoint.latest.resources,
	};
}

/** A client as an app has it, with a connection string made of a token. */
export function clientOf(endpoint: string, sasToken: string, container: string): ContainerClient {
	const connection = `BlobEndpoint=${endpoint};SharedAccessSignature=${sasToken}`;
	const service = BlobServiceClient.fromConnectionString(connection, { retryOptions: { maxTries: 1 } });
	return service.getContainerClient(container);
}

/** Names of all blobs that a client sees. */
export async function listBlobs(client: ContainerClient): Promise<string[]> {
	const names: string[] = [];
	for await (const { name } of client.listBlobsFlat()) names.push(name);
	return names;
}

/** Code of the refusal of a request; fails if it was not refused. */
export async function refusalOf(request: Promise<unknown>): Promise<string> {
	try {
		await request;
	} catch (error) {
		assert.ok(error instanceof RestError, String(error));
		return `${error.statusCode} ${error.code}`;
	}
	return assert.fail("the request was let in");
}

/** Headers of a request that comes from another address. */
export function comingFrom(source: string): Record<string, string> {
	return { [sourceHeader]: source };
}
