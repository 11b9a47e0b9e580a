// What Grafana would stumble over in dashboards that fit its types.

const COLUMNS = 24;
/** What Grafana takes as an address. */
const UID = /^[\w-]{1,40}$/;
/** Variables that Grafana brings. */
const BUILT_IN = /^__/;

/** @param dashboards as Grafana reads them. @returns the faults of all of them. */
export function faultsOfDashboards(dashboards) {
  return [
    ...repeated(dashboards.map(({ uid }) => uid)).map((uid) => `two dashboards are called ${uid}`),
    ...repeated(dashboards.map(({ title }) => title)).map((title) => `two dashboards have the title ${title}`),
    ...dashboards.flatMap((dashboard) => faultsOf(dashboard).map((fault) => `${dashboard.title}: ${fault}`)),
  ];
}

function faultsOf({ uid, panels, templating }) {
  const variables = new Set(templating.list.map(({ name }) => name));
  const unknown = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)]
    .map(([, name]) => name)
    .filter((name) => !BUILT_IN.test(name) && !variables.has(name));
  return [
    ...(UID.test(uid) ? [] : [`${uid} cannot be an address`]),
    ...repeated(panels.map(({ id }) => id)).map((id) => `two panels have the id ${id}`),
    ...[...new Set(unknown)].map((name) => `there is no variable ${name}`),
    ...panels.flatMap(({ title, gridPos: { x, y, w, h } }) =>
      x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= COLUMNS ? [] : [`${title} is outside of the ${COLUMNS} columns`],
    ),
    ...panels.flatMap((panel, i) =>
      panels
        .slice(i + 1)
        .filter((other) => overlap(panel.gridPos, other.gridPos))
        .map((other) => `${panel.title} lies on ${other.title}`),
    ),
    ...panels.flatMap(({ title, targets = [], datasource }) => [
      ...repeated(targets.map(({ refId }) => refId)).map((refId) => `${title} has two queries ${refId}`),
      ...targets.flatMap((target) =>
        target.datasource?.uid && target.datasource.uid === datasource?.uid ? [] : [`${title} names no data source`],
      ),
    ]),
  ];
}

const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const repeated = (list) => [...new Set(list.filter((item, i) => list.indexOf(item) !== i))];
