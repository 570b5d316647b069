/**
 * A blob service for copies between two accounts, which Azurite has not whole: Put Block From URL answers 501 there (facts/move.md §8).
 * It holds blobs in memory, speaks the operations that a copy uses as their pages of Azure's REST reference describe them, checks a SAS
 * by its rights, time and signature, and is as unkind as a test asks for. Tests start it, and the sandbox's night.
 */
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { operationOf, operations } from "./blob-operations.ts";
import { type BlobAccount, BlobError, type SeenRequest } from "./blob-request.ts";
import { md5Of, stored } from "./stored-blob.ts";

/** What goes wrong with a request: an answer instead of the act, or an answer that is lost before or after it. */
export type Fault =
	| { status: number; code: string; headers?: Record<string, string> }
	| { cut: "before" | "after" }
	| { waitMs: number };

export interface BlobStandIn {
	account(name: string): BlobAccount;
	/** Address of a container with a SAS. @param rights letters of `sp` */
	address(account: string, container: string, rights: string, said?: Record<string, string>): string;
	/** Asked for each request. */
	fault: (seen: SeenRequest) => Fault | undefined;
	/** Requests that were carried out, in order. */
	readonly seen: SeenRequest[];
	/** Bytes that one Copy Blob From URL takes. */
	copyLimit: number;
	close(): Promise<void>;
}

const VERSION = "2025-11-05";
const FAR = "2099-01-01T00:00:00Z";

/** Starts it, on this machine alone. */
export async function startBlobStandIn(accounts: Readonly<Record<string, readonly string[]>>): Promise<BlobStandIn> {
	const key = randomBytes(32);
	const stores = new Map(Object.entries(accounts).map(([name, containers]) => [name, makeAccount(name, containers)]));
	const server = createServer((request, response) => void answer(request, response));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	server.unref();
	const { port } = server.address() as AddressInfo;
	const origin = `http://127.0.0.1:${port}`;
	const sign = (account: string, container: string, query: URLSearchParams) => {
		const signed = [...query].filter(([name]) => SIGNED.includes(name)).map(([name, value]) => `${name}=${value}`);
		return createHmac("sha256", key)
			.update([account, container, ...signed.sort()].join("\n"))
			.digest("base64");
	};

	/** Refuses what the SAS of an address does not allow. */
	const authorize = (account: string, container: string, query: URLSearchParams, rights: string, now: number) => {
		if (query.get("sig") !== sign(account, container, query)) throw new BlobError(403, "AuthenticationFailed");
		const [begins, ends] = [Date.parse(query.get("st") ?? ""), Date.parse(query.get("se") ?? "")];
		if (begins > now || ends <= now) throw new BlobError(403, "AuthenticationFailed");
		const has = (letter: string) => query.get("sp")?.includes(letter);
		if (![...rights].every(has)) throw new BlobError(403, "AuthorizationPermissionMismatch");
	};

	const standIn: BlobStandIn = {
		account: (name) => stores.get(name) ?? fail(`no account ${name}`),
		address(account, container, rights, said = {}) {
			const query = new URLSearchParams({ sv: VERSION, sr: "c", sp: rights, se: FAR, spr: "https,http", ...said });
			query.set("sig", sign(account, container, query));
			return `${origin}/${account}/${container}?${query}`;
		},
		fault: () => undefined,
		seen: [],
		copyLimit: 256 * 2 ** 20,
		close: async () => {
			server.close();
			server.closeAllConnections();
		},
	};

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		const headers = request.headers as Record<string, string | undefined>;
		const { pathname, searchParams: query } = new URL(request.url ?? "/", origin);
		const [account = "", container = "", name = ""] = partsOf(pathname);
		const operation = operationOf(request.method ?? "GET", name, query, headers);
		const seen = { operation, account, container, name };
		const store = stores.get(account);
		const now = Date.now() + (store?.clockMs ?? 0);
		const date = { Date: new Date(now).toUTCString(), "x-ms-version": VERSION };
		const fault = standIn.fault(seen);
		try {
			if (fault !== undefined && "waitMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.waitMs));
			if (fault !== undefined && "cut" in fault && fault.cut === "before") return void request.socket.destroy();
			if (fault !== undefined && "status" in fault) throw new BlobError(fault.status, fault.code, fault.headers);
			const blobs = store?.containers.get(container);
			if (store === undefined || !store.isOpen) throw new BlobError(403, "AuthorizationFailure");
			const { rights, act } = operations[operation];
			const tags = headers["x-ms-tags"] || query.get("include")?.includes("tags") ? "t" : "";
			authorize(account, container, query, rights + tags, now);
			if (blobs === undefined) throw new BlobError(404, "ContainerNotFound");
			const readSource = () => {
				const from = new URL(headers["x-ms-copy-source"] ?? "");
				const [ofAccount = "", ofContainer = "", ofName = ""] = partsOf(from.pathname);
				const refuse = (status: number, code: string) =>
					new BlobError(
						status,
						"CannotVerifyCopySource",
						store.tellsSource ? { "x-ms-copy-source-error-code": code } : {},
					);
				if (ofAccount !== account && store.copyFrom !== "anywhere") throw new BlobError(403, "AuthorizationFailure");
				const other = stores.get(ofAccount);
				if (other?.isOpen !== true) throw refuse(403, "AuthorizationFailure");
				try {
					authorize(ofAccount, ofContainer, from.searchParams, "r", Date.now() + other.clockMs);
				} catch (error) {
					throw refuse(403, (error as BlobError).code);
				}
				const blob = other.containers.get(ofContainer)?.get(ofName);
				if (blob === undefined) throw refuse(404, "BlobNotFound");
				if (blob.tier === "Archive") throw refuse(409, "BlobArchived");
				const match = headers["x-ms-source-if-match"];
				if (match !== undefined && match !== `"${blob.etag}"`) throw new BlobError(412, "SourceConditionNotMet");
				return blob;
			};
			const { copyLimit } = standIn;
			const made = act({
				...seen,
				query,
				headers,
				body: Buffer.concat(chunks),
				store,
				blobs,
				now,
				copyLimit,
				readSource,
			});
			standIn.seen.push(seen);
			if (fault !== undefined && "cut" in fault) return void request.socket.destroy();
			response.writeHead(made.status, { ...date, ...made.headers });
			response.end(request.method === "HEAD" ? undefined : made.body);
		} catch (error) {
			if (!(error instanceof BlobError)) {
				response.writeHead(500, { ...date, "x-ms-error-code": "StandInFailed" }).end(String(error));
				return;
			}
			response.writeHead(error.status, {
				...date,
				"Content-Type": "application/xml",
				"x-ms-error-code": error.code,
				...error.headers,
			});
			const text = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${error.code}</Message></Error>`;
			response.end(request.method === "HEAD" ? undefined : text);
		}
	}
	return standIn;
}

/** Fields of a SAS that its signature is over. */
const SIGNED = ["sv", "sr", "sp", "st", "se", "spr", "sip"];

function fail(says: string): never {
	throw new Error(says);
}

/** Account, container and blob of a path; a blob's name may have slashes. */
function partsOf(pathname: string): string[] {
	const [, account = "", container = "", ...rest] = pathname.split("/");
	return [account, container, decodeURIComponent(rest.join("/"))];
}

function makeAccount(name: string, containers: readonly string[]): BlobAccount {
	const account: BlobAccount = {
		name,
		containers: new Map(containers.map((container) => [container, new Map()])),
		staged: new Map(),
		clockMs: 0,
		isOpen: true,
		copyFrom: "anywhere",
		tellsSource: false,
		put(container, blobName, data, said = {}) {
			const bytes = Buffer.from(data);
			const made = stored(
				{ type: "BlockBlob", data: bytes, headers: {}, md5: md5Of(bytes), metadata: {}, tags: {}, ...said },
				said.modified ?? Date.now() + account.clockMs,
			);
			account.containers.get(container)?.set(blobName, made);
			return made;
		},
	};
	return account;
}
