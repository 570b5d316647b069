/** One side: the container of an account, opened by its SAS. */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { AnonymousCredential, type BlobItem, ContainerClient, newPipeline } from "@azure/storage-blob";
import { type Asked, askStorage, isGone } from "./answers.ts";
import type { ContainerAddress } from "./container-address.ts";
import type { ListedObject, ObjectType } from "./listed.ts";
import type { Side } from "./rights.ts";

export interface StoreOptions {
	side: Side;
	address: ContainerAddress;
	/** Whether listings have index tags, for which a SAS needs a right of its own. */
	hasTags: boolean;
	signal: AbortSignal;
	pauseMs?: number | undefined;
	patienceMs?: number | undefined;
	/** Objects of a page, at most 5000. @default 1000 */
	pageSize?: number | undefined;
}

/** Pages of 5000 with long names and metadata would take much of the container's memory while they are read. */
const PAGE_SIZE = 1_000;

/** A range of bytes. */
export interface Range {
	offset: number;
	count: number;
}

export class Store {
	readonly address: ContainerAddress;
	readonly container: ContainerClient;
	readonly #options: StoreOptions;
	readonly #asked: Asked;

	constructor(options: StoreOptions) {
		this.#options = options;
		this.address = options.address;
		// The library's own retries know neither 429 nor Retry-After.
		const pipeline = newPipeline(new AnonymousCredential(), { retryOptions: { maxTries: 1 } });
		this.container = new ContainerClient(options.address.url, pipeline);
		const { side, address, signal, pauseMs, patienceMs } = options;
		this.#asked = { side, account: address.account, signal, pauseMs, patienceMs };
	}

	/** Asks until there is an answer. @throws as askStorage does */
	ask<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
		return askStorage(this.#asked, act);
	}

	/** The account's own time, in milliseconds; the container is there and opens where this returns. */
	async readTime(): Promise<number> {
		const page = await this.#page(undefined, { prefix: undefined, maxPageSize: 1 });
		return page.date?.getTime() ?? Date.now();
	}

	/** All objects that are there, in the service's order. */
	async *list(): AsyncGenerator<ListedObject> {
		let marker: string | undefined;
		do {
			const page = await this.#page(marker, { prefix: undefined, maxPageSize: this.#options.pageSize ?? PAGE_SIZE });
			for (const item of page.segment.blobItems) yield listedOf(item, this.#options.hasTags);
			marker = page.continuationToken || undefined;
		} while (marker !== undefined);
	}

	/** One object; undefined where it is not there. */
	async find(name: string): Promise<ListedObject | undefined> {
		const page = await this.#page(undefined, { prefix: name, maxPageSize: 1 });
		const [item] = page.segment.blobItems;
		// Of all names with the prefix, the prefix itself comes first.
		return item?.name === name ? listedOf(item, this.#options.hasTags) : undefined;
	}

	/** Whether an object is there, by its own address. */
	async has(name: string): Promise<boolean> {
		try {
			await this.ask((abortSignal) => this.container.getBlobClient(name).getProperties({ abortSignal }));
			return true;
		} catch (error) {
			if (isGone(error)) return false;
			throw error;
		}
	}

	/** SHA-256 of ranges of an object, as its service sends them. @throws ObjectRefused where it is not the one of the ETag */
	async hash(name: string, etag: string, ranges: readonly Range[]): Promise<string> {
		const client = this.container.getBlobClient(name);
		const hash = createHash("sha256");
		for (const { offset, count } of ranges) {
			const digest = await this.ask(async (abortSignal) => {
				const part = createHash("sha256");
				const answer = await client.download(offset, count, { abortSignal, conditions: { ifMatch: etag } });
				let bytes = 0;
				for await (const chunk of answer.readableStreamBody as Readable) {
					part.update(chunk);
					bytes += chunk.length;
				}
				// An answer that was cut and ended well.
				if (bytes !== count) throw Object.assign(new Error("an answer was cut"), { code: "ECONNRESET" });
				return part.digest();
			});
			hash.update(digest);
		}
		return hash.digest("hex");
	}

	#page(marker: string | undefined, { prefix, maxPageSize }: { prefix: string | undefined; maxPageSize: number }) {
		return this.ask(async (abortSignal) => {
			const pages = this.container
				.listBlobsFlat({
					abortSignal,
					includeMetadata: true,
					includeTags: this.#options.hasTags,
					...(prefix === undefined ? {} : { prefix }),
				})
				.byPage({ maxPageSize, ...(marker === undefined ? {} : { continuationToken: marker }) });
			const { value } = await pages.next();
			return value as NonNullable<typeof value>;
		});
	}
}

function listedOf({ name, properties, metadata = {}, tags }: BlobItem, hasTags: boolean): ListedObject {
	const { contentMD5, accessTier, accessTierInferred, etag, lastModified } = properties;
	return {
		name,
		type: properties.blobType as ObjectType,
		length: properties.contentLength ?? 0,
		md5: contentMD5 === undefined || contentMD5.length === 0 ? undefined : Buffer.from(contentMD5).toString("base64"),
		// A listing has it without the quotes that headers need.
		etag: etag.startsWith('"') ? etag : `"${etag}"`,
		modified: lastModified.getTime(),
		contentType: properties.contentType ?? "",
		contentEncoding: properties.contentEncoding ?? "",
		contentLanguage: properties.contentLanguage ?? "",
		contentDisposition: properties.contentDisposition ?? "",
		cacheControl: properties.cacheControl ?? "",
		metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value])),
		tags: hasTags ? (tags ?? {}) : undefined,
		tier: accessTierInferred ? undefined : accessTier,
		isSealed: (properties as { isSealed?: boolean }).isSealed === true,
	};
}
