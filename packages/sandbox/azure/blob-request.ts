/** What an operation of the blob stand-in is given, and what it answers. */
import type { StoredBlob } from "./stored-blob.ts";

export interface SeenRequest {
	/** A key of `operations`. */
	operation: string;
	account: string;
	container: string;
	/** Name of the blob; empty where the request is about the container. */
	name: string;
}

export interface BlobAccount {
	readonly name: string;
	readonly containers: Map<string, Map<string, StoredBlob>>;
	/** Blocks that are staged and not committed, by `CONTAINER/NAME`. */
	readonly staged: Map<string, Map<string, Buffer>>;
	/** Milliseconds by which its clock goes before this machine's. */
	clockMs: number;
	/** Whether its firewall admits who asks. */
	isOpen: boolean;
	/** `anywhere`: of all tenants; else nothing is copied from another account. */
	copyFrom: "anywhere" | "sameTenant";
	/**
	 * Whether a copy that cannot read its source says why in x-ms-copy-source-error-code: newer versions of the service alone do
	 * (azure-rest-api-specs#28359); before, it is CannotVerifyCopySource with the source's status and no more (azure-storage-azcopy#2452).
	 */
	tellsSource: boolean;
	/** Puts a block blob, as an application does with one request. */
	put(container: string, name: string, data: string | Buffer, said?: Partial<StoredBlob>): StoredBlob;
}

/** An error as the service answers it. */
export class BlobError extends Error {
	readonly status: number;
	readonly code: string;
	readonly headers: Record<string, string>;

	constructor(status: number, code: string, headers: Record<string, string> = {}) {
		super(code);
		this.status = status;
		this.code = code;
		this.headers = headers;
	}
}

/** What an operation is given. */
export interface BlobRequest extends SeenRequest {
	query: URLSearchParams;
	headers: Readonly<Record<string, string | undefined>>;
	body: Buffer;
	account: string;
	store: BlobAccount;
	blobs: Map<string, StoredBlob>;
	now: number;
	copyLimit: number;
	/** Reads a blob by the address in a header, with the rights of the SAS in it. */
	readSource(): StoredBlob;
}

export interface BlobAnswer {
	status: number;
	headers?: Record<string, string>;
	body?: Buffer | string;
}
