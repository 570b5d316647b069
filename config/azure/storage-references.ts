/** References to storage: `${storage.CONTAINER.ATTRIBUTE}`, where CONTAINER is a key under `storage.containers`. */
import type { Draft } from "../draft.ts";
import { findNearestWord, suggest } from "../near-miss.ts";

/** What an app may ask of a container. */
export const storageAttributes = [
	"account",
	"container",
	"endpoint",
	"sasToken",
	"connectionString",
	"accountKey",
] as const;
export type StorageAttribute = (typeof storageAttributes)[number];

/** A reference to a container. */
export interface StorageReference {
	kind: "storage";
	name: string;
	attribute: StorageAttribute;
}

const isAttribute = (text: string): text is StorageAttribute =>
	storageAttributes.some((attribute) => attribute === text);

/** Reads what follows `storage.`, or says what is wrong with it. */
export function readStorageReference([name = "", attribute = "", ...rest]: readonly string[]):
	| StorageReference
	| string {
	if (attribute === "" || rest.length > 0) {
		return `does not name one attribute of a container; write \${storage.${name || "NAME"}.sasToken}, or one of: ${storageAttributes.join(", ")}`;
	}
	if (isAttribute(attribute)) return { kind: "storage", name, attribute };
	const near = suggest(findNearestWord(attribute, storageAttributes));
	return `refers to ${JSON.stringify(attribute)} of a container; allowed: ${storageAttributes.join(", ")}${near}`;
}

/** Says what is wrong with a reference that reads well, or nothing if the stage has what it asks for. */
export function unknownStorageTarget({ name, attribute }: StorageReference, draft: Draft): string | undefined {
	const { storage } = draft;
	if (storage === undefined && "storage" in draft) return undefined;
	if (storage?.containers === undefined && storage !== undefined && "containers" in storage) return undefined;
	const names = Object.keys(storage?.containers ?? {});
	if (!names.includes(name)) {
		const declared = names.length === 0 ? "no storage is declared" : `declared: ${names.join(", ")}`;
		return `refers to a container that is not under storage.containers; ${declared}${suggest(findNearestWord(name, names))}`;
	}
	if (attribute === "accountKey" && storage?.allowAccountKey !== true && storage?.sharedKey !== false) {
		return `would hand the key of the whole account to the app; write \${storage.${name}.sasToken}, or set storage.allowAccountKey: true where nothing else will do`;
	}
	if (storage?.sharedKey === false && ["sasToken", "connectionString", "accountKey"].includes(attribute)) {
		return "needs a key, and storage.sharedKey: false lets none in; let the app log in to Entra (principals of the container) or remove sharedKey";
	}
	return undefined;
}
