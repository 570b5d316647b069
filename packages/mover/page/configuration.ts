/** What the page service is told, by its environment; and what it refuses to be told. */
import { readdirSync } from "node:fs";
import { ConfigurationError } from "../configuration.ts";

export interface PageConfiguration {
	/** TCP port, 1024 to 65535. */
	port: number;
	title: string;
	/** Paragraphs of plain text. */
	paragraphs: readonly string[];
	/** Language of both, BCP 47. */
	language: string;
	/** After which time a client may come again, in seconds. */
	retrySeconds: number;
	/** Path that answers 200 to a load balancer's health checks. */
	healthPath: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Swarm puts the secrets of a service. */
const SECRETS_FOLDER = "/run/secrets";
const TITLE = "Maintenance";
const TEXT =
	"This service is being moved and is back soon. Nothing that you saved is lost. Please try again in a few minutes.";
const LONGEST_TEXT = 2_000;
/** Names of variables that hold what a process with an open port must not have: all of the mover's among them. */
const SECRET_NAME = /^MOVE_(?!STEP$|PAGE_)|PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL/i;
/** A URL with a login, one with a shared access signature, and the connection string of a storage account. */
const SECRET_VALUE = /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@|(?:^|[?&])sig=|(?:AccountKey|SharedAccessSignature)=/i;

/**
 * Reads what the page service is told: `PORT` (default 8080), `MOVE_PAGE_TITLE`, `MOVE_PAGE_TEXT`, `MOVE_PAGE_LANGUAGE` (default `en`),
 * `MOVE_PAGE_RETRY_SECONDS` (default 300) and `MOVE_PAGE_HEALTH_PATH` (default `/healthz`).
 *
 * @param secretsFolder where secrets would be mounted
 * @throws ConfigurationError that names each variable that is wrong, and each secret by its name alone
 */
export function readPageConfiguration(environment: Environment, secretsFolder = SECRETS_FOLDER): PageConfiguration {
	const problems = [...findSecrets(environment, secretsFolder)];
	const whole = (variable: string, otherwise: number, least: number, most: number) => {
		const text = environment[variable] || String(otherwise);
		const number = Number(text);
		if (Number.isInteger(number) && number >= least && number <= most) return number;
		problems.push(`${variable}: "${text}" is not a whole number from ${least} to ${most}; default: ${otherwise}`);
		return otherwise;
	};
	const text = (variable: string, otherwise: string, pattern: RegExp, allowed: string) => {
		const value = environment[variable]?.trim() || otherwise;
		if (!pattern.test(value) || value.length > LONGEST_TEXT) {
			problems.push(`${variable}: is not ${allowed}; default: ${otherwise}`);
		}
		return value;
	};
	const any = new RegExp(`^[^\\0]{1,${LONGEST_TEXT}}$`);
	const words = `text of at most ${LONGEST_TEXT} characters`;
	const configuration = {
		port: whole("PORT", 8080, 1024, 65_535),
		title: text("MOVE_PAGE_TITLE", TITLE, any, words),
		paragraphs: text("MOVE_PAGE_TEXT", TEXT, any, words)
			.split(/\s*\n\s*/)
			.filter((one) => one !== ""),
		language: text("MOVE_PAGE_LANGUAGE", "en", /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "a language such as en or fr-CA"),
		retrySeconds: whole("MOVE_PAGE_RETRY_SECONDS", 300, 1, 86_400),
		healthPath: text("MOVE_PAGE_HEALTH_PATH", "/healthz", /^\/[^\s?#]*$/, "a path such as /healthz"),
	};
	if (problems.length > 0) throw new ConfigurationError(problems.join("\n"));
	return configuration;
}

function findSecrets(environment: Environment, folder: string): string[] {
	const variables = Object.entries(environment)
		.filter(([name, value]) => value && (SECRET_NAME.test(name) || SECRET_VALUE.test(value)))
		.map(([name]) => name)
		.sort();
	return [
		...variables.map(
			(name) => `${name}: looks like a secret, and the page service listens to everybody; remove it from this service`,
		),
		...filesIn(folder).map(
			(file) =>
				`${folder}/${file}: a secret is mounted, and the page service listens to everybody; remove it from this service`,
		),
	];
}

function filesIn(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch {
		return [];
	}
}
