import { z } from "zod";
import type { Api } from "./api.ts";
import type { OperationTarget } from "./operations.ts";
import { findToken } from "./token.ts";

const Payload = z.looseObject({ email: z.string().optional() });

/**
 * E-mail address of the token's user, as operations show it (OpenAPI: `user_email`). The token is a JWT that has it (CLI 0.26.6,
 * `helpers/telemetry.rb`).
 *
 * @returns undefined where the token does not say
 */
export async function findUser(api: Api): Promise<string | undefined> {
	const payload = (await findToken(api.authRoot))?.split(".")[1];
	if (payload === undefined) return undefined;
	try {
		return Payload.parse(JSON.parse(Buffer.from(payload, "base64url").toString())).email;
	} catch {
		return undefined;
	}
}

const Operation = z.looseObject({ user_email: z.string().nullish() });

/** What a list has on a page. */
const pageSize = 40;

/**
 * E-mail addresses of the users who sent the operations of an object; `undefined` among them stands for one of which the API does
 * not say, and for those beyond the first page.
 */
export async function listUsers(api: Api, target: OperationTarget, id: number): Promise<(string | undefined)[]> {
	const url = `${api.root}/${target}/${id}/operations?per_page=${pageSize}`;
	const operations = await api.list(url, "operations", Operation);
	const users = operations.map(({ user_email }) => user_email ?? undefined);
	return operations.length < pageSize ? users : [...users, undefined];
}
