import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Schemas } from "../../api/calls";
import { ByName } from "./by-name";
import { total } from "./counts";
import { Hours } from "./hours";
import { NoOpens } from "./no-opens";
import { OverTime } from "./over-time";
import { Totals } from "./totals";

/** What the opens of some days come to, one view below the other. */
export function Report({ report }: { report: Schemas["OpensReport"] }) {
  const counts = total(report.days);
  return (
    <SpaceBetween size="l">
      {counts.sent + counts.opens === 0 && <NoOpens />}
      <Totals counts={counts} />
      <OverTime days={report.days} />
      <ByName
        title="By credential"
        label="Credential"
        rows={report.by_username.map((row) => ({ ...row, name: row.username, note: row.description }))}
        leftOut={report.usernames_left_out}
      />
      <ByName
        title="By recipient's domain"
        label="Domain"
        rows={report.by_domain.map((row) => ({ ...row, name: row.domain, note: null }))}
        leftOut={report.domains_left_out}
        isComplete={report.domains_are_complete}
      />
      <Hours days={report.days} />
    </SpaceBetween>
  );
}
