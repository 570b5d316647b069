import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { Api } from "../../aptible/api/api.ts";

/** Serves until the test ends, at a port of its own. */
export async function serveLocally(
	t: TestContext,
	listener: RequestListener,
): Promise<{ url: string; server: Server }> {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => void server.close().closeAllConnections());
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Has an `Api` that is made from now until the test's end go to this address; with no token where it is empty. */
export function useApiAt(t: TestContext, url: string, token = "t0ken"): void {
	const names = ["APTIBLE_API_ROOT_URL", "APTIBLE_AUTH_ROOT_URL", "APTIBLE_ACCESS_TOKEN", "APTIBLE_CONFIG_PATH"];
	const { ...before } = process.env;
	t.after(() => {
		for (const name of names) {
			if (before[name] === undefined) delete process.env[name];
			else process.env[name] = before[name];
		}
	});
	Object.assign(process.env, { APTIBLE_API_ROOT_URL: url, APTIBLE_AUTH_ROOT_URL: url, APTIBLE_ACCESS_TOKEN: token });
	if (token === "") delete process.env.APTIBLE_ACCESS_TOKEN;
}

type Answers = Readonly<Record<string, unknown>>;

interface Asked {
	path: string;
	prefer: string | undefined;
}

/**
 * An API that answers these paths, and 404 to all others. Items of a list are given by their names. The first answers wait until
 * `holdUntil` requests are under way, so that a busy machine cannot hide how many there are at a time.
 */
export async function openApi(t: TestContext, answers: Answers, { delayMs = 0, holdUntil = 0 } = {}) {
	const asked: Asked[] = [];
	let [open, mostOpen, busy, mostBusy] = [0, 0, 0, 0];
	let release = () => {};
	const enough = new Promise<void>((resolve) => {
		release = resolve;
	});
	const { url, server } = await serveLocally(t, (request, response) => {
		const { pathname } = new URL(request.url ?? "/", "http://localhost");
		const prefer = request.headers.prefer;
		asked.push({ path: request.url ?? "", prefer: typeof prefer === "string" ? prefer : undefined });
		const answer = answers[pathname];
		busy += 1;
		mostBusy = Math.max(mostBusy, busy);
		if (busy >= holdUntil) release();
		void enough.then(() =>
			setTimeout(() => {
				busy -= 1;
				response.writeHead(answer === undefined ? 404 : 200);
				response.end(JSON.stringify(Array.isArray(answer) ? listOf(pathname, answer) : (answer ?? {})));
			}, delayMs),
		);
	});
	server.on("connection", (socket) => {
		open += 1;
		mostOpen = Math.max(mostOpen, open);
		socket.on("close", () => {
			open -= 1;
		});
	});
	useApiAt(t, url);
	const open_ = (requestsAtATime?: number) => new Api({ patienceMs: 200, firstPauseMs: 10, requestsAtATime });
	return { api: open_(), open: open_, url, asked, most: () => ({ sockets: mostOpen, requests: mostBusy }) };
}

function listOf(path: string, items: readonly unknown[]) {
	return { per_page: 1000, _embedded: { [path.split("/").at(-1) ?? ""]: items }, _links: {} };
}

/** A link as the API has them. */
export const link = (path: string) => ({ href: `https://api.aptible.example${path}` });
/** Link to the environment that everything is in. */
export const account = link("/accounts/7");
