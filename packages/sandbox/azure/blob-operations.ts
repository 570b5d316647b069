/** Operations of the blob stand-in, each as its page of Azure's REST reference describes it. */
import { type BlobAnswer, BlobError, type BlobRequest } from "./blob-request.ts";
import { headersOf, listedXml, type StoredBlob, saidOf, stored } from "./stored-blob.ts";

interface Acts {
	/** Letters of `sp` that it takes. */
	rights: string;
	act: (request: BlobRequest) => BlobAnswer;
}

export const operations = {
	list: { rights: "l", act: list },
	read: { rights: "r", act: read },
	properties: { rights: "r", act: readProperties },
	copy: { rights: "w", act: copy },
	stageBlock: { rights: "w", act: stageBlock },
	commitBlocks: { rights: "w", act: commitBlocks },
	listBlocks: { rights: "r", act: listBlocks },
	create: { rights: "w", act: create },
	append: { rights: "w", act: append },
	writePages: { rights: "w", act: writePages },
	listPages: { rights: "r", act: listPages },
	setHeaders: { rights: "w", act: setHeaders },
	setMetadata: { rights: "w", act: setMetadata },
	seal: { rights: "w", act: seal },
	delete: { rights: "d", act: remove },
} satisfies Record<string, Acts>;

export type Operation = keyof typeof operations;

/** Which operation a request is. */
export function operationOf(
	method: string,
	name: string,
	query: URLSearchParams,
	headers: Readonly<Record<string, string | undefined>>,
): Operation {
	const comp = query.get("comp");
	if (name === "") return "list";
	if (method === "GET" && comp === "blocklist") return "listBlocks";
	if (method === "GET" && comp === "pagelist") return "listPages";
	if (method === "GET") return "read";
	if (method === "HEAD") return "properties";
	if (method === "DELETE") return "delete";
	const byComp: Readonly<Record<string, Operation>> = {
		block: "stageBlock",
		blocklist: "commitBlocks",
		appendblock: "append",
		page: "writePages",
		properties: "setHeaders",
		metadata: "setMetadata",
		seal: "seal",
	};
	if (comp !== null && byComp[comp] !== undefined) return byComp[comp];
	return headers["x-ms-copy-source"] === undefined ? "create" : "copy";
}

function need({ blobs, name }: BlobRequest): StoredBlob {
	const blob = blobs.get(name);
	if (blob === undefined) throw new BlobError(404, "BlobNotFound");
	return blob;
}

/** Conditions on the blob that a request is about (Azure docs: Specifying conditional headers). */
function checkConditions({ blobs, name, headers }: BlobRequest): void {
	const blob = blobs.get(name);
	if (headers["if-none-match"] === "*" && blob !== undefined) throw new BlobError(409, "BlobAlreadyExists");
	const match = headers["if-match"];
	if (match !== undefined && match !== `"${blob?.etag}"`) throw new BlobError(412, "ConditionNotMet");
}

function checkWritable(request: BlobRequest, type?: StoredBlob["type"]): void {
	checkConditions(request);
	const blob = request.blobs.get(request.name);
	if (blob?.isLeased) throw new BlobError(412, "LeaseIdMissing");
	if (blob?.isImmutable) throw new BlobError(409, "BlobImmutableDueToPolicy");
	if (blob !== undefined && type !== undefined && blob.type !== type) throw new BlobError(409, "InvalidBlobType");
}

function put(request: BlobRequest, blob: Omit<StoredBlob, "etag" | "modified">, status = 201): BlobAnswer {
	const made = stored(blob, request.now);
	request.blobs.set(request.name, made);
	return { status, headers: { ETag: `"${made.etag}"`, "Last-Modified": new Date(made.modified).toUTCString() } };
}

/** List Blobs, by pages; names in the order of their bytes. */
function list({ blobs, query }: BlobRequest): BlobAnswer {
	const prefix = query.get("prefix") ?? "";
	const names = [...blobs.keys()]
		.filter((name) => name.startsWith(prefix))
		.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
	const marker = query.get("marker") ?? "";
	const begin = marker === "" ? 0 : names.indexOf(Buffer.from(marker, "base64url").toString());
	const size = Number(query.get("maxresults") ?? 5000);
	const page = names.slice(begin, begin + size);
	const next = names[begin + size];
	const withTags = query.get("include")?.includes("tags") ?? false;
	const listed = page.map((name) => listedXml(name, blobs.get(name) as StoredBlob, { withTags })).join("");
	const nextMarker = next === undefined ? "" : Buffer.from(next).toString("base64url");
	return {
		status: 200,
		headers: { "Content-Type": "application/xml" },
		body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://127.0.0.1/" ContainerName="c"><Blobs>${listed}</Blobs><NextMarker>${nextMarker}</NextMarker></EnumerationResults>`,
	};
}

/** Get Blob, with `x-ms-range`. */
function read(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkConditions(request);
	if (blob.tier === "Archive") throw new BlobError(409, "BlobArchived");
	const range = rangeOf(request.headers["x-ms-range"] ?? request.headers.range);
	const body = range === undefined ? blob.data : blob.data.subarray(range.begin, range.end + 1);
	return {
		status: range === undefined ? 200 : 206,
		headers: { ...headersOf(blob), "Content-Length": String(body.length) },
		body,
	};
}

function readProperties(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	return { status: 200, headers: { ...headersOf(blob), "Content-Length": String(blob.data.length) } };
}

/** Copy Blob From URL: of block blobs; tags only where they are said. */
function copy(request: BlobRequest): BlobAnswer {
	if (request.headers["x-ms-requires-sync"] !== "true") throw new BlobError(501, "NotImplemented");
	const { type, data, headers, md5, metadata, isSealed: _ } = request.readSource();
	if (type !== "BlockBlob") throw new BlobError(409, "InvalidBlobType");
	if (data.length > request.copyLimit) throw new BlobError(409, "CannotCopySourceOfThisSize");
	checkWritable(request, "BlockBlob");
	const { tags } = saidOf(request.headers);
	const tier = request.headers["x-ms-access-tier"];
	const answer = put(request, { type, data, headers: { ...headers }, md5, metadata: { ...metadata }, tags, tier }, 202);
	return { ...answer, headers: { ...answer.headers, "x-ms-copy-status": "success" } };
}

/** Put Block From URL. */
function stageBlock(request: BlobRequest): BlobAnswer {
	const { store, container, name, query } = request;
	const piece = sourcePiece(request);
	const key = `${container}/${name}`;
	const blocks = store.staged.get(key) ?? new Map<string, Buffer>();
	blocks.set(query.get("blockid") ?? "", piece);
	store.staged.set(key, blocks);
	return { status: 201 };
}

function listBlocks({ store, container, name, blobs }: BlobRequest): BlobAnswer {
	const blocks = store.staged.get(`${container}/${name}`);
	if (blocks === undefined && !blobs.has(name)) throw new BlobError(404, "BlobNotFound");
	const listed = [...(blocks ?? [])].map(
		([id, data]) => `<Block><Name>${id}</Name><Size>${data.length}</Size></Block>`,
	);
	return {
		status: 200,
		headers: { "Content-Type": "application/xml" },
		body: `<?xml version="1.0" encoding="utf-8"?><BlockList><CommittedBlocks /><UncommittedBlocks>${listed.join("")}</UncommittedBlocks></BlockList>`,
	};
}

/** Put Block List: an MD5 only where it is said. */
function commitBlocks(request: BlobRequest): BlobAnswer {
	const { store, container, name, body, headers } = request;
	checkWritable(request, "BlockBlob");
	const key = `${container}/${name}`;
	const blocks = store.staged.get(key) ?? new Map<string, Buffer>();
	const ids = [...body.toString().matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, id = ""]) => id);
	const data = ids.map((id) => {
		const block = blocks.get(id);
		if (block === undefined) throw new BlobError(400, "InvalidBlockList");
		return block;
	});
	store.staged.delete(key);
	const tier = headers["x-ms-access-tier"];
	return put(request, { type: "BlockBlob", data: Buffer.concat(data), ...saidOf(headers), tier });
}

/** Put Blob of an append or a page blob. */
function create(request: BlobRequest): BlobAnswer {
	checkWritable(request);
	const type = request.headers["x-ms-blob-type"] as StoredBlob["type"];
	const data = Buffer.alloc(type === "PageBlob" ? Number(request.headers["x-ms-blob-content-length"]) : 0);
	return put(request, { type, data, ...saidOf(request.headers) });
}

/** Append Block From URL; the MD5 of before is that of no whole. */
function append(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkWritable(request, "AppendBlob");
	const at = request.headers["x-ms-blob-condition-appendpos"];
	if (at !== undefined && Number(at) !== blob.data.length) throw new BlobError(412, "AppendPositionConditionNotMet");
	const piece = sourcePiece(request);
	return put(request, { ...blob, data: Buffer.concat([blob.data, piece]), md5: undefined });
}

/** Put Page From URL. */
function writePages(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkWritable(request, "PageBlob");
	const range = rangeOf(request.headers["x-ms-range"]);
	if (range === undefined || range.begin % 512 !== 0 || (range.end + 1) % 512 !== 0) {
		throw new BlobError(416, "InvalidPageRange");
	}
	const data = Buffer.from(blob.data);
	sourcePiece(request).copy(data, range.begin);
	return put(request, { ...blob, data, md5: undefined });
}

/** Get Page Ranges: pages of 512 bytes that are not empty. */
function listPages(request: BlobRequest): BlobAnswer {
	const { data } = need(request);
	checkConditions(request);
	const pages = Array.from({ length: data.length / 512 }, (_, page) => page).filter((page) =>
		data.subarray(page * 512, (page + 1) * 512).some((byte) => byte !== 0),
	);
	const listed = pages.map(
		(page) => `<PageRange><Start>${page * 512}</Start><End>${page * 512 + 511}</End></PageRange>`,
	);
	return {
		status: 200,
		headers: { "Content-Type": "application/xml", "x-ms-blob-content-length": String(data.length) },
		body: `<?xml version="1.0" encoding="utf-8"?><PageList>${listed.join("")}</PageList>`,
	};
}

/** Set Blob Properties: what is not said is gone. */
function setHeaders(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkWritable(request);
	const { headers, md5 } = saidOf(request.headers);
	return put(request, { ...blob, headers, md5 }, 200);
}

/** Set Blob Metadata: what is not said is gone. */
function setMetadata(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkWritable(request);
	return put(request, { ...blob, metadata: saidOf(request.headers).metadata }, 200);
}

function seal(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkConditions(request);
	return put(request, { ...blob, isSealed: true }, 200);
}

function remove(request: BlobRequest): BlobAnswer {
	const blob = need(request);
	checkWritable(request);
	if (blob.hasSnapshots) throw new BlobError(409, "SnapshotsPresent");
	request.blobs.delete(request.name);
	return { status: 202 };
}

function sourcePiece(request: BlobRequest): Buffer {
	const range = rangeOf(request.headers["x-ms-source-range"]);
	const { data } = request.readSource();
	return Buffer.from(range === undefined ? data : data.subarray(range.begin, range.end + 1));
}

function rangeOf(header: string | undefined): { begin: number; end: number } | undefined {
	const match = header?.match(/^bytes=(\d+)-(\d+)$/);
	return match === null || match === undefined ? undefined : { begin: Number(match[1]), end: Number(match[2]) };
}
