/** Screenshots by headless Chromium, the one of Debian's: `apt-get install chromium`. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A PNG of a page, as high as what is on it. */
export function takeScreenshot(html: string, width: number): Buffer {
	const folder = mkdtempSync(join(tmpdir(), "pictures-"));
	try {
		const page = join(folder, "page.html");
		const measure = "<script>document.title = document.documentElement.offsetHeight</script>";
		writeFileSync(page, `${html}${measure}`);
		const open = (...options: string[]) =>
			execFileSync(
				"chromium",
				// As root it has no sandbox; the page is this repository's own.
				[
					"--headless=new",
					"--no-sandbox",
					"--disable-gpu",
					"--hide-scrollbars",
					`--user-data-dir=${folder}/profile`,
					...options,
					pathToFileURL(page).href,
				],
				{ encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
			);
		const height = /<title>(\d+)<\/title>/.exec(open(`--window-size=${width},600`, "--dump-dom"))?.[1];
		if (height === undefined) throw new Error("chromium has shown no page");
		const file = join(folder, "page.png");
		open(`--window-size=${width},${height}`, "--force-device-scale-factor=1.25", `--screenshot=${file}`);
		return readFileSync(file);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
