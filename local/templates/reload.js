// Shows what is new, and only then, so that what somebody is reading stays open.
const shown = fetch(location.href).then((page) => page.text());
setInterval(async () => {
  const page = await fetch(location.href);
  if ((await page.text()) !== (await shown)) location.reload();
}, 2000);
