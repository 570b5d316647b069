import assert from "node:assert/strict";
import { test } from "node:test";
import { answerAccount } from "@medstack-to-aptible/sandbox/azure/account-answer.ts";
import { unlessMissing } from "../../components/azure/missing.ts";
import { checkLoss, type Loss } from "../../components/azure/refuse-loss.ts";
import { watched } from "../../components/azure/storage-options.ts";

/** What is said of an update of a resource that the state has as `old`, and Azure as it is read. */
async function say(old: object, read: () => Promise<object>, change: Partial<Loss> = {}): Promise<string> {
	const loss = { name: "thing", what: "the thing", watched: watched.account, read, ...change };
	return checkLoss(loss, old).then(
		() => "",
		(error: Error) => error.message,
	);
}

/** An object with a value at a path. */
function withAt(path: string, value: unknown): object {
	return path
		.split(".")
		.reverse()
		.reduce<unknown>((inner, key) => (key === "*" ? { [String(inner)]: {} } : { [key]: inner }), value) as object;
}

const paths = Object.entries(watched).flatMap(([kind, titles]) =>
	Object.entries(titles).map(([path, title]) => ({ kind, path, title })),
);

test("whatever is watched is refused where it differs in Azure, by its name", async () => {
	for (const { kind, path, title } of paths) {
		const change = { watched: watched[kind as keyof typeof watched] };
		const [old, live] = [withAt(path, "old"), withAt(path, "new")];
		assert.ok((await say(old, async () => live, change)).startsWith(`the thing has ${title} that were changed`), path);
		assert.equal(await say(old, async () => structuredClone(old), change), "", path);
	}
});

const identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one";
const own = (vault: string, id: string) => ({
	identity: { type: "UserAssigned", userAssignedIdentities: [id] },
	encryption: {
		keySource: "Microsoft.Keyvault",
		keyVaultProperties: { keyName: "files", keyVaultUri: `https://${vault}.vault.azure.net` },
		encryptionIdentity: { encryptionUserAssignedIdentity: id },
	},
});

test("a key of another vault, of the same name, with another identity is seen", async () => {
	const old = answerAccount(own("old", identity)) as object;
	const says = await say(old, async () => answerAccount(own("new", `${identity}-more`)));
	assert.match(says, /has an identity, the vault of an encryption key, the identity of an encryption key that were/);
});

test("another casing of an id, a renewed version, a list for a map and nothing for an empty value are no change", async () => {
	const answered = answerAccount(own("old", identity)) as Record<string, Record<string, object>>;
	const rotated = structuredClone(answered);
	Object.assign(rotated.encryption?.keyVaultProperties ?? {}, { currentVersionedKeyIdentifier: "another" });
	for (const live of [
		rotated,
		own("old", identity),
		answerAccount(own("old", identity.toUpperCase().replace("/SUBSCRIPTIONS", "/subscriptions"))),
		{ ...answered, tags: {}, enableExtendedGroups: false, customDomain: { name: "" }, isHnsEnabled: null },
	]) {
		assert.equal(await say(answered, async () => live), "");
	}
});

const refuse = (message: string) => () => Promise.reject(new Error(`invocation returned an error: ${message}`));
const gone = 'Status=404 Code="ResourceNotFound" Message="The Resource was not found."';
const forbidden =
	'Status=403 Code="AuthorizationFailed" Message="no action read over /subscriptions/s/resourceGroups/rg-404/NotFound"';

test("what is gone has nothing to lose, unless it can be had back", async () => {
	assert.equal(await say({}, refuse(gone)), "");
	assert.equal(
		await say({}, refuse(gone), { unlessGone: "have it back" }),
		"the thing is gone from Azure; have it back",
	);
});

test("another failure to read says what was going on", async () => {
	const says = await say({}, refuse(forbidden));
	assert.match(says, /^the thing could not be read to see what this update would take off it, so nothing was sent: /);
	assert.match(says, /AuthorizationFailed.*`pulumi refresh`/);
});

test("a group that is called rg-404 does not make a refusal a thing that is missing", async () => {
	assert.equal(await unlessMissing(refuse(gone)()), undefined);
	assert.equal(await unlessMissing(refuse('Code="ResourceGroupNotFound"')()), undefined);
	await assert.rejects(unlessMissing(refuse(forbidden)()), /AuthorizationFailed/);
});
