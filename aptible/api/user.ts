import { z } from "zod";
import type { Api } from "./api.ts";
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
