/** The address of a container with its SAS, as whoever made it in Azure gives it. */

/** A container, and the SAS that opens it. */
export interface ContainerAddress {
	/** With its SAS: a secret. */
	url: string;
	/** Name of the storage account. */
	account: string;
	container: string;
	/** `HOST/CONTAINER` as URLs of its objects have it; of an emulator `HOST:PORT/ACCOUNT/CONTAINER`. */
	base: string;
}

const CONTAINER = /^(\$root|\$web|[a-z0-9](?:-?[a-z0-9]){2,62})$/;
const ACCOUNT = /^[a-z0-9]{3,24}$/;
/** The blob service's own hosts (Azure docs: Storage account overview, Standard endpoints and Azure DNS zone endpoints). */
const BLOB_HOST =
	/^[a-z0-9]{3,24}(\.z\d{1,2})?\.blob\.(core\.windows\.net|storage\.azure\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn)$/;
/** Where an emulator is: it has the account in the path. */
const LOCAL = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** How an address is written, for messages. */
export const ADDRESS_EXAMPLE = "https://ACCOUNT.blob.core.windows.net/CONTAINER?SAS";

/** Takes an address apart. @returns undefined where it is none of a container with a SAS; over http only on this machine; of no other host than the blob service's, as URLs in databases are found by it */
export function parseContainerAddress(text: string): ContainerAddress | undefined {
	if (!URL.canParse(text)) return undefined;
	const url = new URL(text);
	const isLocal = LOCAL.test(url.hostname);
	if (url.protocol !== "https:" && !(isLocal && url.protocol === "http:")) return undefined;
	if (!isLocal && !BLOB_HOST.test(url.hostname)) return undefined;
	const path = url.pathname.replace(/^\/|\/$/g, "").split("/");
	const account = isLocal ? path.shift() : url.hostname.split(".")[0];
	const [container, ...more] = path;
	if (account === undefined || container === undefined || more.length > 0) return undefined;
	if (!ACCOUNT.test(account) || !CONTAINER.test(container) || !url.searchParams.has("sig")) return undefined;
	if (url.username !== "" || url.hash !== "") return undefined;
	const host = isLocal ? `${url.host}/${account}` : url.host;
	return {
		url: `${url.origin}${url.pathname.replace(/\/$/, "")}${url.search}`,
		account,
		container,
		base: `${host}/${container}`,
	};
}
