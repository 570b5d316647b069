import type { PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import { mapIn } from "./arm-values.ts";
import type { ArmStore } from "./store.ts";

/**
 * What Azure asks of a customer's own key (Azure docs: customer-managed keys). The setting `vault_keys` is JSON: by the URL of each key
 * the identities that may use it, and whether its vault has purge protection; without the setting every key is there.
 */
export function encryptionKeyRules(inputs: PropertyMap, store: ArmStore): void {
	const encryption = mapIn(inputs, "encryption");
	if (String(encryption.keySource).toLowerCase() !== "microsoft.keyvault") return;
	const { keyName, keyVaultUri, keyVersion } = mapIn(encryption, "keyVaultProperties");
	if (keyName === undefined || keyVaultUri === undefined) throw refusal("the key has no name or no vault");
	const user = mapIn(encryption, "encryptionIdentity").encryptionUserAssignedIdentity;
	const { type = "", userAssignedIdentities } = mapIn(inputs, "identity");
	const assigned = Array.isArray(userAssignedIdentities) ? userAssignedIdentities : [];
	if (user === undefined && !String(type).includes("SystemAssigned")) {
		throw refusal("the account has no identity that could read the key");
	}
	if (user !== undefined && (!assigned.includes(user) || !String(type).includes("UserAssigned"))) {
		throw refusal(`the identity '${user}' is not assigned to the account`);
	}
	const text = store.setting("vault_keys");
	if (text === undefined) return;
	const keys: Record<string, { identities: string[]; purgeProtection: boolean }> = JSON.parse(text);
	const url = `${String(keyVaultUri).replace(/\/$/, "")}/keys/${keyName}${keyVersion === undefined ? "" : `/${keyVersion}`}`;
	const key = keys[url];
	if (key === undefined) throw refusal(`the key '${url}' is not there`);
	if (!key.purgeProtection) throw refusal("the vault needs soft delete and purge protection");
	if (user !== undefined && !key.identities.includes(String(user)))
		throw refusal(`'${user}' may not get, wrap and unwrap with it`);
}

function refusal(why: string): ArmError {
	return new ArmError(
		400,
		"KeyVaultAuthenticationFailure",
		`The operation failed because of the key vault key: ${why}.`,
	);
}
