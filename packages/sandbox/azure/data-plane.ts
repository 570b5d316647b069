import { createHmac } from "node:crypto";
import { armHeader } from "./front.ts";
import type { ArmStore } from "./store.ts";

const VERSION = "2021-12-02";

/** A container of the emulated blob service. */
interface Container {
	store: ArmStore;
	blobUrl: string;
	account: string;
	container: string;
}

/**
 * Does to the emulated blob service what Azure does when a container is made or deleted.
 *
 * @returns the status, with "not there" and "there already" among the good ones
 */
export async function changeContainer(method: "PUT" | "DELETE", place: Container): Promise<number> {
	const response = await request(method, place, { restype: "container" });
	if (response.ok || (method === "PUT" ? response.status === 409 : response.status === 404)) return response.status;
	throw await failure(response, `${method} ${place.container}`);
}

/** Whether a container has a blob. */
export async function hasBlobs(place: Container): Promise<boolean> {
	const response = await request("GET", place, { comp: "list", maxresults: "1", restype: "container" });
	if (response.status === 404) return false;
	if (!response.ok) throw await failure(response, `GET ${place.container}`);
	return (await response.text()).includes("<Blob>");
}

/** One request with a shared key; an SDK for it would cost every run half a second. */
function request(
	method: string,
	{ store, blobUrl, account, container }: Container,
	query: Readonly<Record<string, string>>,
): Promise<Response> {
	const keys = store.keys(account);
	if (keys === undefined) throw new Error(`sandbox: no account ${account}`);
	const date = new Date().toUTCString();
	// Of the twelve standard headers, none is set (Azure docs: authorize with Shared Key). Azurite takes the path as it stands
	// in the address, so that the account is in it twice.
	const lines = Object.entries(query).map(([name, value]) => `\n${name}:${value}`);
	const resource = `/${account}/${account}/${container}${lines.join("")}`;
	const signed = `${method}${"\n".repeat(12)}x-ms-date:${date}\nx-ms-version:${VERSION}\n${resource}`;
	const signature = createHmac("sha256", Buffer.from(keys.key1, "base64")).update(signed).digest("base64");
	return fetch(`${blobUrl}/${account}/${container}?${new URLSearchParams(query)}`, {
		method,
		headers: {
			[armHeader]: "1",
			"x-ms-date": date,
			"x-ms-version": VERSION,
			authorization: `SharedKey ${account}:${signature}`,
		},
	});
}

async function failure(response: Response, what: string): Promise<Error> {
	return new Error(`the emulated blob service answered ${response.status} to ${what}: ${await response.text()}`);
}
