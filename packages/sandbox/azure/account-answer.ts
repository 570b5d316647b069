/** Where an account is answered in another form than it is asked for (source: the provider's types, StorageAccountArgs and GetStorageAccountResult). */
import { createHash } from "node:crypto";
import { isMap, type PropertyMap } from "../plugins/property-value.ts";
import { mapIn } from "./arm-values.ts";

/** What only Azure says of a customer's own key. */
const ownSays = ["currentVersionedKeyIdentifier", "lastKeyRotationTimestamp"];

/** Identities are asked for as a list of ids, and answered as a map with what each one is; a key has the version that is in use now. */
export function answerAccount(inputs: PropertyMap): PropertyMap {
	const { identity, encryption } = inputs;
	const ids = mapIn(inputs, "identity").userAssignedIdentities;
	const key = mapIn(mapIn(inputs, "encryption"), "keyVaultProperties");
	return {
		...(isMap(identity) && Array.isArray(ids)
			? {
					identity: {
						...identity,
						userAssignedIdentities: Object.fromEntries(
							ids.map((id) => [
								String(id),
								{ clientId: guidFrom(`client ${id}`), principalId: guidFrom(`principal ${id}`) },
							]),
						),
					},
				}
			: {}),
		...(isMap(encryption) && key.keyName !== undefined
			? {
					encryption: {
						...encryption,
						keyVaultProperties: {
							...key,
							currentVersionedKeyIdentifier: `${key.keyVaultUri}/keys/${key.keyName}/${key.keyVersion ?? "latest"}`,
							lastKeyRotationTimestamp: "2026-11-01T00:00:00Z",
						},
					},
				}
			: {}),
	};
}

/** What would be asked for, of what is answered. */
export function askedOfAccount(state: PropertyMap): PropertyMap {
	const { identity, encryption } = state;
	const ids = mapIn(state, "identity").userAssignedIdentities;
	const key = mapIn(mapIn(state, "encryption"), "keyVaultProperties");
	const asked = Object.entries(key).filter(([name]) => !ownSays.includes(name));
	return {
		...(isMap(identity) && isMap(ids) ? { identity: { ...identity, userAssignedIdentities: Object.keys(ids) } } : {}),
		...(isMap(encryption) && asked.length > 0
			? { encryption: { ...encryption, keyVaultProperties: Object.fromEntries(asked) } }
			: {}),
	};
}

function guidFrom(text: string): string {
	return createHash("sha256")
		.update(text)
		.digest("hex")
		.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}
