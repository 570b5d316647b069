/** Blobs of the blob stand-in, and their form in its answers. */
import { createHash } from "node:crypto";

export type BlobType = "BlockBlob" | "PageBlob" | "AppendBlob";

/** Headers that a blob keeps, by the names that requests set them with. */
export const CARRIED_HEADERS = {
	"x-ms-blob-content-type": "Content-Type",
	"x-ms-blob-content-encoding": "Content-Encoding",
	"x-ms-blob-content-language": "Content-Language",
	"x-ms-blob-content-disposition": "Content-Disposition",
	"x-ms-blob-cache-control": "Cache-Control",
} as const;

export interface StoredBlob {
	type: BlobType;
	data: Buffer;
	/** By their names in answers. */
	headers: Record<string, string>;
	/** Base64; absent where it was uploaded in blocks. */
	md5?: string | undefined;
	metadata: Record<string, string>;
	tags: Record<string, string>;
	/** Absent: the account's. */
	tier?: string | undefined;
	etag: string;
	modified: number;
	isSealed?: boolean;
	isLeased?: boolean;
	isImmutable?: boolean;
	hasSnapshots?: boolean;
}

let etags = 0;

/** A blob with another ETag. */
export function stored(blob: Omit<StoredBlob, "etag" | "modified">, modified: number): StoredBlob {
	etags += 1;
	// As headers have it: in whole seconds.
	return {
		...blob,
		etag: `0x8D${etags.toString(16).toUpperCase().padStart(12, "0")}`,
		modified: modified - (modified % 1000),
	};
}

export const md5Of = (data: Buffer) => createHash("md5").update(data).digest("base64");

/** What a request says of a blob that it makes (Azure docs: Put Blob, Put Block List). */
export function saidOf(headers: Readonly<Record<string, string | undefined>>): {
	headers: Record<string, string>;
	md5: string | undefined;
	metadata: Record<string, string>;
	tags: Record<string, string>;
} {
	const kept = Object.entries(CARRIED_HEADERS).flatMap(([asked, name]): [string, string][] =>
		headers[asked] ? [[name, headers[asked]]] : [],
	);
	const metadata = Object.entries(headers).flatMap(([name, value = ""]): [string, string][] =>
		name.startsWith("x-ms-meta-") ? [[name.slice("x-ms-meta-".length), value]] : [],
	);
	return {
		headers: Object.fromEntries(kept),
		md5: headers["x-ms-blob-content-md5"],
		metadata: Object.fromEntries(metadata),
		tags: Object.fromEntries(new URLSearchParams(headers["x-ms-tags"] ?? "")),
	};
}

/** Headers of Get Blob and Get Blob Properties. */
export function headersOf(blob: StoredBlob): Record<string, string> {
	return {
		"Content-Type": "application/octet-stream",
		...blob.headers,
		...(blob.md5 === undefined ? {} : { "Content-MD5": blob.md5 }),
		...Object.fromEntries(Object.entries(blob.metadata).map(([name, value]) => [`x-ms-meta-${name}`, value])),
		ETag: `"${blob.etag}"`,
		"Last-Modified": new Date(blob.modified).toUTCString(),
		"x-ms-blob-type": blob.type,
	};
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const element = (name: string, text: string | number | undefined) =>
	text === undefined ? "" : `<${name}>${escaped(String(text))}</${name}>`;

/** One `Blob` of List Blobs. Names that XML cannot hold are encoded there. */
export function listedXml(name: string, blob: StoredBlob, { withTags }: { withTags: boolean }): string {
	const isHeld = !/[\uFFFE\uFFFF]/.test(name);
	const tags = Object.entries(blob.tags);
	const properties = [
		element("Last-Modified", new Date(blob.modified).toUTCString()),
		element("Etag", blob.etag),
		element("Content-Length", blob.data.length),
		element("Content-Type", blob.headers["Content-Type"] ?? "application/octet-stream"),
		...["Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control"].map((header) =>
			element(header, blob.headers[header] ?? ""),
		),
		element("Content-MD5", blob.md5 ?? ""),
		element("BlobType", blob.type),
		...(blob.type === "BlockBlob" ? [element("AccessTier", blob.tier ?? "Hot")] : []),
		...(blob.type === "BlockBlob" && blob.tier === undefined ? [element("AccessTierInferred", "true")] : []),
		...(blob.isSealed ? [element("Sealed", "true")] : []),
		element("LeaseStatus", blob.isLeased ? "locked" : "unlocked"),
	].join("");
	const metadata = Object.entries(blob.metadata)
		.map(([key, value]) => element(key, value))
		.join("");
	const tagSet = tags.map(([key, value]) => `<Tag>${element("Key", key)}${element("Value", value)}</Tag>`).join("");
	const written = isHeld ? element("Name", name) : `<Name Encoded="true">${encodeURIComponent(name)}</Name>`;
	return `<Blob>${written}<Properties>${properties}</Properties><Metadata>${metadata}</Metadata>${
		withTags && tags.length > 0 ? `<Tags><TagSet>${tagSet}</TagSet></Tags>` : ""
	}</Blob>`;
}
