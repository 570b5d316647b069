import { createHmac } from "node:crypto";
import { armHeader } from "./front.ts";
import type { ArmStore } from "./store.ts";

const VERSION = "2021-12-02";

/**
 * Does to the emulated blob service what Azure does when a container is made or deleted. One request with a shared key needs no
 * SDK, which would cost every run half a second.
 *
 * @returns the status, with "not there" and "there already" among the good ones
 */
export async function changeContainer(
	method: "PUT" | "DELETE",
	{ store, blobUrl, account, container }: { store: ArmStore; blobUrl: string; account: string; container: string },
): Promise<number> {
	const keys = store.keys(account);
	if (keys === undefined) throw new Error(`sandbox: no account ${account}`);
	const date = new Date().toUTCString();
	// Of the twelve standard headers, none is set (Azure docs: authorize with Shared Key). Azurite takes the path as it stands
	// in the address, so that the account is in it twice.
	const resource = `/${account}/${account}/${container}\nrestype:container`;
	const signed = `${method}${"\n".repeat(12)}x-ms-date:${date}\nx-ms-version:${VERSION}\n${resource}`;
	const signature = createHmac("sha256", Buffer.from(keys.key1, "base64")).update(signed).digest("base64");
	const response = await fetch(`${blobUrl}/${account}/${container}?restype=container`, {
		method,
		headers: {
			[armHeader]: "1",
			"x-ms-date": date,
			"x-ms-version": VERSION,
			authorization: `SharedKey ${account}:${signature}`,
		},
	});
	if (response.ok || (method === "PUT" ? response.status === 409 : response.status === 404)) return response.status;
	throw new Error(
		`the emulated blob service answered ${response.status} to ${method} ${container}: ${await response.text()}`,
	);
}
