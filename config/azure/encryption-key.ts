/** A customer's own key for the encryption of an account (facts/azure.md §12). */
import { block, pattern } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";

const urlPattern =
	/^(https:\/\/(?![a-z0-9-]*--)[a-z](?:[a-z0-9-]{1,22}[a-z0-9])\.(?:vault|managedhsm)\.azure\.net)\/keys\/([A-Za-z0-9-]{1,127})(?:\/([0-9a-f]{32}))?$/;

/** A key, and who may use it. */
export const EncryptionKey = block("a key", {
	url: pattern(
		"the URL of a key",
		"https://VAULT.vault.azure.net/keys/NAME, with /VERSION for one that never rotates",
		urlPattern,
	).register(keyDocs, {
		description:
			"key in a Key Vault with purge protection, in the account's region; without a version Azure follows new ones within a day",
		inPlace: "yes",
	}),
	identity: pattern(
		"the id of a user-assigned identity",
		"/subscriptions/.../userAssignedIdentities/...",
		/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i,
	).register(keyDocs, {
		description: "identity that may get, wrap and unwrap with it: role Key Vault Crypto Service Encryption User",
		inPlace: "yes",
	}),
});

/** Parts of the URL of a key, as Azure asks for them. */
export function readKeyUrl(url: string): { keyVaultUri: string; keyName: string; keyVersion?: string } {
	const [, keyVaultUri = "", keyName = "", keyVersion] = urlPattern.exec(url) ?? [];
	return { keyVaultUri, keyName, ...(keyVersion === undefined ? {} : { keyVersion }) };
}
