/**
 * Copies one object by requests in which the target's service reads the source's (Azure docs: Copy Blob From URL, Put Block From URL,
 * Append Block From URL, Put Page From URL): no byte of it comes here. The source is the one of the listing, by its ETag; the target is
 * written to only as it was seen, or as the request before has left it, so that a second mover, or an app, is never overwritten.
 */
import { createHash, randomBytes } from "node:crypto";
import { type AppendBlobClient, type BlockBlobClient, type PageBlobClient, RestError } from "@azure/storage-blob";
import { codeOf, ObjectRefused } from "./answers.ts";
import { carriedTier, type ListedObject } from "./listed.ts";
import type { Range, Store } from "./store.ts";

/** Sizes of requests, in bytes; others are for tests alone. */
export interface Limits {
	/** What one Copy Blob From URL takes. */
	copy: number;
	/** A block of a larger object; grows where 50,000 are not enough. */
	block: number;
	/** What one Append Block From URL or Put Page From URL takes. */
	piece: number;
}

export const LIMITS: Limits = { copy: 256 * 2 ** 20, block: 64 * 2 ** 20, piece: 4 * 2 ** 20 };
const MOST_BLOCKS = 50_000;
/** Bytes of a page of a page blob. */
const PAGE = 512;

export interface Transfer {
	source: Store;
	target: Store;
	object: ListedObject;
	/** What is in its place now. */
	former: ListedObject | undefined;
	limits: Limits;
	/** Between two requests of a large object: waits while the run is paused. */
	checkpoint: () => Promise<void>;
}

/** An object of either side has changed since it was listed. */
export class ObjectMoved extends Error {
	override name = "ObjectMoved";
}

/** Codes of conditions on the target that do not hold. */
const REFUSED = new Set(
	"ConditionNotMet TargetConditionNotMet BlobAlreadyExists AppendPositionConditionNotMet".split(" "),
);
/** Codes of conditions on either side that do not hold. */
export const MOVED: ReadonlySet<string> = new Set([...REFUSED, "SourceConditionNotMet"]);

/**
 * Copies an object with its properties, metadata, tags and tier.
 *
 * @returns the copy's ETag
 * @throws ObjectMoved; ObjectRefused with the service's code; as askStorage does
 */
export async function transfer(given: Transfer): Promise<string> {
	try {
		const { former, object } = given;
		if (former !== undefined && former.type !== object.type) {
			await given.target.ask((abortSignal) =>
				given.target.container.getBlobClient(object.name).delete({ abortSignal, conditions: { ifMatch: former.etag } }),
			);
			return await send({ ...given, former: undefined });
		}
		return await send(given);
	} catch (error) {
		if (error instanceof ObjectRefused && MOVED.has(error.code)) throw new ObjectMoved(error.code);
		throw error;
	}
}

function send(given: Transfer): Promise<string> {
	const { target, object, limits } = given;
	const { name, type, length } = object;
	if (type === "AppendBlob") return sendAppended(given, target.container.getAppendBlobClient(name));
	if (type === "PageBlob") return sendPages(given, target.container.getPageBlobClient(name));
	const client = target.container.getBlockBlobClient(name);
	return length <= limits.copy ? sendWhole(given, client) : sendBlocks(given, client);
}

async function sendWhole(given: Transfer, client: BlockBlobClient): Promise<string> {
	const { target, object } = given;
	const tier = carriedTier(object);
	const { etag } = await target.ask((abortSignal) =>
		client.syncCopyFromURL(sourceUrl(given), {
			abortSignal,
			conditions: conditionsOf(given),
			sourceConditions: { ifMatch: object.etag },
			...(tier === undefined ? {} : { tier }),
			...(object.tags === undefined ? {} : { tags: object.tags }),
		}),
	);
	return etag ?? "";
}

/** In blocks, of which those that a killed mover has left are taken as they are. */
async function sendBlocks(given: Transfer, client: BlockBlobClient): Promise<string> {
	const { source, target, object, limits } = given;
	const size = Math.max(limits.block, Math.ceil(object.length / MOST_BLOCKS));
	// Of one state of the source cut in one way.
	const state = createHash("sha256").update(`${object.etag} ${object.length} ${size}`).digest("hex").slice(0, 32);
	const ranges = rangesOf({ offset: 0, count: object.length }, size);
	const idOf = (index: number) => Buffer.from(`${state}${String(index).padStart(8, "0")}`).toString("base64");
	const staged = await stagedBlocks(target, client);
	for (const [index, { offset, count }] of ranges.entries()) {
		if (staged.get(idOf(index)) === count) continue;
		await given.checkpoint();
		await target.ask((abortSignal) =>
			client.stageBlockFromURL(idOf(index), sourceUrl(given), offset, count, { abortSignal }),
		);
	}
	// A block has no condition on its source.
	if ((await source.find(object.name))?.etag !== object.etag) throw new ObjectMoved("SourceConditionNotMet");
	const tier = carriedTier(object);
	const { etag } = await target.ask((abortSignal) =>
		client.commitBlockList(
			ranges.map((_, index) => idOf(index)),
			{
				abortSignal,
				conditions: conditionsOf(given),
				blobHTTPHeaders: headersOf(object),
				metadata: { ...object.metadata },
				...(object.tags === undefined ? {} : { tags: object.tags }),
				...(tier === undefined ? {} : { tier }),
			},
		),
	);
	return etag ?? "";
}

async function stagedBlocks(target: Store, client: BlockBlobClient): Promise<ReadonlyMap<string, number>> {
	try {
		const { uncommittedBlocks = [] } = await target.ask((abortSignal) =>
			client.getBlockList("uncommitted", { abortSignal }),
		);
		return new Map(uncommittedBlocks.map(({ name, size }) => [name, size]));
	} catch (error) {
		if (error instanceof ObjectRefused) return new Map();
		throw error;
	}
}

async function sendAppended(given: Transfer, client: AppendBlobClient): Promise<string> {
	const { object, limits } = given;
	const chain = new Chain(given, client);
	await chain.create((conditions, abortSignal) => client.create({ abortSignal, conditions, ...chain.created() }));
	for (const { offset, count } of rangesOf({ offset: 0, count: object.length }, limits.piece)) {
		await given.checkpoint();
		await chain.next((ifMatch, abortSignal) =>
			client.appendBlockFromURL(sourceUrl(given), offset, count, {
				abortSignal,
				conditions: { ...ifMatch, appendPosition: offset },
				sourceConditions: { ifMatch: object.etag },
			}),
		);
	}
	await chain.finish();
	if (object.isSealed) await chain.next((conditions, abortSignal) => client.seal({ abortSignal, conditions }));
	return chain.etag;
}

async function sendPages(given: Transfer, client: PageBlobClient): Promise<string> {
	const { source, object, limits } = given;
	const chain = new Chain(given, client);
	await chain.create((conditions, abortSignal) =>
		client.create(object.length, { abortSignal, conditions, ...chain.created() }),
	);
	const pages = await source.ask((abortSignal) =>
		source.container
			.getPageBlobClient(object.name)
			.getPageRanges(0, object.length, { abortSignal, conditions: { ifMatch: object.etag } }),
	);
	for (const { offset: begin, count: bytes = 0 } of pages.pageRange ?? []) {
		// The library counts one byte too few: up to the last one.
		const range = { offset: begin, count: Math.ceil(bytes / PAGE) * PAGE };
		for (const { offset, count } of rangesOf(range, limits.piece)) {
			await given.checkpoint();
			await chain.next((conditions, abortSignal) =>
				client.uploadPagesFromURL(sourceUrl(given), offset, offset, count, {
					abortSignal,
					conditions,
					sourceConditions: { ifMatch: object.etag },
				}),
			);
		}
	}
	await chain.finish();
	return chain.etag;
}

/** Metadata of what is not whole yet: a page blob has its length before it has a byte. Its value is that of one transfer alone. */
const UNFINISHED = "moveunfinished";

/** Whether an object of the target is one that a mover has begun to write, in several requests, and has not ended. */
export function isUnfinished({ metadata }: Pick<ListedObject, "metadata">): boolean {
	return metadata[UNFINISHED] !== undefined;
}

interface Answered {
	etag?: string | undefined;
}

/** Requests that make one object: each takes it as the one before has left it, so that of two movers one alone ends it. */
class Chain {
	readonly #given: Transfer;
	readonly #client: AppendBlobClient | PageBlobClient;
	readonly #token = randomBytes(8).toString("hex");
	etag = "";

	constructor(given: Transfer, client: AppendBlobClient | PageBlobClient) {
		this.#given = given;
		this.#client = client;
	}

	/** What it is created with. */
	created() {
		const { tags } = this.#given.object;
		return { metadata: { [UNFINISHED]: this.#token }, ...(tags === undefined ? {} : { tags }) };
	}

	create(act: (conditions: ReturnType<typeof conditionsOf>, signal: AbortSignal) => Promise<Answered>): Promise<void> {
		return this.#ask((signal) => act(conditionsOf(this.#given), signal));
	}

	next(act: (conditions: { ifMatch: string }, signal: AbortSignal) => Promise<Answered>): Promise<void> {
		return this.#ask((signal) => act({ ifMatch: this.etag }, signal));
	}

	/** Says last what makes it equal: the headers, as a write may have taken the MD5 away, and its own metadata. */
	async finish(): Promise<void> {
		const { object } = this.#given;
		await this.next((conditions, abortSignal) =>
			this.#client.setHTTPHeaders(headersOf(object), { abortSignal, conditions }),
		);
		await this.next((conditions, abortSignal) =>
			this.#client.setMetadata({ ...object.metadata }, { abortSignal, conditions }),
		);
	}

	#ask(act: (signal: AbortSignal) => Promise<Answered>): Promise<void> {
		return this.#given.target.ask(async (signal) => {
			try {
				this.etag = (await act(signal)).etag ?? "";
			} catch (error) {
				if (!(error instanceof RestError) || !REFUSED.has(codeOf(error))) throw error;
				// Its answer was lost, and it was done: nobody else has this token, and has one request at a time.
				const { etag = "", metadata } = await this.#client.getProperties({ abortSignal: signal });
				if (metadata?.[UNFINISHED] !== this.#token || etag === this.etag) throw error;
				this.etag = etag;
			}
		});
	}
}

function headersOf(object: ListedObject) {
	return {
		blobContentType: object.contentType,
		blobContentEncoding: object.contentEncoding,
		blobContentLanguage: object.contentLanguage,
		blobContentDisposition: object.contentDisposition,
		blobCacheControl: object.cacheControl,
		...(object.md5 === undefined ? {} : { blobContentMD5: Buffer.from(object.md5, "base64") }),
	};
}

function conditionsOf({ former }: Transfer) {
	return former === undefined ? { ifNoneMatch: "*" } : { ifMatch: former.etag };
}

function sourceUrl({ source, object }: Transfer): string {
	return source.container.getBlobClient(object.name).url;
}

/** Cuts a range. */
export function rangesOf({ offset, count }: Range, size: number): Range[] {
	return Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
		offset: offset + index * size,
		count: Math.min(size, count - index * size),
	}));
}
