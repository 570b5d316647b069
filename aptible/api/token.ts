import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { AptibleError } from "../client/errors.ts";

/** Where the CLI keeps its tokens (helpers/token.rb, aptible-cli 0.26.6). */
export function tokensFile(): string {
	return join(process.env.APTIBLE_CONFIG_PATH ?? join(homedir(), ".aptible"), "tokens.json");
}

/**
 * The token that the CLI would take, in its own order: the variable, then its tokens.json under the auth root.
 *
 * @returns undefined where nobody is logged in
 * @throws AptibleError where the file cannot be read as what the CLI writes; none of its content
 */
export async function findToken(authRoot: string): Promise<string | undefined> {
	const given = process.env.APTIBLE_ACCESS_TOKEN;
	if (given !== undefined && given !== "") {
		// What Node says of a header that it does not send could quote it.
		if (/^[\x21-\x7e]+$/.test(given)) return given;
		throw new AptibleError(
			"APTIBLE_ACCESS_TOKEN is no token: it has a space, a line break or another character that none has.",
		);
	}
	const text = await readFile(tokensFile(), "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT") return undefined;
		throw new AptibleError(
			`"${tokensFile()}" cannot be read (${cause.code}). Make it readable, or run \`aptible login\` again.`,
		);
	});
	if (text === undefined) return undefined;
	const tokens = Tokens.safeParse(parse(text)).data;
	if (tokens !== undefined && /^[\x21-\x7e]*$/.test(tokens[authRoot] ?? "")) return tokens[authRoot];
	throw new AptibleError(
		`"${tokensFile()}" is not what the aptible CLI writes: JSON with a token for each address. Run \`aptible login\` again.`,
	);
}

const Tokens = z.record(z.string(), z.string());

/** A parse error of Node quotes the text, which is a token. */
function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
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
