// Runs named checks one after another and says how it went.
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      ++failed;
      console.error(`${name}: ${error.stack ?? error}`);
    }
  }
  console.error(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
