import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Cloud } from "@medstack-to-aptible/sandbox/azure/cloud.ts";
import { armHeader, sourceHeader } from "@medstack-to-aptible/sandbox/azure/front.ts";
import { signServiceSas } from "@medstack-to-aptible/sandbox/azure/service-sas.ts";
import { type Azure, startAzure } from "@medstack-to-aptible/sandbox/azure/start.ts";
import { ArmStore } from "@medstack-to-aptible/sandbox/azure/store.ts";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";

let dir = "";
let azure: Azure;
let store: ArmStore;
let cloud: Cloud;
const account = (change: PropertyMap): PropertyMap => ({
	resourceGroupName: "files",
	accountName: "acmefiles",
	location: "canadacentral",
	kind: "StorageV2",
	sku: { name: "Standard_LRS" },
	...change,
});

before(async () => {
	dir = await mkdtemp(join(tmpdir(), "azure-"));
	azure = await startAzure(dir);
	store = new ArmStore(dir);
	cloud = new Cloud(store, "sub");
	await cloud.create("azure-native:resources:ResourceGroup", { resourceGroupName: "files", location: "canadacentral" });
	await cloud.create("azure-native:storage:StorageAccount", account({}));
});

after(async () => {
	store.close();
	await azure.close();
	await rm(dir, { recursive: true, force: true });
});

/** Answer to a listing with a good token, of a container that is not there: what gets to Azurite ends in a 404. */
async function answer(headers: Record<string, string>): Promise<string> {
	const ca = await readFile(azure.env.NODE_EXTRA_CA_CERTS ?? "", "utf8");
	const sas = {
		canonicalizedResource: "/blob/acmefiles/nowhere",
		resource: "c",
		permissions: "rl",
		expiry: "2100-01-01T00:00:00Z",
	};
	const token = signServiceSas(sas, store.keys("acmefiles")?.key1 ?? "");
	const url = `${cloud.blobUrl}/acmefiles/nowhere?restype=container&comp=list&${token}`;
	return new Promise((resolve, reject) => {
		request(url, { ca, headers }, (response) => {
			response.resume().on("end", () => resolve(`${response.statusCode} ${response.headers["x-ms-error-code"] ?? ""}`));
		})
			.on("error", reject)
			.end();
	});
}

function change(change: PropertyMap): void {
	const id = "/subscriptions/sub/resourceGroups/files/providers/Microsoft.Storage/storageAccounts/acmefiles";
	cloud.update("azure-native:storage:StorageAccount", id, account(change));
}

test("a source that no rule admits is refused before Azurite sees it; any other is Azurite's to judge", async () => {
	const beyond = "404 ContainerNotFound";
	change({
		networkRuleSet: { defaultAction: "Deny", ipRules: [{ iPAddressOrRange: "203.0.113.0/24", action: "Allow" }] },
	});
	assert.equal(await answer({ [sourceHeader]: "198.51.100.1" }), "403 AuthorizationFailure");
	assert.equal(await answer({ [sourceHeader]: "203.0.113.77" }), beyond);
	assert.equal(await answer({}), beyond);
	change({ networkRuleSet: { defaultAction: "Deny", ipRules: [] } });
	assert.equal(await answer({}), "403 AuthorizationFailure", "Aptible is let in by a rule and by nothing else");
	change({});
});

test("with shared keys off nothing but Azure Resource Manager gets through", async () => {
	change({ allowSharedKeyAccess: false });
	assert.equal(await answer({}), "403 KeyBasedAuthenticationNotPermitted");
	assert.equal(await answer({ [armHeader]: "1" }), "404 ContainerNotFound");
});

test("the address of blobs stays the same when the sandbox is started again", async () => {
	const { blobUrl } = cloud;
	await azure.close();
	azure = await startAzure(dir);
	assert.equal(new Cloud(store, "sub").blobUrl, blobUrl);
});
