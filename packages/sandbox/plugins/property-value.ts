import structpb from "google-protobuf/google/protobuf/struct_pb.js";

type Struct = structpb.Struct;
type JavaScript = structpb.JavaScriptValue;

/** A value that is not known yet, as in a preview of something that depends on a resource to be created. */
export class Unknown {
	readonly unknown = true;
}

/** A value whose display and storage are protected. Never nested directly in another secret. */
export class Secret {
	readonly value: PropertyValue;

	constructor(value: PropertyValue) {
		this.value = value instanceof Secret ? value.value : value;
	}
}

/** What a resource's property can hold on the wire between engine and provider. */
export type PropertyValue = null | boolean | number | string | Unknown | Secret | PropertyValue[] | PropertyMap;

/** The properties of a resource, by name. */
export interface PropertyMap {
	[key: string]: PropertyValue;
}

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One sentinel per type the engine may have guessed: bool, number, string, array, asset, archive, object. */
const UNKNOWN_SENTINELS = new Set([
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
	"3eeb2bf0-c639-47a8-9e75-3b44932eb421",
	UNKNOWN_STRING,
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
	"030794c1-ac77-496b-92df-f27374a8bd58",
	"e48ece36-62e2-4504-bad9-02848725956a",
	"dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** The properties in a gRPC struct; an absent one is empty. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
	return struct ? mapFields(struct.toJavaScript(), fromWire) : {};
}

/** The gRPC struct for properties. */
export function toStruct(properties: PropertyMap): Struct {
	return structpb.Struct.fromJavaScript(mapFields(properties, toWire));
}

/** Whether a value is a plain map, so neither a list nor a wrapper. */
export function isMap(value: PropertyValue | undefined): value is PropertyMap {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !isWrapper(value);
}

/** The value inside its secret wrapper, if it has one. */
export function unwrapSecret(value: PropertyValue): PropertyValue {
	return value instanceof Secret ? value.value : value;
}

/** The value with all secret wrappers taken off, at any depth. */
export function withoutSecrets(value: PropertyValue): PropertyValue {
	const bare = unwrapSecret(value);
	if (Array.isArray(bare)) {
		return bare.map(withoutSecrets);
	}
	return isMap(bare) ? mapFields(bare, withoutSecrets) : bare;
}

/** Whether two values are the same; a secret never equals its plain value, and all unknowns are equal. */
export function deepEqual(a: PropertyValue | undefined, b: PropertyValue | undefined): boolean {
	if (a instanceof Secret || b instanceof Secret) {
		return a instanceof Secret && b instanceof Secret && deepEqual(a.value, b.value);
	}
	if (a instanceof Unknown || b instanceof Unknown) {
		return a instanceof Unknown && b instanceof Unknown;
	}
	if (Array.isArray(a) || Array.isArray(b)) {
		return (
			Array.isArray(a) &&
			Array.isArray(b) &&
			a.length === b.length &&
			a.every((item, index) => deepEqual(item, b[index]))
		);
	}
	if (isMap(a) && isMap(b)) {
		return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) =>
			deepEqual(a[key] ?? null, b[key] ?? null),
		);
	}
	return a === b;
}

function isWrapper(value: PropertyValue): value is Unknown | Secret {
	return value instanceof Unknown || value instanceof Secret;
}

function mapFields<From, To>(fields: Record<string, From>, change: (value: From) => To): Record<string, To> {
	return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]));
}

function fromWire(value: JavaScript): PropertyValue {
	if (Array.isArray(value)) {
		return value.map(fromWire);
	}
	if (typeof value === "string") {
		return UNKNOWN_SENTINELS.has(value) ? new Unknown() : value;
	}
	if (typeof value !== "object" || value === null) {
		return value;
	}
	const fields = value as Record<string, JavaScript>;
	if (fields[SIGNATURE_KEY] === SECRET_SIGNATURE) {
		return new Secret(fromWire(fields.value ?? null));
	}
	if (fields[SIGNATURE_KEY] === OUTPUT_SIGNATURE) {
		const known = fields.value === undefined ? new Unknown() : fromWire(fields.value);
		return fields.secret === true ? new Secret(known) : known;
	}
	return mapFields(fields, fromWire);
}

function toWire(value: PropertyValue): JavaScript {
	if (value instanceof Unknown) {
		return UNKNOWN_STRING;
	}
	if (value instanceof Secret) {
		return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value: toWire(value.value) };
	}
	if (Array.isArray(value)) {
		return value.map(toWire);
	}
	return isMap(value) ? mapFields(value, toWire) : value;
}
