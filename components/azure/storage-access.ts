import { listStorageAccountKeysOutput } from "@pulumi/azure-native/storage/listStorageAccountKeys.js";
import { listStorageAccountServiceSASOutput } from "@pulumi/azure-native/storage/listStorageAccountServiceSAS.js";
import * as pulumi from "@pulumi/pulumi";
import type { Storage, StorageContainer } from "../../config/azure/storage.ts";
import { type Access, permissionsByAccess } from "../../config/azure/storage-catalogue.ts";
import type { StorageAttribute } from "../../config/azure/storage-references.ts";
import { lookUp } from "../../wire/own.ts";
import type { SasWindow } from "./storage-sas.ts";

/** What the tokens of a container are made from. */
export interface StorageAccessArgs {
	storage: Storage;
	container: StorageContainer;
	/** Address of the account's blob service, with a slash at its end. */
	endpoint: pulumi.Output<string>;
	window: SasWindow;
	/** Made before anything is asked of Azure; with it not there yet, a preview asks nothing. */
	dependsOn: pulumi.Resource[];
	/** Passed on to every question to Azure. */
	parent: pulumi.Resource;
}

/** How apps get into one container: a service SAS for each access level that some app has, always of the whole window. */
export class StorageAccess {
	readonly #args: StorageAccessArgs;
	readonly #accountKey: pulumi.Output<string> | undefined;
	readonly #tokens: Readonly<Partial<Record<Access, pulumi.Output<string>>>>;

	constructor(args: StorageAccessArgs) {
		const { access, accessByApp } = args.container;
		this.#args = args;
		this.#accountKey = args.storage.allowAccountKey ? accountKey(args) : undefined;
		const levels = args.storage.sharedKey ? new Set([access, ...Object.values(accessByApp)]) : [];
		this.#tokens = Object.fromEntries([...levels].map((level) => [level, sasToken(args, level)]));
	}

	/** The token of the container's own access level; absent where the account takes none. */
	get sasToken(): pulumi.Output<string> | undefined {
		return this.#tokens[this.#args.container.access];
	}

	/** What an app's references to this container stand for. */
	valuesFor(app: string): Partial<Record<StorageAttribute, pulumi.Output<string>>> {
		const { storage, container, endpoint } = this.#args;
		const token = this.#tokens[lookUp(container.accessByApp, app) ?? container.access];
		return {
			account: pulumi.output(storage.account),
			container: pulumi.output(container.name),
			endpoint,
			...(token === undefined ? {} : { sasToken: token, connectionString: connectionString(endpoint, token) }),
			...(this.#accountKey === undefined ? {} : { accountKey: this.#accountKey }),
		};
	}
}

/**
 * ARM makes the token: that works from anywhere, whatever the account's firewall says (facts/azure.md §0.2), and no key comes
 * into the program. Names are plain text, so that a change of the account in the same preview leaves the token known.
 */
function sasToken(args: StorageAccessArgs, level: Access): pulumi.Output<string> {
	const { storage, container, window, dependsOn, parent } = args;
	const { serviceSasToken } = listStorageAccountServiceSASOutput(
		{
			resourceGroupName: storage.resourceGroup.name,
			accountName: storage.account,
			canonicalizedResource: `/blob/${storage.account}/${container.name}`,
			resource: "c",
			permissions: permissionsByAccess[level],
			protocols: "https",
			sharedAccessStartTime: window.start,
			sharedAccessExpiryTime: window.expires,
			keyToSign: storage.sas.signWith,
		},
		{ parent, dependsOn },
	);
	// Nothing that Azure answers is a secret by itself (azure-native#1693).
	return pulumi.secret(serviceSasToken);
}

/** The key that signs tokens: the whole account, with nothing to end it but its renewal. */
function accountKey({ storage, dependsOn, parent }: StorageAccessArgs): pulumi.Output<string> {
	const { account: accountName, resourceGroup, sas } = storage;
	const { keys } = listStorageAccountKeysOutput(
		{ accountName, resourceGroupName: resourceGroup.name },
		{ parent, dependsOn },
	);
	return pulumi.secret(
		keys.apply((all) => {
			const key = all.find(({ keyName }) => keyName === sas.signWith);
			if (key === undefined) throw new Error(`the storage account "${accountName}" has no ${sas.signWith}`);
			return key.value;
		}),
	);
}

/** The form that every Azure SDK takes (facts/azure.md §8). */
function connectionString(endpoint: pulumi.Output<string>, token: pulumi.Output<string>): pulumi.Output<string> {
	return pulumi.interpolate`BlobEndpoint=${endpoint};SharedAccessSignature=${token}`;
}
