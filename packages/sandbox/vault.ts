import { createDecipheriv, pbkdf2 } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";

/** What a stack's secrets are encrypted with, as the stage file and the state name it. */
export interface SecretsProvider {
	url: string;
	/** In base64. */
	encryptedKey: string;
	/** Variables with which the engine finds it. */
	env: Record<string, string>;
	close(): void;
}

/**
 * Derives the key of a stack's passphrase, as `NewSymmetricCrypterFromPassphrase` of Pulumi's SDK does.
 *
 * @param salt as Pulumi writes it: `v1:` and the salt in base64, and a text encrypted with the key
 */
export function deriveKey(passphrase: string, salt: string): Promise<Buffer> {
	const [, bytes = ""] = salt.split(":");
	return promisify(pbkdf2)(passphrase, Buffer.from(bytes, "base64"), 1_000_000, 32, "sha256");
}

/**
 * Whether a passphrase is the one of a salt: what stands behind it opens with the key (AES-256-GCM) and says `pulumi`, as
 * `NewPassphraseSecretsManager` of Pulumi's engine checks it.
 */
export async function opensWith(passphrase: string, salt: string): Promise<boolean> {
	const [, , ...text] = salt.split(":");
	return openText(await deriveKey(passphrase, salt), text.join(":")) === "pulumi";
}

/**
 * What a key opens of an encrypted text, or undefined.
 *
 * @param text as Pulumi writes it: `v1:`, the nonce, and what is encrypted with the tag behind it, both in base64
 */
export function openText(key: Buffer, text: string): string | undefined {
	const [, nonce = "", sealed = ""] = text.split(":");
	const bytes = Buffer.from(sealed, "base64");
	try {
		const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
		decipher.setAuthTag(bytes.subarray(-16));
		return `${decipher.update(bytes.subarray(0, -16), undefined, "utf8")}${decipher.final("utf8")}`;
	} catch {
		return undefined;
	}
}

/**
 * Serves the key of a stack's secrets as HashiCorp Vault's transit engine encrypts and decrypts one. From a passphrase the engine derives it
 * in each run, which takes 0.3 s of CPU; a key that is derived once opens the same secrets.
 *
 * @param key of 32 bytes
 */
export async function startVault(key: Buffer): Promise<SecretsProvider> {
	const ciphertext = "vault:v1:sandbox";
	const server = createServer((request, response) => {
		request.resume();
		response.setHeader("Content-Type", "application/json");
		response.end(JSON.stringify({ data: { plaintext: key.toString("base64"), ciphertext } }));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	return {
		url: "hashivault://sandbox",
		encryptedKey: Buffer.from(ciphertext).toString("base64"),
		env: { VAULT_SERVER_URL: `http://127.0.0.1:${port}`, VAULT_SERVER_TOKEN: "sandbox" },
		close: () => {
			server.closeAllConnections();
			server.close();
		},
	};
}
