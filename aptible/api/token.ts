import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** Where the CLI keeps its tokens (helpers/token.rb, aptible-cli 0.26.6). */
export function tokensFile(): string {
	return join(process.env.APTIBLE_CONFIG_PATH ?? join(homedir(), ".aptible"), "tokens.json");
}

/**
 * The token that the CLI would take, in its own order: the variable, then its tokens.json under the auth root.
 *
 * @returns undefined where nobody is logged in
 */
export async function findToken(authRoot: string): Promise<string | undefined> {
	const given = process.env.APTIBLE_ACCESS_TOKEN;
	if (given !== undefined && given !== "") return given;
	const tokens = await readFile(tokensFile(), "utf8").then(
		(text) => z.record(z.string(), z.string()).safeParse(JSON.parse(text)).data,
		() => undefined,
	);
	return tokens?.[authRoot];
}

/** Address of the token's user, from the claim that the CLI takes it from (aptible-cli 0.26.6, helpers/telemetry.rb). */
export async function findUserEmail(authRoot: string): Promise<string | undefined> {
	const [, payload = ""] = ((await findToken(authRoot)) ?? "").split(".");
	try {
		return z.object({ email: z.string() }).parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8"))).email;
	} catch {
		return undefined;
	}
}
