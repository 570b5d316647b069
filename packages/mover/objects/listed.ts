/** An object as a listing has it, and how two of them differ. */
import { isDeepStrictEqual } from "node:util";

export type ObjectType = "BlockBlob" | "PageBlob" | "AppendBlob";

/** An object: all that is carried, and what tells one state of it from another. */
export interface ListedObject {
	name: string;
	type: ObjectType;
	/** In bytes. */
	length: number;
	/** Base64; absent where the service keeps none: of what was uploaded in blocks without one. */
	md5: string | undefined;
	etag: string;
	/** Time of the last change, in milliseconds of the account's clock. */
	modified: number;
	contentType: string;
	contentEncoding: string;
	contentLanguage: string;
	contentDisposition: string;
	cacheControl: string;
	/** By names in lower case, as they are headers. */
	metadata: Readonly<Record<string, string>>;
	/** Absent where the SAS may not see them. */
	tags: Readonly<Record<string, string>> | undefined;
	/** Access tier that was chosen for it; absent where it has the account's. */
	tier: string | undefined;
	isSealed: boolean;
}

const UNSAID_TYPE = "application/octet-stream";

/** Kinds of what a copy has otherwise than its source: words, no values. */
export function differencesOf(source: ListedObject, target: ListedObject): string[] {
	const kinds: [string, boolean][] = [
		["type", source.type !== target.type],
		["length", source.length !== target.length],
		// An MD5 that only the target has was added by its service.
		["MD5", source.md5 !== undefined && source.md5 !== target.md5],
		["content type", (source.contentType || UNSAID_TYPE) !== (target.contentType || UNSAID_TYPE)],
		["content encoding", source.contentEncoding !== target.contentEncoding],
		["content language", source.contentLanguage !== target.contentLanguage],
		["content disposition", source.contentDisposition !== target.contentDisposition],
		["cache control", source.cacheControl !== target.cacheControl],
		["metadata", !isDeepStrictEqual(source.metadata, target.metadata)],
		["tags", source.tags !== undefined && target.tags !== undefined && !isDeepStrictEqual(source.tags, target.tags)],
		["access tier", carriedTier(source) !== undefined && carriedTier(source) !== target.tier],
		["seal", source.isSealed && !target.isSealed],
	];
	return kinds.flatMap(([kind, differs]) => (differs ? [kind] : []));
}

/** The tier that a copy is given: block blobs alone have one that any account takes. */
export function carriedTier({ type, tier }: ListedObject): string | undefined {
	return type === "BlockBlob" ? tier : undefined;
}

/** Whether URLs lead to an object of this name: what resolves them takes segments of dots out. */
export function isAddressable(name: string): boolean {
	return !name.split(/[/\\]/).some((segment) => segment === "." || segment === "..");
}
